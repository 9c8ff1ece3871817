import { DepthStream, estimateDepth, Hydra, type DepthMap } from '../../src/index.js';
import { TemporalFilter } from '../../src/depth/temporal.js';
import type { ImageDataLike } from '../../src/image/image-data.js';
import { resizeImage } from '../../src/image/resize.js';
import { readImageFile } from '../../src/node/index.js';
import { ASTRONAUT, picture, rejection } from '../helpers/photos.js';

let hydra: Hydra;
let photo: ImageDataLike;
beforeAll(async () => {
  hydra = await Hydra.load();
  photo = await resizeImage(await readImageFile(ASTRONAUT), 256, 256);
});
afterAll(() => hydra?.close());

/** The photo with a camera's noise, and a bright square that walks along its top edge. */
function frame(k: number, sigma = 4): ImageDataLike {
  const data = new Uint8ClampedArray(photo.data);
  let s = k + 1;
  const next = () => (s = (Math.imul(s, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  for (let i = 0; i < data.length; i++)
    if (i % 4 < 3) data[i]! += sigma * (next() + next() + next() + next() - 2) * 1.73;
  for (let y = 10; y < 50; y++)
    for (let x = 10 + 12 * k; x < 50 + 12 * k; x++) data.set([250, 240, 200, 255], (y * photo.width + x) * 4);
  return { width: photo.width, height: photo.height, data };
}

/** Below the square's path. */
const STILL = 100;
function change(a: DepthMap, b: DepthMap): number {
  let sum = 0;
  for (let i = STILL * a.width; i < a.data.length; i++) sum += Math.abs(a.data[i]! - b.data[i]!);
  return sum / (a.data.length - STILL * a.width);
}

// Measured: 0.0011 of 0.0066 (bench/depth-stream.mjs has the longer film).
test('what stands still swims less than a third as much as frame by frame', async () => {
  const stream = new DepthStream({ hydra });
  let [steady, single] = [0, 0];
  let before: readonly [DepthMap, DepthMap] | undefined;
  for (let k = 0; k < 6; k++) {
    const now = [(await stream.next(frame(k)))!, await estimateDepth(frame(k), { hydra })] as const;
    if (before) {
      steady += change(before[0], now[0]);
      single += change(before[1], now[1]);
    }
    before = now;
  }
  stream.close();
  expect(single).toBeGreaterThan(0.005);
  expect(steady).toBeLessThan(single / 3);
  // And it still is the depth of the photo.
  expect(change(before![0], before![1])).toBeLessThan(0.05);
});

test('another scene begins anew', async () => {
  const other = picture(256, 256, (x, y) => [255 - x, 200, y]);
  const [a, b] = [new DepthStream({ hydra }), new DepthStream({ hydra })];
  await a.next(frame(0));
  expect((await a.next(other))!.data).toEqual((await b.next(other))!.data);
  a.reset();
  b.reset();
  expect((await a.next(photo))!.data).toEqual((await b.next(photo))!.data);
});

test('frames are made as small as the maps, in their proportions', async () => {
  const stream = new DepthStream({ hydra, longSide: 128 });
  const wide = picture(300, 200, (x, y) => [x % 256, y % 256, 90]);
  expect(await stream.next(wide)).toMatchObject({ width: 128, height: 85 });
  // The size may change: a phone was turned.
  expect(await stream.next(picture(100, 120, (x, y) => [x, y, 90]))).toMatchObject({ width: 100, height: 120 });
});

test('of the frames that wait the newest is taken', async () => {
  const stream = new DepthStream({ hydra });
  const answers = await Promise.all([0, 1, 2, 3].map((k) => stream.next(frame(k))));
  expect(answers.map((a) => a !== undefined)).toEqual([false, false, false, true]);
  const first = stream.next(frame(4));
  // That one's turn has come before these.
  await new Promise((resolve) => setTimeout(resolve, 5));
  const rest = [stream.next(frame(5)), stream.next(frame(6))];
  expect([await first, ...(await Promise.all(rest))].map((a) => a !== undefined)).toEqual([true, false, true]);
});

test('an abort is its reason and leaves the stream as it was; after close it says so', async () => {
  const [a, b] = [new DepthStream({ hydra }), new DepthStream({ hydra })];
  await a.next(frame(0));
  await b.next(frame(0));
  const stop = new AbortController();
  const aborted = a.next(frame(3), { signal: stop.signal });
  stop.abort();
  expect((await rejection(aborted)).name).toBe('AbortError');
  expect((await a.next(frame(1)))!.data).toEqual((await b.next(frame(1)))!.data);
  const late = a.next(frame(2));
  a.close();
  expect((await rejection(late)).code).toBe('DISPOSED');
  expect((await rejection(a.next(frame(3)))).code).toBe('DISPOSED');
});

test('misuse is named', async () => {
  expect(() => new DepthStream({ smoothing: 2 })).toThrow(/smoothing/);
  expect(() => new DepthStream({ side: 3 } as never)).toThrow(/unknown option 'side'/);
  const stream = new DepthStream({ hydra });
  expect((await rejection(stream.next({ width: 2, height: 2, data: new Uint8ClampedArray(3) }))).code).toBe(
    'UNSUPPORTED_IMAGE',
  );
  // What failed does not stop what follows.
  expect(await stream.next(frame(0))).toBeDefined();
});

describe('the filter by itself', () => {
  const [width, height] = [40, 30];
  const cells = width * height;
  /** A slope with a step, and a square that moves; colours tell the two apart. */
  function scene(k: number) {
    const inside = (i: number) => Math.abs((i % width) - 8 - k) < 4 && Math.floor(i / width) < 8;
    const depth = Float32Array.from({ length: cells }, (_, i) =>
      inside(i) ? 0.9 : i % width > 30 ? 0.8 : i / cells / 2,
    );
    const colour = new Float32Array(cells * 3).map((_, p) => (inside(Math.floor(p / 3)) ? 0.9 : 0.3 + 0.1 * (p % 3)));
    return { depth, colour, inside };
  }

  test('scales and shifts that a network picks anew for every frame are gone', () => {
    const filter = new TemporalFilter(0.9);
    let first: Float32Array | undefined;
    let last: Float32Array | undefined;
    for (let k = 0; k < 12; k++) {
      const { depth, colour } = scene(k);
      const [scale, shift] = [1 + 3 * Math.abs(Math.sin(k * 2.3)), 5 * Math.sin(k * 1.7)];
      const raw = { width, height, data: depth.map((d) => scale * d + shift) };
      last = filter.next(raw, colour, { width, height, data: colour.slice() });
      first ??= last;
    }
    for (let y = 10, i = 10 * width; y < height; y++)
      for (let x = 0; x < width; x++, i++) expect(Math.abs(last![i]! - first![i]!)).toBeLessThan(0.01);
    const { inside } = scene(11);
    const square = last!.filter((_, i) => inside(i));
    const truth = (0.9 - 0) / 0.9;
    for (const d of square) expect(Math.abs(d - truth)).toBeLessThan(0.03);
  });

  test('a flat scene stays flat, exposure that changes is no motion', () => {
    const filter = new TemporalFilter(0.9);
    const { depth, colour } = scene(0);
    const next = (data: Float32Array, gain: number) =>
      filter.next(
        { width, height, data },
        colour.map((v) => v * gain),
        { width, height, data: colour.slice() },
      );
    const before = next(depth, 1);
    const noisy = depth.map((d, i) => d + (i % 7 === 0 ? 0.1 : 0));
    const after = next(noisy, 1.1);
    for (let i = 0; i < cells; i++) expect(Math.abs(after[i]! - before[i]!)).toBeLessThan(0.03);
    filter.reset();
    expect(next(new Float32Array(cells).fill(0.4), 1)).toEqual(new Float32Array(cells).fill(0.5));
    expect(next(new Float32Array(cells).fill(0.2), 1)).toEqual(new Float32Array(cells).fill(0.5));
  });
});
