import { readFile } from 'node:fs/promises';
import { defaultHydra, estimateDepth } from '../../src/depth/estimate.js';
import { Hydra, type HydraOptions } from '../../src/hydra/hydra.js';
import { readImageFile } from '../../src/node/read.js';
import { detectFaces } from '../../src/portrait/faces.js';
import { estimateMatte } from '../../src/portrait/matte.js';
import type { ImageDataLike } from '../../src/image/image-data.js';
import { resizeImage } from '../../src/image/resize.js';
import { ASTRONAUT, picture, rejection, ROOT } from '../helpers/photos.js';

let photo: ImageDataLike;
beforeAll(async () => {
  photo = await resizeImage(await readImageFile(ASTRONAUT), 256, 256);
});

/** A Hydra whose every download is counted and may be held up, by file. */
async function counted(options: HydraOptions = {}, before: (file: string) => Promise<unknown> = async () => {}) {
  const files: string[] = [];
  const fetch: HydraOptions['fetch'] = async (url, { signal }) => {
    const file = url.replace('http://models/', '');
    files.push(file);
    await before(file);
    signal?.throwIfAborted();
    return new Response(new Uint8Array(await readFile(`${ROOT}models/${file}`)));
  };
  const hydra = await Hydra.load({ backend: 'wasm', modelBaseUrl: 'http://models/', fetch, ...options });
  return { hydra, files };
}

test('whatever was loaded ahead, the same photo has the same depth, with the outline of people', async () => {
  const want = await estimateDepth(photo);
  const plain = await estimateDepth(photo, { matte: false });
  expect(want.data.some((d, i) => Math.abs(d - plain.data[i]!) > 0.05)).toBe(true);
  for (const options of [{}, { modules: ['depth'] }, { modules: ['faces'] }, { modules: [] }]) {
    const hydra = await Hydra.load({ backend: 'wasm', ...options });
    const { data } = await estimateDepth(photo, { hydra });
    const worst = data.reduce((most, d, i) => Math.max(most, Math.abs(d - want.data[i]!)), 0);
    expect([options, worst]).toEqual([options, 0]);
    hydra.close();
  }
});

test('a shipped head that is asked for and not loaded yet is loaded then', async () => {
  const { hydra, files } = await counted({ modules: [] });
  expect(files).toEqual([]);
  expect(Object.keys(await hydra.run('faces', photo))).toEqual(['score', 'box', 'points']);
  expect(await detectFaces(photo, { hydra })).toHaveLength(1);
  expect((await estimateMatte(photo, { hydra })).width).toBe(256);
  expect(hydra.tasks).toEqual(['faces', 'matte']);
  expect(files).toEqual([...new Set(files)]);
  expect(files.some((f) => f.startsWith('relievo-depth'))).toBe(false);
  (await hydra.extract(await hydra.open(photo))).close();
  hydra.close();
});

test('a backbone that is asked for by itself is loaded then', async () => {
  const { hydra } = await counted({ modules: [] });
  const features = await hydra.extract(await hydra.open(photo));
  expect(features.backbone).toBe('relievo-backbone');
  features.close();
  hydra.close();
});

test('who asks at the same time shares one download, and an abort of one does not end it', async () => {
  let go!: () => void;
  const held = new Promise<void>((resolve) => (go = resolve));
  const { hydra, files } = await counted({ modules: [] }, (file) => (file.endsWith('.bin') ? held : Promise.resolve()));
  const stop = new AbortController();
  const seen: number[] = [];
  const calls = [
    estimateDepth(photo, { hydra, signal: stop.signal }),
    estimateDepth(photo, { hydra, onProgress: (p) => seen.push(p) }),
    estimateMatte(photo, { hydra }),
    hydra.add(['depth', 'matte']),
  ];
  const aborted = rejection(calls[0]!);
  await new Promise((resolve) => setTimeout(resolve, 50));
  stop.abort();
  expect(await aborted).toMatchObject({ name: 'AbortError' });
  go();
  await Promise.all(calls.slice(1));
  expect(files).toEqual([...new Set(files)]);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  expect(seen.filter((p) => p > 0 && p < 0.3).length).toBeGreaterThan(1); // of loading, too
  expect(seen.at(-1)).toBe(1);
  hydra.close();
});

test('an abort by all who wait stops the download, and the next call starts it anew', async () => {
  let slow = true;
  const stop = new AbortController();
  const { hydra, files } = await counted({ modules: [] }, async (file) => {
    if (!slow || file !== 'relievo-depth/group1-shard1of1.bin') return;
    stop.abort(); // in the middle of the download
    await new Promise((resolve) => setTimeout(resolve, 200));
  });
  const error = await rejection(estimateDepth(photo, { hydra, signal: stop.signal }));
  expect(error).toMatchObject({ name: 'AbortError' });
  slow = false;
  await estimateDepth(photo, { hydra });
  expect(files.filter((f) => f === 'relievo-depth/group1-shard1of1.bin')).toHaveLength(2);
  hydra.close();
});

test('a failed download is not remembered', async () => {
  let broken = true;
  const { hydra } = await counted({ modules: [] }, async (file) => {
    if (broken && file.startsWith('relievo-matte')) throw new Error('no network');
  });
  expect(await rejection(estimateDepth(photo, { hydra }))).toMatchObject({
    code: 'MODEL_NETWORK',
    message: expect.stringContaining('relievo-matte'),
  });
  await estimateDepth(photo, { hydra, matte: false }); // needs no more than the depth head
  broken = false;
  await estimateDepth(photo, { hydra });
  hydra.close();
});

test('it is told where its files are by the call that loads it', async () => {
  (await defaultHydra()).close();
  const elsewhere = defaultHydra({ modelBaseUrl: new URL('file:///nowhere/') });
  await expect(elsewhere).rejects.toMatchObject({ code: 'MODEL_NETWORK', message: expect.stringContaining('nowhere') });
  await expect(defaultHydra({ modelsBaseUrl: 'x' } as never)).rejects.toMatchObject({ code: 'INVALID_PARAM' });
  const found = await defaultHydra({ modelBaseUrl: new URL('../../models/', import.meta.url), modules: ['depth'] });
  expect(found.tasks).toEqual(['depth']);
  found.close();
});

test('the shared Hydra is made anew once it was closed', async () => {
  const first = await defaultHydra();
  expect(first.tasks).toEqual(expect.arrayContaining(['depth', 'matte']));
  first.close();
  expect(first.closed).toBe(true);
  const { width } = await estimateDepth(picture(40, 30, (x, y) => [x, y, 0]));
  expect(width).toBe(40);
  const second = await defaultHydra();
  expect(second).not.toBe(first);
  expect(await defaultHydra()).toBe(second);
  second.close();
});

test('an unknown task is still refused by name', async () => {
  const { hydra } = await counted({ modules: [] });
  expect(await rejection(hydra.run('smile', photo))).toMatchObject({ code: 'MODEL_MISSING' });
  hydra.close();
});
