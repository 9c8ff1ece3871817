import fc from 'fast-check';
import { matteFromDepth } from '../../src/effects/matte-from-depth.js';
import { replaceBackground, type Background } from '../../src/effects/replace-background.js';
import { encodeSrgb8, SRGB_TO_LINEAR } from '../../src/image/colour.js';
import type { ImageDataLike } from '../../src/image/image-data.js';
import type { Matte } from '../../src/image/matte.js';
import { parseColour } from '../../src/image/parse-colour.js';
import { resizeImage } from '../../src/image/resize.js';
import { depthOf, noisy, paint, pixel, type Colour } from './helpers.js';

const N = 48;
/** Subject on the left; a soft rim of eight pixels about the middle. */
const shareAt = (x: number) => Math.min(1, Math.max(0, (28 - x - 0.5) / 8));
const matte: Matte = depthOf(N, N, (x) => shareAt(x));
const mixture = (near: Colour, far: Colour) =>
  paint(N, N, (x) => {
    const s = shareAt(x);
    const c = (k: number) => encodeSrgb8(s * SRGB_TO_LINEAR[near[k]!]! + (1 - s) * SRGB_TO_LINEAR[far[k]!]!);
    return [c(0), c(1), c(2)];
  });
/** In linear light: a byte's rounding in a bright mixture is many codes of a dark subject. One code at white is 0.009. */
function lightDifference(a: ImageDataLike, b: ImageDataLike): number {
  let worst = 0;
  for (let i = 0; i < a.data.length; i++)
    worst = Math.max(worst, Math.abs(SRGB_TO_LINEAR[a.data[i]!]! - SRGB_TO_LINEAR[b.data[i]!]!));
  return worst;
}
const byte = fc.nat(255);
const rgb = fc.tuple(byte, byte, byte);

test('no fringe: the result is the one that a photo before the new background would have been', async () => {
  await fc.assert(
    fc.asyncProperty(rgb, rgb, rgb, async (subject, old, fresh) => {
      const colour = `#${fresh.map((v) => v.toString(16).padStart(2, '0')).join('')}`;
      const { image } = await replaceBackground(mixture(subject, old), { matte, background: { colour } });
      expect(lightDifference(image, mixture(subject, fresh))).toBeLessThan(0.014);
    }),
    { numRuns: 30 },
  );
});

test('transparent keeps the subject straight: full colour, partial alpha', async () => {
  const { image } = await replaceBackground(mixture([250, 120, 10], [10, 200, 250]), {
    matte,
    background: 'transparent',
  });
  expect(pixel(image, 2, 5)).toEqual([250, 120, 10, 255]);
  expect(pixel(image, 45, 5)).toEqual([0, 0, 0, 0]);
  const rim = pixel(image, 23, 5);
  expect(rim[3]).toBe(Math.round(shareAt(23) * 255));
  [250, 120, 10].forEach((v, c) => expect(Math.abs(SRGB_TO_LINEAR[rim[c]!]! - SRGB_TO_LINEAR[v]!)).toBeLessThan(0.008));
});

test('given foreground colours are used as they are', async () => {
  const foreground = paint(N, N, () => [0, 0, 255]);
  const { image } = await replaceBackground(mixture([200, 0, 0], [0, 200, 0]), {
    matte,
    foreground,
    background: 'transparent',
  });
  expect(pixel(image, 2, 2)).toEqual([0, 0, 255, 255]);
  expect(pixel(image, 23, 2).slice(0, 3)).toEqual([0, 0, 255]);
});

test('a gradient runs as in CSS: pure colours at its ends', async () => {
  const { image } = await replaceBackground(noisy(N, N), {
    matte: depthOf(N, N, () => 0),
    background: { gradient: { from: 'black', to: 'white', angle: 90 } },
  });
  expect(pixel(image, 0, 7)[0]).toBeLessThan(4);
  expect(pixel(image, N - 1, 7)[0]).toBeGreaterThan(251);
  expect(pixel(image, N / 2, 40)).toEqual(pixel(image, N / 2, 3));
});

test('the blurred background holds nothing of the subject', async () => {
  const hard = depthOf(N, N, (x) => (x < 24 ? 1 : 0));
  const photo = paint(N, N, (x) => (x < 24 ? [255, 0, 0] : [0, 0, 255]));
  const { image } = await replaceBackground(photo, { matte: hard, background: { blur: 0.2 } });
  for (let x = 24; x < N; x++) expect(pixel(image, x, 20)).toEqual([0, 0, 255, 255]);
  expect(pixel(image, 23, 20)).toEqual([255, 0, 0, 255]);
});

test('another photo covers, keeps its proportions, and takes bokeh and grade', async () => {
  const wide = paint(4 * N, N, (x) => (x < 2 * N ? [255, 255, 255] : [0, 0, 0]));
  const none = depthOf(N, N, () => 0);
  const plain = await replaceBackground(noisy(N, N), { matte: none, background: { image: wide } });
  expect([pixel(plain.image, 20, 9)[0], pixel(plain.image, 27, 9)[0]]).toEqual([255, 0]);
  const soft = await replaceBackground(noisy(N, N), {
    matte: none,
    background: { image: wide, bokeh: { focus: 1, aperture: 0.1 }, grade: { exposure: -1 } },
  });
  expect(pixel(soft.image, 24, 9)[0]).toBeGreaterThan(60);
  expect(pixel(soft.image, 24, 9)[0]).toBeLessThan(188);
  expect(Math.abs(pixel(soft.image, 4, 9)[0]! - 188)).toBeLessThanOrEqual(1);
});

test('the depth returned puts the new background behind the subject', async () => {
  const photo = noisy(N, N);
  const depth = depthOf(N, N, (x) => (x < 24 ? 0.6 : 0.5));
  const image = { image: noisy(N, N, 5), depth: depthOf(N, N, () => 1) };
  const { depth: out } = await replaceBackground(photo, { depth, matte, background: image });
  expect(out.data[0]).toBeCloseTo(0.6);
  expect(out.data[N - 1]).toBeLessThanOrEqual(Math.fround(0.6));
  expect((await replaceBackground(photo, { matte, background: 'transparent' })).depth.data[0]).toBe(1);
});

test('a matte from depth follows the colours where the depth misses the edge', async () => {
  const photo = mixture([230, 60, 20], [20, 40, 90]);
  const off = depthOf(N, N, (x) => (x < 25 ? 0.8 : 0.1));
  const found = await matteFromDepth(photo, off);
  const small = depthOf(N, N, (x) => (x < 24 ? 0.8 : 0.1));
  // The band is one pixel at this size: beyond it the depth decides.
  expect(found.data[20]).toBe(1);
  expect(found.data[30]).toBe(0);
  const edge = (await matteFromDepth(photo, small)).data[24]!;
  expect(edge).toBeGreaterThan(0.05);
  expect(edge).toBeLessThan(0.8);
});

test('any image, matte and background give an image of the same size; alpha is that of what covers', async () => {
  const sizes = fc.record({
    w: fc.integer({ min: 1, max: 30 }),
    h: fc.integer({ min: 1, max: 30 }),
    mw: fc.integer({ min: 1, max: 40 }),
    mh: fc.integer({ min: 1, max: 40 }),
    background: fc.constantFrom<Background>(
      { colour: 'teal' },
      { blur: 0.1 },
      { gradient: { from: '#123', to: '#456' } },
      { image: noisy(7, 3) },
    ),
  });
  await fc.assert(
    fc.asyncProperty(sizes, async ({ w, h, mw, mh, background }) => {
      const photo = noisy(w, h);
      const before = photo.data.slice();
      const { image, depth } = await replaceBackground(photo, {
        matte: depthOf(mw, mh, (x, y) => ((x * 7 + y * 3) % 5) / 4),
        background,
      });
      expect([image.width, image.height, depth.width, depth.height]).toEqual([w, h, w, h]);
      expect(image.data.filter((_, i) => i % 4 === 3).every((a) => a === 255)).toBe(true);
      expect(photo.data).toEqual(before);
    }),
    { numRuns: 40 },
  );
});

test('resizing keeps light and ignores what transparency hides', async () => {
  const checks = paint(8, 8, (x, y) => ((x + y) % 2 ? [255, 255, 255, 255] : [0, 255, 0, 0]));
  expect(pixel(await resizeImage(checks, 4, 4), 1, 1)).toEqual([255, 255, 255, 128]);
});

test('colours: hex in four lengths and the names of HTML', () => {
  expect(parseColour('#1a2')).toEqual([17, 170, 34, 255]);
  expect(parseColour('#11223344')).toEqual([17, 34, 51, 68]);
  expect(parseColour('White')).toEqual([255, 255, 255, 255]);
  for (const bad of ['', '#12', '#12345', 'toString', 'greenish', 7, null]) expect(parseColour(bad)).toBeUndefined();
});

test.each([
  [{ background: 'none' }, /'background' to be 'transparent'/],
  [{ background: { colour: 'greenish' } }, /colour/],
  [{ background: { blur: 3 } }, /blur/],
  [{ background: { blur: 0.1, colour: 'red' } }, /unknown option 'blur'/],
  [{ background: 'transparent', matte: undefined }, /matte/],
  [{ background: 'transparent', matte: { width: 2, height: 2, data: new Float32Array(3) } }, /matte/],
  [{ background: 'transparent', matte: { width: 1, height: 1, data: Float32Array.of(NaN) } }, /0\.\.1/],
  [{ background: 'transparent', foreground: noisy(3, 3) }, /foreground/],
])('refuses %#', async (options, message) => {
  const given = { matte, ...options } as unknown as Parameters<typeof replaceBackground>[1];
  await expect(replaceBackground(noisy(N, N) as ImageDataLike, given)).rejects.toThrow(message);
});
