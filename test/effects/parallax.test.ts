import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { applyParallax, parallaxFrames } from '../../src/effects/parallax.js';
import { pipeline } from '../../src/effects/pipeline.js';
import { anaglyph, stereoPair } from '../../src/effects/stereo.js';
import { DUBOIS_LEFT, DUBOIS_RIGHT } from '../../src/effects/two-eyes.js';
import type { ImageDataLike } from '../../src/image/image-data.js';
import { ROOT } from '../helpers/photos.js';
import { depthOf, maxDifference, noisy, paint, pixel, type Colour } from './helpers.js';

const N = 100;
const NEAR: Colour = [240, 30, 30];
/** A square at 0.9 before a striped wall at 0.1. */
const inSquare = (x: number, y: number) => x >= 35 && x < 65 && y >= 35 && y < 65;
const wallAt = (x: number): Colour => (x % 20 < 10 ? [20, 60, 200] : [200, 220, 250]);
const photo = paint(N, N, (x, y) => (inSquare(x, y) ? NEAR : wallAt(x)));
const depth = depthOf(N, N, (x, y) => (inSquare(x, y) ? 0.9 : 0.1));
const isNear = (p: number[]) => p[0]! > 200 && p[1]! < 60;
const nearRun = (image: ImageDataLike, y: number) => {
  const xs = Array.from({ length: N }, (_, x) => x).filter((x) => isNear(pixel(image, x, y)));
  return [xs[0], xs.at(-1)];
};

test('from its own place the photo is itself, to the byte', async () => {
  const picture = noisy(60, 40);
  const { image, depth: same } = await applyParallax(
    picture,
    depthOf(60, 40, (x, y) => ((x * y) % 7) / 7),
  );
  expect(maxDifference(image, picture)).toBe(0);
  expect([same.width, same.height]).toEqual([60, 40]);
});

test('the matte goes where the subject went, also from step to step of a recipe', async () => {
  const matte = { ...depth, data: depth.data.map((d) => (d > 0.5 ? 1 : 0)) };
  const { image, matte: seen } = await applyParallax(photo, depth, { x: 0.1, pivot: 0.1, crop: 1, matte });
  for (let i = 0; i < N * N; i++) {
    const x = i % N;
    const y = (i - x) / N;
    const edge = [26, 27, 56, 57].includes(x) || [34, 35, 64, 65].includes(y);
    if (!edge) expect(seen!.data[i]).toBeCloseTo(isNear(pixel(image, x, y)) ? 1 : 0, 2);
  }
  const { image: cut } = await pipeline([
    { op: 'parallax', x: 0.1, pivot: 0.1, crop: 1 },
    { op: 'background', background: 'transparent' },
  ]).run(photo, depth, { matte });
  expect([15, 30, 50, 60].map((x) => pixel(cut, x, 50)[3])).toEqual([0, 255, 255, 0]);
});

test('a subject is one body: a chin before the neck leaves no gap that shows the wall', async () => {
  const chin = depthOf(N, N, (x, y) => (!inSquare(x, y) ? 0.1 : y < 50 && x < 50 ? 0.9 : 0.8));
  const matte = { ...depth, data: depth.data.map((d) => (d > 0.5 ? 1 : 0)) };
  const { image } = await applyParallax(photo, chin, { x: 0.1, y: -0.05, pivot: 0.1, crop: 1, matte });
  // Moved by 7 or 8 pixels to the left, 3.5 or 4 down: what is surely inside.
  for (let y = 42; y < 66; y++) for (let x = 30; x < 54; x++) expect(isNear(pixel(image, x, y))).toBe(true);
});

test('a step to the right moves near things left by share · side · difference; what holds stays', async () => {
  // 0.1 · 100 · 0.8 = 8 pixels.
  const { image, depth: seen } = await applyParallax(photo, depth, { x: 0.1, pivot: 0.1, crop: 1 });
  expect(nearRun(image, 50)).toEqual([27, 56]);
  for (const x of [5, 15, 80, 95]) expect(pixel(image, x, 50)).toEqual([...wallAt(x), 255]);
  expect(seen.data[50 * N + 30]).toBeCloseTo(0.9);
  expect(seen.data[50 * N + 75]).toBeCloseTo(0.1);
});

test('what is uncovered is wall: no rubber, no rim of the square, nothing in between', async () => {
  const { image } = await applyParallax(photo, depth, { x: 0.1, pivot: 0.1, crop: 1 });
  // The strip that the square left, 57..64: colours of the wall or between its two.
  for (let y = 40; y < 60; y++) {
    for (let x = 58; x < 66; x++) {
      const [r, g, b] = pixel(image, x, y) as [number, number, number];
      expect(b).toBeGreaterThanOrEqual(195);
      expect(g).toBeGreaterThan(r - 5);
    }
  }
});

test('the pivot holds and the background moves the other way', async () => {
  const { image } = await applyParallax(photo, depth, { x: 0.1, pivot: 0.9, crop: 1 });
  expect(nearRun(image, 50)).toEqual([35, 64]);
  // The wall moved right by 8: what was at 80 is at 88.
  expect(pixel(image, 92, 10)).toEqual([...wallAt(84), 255]);
});

test('the dolly zoom keeps the pivot and enlarges what is nearer', async () => {
  const hold = await applyParallax(photo, depth, { z: 0.4, pivot: 0.9, crop: 1 });
  expect(nearRun(hold.image, 50)).toEqual([35, 64]);
  const push = await applyParallax(photo, depth, { z: 0.4, pivot: 0.1, crop: 1 });
  // (1 - 0.4 · 0.1) / (1 - 0.4 · 0.9) = 1.5: 30 pixels become 45.
  const [a, b] = nearRun(push.image, 50);
  expect(Math.abs(b! - a! + 1 - 45)).toBeLessThanOrEqual(1);
});

test('by default no border comes into sight, and the picture is enlarged by no more than that takes', async () => {
  const framed = paint(N, N, (x, y) => (x === 0 || y === 0 || x === N - 1 || y === N - 1 ? [0, 255, 0] : [90, 90, 90]));
  const { image } = await applyParallax(
    framed,
    depthOf(N, N, () => 0.1),
    { x: 0.05, pivot: 0.9 },
  );
  // Shift 4 pixels: at one side the border just stays inside.
  for (let y = 0; y < N; y++) expect(pixel(image, 0, y)[1]! > 200 && pixel(image, N - 1, y)[1]! > 200).toBe(false);
});

test('a constant colour stays, whatever depth and move', async () => {
  const arbitrary = fc.record({
    w: fc.integer({ min: 1, max: 40 }),
    h: fc.integer({ min: 1, max: 40 }),
    x: fc.double({ min: -0.1, max: 0.1, noNaN: true }),
    y: fc.double({ min: -0.1, max: 0.1, noNaN: true }),
    z: fc.double({ min: -0.6, max: 0.6, noNaN: true }),
    pivot: fc.double({ min: 0, max: 1, noNaN: true }),
    block: fc.integer({ min: 1, max: 9 }),
    alpha: fc.constantFrom(255, 128),
  });
  await fc.assert(
    fc.asyncProperty(arbitrary, async ({ w, h, block, alpha, ...move }) => {
      const flat = paint(w, h, () => [200, 100, 50, alpha]);
      const map = depthOf(w, h, (x, y) => ((Math.floor(x / block) * 7 + Math.floor(y / block) * 3) % 5) / 4);
      const { image } = await applyParallax(flat, map, move);
      for (let i = 0; i < image.data.length; i++) {
        const tolerance = i % 4 === 3 && alpha < 255 ? 130 : 1; // what is uncovered is opaque
        expect(Math.abs(image.data[i]! - flat.data[i]!)).toBeLessThanOrEqual(tolerance);
      }
    }),
    { numRuns: 20 },
  );
});

test('a matte moves the cut to the silhouette where the depth misses it', async () => {
  const off = depthOf(N, N, (x, y) => (inSquare(x - 2, y - 1) ? 0.9 : 0.1));
  const matte = depthOf(N, N, (x, y) => (inSquare(x, y) ? 1 : 0));
  const { image } = await applyParallax(photo, off, { x: 0.1, pivot: 0.1, crop: 1, matte });
  expect(nearRun(image, 50)).toEqual([27, 56]);
});

test('frames: as many as asked, the round closes, the middle of a wiggle is the photo', async () => {
  const frames = [];
  for await (const f of parallaxFrames(photo, depth, { frames: 4, amount: 0.05 })) frames.push(f);
  expect(frames).toHaveLength(4);
  expect(maxDifference(frames[0]!, frames[2]!)).toBeLessThanOrEqual(1);
  expect(maxDifference(frames[1]!, frames[3]!)).toBeGreaterThan(50);
  for (const motion of ['orbit', 'dolly'] as const) {
    let n = 0;
    for await (const f of parallaxFrames(photo, depth, { motion, frames: 3 })) n += f.width / N;
    expect(n).toBe(3);
  }
});

test('frames stop at an abort', async () => {
  const stop = new AbortController();
  const frames = parallaxFrames(photo, depth, { signal: stop.signal });
  await frames.next();
  stop.abort(new Error('enough'));
  await expect(frames.next()).rejects.toThrow('enough');
});

describe('stereo', () => {
  test('side by side: before the screen, the left eye sees it farther right', async () => {
    const pair = await stereoPair(photo, depth, { layout: 'side-by-side', pivot: 0.1, separation: 0.05 });
    expect([pair.width, pair.height]).toEqual([2 * N, N]);
    const run = (from: number) => {
      const xs = Array.from({ length: N }, (_, x) => x).filter((x) => isNear(pixel(pair, from + x, 50)));
      return (xs[0]! + xs.at(-1)!) / 2;
    };
    expect(run(0) - run(N)).toBeGreaterThan(3);
    const crossed = await stereoPair(photo, depth, { layout: 'cross-eyed', pivot: 0.1, separation: 0.05 });
    expect(pixel(crossed, N + 40, 50)).toEqual(pixel(pair, 40, 50));
  });

  test('the anaglyph uses the published matrices, as three.js has them', () => {
    const source = readFileSync(`${ROOT}node_modules/three/examples/jsm/effects/AnaglyphEffect.js`, 'utf8');
    const numbers = [...source.slice(source.indexOf('fromArray')).matchAll(/-? ?\d+\.\d{3,}/g)].map((m) =>
      Number(m[0].replace(' ', '')),
    );
    // Theirs are stored by columns.
    const columns = (m: readonly number[]) => [0, 3, 6, 1, 4, 7, 2, 5, 8].map((i) => m[i]!);
    expect(numbers.slice(0, 18)).toEqual([...columns(DUBOIS_LEFT), ...columns(DUBOIS_RIGHT)]);
  });

  test('equal views keep greys nearly grey; the left eye gives red, the right cyan', async () => {
    const grey = paint(2, 1, () => [128, 128, 128]);
    const black = paint(2, 1, () => [0, 0, 0]);
    const [r, g, b] = pixel(await anaglyph(grey, grey), 0, 0) as [number, number, number];
    for (const v of [r, g, b]) expect(Math.abs(v - 128)).toBeLessThan(6);
    const left = pixel(await anaglyph(grey, black), 0, 0);
    expect(left[0]! - Math.max(left[1]!, left[2]!)).toBeGreaterThan(100);
    const right = pixel(await anaglyph(black, grey), 0, 0);
    expect(Math.min(right[1]!, right[2]!) - right[0]!).toBeGreaterThan(100);
  });
});

test.each([
  [{ x: 1 }, /'x'/],
  [{ z: 0.9 }, /'z'/],
  [{ crop: 0.5 }, /'crop'/],
  [{ pivot: 'nobody' }, /focus/],
  [{ dx: 1 }, /unknown option 'dx'/],
  [{ matte: {} }, /matte/],
])('refuses %j', async (options, message) => {
  await expect(applyParallax(photo, depth, options as object)).rejects.toThrow(message);
});
