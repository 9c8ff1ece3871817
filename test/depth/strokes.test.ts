import fc from 'fast-check';
import { applyStrokes, type Stroke } from '../../src/depth/strokes.js';
import { depthOf, noisy, paint } from '../effects/helpers.js';

const N = 64;
/** A red disc before grey, and a depth that misses it. */
const photo = paint(N, N, (x, y) => (Math.hypot(x - 32, y - 32) < 14 ? [200, 40, 40] : [120, 120, 120]));
const flat = depthOf(N, N, () => 0.3);
const inside = (x: number, y: number) => Math.hypot(x - 32, y - 32) < 12;
const outside = (x: number, y: number) => Math.hypot(x - 32, y - 32) > 16;
const mean = (data: Float32Array, at: (x: number, y: number) => boolean) => {
  const values = [...data].filter((_, i) => at(i % N, Math.floor(i / N)));
  return values.reduce((a, b) => a + b) / values.length;
};
const dot: Stroke = { kind: 'nearer', points: [{ x: 32, y: 32 }], radius: 0.4, amount: 0.5 };

test('nearer fills the thing under the brush and stops at its edge', async () => {
  const { data } = await applyStrokes(photo, flat, [dot]);
  expect(data[32 * N + 32]).toBeCloseTo(0.8);
  expect(mean(data, inside)).toBeGreaterThan(0.7);
  expect(mean(data, outside)).toBeLessThan(0.31);
});

test('with snap 0 it paints over edges', async () => {
  const { data } = await applyStrokes(photo, flat, [{ ...dot, snap: 0 }]);
  expect(mean(data, (x, y) => outside(x, y) && Math.hypot(x - 32, y - 32) < 18)).toBeGreaterThan(0.45);
});

test('farther is the opposite, clipped at 0', async () => {
  const { data } = await applyStrokes(photo, flat, [{ ...dot, kind: 'farther' }]);
  expect(data[32 * N + 32]).toBe(0);
});

test('same takes the disparity of where the stroke began', async () => {
  const torn = depthOf(N, N, (x) => (x < 32 ? 0.8 : 0.2));
  const points = [
    { x: 24, y: 32 },
    { x: 40, y: 32 },
  ];
  const { data } = await applyStrokes(photo, torn, [{ kind: 'same', points, radius: 0.1 }]);
  expect(data[32 * N + 40]).toBeCloseTo(0.8);
  expect(data[5 * N + 40]).toBeCloseTo(0.2);
});

test('a stroke is a line, not only its points; it follows the photo at any size', async () => {
  const line: Stroke = { ...dot, points: [{ x: 4, y: 5 }, { x: 60, y: 5 }], radius: 0.03 }; // prettier-ignore
  const { data } = await applyStrokes(photo, flat, [line]);
  for (let x = 5; x < 60; x++) expect(data[5 * N + x]).toBeGreaterThan(0.7);
  const big = paint(1400, 700, (x) => (x < 700 ? [200, 40, 40] : [40, 40, 200]));
  const wide = depthOf(1400, 700, () => 0.5);
  const out = await applyStrokes(big, wide, [{ ...dot, points: [{ x: 690, y: 350 }], radius: 0.02 }]);
  expect(out.data[350 * 1400 + 698]).toBeGreaterThan(0.9);
  expect(out.data[350 * 1400 + 703]).toBeLessThan(0.55);
});

test('undo is to leave the last one out; nothing is written to', async () => {
  const before = flat.data.slice();
  const one = await applyStrokes(photo, flat, [dot]);
  const two = await applyStrokes(photo, flat, [dot, { ...dot, kind: 'farther', amount: 0.2 }]);
  expect(two.data).not.toEqual(one.data);
  expect((await applyStrokes(photo, flat, JSON.parse(JSON.stringify([dot])))).data).toEqual(one.data);
  expect((await applyStrokes(photo, flat, [])).data).toEqual(before);
  expect(flat.data).toEqual(before);
});

test('whatever the strokes, disparities stay within 0..1', async () => {
  const stroke = fc.record({
    kind: fc.constantFrom<Stroke['kind']>('nearer', 'farther', 'same'),
    points: fc.array(fc.record({ x: fc.integer({ min: -20, max: 50 }), y: fc.integer({ min: -20, max: 50 }) }), {
      minLength: 1,
      maxLength: 4,
    }),
    radius: fc.double({ min: 0.001, max: 0.5, noNaN: true }),
    amount: fc.double({ min: 0, max: 1, noNaN: true }),
    snap: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  const size = fc.integer({ min: 1, max: 30 });
  await fc.assert(
    fc.asyncProperty(size, size, fc.array(stroke, { maxLength: 4 }), async (w, h, strokes) => {
      const { data } = await applyStrokes(
        noisy(w, h),
        depthOf(w, h, (x, y) => ((x * 3 + y) % 7) / 6),
        strokes,
      );
      expect(data.every((v) => v >= 0 && v <= 1)).toBe(true);
    }),
    { numRuns: 40 },
  );
});

test.each([
  [[{ ...dot, kind: 'up' }], /strokes\[0\].*kind/],
  [[dot, { ...dot, points: [] }], /strokes\[1\].*points/],
  [[{ ...dot, points: [{ x: NaN, y: 0 }] }], /points/],
  [[{ ...dot, radius: 2 }], /radius/],
  [[{ ...dot, colour: 'red' }], /unknown option 'colour'/],
  ['strokes', /list/],
  [[null], /\[0\]/],
])('refuses %j', async (strokes, message) => {
  await expect(applyStrokes(photo, flat, strokes as Stroke[])).rejects.toThrow(message);
});
