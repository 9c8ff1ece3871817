import { boxMean, snapToOutline } from '../../src/depth/outline.js';

test('a step that the network smeared and misplaced is where the matte has it', () => {
  // The person fills x < 50; the smeared map falls from 0.9 to 0.2 between 40 and 66.
  const [width, height] = [100, 40];
  const plane = (f: (x: number) => number) => Float32Array.from({ length: width * height }, (_, i) => f(i % width));
  const data = plane((x) => (x < 40 ? 0.9 : x > 66 ? 0.2 : 0.9 - (0.7 * (x - 40)) / 26));
  const alpha = plane((x) => (x < 50 ? 1 : x === 50 ? 0.5 : 0));
  const row = snapToOutline({ width, height, data }, alpha, 12).subarray(20 * width, 21 * width);
  expect(row[30]).toBeCloseTo(0.9, 5);
  expect(row[90]).toBeCloseTo(0.2, 5);
  expect(row[49]! - row[51]!).toBeGreaterThan(0.55);
  expect(data[20 * width + 49]! - data[20 * width + 51]!).toBeLessThan(0.06);
});

test('without people, or nothing but people, nothing changes', () => {
  const data = Float32Array.from({ length: 400 }, (_, i) => (i % 20) / 19);
  for (const a of [0, 1])
    expect(snapToOutline({ width: 20, height: 20, data }, new Float32Array(400).fill(a), 10)).toEqual(data);
});

test('box mean is the mean of the window that is there', () => {
  const p = Float32Array.from([1, 2, 3, 4, 5, 6]);
  expect([...boxMean(p, 3, 2, 1)].map((v) => Number(v.toFixed(4)))).toEqual([3, 3.5, 4, 3, 3.5, 4]);
  expect(boxMean(p, 3, 2, 9).every((v) => Math.abs(v - 3.5) < 1e-6)).toBe(true);
});
