import * as tf from '@tensorflow/tfjs-core';
import { Hydra } from '../../src/hydra/hydra.js';
import { readImageFile } from '../../src/node/read.js';
import { ASTRONAUT, picture, rejection, ROOT } from '../helpers/photos.js';

const small = () => picture(64, 48, (x, y) => [x * 4, y * 5, (x * y) % 255]);
let hydra: Hydra;
beforeAll(async () => {
  hydra = await Hydra.load({ backend: 'wasm', decoder: (await import('../../src/node/read.js')).readImage });
});
afterAll(() => hydra.close());

test('two heads that ask at once share one run of the backbone', async () => {
  const photo = await hydra.open(small());
  const before = hydra.backboneRuns;
  const [a, b] = await Promise.all([hydra.run('depth', photo), hydra.run('depth', photo)]);
  expect(hydra.backboneRuns - before).toBe(1);
  expect(a['disparity']!.data).toEqual(b['disparity']!.data);
  photo.close();
});

test('features outlive their eviction while somebody holds them, and not longer', async () => {
  const photo = await hydra.open(small());
  const before = tf.memory().numTensors;
  const features = await hydra.extract(photo);
  photo.close();
  const fromFeatures = await hydra.run('depth', features);
  const fromPhoto = await hydra.run('depth', small());
  expect(fromFeatures).toEqual(fromPhoto);
  features.close();
  expect(tf.memory().numTensors).toBe(before);
  expect(() => features.tap('s4')).toThrow(expect.objectContaining({ code: 'DISPOSED' }));
});

test('the cache stays within its bound, oldest first', async () => {
  const one = await hydra.extract(await hydra.open(small()));
  const { bytes } = one;
  one.close();
  const bounded = await Hydra.load({ backend: 'wasm', cacheBytes: bytes * 2.5 });
  const photos = await Promise.all([0, 1, 2].map(() => bounded.open(small())));
  for (const p of photos) (await bounded.extract(p)).close();
  expect(bounded.memory()).toMatchObject({ cachedFeatures: 2, cachedBytes: 2 * bytes });
  const runs = bounded.backboneRuns;
  (await bounded.extract(photos[2]!)).close();
  expect(bounded.backboneRuns).toBe(runs);
  (await bounded.extract(photos[0]!)).close();
  expect(bounded.backboneRuns).toBe(runs + 1);
  bounded.close();
});

test('a hundred photos leave no tensor behind', async () => {
  await hydra.run('depth', small());
  const before = hydra.memory();
  for (let i = 0; i < 100; i++)
    await hydra.run(
      'depth',
      picture(32 + (i % 5) * 16, 40, () => [i, i, i]),
    );
  const after = hydra.memory();
  expect(after.tensors).toBe(before.tensors);
  expect(after.tensorBytes).toBe(before.tensorBytes);
});

test('an encoded file is opened through the decoder', async () => {
  const { readFile } = await import('node:fs/promises');
  const photo = await hydra.open(new Uint8Array(await readFile(ASTRONAUT)));
  expect([photo.width, photo.height]).toEqual([512, 512]);
});

test('what is not known is refused by name', async () => {
  expect(await rejection(hydra.run('smile', small()))).toMatchObject({
    code: 'MODEL_MISSING',
    message: expect.stringContaining('depth'),
  });
  expect(await rejection(Hydra.load({ modules: ['smile'] }))).toMatchObject({ code: 'INVALID_PARAM' });
  expect(await rejection(Hydra.load({ backend: 'abacus' as 'cpu' }))).toMatchObject({ code: 'INVALID_PARAM' });
  expect(await rejection(Hydra.load({ modle: [] } as object))).toMatchObject({
    code: 'INVALID_PARAM',
    message: expect.stringContaining('modle'),
  });
  expect(await rejection(hydra.register(`file://${ROOT}models/relievo-depth`))).toMatchObject({
    code: 'MODEL_CONTRACT',
  });
});

test('a head without its backbone is refused at registration', async () => {
  const empty = await Hydra.load({ backend: 'cpu', modules: [] });
  expect(await rejection(empty.register(`file://${ROOT}models/relievo-depth`))).toMatchObject({
    code: 'MODEL_CONTRACT',
    message: expect.stringContaining('not registered (registered: none). Register it first'),
  });
  expect(empty.tasks).toEqual([]);
  empty.close();
});

test('too many pixels are refused before the network sees them', async () => {
  const strict = await Hydra.load({ backend: 'cpu', modules: [], maxPixels: 100 });
  const error = await rejection(strict.open(small()));
  expect(error).toMatchObject({ code: 'IMAGE_TOO_LARGE', message: expect.stringContaining('64 × 48') });
  strict.close();
});

test('after close every call says so, and the weights are gone', async () => {
  const before = tf.memory().numTensors;
  const other = await Hydra.load({ backend: 'wasm' });
  expect(other.memory().weightBytes).toBeGreaterThan(1e6);
  other.close();
  other.close();
  expect(tf.memory().numTensors).toBe(before);
  expect(await rejection(other.run('depth', small()))).toMatchObject({ code: 'DISPOSED' });
});

test('wasm and plain JavaScript agree', async () => {
  const photo = await readImageFile(ASTRONAUT);
  const wasm = (await hydra.run('depth', photo))['disparity']!.data;
  const plain = await Hydra.load({ backend: 'cpu' });
  const cpu = (await plain.run('depth', photo))['disparity']!.data;
  plain.close();
  const span = Math.max(...cpu) - Math.min(...cpu);
  const worst = wasm.reduce((m, v, i) => Math.max(m, Math.abs(v - cpu[i]!)), 0);
  expect(worst / span).toBeLessThan(1e-3);
});
