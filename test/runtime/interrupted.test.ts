import { jest } from '@jest/globals';
import { estimateDepth } from '../../src/depth/estimate.js';
import { applyBokeh } from '../../src/effects/bokeh.js';
import { pipeline } from '../../src/effects/pipeline.js';
import { Hydra } from '../../src/hydra/hydra.js';
import { readImageFile } from '../../src/node/read.js';
import { resizeImage } from '../../src/image/resize.js';
import type { ImageDataLike } from '../../src/image/image-data.js';
import type { TaskOptions } from '../../src/core/task.js';
import { noise } from '../effects/helpers.js';
import { ASTRONAUT } from '../helpers/photos.js';

let photo: ImageDataLike;
let hydra: Hydra;
jest.setTimeout(300_000); // a loaded machine

beforeAll(async () => {
  photo = await resizeImage(await readImageFile(ASTRONAUT), 256, 256);
  hydra = await Hydra.load({ backend: 'wasm' });
});
afterAll(() => hydra?.close());

/** As bytes: matchers compare millions of numbers one by one. */
const bytes = ({ buffer, byteOffset, byteLength }: Float32Array | Uint8ClampedArray) =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
const same = (a: Float32Array | Uint8ClampedArray, b: Float32Array | Uint8ClampedArray) => bytes(a).equals(bytes(b));

/** The photo with another part of it in view: every one has a depth of its own. */
function part(k: number): ImageDataLike {
  const [width, height] = [64 + 16 * (k % 3), 64 + 16 * (k % 2)];
  const data = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y++) {
    const from = ((y + 7 * k) * photo.width + 6 * k) * 4;
    data.set(photo.data.subarray(from, from + width * 4), y * width * 4);
  }
  return { width, height, data };
}

test.each<[string, (task: TaskOptions) => Promise<Float32Array | Uint8ClampedArray>]>([
  ['estimateDepth', async (task) => (await estimateDepth(photo, { hydra, ...task })).data],
  ['applyBokeh', async (task) => (await applyBokeh(photo, ramp(), { focus: 0.3, threads: 1, ...task })).data],
  [
    'a pipeline',
    async (task) => {
      const steps = [{ op: 'haze', amount: 0.4 } as const, { op: 'bokeh', focus: 0.3 } as const];
      return (await pipeline(steps).run(photo, ramp(), task)).image.data;
    },
  ],
])('%s, aborted at 34 random moments, is aborted or right, and goes on working', async (_, work) => {
  const want = await work({});
  const start = performance.now();
  await work({});
  const takes = performance.now() - start;
  const { tensors } = hydra.memory();
  const random = noise(8);
  let aborted = 0;
  for (let k = 0; k < 34; k++) {
    const controller = new AbortController();
    const reason = new Error(`abort ${k}`);
    const stop = () => controller.abort(reason);
    // Half by the clock, half at a share of the work: before the first step of it, and after the last.
    const at = random();
    const timer = k % 2 ? setTimeout(stop, at * takes) : undefined;
    const onProgress = (done: number) => void (k % 2 === 0 && done >= at && stop());
    try {
      expect(same(await work({ signal: controller.signal, onProgress }), want)).toBe(true);
    } catch (error) {
      expect(error).toBe(reason);
      aborted++;
    }
    clearTimeout(timer);
  }
  expect(aborted).toBeGreaterThan(10);
  expect(same(await work({}), want)).toBe(true);
  expect(hydra.memory().tensors).toBe(tensors);
});

test('a Hydra closed while it works ends with DISPOSED or the right depth, and leaves no tensor', async () => {
  const want = (await estimateDepth(photo, { hydra })).data;
  const start = performance.now();
  await estimateDepth(photo, { hydra });
  const takes = performance.now() - start;
  const { tensors } = hydra.memory();
  const random = noise(5);
  let ended = 0;
  for (let k = 0; k < 8; k++) {
    const other = await Hydra.load({ backend: 'wasm' });
    const work = estimateDepth(photo, { hydra: other });
    // The first ones at once: within loading's own steps rather than between two slices of work.
    const timer = k < 3 ? void other.close() : setTimeout(() => other.close(), random() * takes);
    try {
      expect(same((await work).data, want)).toBe(true);
    } catch (error) {
      expect(error).toMatchObject({ code: 'DISPOSED' });
      ended++;
    }
    clearTimeout(timer);
    other.close();
  }
  expect(ended).toBeGreaterThan(2);
  expect(hydra.memory().tensors).toBe(tensors);
  expect(same((await estimateDepth(photo, { hydra })).data, want)).toBe(true);
});

test('20 requests at once are all right', async () => {
  const photos = Array.from({ length: 20 }, (_, k) => part(k));
  const work = async (p: ImageDataLike) => {
    const depth = await estimateDepth(p, { hydra });
    const { image } = await pipeline([{ op: 'bokeh', focus: 0.8, aperture: 0.03 }]).run(p, depth);
    return [depth.data, image.data] as const;
  };
  const alone: (readonly [Float32Array, Uint8ClampedArray])[] = [];
  for (const p of photos) alone.push(await work(p));
  const { tensors, cachedFeatures } = hydra.memory();
  const together = await Promise.all(photos.map(work));
  expect(together.map(([depth, image], k) => [same(depth, alone[k]![0]), same(image, alone[k]![1])])).toEqual(
    photos.map(() => [true, true]),
  );
  expect(same(alone[0]![0], alone[15]![0])).toBe(false);
  expect(hydra.memory()).toMatchObject({ tensors, cachedFeatures });
});

function ramp() {
  const { width, height } = photo;
  return { width, height, data: Float32Array.from({ length: width * height }, (_, i) => (i % width) / width) };
}
