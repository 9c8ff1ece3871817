import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { disparityAt } from '../../src/depth/depth-map.js';
import { defaultHydra, estimateDepth } from '../../src/depth/estimate.js';
import { checkDepth } from '../../src/depth/depth-map.js';
import { Hydra } from '../../src/hydra/hydra.js';
import type { ImageDataLike } from '../../src/image/image-data.js';
import { readImage, readImageFile } from '../../src/node/read.js';
import { ASTRONAUT, picture, rejection, ROOT } from '../helpers/photos.js';

/** Points of the portrait, by eye: [x, y]. */
const PERSON = [
  [225, 110], // face
  [230, 45], // hair
  [120, 320], // suit, left
  [330, 260], // shoulder, right
];
const BEHIND = [
  [330, 60], // backdrop
  [110, 100], // between flag and head
  [480, 180], // beside the shuttle
  [420, 230], // model shuttle
];

test('a real portrait: every part of the person is nearer than everything behind', async () => {
  const photo = await readImageFile(ASTRONAUT);
  const depth = await estimateDepth(photo);
  expect([depth.width, depth.height]).toEqual([512, 512]);
  const near = PERSON.map(([x, y]) => disparityAt(depth, x!, y!));
  const far = BEHIND.map(([x, y]) => disparityAt(depth, x!, y!));
  expect(Math.min(...near) - Math.max(...far)).toBeGreaterThan(0.15);
});

test('not luminance: the person stays in front in a negative, a mirror image, and in the dark', async () => {
  const { data, info } = await sharp(ASTRONAUT).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const variants: Record<string, (i: number) => number> = {
    negative: (i) => (i % 4 === 3 ? 255 : 255 - data[i]!),
    dark: (i) => (i % 4 === 3 ? 255 : data[i]! * 0.35),
  };
  for (const [name, f] of Object.entries(variants)) {
    const depth = await estimateDepth({ width, height, data: Uint8ClampedArray.from(data, (_, i) => f(i)) });
    const mean = (points: number[][]) =>
      points.reduce((s, [x, y]) => s + disparityAt(depth, x!, y!), 0) / points.length;
    expect([name, mean(PERSON) - mean(BEHIND) > 0.2]).toEqual([name, true]);
  }
  const mirrored = await sharp(ASTRONAUT).flop().ensureAlpha().raw().toBuffer();
  const [a, b] = [await estimateDepth({ width, height, data }), await estimateDepth({ width, height, data: mirrored })];
  let difference = 0;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) difference += Math.abs(a.data[y * width + x]! - b.data[y * width + width - 1 - x]!);
  expect(difference / (width * height)).toBeLessThan(0.06);
});

test.each([
  ['1 × 1', picture(1, 1, () => [9, 9, 9])],
  ['one colour', picture(300, 200, () => [128, 128, 128])],
  ['1 pixel wide', picture(1, 300, (_, y) => [y % 256, 0, 0])],
  ['fully transparent', picture(64, 64, (x) => [x, 0, 0, 0])],
  ['a panorama', picture(3000, 60, (x, y) => [x % 256, y, 0])],
])('%s gives a valid map', async (_, image) => {
  const depth = await estimateDepth(image);
  expect([depth.width, depth.height]).toEqual([image.width, image.height]);
  checkDepth('test', depth);
});

test('what PyTorch answers, TF.js answers', async () => {
  const fixture = JSON.parse(readFileSync(`${ROOT}test/fixtures/parity.json`, 'utf8'));
  const { width, height } = fixture;
  for (const [id, hash] of Object.entries(fixture.shards)) {
    const manifest = JSON.parse(readFileSync(`${ROOT}models/${id}/module.json`, 'utf8'));
    expect([id, manifest.sha256['group1-shard1of1.bin']]).toEqual([id, hash]); // otherwise: export again with its fixture
  }
  const rgb = Buffer.from(fixture.rgb, 'base64');
  // The fixture is smaller than the network's usual input: a backbone module that asks for its area leaves it unscaled.
  const fetchModule = async (url: string) => {
    const file = readFileSync(new URL(url.replace('http://models/', `file://${ROOT}models/`)));
    const body = url.endsWith('module.json') && url.includes('backbone') ? smaller(file, width * height) : file;
    return new Response(new Uint8Array(body));
  };
  const tasks = Object.keys(fixture.outputs);
  const hydra = await Hydra.load({
    backend: 'wasm',
    modules: tasks,
    modelBaseUrl: 'http://models/',
    fetch: fetchModule,
  });
  const photo = picture(width, height, (x, y) => [...rgb.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)]);
  for (const task of tasks) {
    const planes = await hydra.run(task, photo);
    for (const [name, { shape, data }] of Object.entries<{ shape: number[]; data: string }>(fixture.outputs[task])) {
      const plane = planes[name]!;
      expect([name, plane.height, plane.width, plane.channels]).toEqual([name, ...shape]);
      const expected = new Float32Array(new Uint8Array(Buffer.from(data, 'base64')).buffer);
      const span = Math.max(...expected) - Math.min(...expected);
      const worst = expected.reduce((m, v, i) => Math.max(m, Math.abs(v - plane.data[i]!)), 0);
      expect([name, worst / span < fixture.tolerance]).toEqual([name, true]);
    }
  }
  hydra.close();
});

function smaller(manifest: Buffer, area: number): Buffer {
  const m = JSON.parse(manifest.toString());
  return Buffer.from(JSON.stringify({ ...m, preprocess: { ...m.preprocess, area } }));
}

test('best: a photo and its mirror image get mirrored maps, at four looks of which the plain one is shared', async () => {
  const hydra = await Hydra.load({ modules: ['depth'] });
  const photo = await hydra.open(await readImageFile(ASTRONAUT));
  const flopped = await readImage(await sharp(ASTRONAUT).flop().png().toBuffer());
  const unlike = async (quality: 'fast' | 'best') => {
    const [a, b] = [
      await estimateDepth(photo, { hydra, matte: false, quality }),
      await estimateDepth(flopped, { hydra, matte: false, quality }),
    ];
    const { width, height } = a;
    let sum = 0;
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) sum += Math.abs(a.data[y * width + x]! - b.data[(y + 1) * width - 1 - x]!);
    return sum / (width * height);
  };
  expect(await unlike('fast')).toBeGreaterThan(0.01);
  expect(hydra.backboneRuns).toBe(2);
  expect(await unlike('best')).toBeLessThan(0.002);
  expect(hydra.backboneRuns).toBe(2 + 3 + 4); // the opened photo's plain features are there
  hydra.close();
});

test('confidence: a chance for each cell of the network, low where nothing is to be seen', async () => {
  const mean = (data: Float32Array) => data.reduce((sum, v) => sum + v, 0) / data.length;
  const of = async (image: ImageDataLike, quality: 'fast' | 'best' = 'fast') => {
    const { confidence } = await estimateDepth(image, { quality });
    expect(confidence!.data.length).toBe(confidence!.width * confidence!.height);
    expect(confidence!.data.every((v) => v >= 0 && v <= 1)).toBe(true);
    return mean(confidence!.data);
  };
  const photo = await readImageFile(ASTRONAUT);
  const [sure, best] = [await of(photo), await of(photo, 'best')];
  for (const level of [0, 90, 255]) {
    expect(await of(picture(256, 256, () => [level, level, level]))).toBeLessThan(Math.min(sure, best) - 0.1);
  }
  expect(await of(picture(1, 1, () => [200, 30, 30]))).toBeLessThan(Math.min(sure, best) - 0.1);
});

test('a quality that is not known is refused before anything is loaded', async () => {
  const call = estimateDepth(
    picture(8, 8, () => [9, 9, 9]),
    { quality: 'finest' as 'best' },
  );
  expect(await rejection(call)).toMatchObject({ code: 'INVALID_PARAM' });
});

test('an abort before and during is a DOM AbortError, and the next call works', async () => {
  const photo = await readImageFile(ASTRONAUT);
  expect(await rejection(estimateDepth(photo, { signal: AbortSignal.abort() }))).toMatchObject({ name: 'AbortError' });
  for (const share of [0.31, 0.61, 0.8]) {
    const stop = new AbortController();
    const call = estimateDepth(photo, { signal: stop.signal, onProgress: (p) => p >= share && stop.abort() });
    expect(await rejection(call)).toMatchObject({ name: 'AbortError' });
  }
  const seen: number[] = [];
  const { data } = await estimateDepth(photo, { onProgress: (p) => seen.push(p) });
  expect(seen.at(-1)).toBe(1);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  // The shared Hydra has the matte head as well: the step at the outline is the matte's.
  expect((await defaultHydra()).tasks).toEqual(['depth', 'matte']);
  const without = await estimateDepth(photo, { matte: false });
  expect(data.some((d, i) => Math.abs(d - without.data[i]!) > 0.1)).toBe(true);
});

test('what is no image is refused with what to give instead', async () => {
  for (const bad of [null, undefined, 7, {}, { width: 2, height: 2, data: new Uint8ClampedArray(3) }]) {
    expect(await rejection(estimateDepth(bad as never))).toMatchObject({ code: 'UNSUPPORTED_IMAGE' });
  }
});
