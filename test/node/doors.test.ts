import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { applyBokeh, detectFaces, estimateDepth, Hydra } from '../../src/index.js';
import { readDepth, writeImage } from '../../src/node/index.js';
import { picture, rejection } from '../helpers/photos.js';

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'relievo-'))));
afterAll(() => rm(folder, { recursive: true }));
const at = (name: string) => join(folder, name);
const photo = picture(16, 12, (x, y) => [x * 10, y * 20, 90]);
const flat = (width = 16, height = 12) => ({ width, height, data: new Float32Array(16 * 12).fill(0.5) });
const any = <T>(value: unknown) => value as T;

test.each<[what: string, call: () => unknown, says: RegExp]>([
  ['a mistyped hydra', () => estimateDepth(photo, any({ hidra: 1 })), /unknown option 'hidra'\. Known: hydra/],
  ['a mistyped threshold', () => detectFaces(photo, any({ treshold: 1 })), /unknown option 'treshold'/],
  ['a mistyped quality', () => writeImage(at('a.png'), photo, any({ qualitty: 9 })), /unknown option 'qualitty'/],
  ['too much quality', () => writeImage(at('a.jpg'), photo, { quality: 900 }), /'quality' .* 1 to 100 .* 900/],
  [
    'a controller for its signal',
    () => estimateDepth(photo, { signal: any(new AbortController()) }),
    /'signal' to be an AbortSignal/,
  ],
  ['no options', () => estimateDepth(photo, any(null)), /an object of options, received null/],
  ['a path for an address', () => Hydra.load({ modelBaseUrl: '/x', modules: [] }), /'modelBaseUrl' .* "\/x"/],
  [
    'a folder for an address',
    async () => {
      using hydra = await Hydra.load({ modules: [], backend: 'cpu' });
      await hydra.register('./folder');
    },
    /'location' .*pathToFileURL.* "\.\/folder"/,
  ],
])('%s is refused, and the message says what was expected', async (_what, call, says) => {
  const error = await rejection(Promise.resolve().then(call) as Promise<unknown>);
  expect(error).toMatchObject({ name: 'RelievoError', code: 'INVALID_PARAM' });
  expect(error.message).toMatch(says);
});

test('a map of half a pixel ends in a typed error, not the process', async () => {
  for (const width of [0.5, 2.5, 1e-9, NaN])
    expect(await rejection(applyBokeh(photo, flat(width)))).toMatchObject({ code: 'INVALID_DEPTH' });
  const half = { width: 0.5, height: 12, data: new Float32Array(6) };
  expect(await rejection(applyBokeh(photo, half))).toMatchObject({ code: 'INVALID_DEPTH' });
});

test('what is checked is what is used: each property is read once', async () => {
  let reads = 0;
  const growing = { ...flat(), get width() { return reads++ ? 1e9 : 16; } }; // prettier-ignore
  const { width } = await applyBokeh(photo, growing, { aperture: 0.02 });
  expect([width, reads]).toEqual([16, 1]);
});

describe('depth files', () => {
  const grey = (values: number[], wide: boolean) =>
    sharp(wide ? Uint16Array.from(values) : Uint8Array.from(values), {
      raw: { width: values.length, height: 1, channels: 1 },
    })
      .toColourspace(wide ? 'grey16' : 'b-w')
      .png();

  test('a picture in colours is no depth map; a grey one stored as RGB is', async () => {
    const raw = { raw: { width: 16, height: 12, channels: 4 as const } };
    await sharp(photo.data, raw).removeAlpha().jpeg().toFile(at('colours.jpg'));
    const error = await rejection(readDepth(at('colours.jpg')));
    expect(error).toMatchObject({ code: 'UNSUPPORTED_IMAGE', message: expect.stringContaining('in colours') });
    const grey = picture(16, 12, (x) => [x * 10, x * 10, x * 10]);
    await sharp(grey.data, raw).removeAlpha().jpeg().toFile(at('grey.jpg'));
    const { data } = await readDepth(at('grey.jpg'));
    expect(data[8]).toBeCloseTo(80 / 255, 2);
  });

  test('distances in millimetres become disparities: the reciprocal, nearest 1, none 0', async () => {
    await grey([1000, 2000, 4000, 0], true).toFile(at('metric.png'));
    const read = await readDepth(at('metric.png'), { meaning: 'distance' });
    expect([...read.data]).toEqual([1, 1 / 3, 0, 0].map((v) => expect.closeTo(v, 6)));
    expect(read).toMatchObject({ near: 1, far: 4 });
    expect(await readDepth(at('metric.png'), { meaning: 'distance', unit: 0.01 })).toMatchObject({ near: 10, far: 40 });
    const plain = await readDepth(at('metric.png'));
    expect(plain.data[2]).toBeCloseTo(4000 / 65535, 6);
  });

  test('a map without any distance, and a unit of disparities, are refused', async () => {
    await grey([0, 0], true).toFile(at('empty.png'));
    expect(await rejection(readDepth(at('empty.png'), { meaning: 'distance' }))).toMatchObject({
      code: 'INVALID_DEPTH',
    });
    expect(await rejection(readDepth(at('empty.png'), { unit: 1 }))).toMatchObject({ code: 'INVALID_PARAM' });
    expect(await rejection(readDepth(at('empty.png'), { meaning: any('metres') }))).toMatchObject({
      code: 'INVALID_PARAM',
    });
  });
});
