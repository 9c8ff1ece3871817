import { DepthStream, Hydra, applyHaze, estimateDepth, pipeline, type DepthMap } from '../src/index.js';
import { createLocal } from '../src/worker/local.js';
import { picture, rejection } from './helpers/photos.js';

const small = () => picture(64, 48, (x, y) => [x * 4, y * 5, (x * y) % 255]);
const flat: DepthMap = { width: 64, height: 48, data: new Float32Array(64 * 48).fill(0.5) };
let hydra: Hydra;
beforeAll(async () => (hydra = await Hydra.load({ backend: 'wasm' })));
afterAll(() => hydra.close());

const cases = [
  row(
    'Hydra',
    () => Hydra.load({ modules: [], backend: 'wasm' }),
    (h) => h.open(small()),
  ),
  row(
    'a photo',
    () => hydra.open(small()),
    (p) => hydra.run('depth', p),
  ),
  row(
    'a photo, by an operator',
    () => hydra.open(small()),
    (p) => applyHaze(p, flat),
  ),
  row(
    'a photo, by a recipe',
    () => hydra.open(small()),
    (p) => pipeline([{ op: 'haze' }]).run(p, flat),
  ),
  row(
    'features',
    async () => hydra.extract(await hydra.open(small())),
    async (f) => f.tap('s4'),
  ),
  row(
    'a stream',
    async () => new DepthStream({ hydra }),
    (s) => s.next(small()),
  ),
  row(
    'a worker that is none',
    () => createLocal({ modules: [], backend: 'wasm' }),
    (w) => w.open(small()),
  ),
];

function row<T extends Disposable & { close(): void }>(
  name: string,
  make: () => Promise<T>,
  use: (it: T) => Promise<unknown>,
) {
  const check = async (end: 'close' | typeof Symbol.dispose) => {
    const it = await make();
    await use(it);
    for (let times = 0; times < 2; times++) {
      it[end]();
      expect((await rejection(use(it))).code).toBe('DISPOSED');
    }
  };
  return [name, check] as const;
}

// Previews and workers: test/browser/gpu.test.ts, worker.test.ts.
test.each(cases)('%s ends by close() and by using, twice as well as once', async (_, check) => {
  await check('close');
  await check(Symbol.dispose);
});

test('a closed photo is forgotten by every Hydra that saw it, and by a call under way', async () => {
  const other = await Hydra.load({ backend: 'wasm' });
  const photo = await hydra.open(small());
  const before = hydra.memory().cachedFeatures;
  for (const h of [hydra, other]) await estimateDepth(photo, { hydra: h });
  expect([hydra.memory().cachedFeatures - before, other.memory().cachedFeatures]).toEqual([1, 1]);
  photo.close();
  expect([hydra.memory().cachedFeatures - before, other.memory().cachedFeatures]).toEqual([0, 0]);
  const late = await other.open(small());
  const asked = rejection(other.extract(late)); // its first step waits
  late.close();
  expect((await asked).code).toBe('DISPOSED');
  expect(other.memory().cachedFeatures).toBe(0);
  other.close();
});

test('an opened photo keeps the memory that it was given', async () => {
  const pixels = small();
  expect((await hydra.open(pixels)).data.buffer).toBe(pixels.data.buffer);
  const bytes = new Uint8Array(pixels.data.buffer, 0, pixels.data.length);
  const { data } = await hydra.open({ ...pixels, data: bytes });
  expect([data.constructor.name, data.buffer === bytes.buffer]).toEqual(['Uint8ClampedArray', true]);
  const shared = new Uint8ClampedArray(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  expect((await hydra.open({ ...pixels, data: shared })).data).toEqual(pixels.data); // which no ImageData takes
});
