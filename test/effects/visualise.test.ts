import { visualiseDepth } from '../../src/effects/visualise.js';
import { depthOf, pixel } from './helpers.js';

const ramp = depthOf(3, 1, (x) => x / 2);

test('turbo is the published map: as OpenCV gives it at codes 0, 64, 128, 192 and 255', () => {
  const codes = [0, 64, 128, 192, 255];
  const image = visualiseDepth(depthOf(5, 1, (x) => codes[x]! / 255));
  const opencv = [
    [48, 18, 59],
    [40, 188, 235],
    [164, 252, 60],
    [251, 126, 33],
    [122, 4, 3],
  ];
  expect([image.width, image.height, image.colorSpace]).toEqual([5, 1, 'srgb']);
  opencv.forEach((rgb, x) => {
    rgb.forEach((v, c) => expect(Math.abs(pixel(image, x, 0)[c]! - v)).toBeLessThanOrEqual(3));
    expect(pixel(image, x, 0)[3]).toBe(255);
  });
});

test('grey is the disparity itself', () => {
  const image = visualiseDepth(ramp, { map: 'grey' });
  expect([...image.data]).toEqual([0, 0, 0, 255, 128, 128, 128, 255, 255, 255, 255, 255]);
});

test('stretch uses the whole scale, also of a constant map', () => {
  const narrow = depthOf(2, 1, (x) => 0.4 + 0.1 * x);
  expect([...visualiseDepth(narrow, { map: 'grey', stretch: true }).data]).toEqual([0, 0, 0, 255, 255, 255, 255, 255]);
  expect(
    pixel(
      visualiseDepth(
        depthOf(1, 1, () => 0.7),
        { map: 'grey', stretch: true },
      ),
      0,
      0,
    ),
  ).toEqual([0, 0, 0, 255]);
});

test('refuses unknown maps, options and bad depth', () => {
  expect(() => visualiseDepth(ramp, { map: 'jet' as 'grey' })).toThrow(
    /visualise.map: expected 'turbo', 'viridis' or 'grey'/,
  );
  expect(() => visualiseDepth(ramp, { colour: 'turbo' } as object)).toThrow(/unknown option 'colour'/);
  expect(() => visualiseDepth({ width: 1, height: 1, data: Float32Array.of(NaN) })).toThrow(
    expect.objectContaining({ code: 'INVALID_DEPTH' }),
  );
});

test('viridis is the published map, at its ends and middle; lines of equal disparity are white', () => {
  const image = visualiseDepth(ramp, { map: 'viridis' });
  [
    [68, 1, 84],
    [33, 145, 140],
    [253, 231, 37],
  ].forEach((rgb, x) => rgb.forEach((v, c) => expect(Math.abs(pixel(image, x, 0)[c]! - v)).toBeLessThanOrEqual(2)));
  const lined = visualiseDepth(
    depthOf(10, 1, (x) => x / 10),
    { map: 'grey', contours: 1 },
  );
  expect([0, 1, 2, 3, 4, 5].map((x) => pixel(lined, x, 0)[0])).toEqual([0, 25, 51, 77, 255, 128]);
});
