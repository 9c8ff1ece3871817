import { resizePlane, resizeToTensor } from '../../src/image/resize.js';
import { toSpace } from '../../src/image/colour-space.js';
import { picture } from '../helpers/photos.js';

test('shrinking averages by area, checked by hand', () => {
  const image = picture(3, 1, (x) => [[0, 90, 255][x]!, 0, 0]);
  // 3 -> 2: each target covers one and a half sources.
  const t = resizeToTensor(image, 2, 1);
  expect(t[0]).toBeCloseTo((0 + 90 / 2) / 1.5 / 255, 5);
  expect(t[3]).toBeCloseTo((90 / 2 + 255) / 1.5 / 255, 5);
});

test('mean and std are applied after scaling to 0..1', () => {
  const t = resizeToTensor(
    picture(1, 1, () => [255, 0, 51]),
    1,
    1,
    [0.5, 0.5, 0.2],
    [0.5, 0.25, 1],
  );
  expect([...t]).toEqual([1, -2, expect.closeTo(0, 6)]);
});

test('a Display P3 picture is read as the sRGB picture that looks the same', async () => {
  const srgb = picture(4, 4, (x, y) => [60 + 30 * x, 200 - 40 * y, 90 + 10 * x * y]);
  const p3 = await toSpace(srgb, 'display-p3');
  expect(p3.data).not.toEqual(srgb.data);
  const [a, b] = [srgb, p3].map((image) => resizeToTensor(image, 4, 4));
  a!.forEach((v, i) => expect(Math.abs(v - b![i]!)).toBeLessThan(1.5 / 255));
});

test('transparent pixels count as mid-grey, whatever they hide', () => {
  const t = resizeToTensor(
    picture(2, 1, (x) => (x ? [255, 0, 0, 255] : [9, 200, 3, 0])),
    1,
    1,
  );
  expect(t[0]).toBeCloseTo((0.5 + 1) / 2, 5);
  expect(t[1]).toBeCloseTo(0.25, 5);
});

test('a plane keeps its mean when shrunk and its range when enlarged', () => {
  const plane = Float32Array.from({ length: 35 }, (_, i) => (i * 37) % 11);
  const mean = (p: Float32Array) => p.reduce((a, b) => a + b) / p.length;
  expect(mean(resizePlane(plane, { width: 7, height: 5 }, 3, 2))).toBeCloseTo(mean(plane), 4);
  const big = resizePlane(plane, { width: 7, height: 5 }, 20, 11);
  expect(Math.min(...big)).toBeGreaterThanOrEqual(Math.min(...plane));
  expect(Math.max(...big)).toBeLessThanOrEqual(Math.max(...plane));
});
