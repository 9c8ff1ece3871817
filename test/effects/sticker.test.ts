import { placeSticker, type StickerOptions } from '../../src/effects/sticker.js';
import { linearToSrgb } from '../../src/image/colour.js';
import { depthOf, maxDifference, noisy, paint, pixel } from './helpers.js';

const red = paint(4, 4, () => [255, 0, 0]);
const black = paint(8, 8, () => [0, 0, 0]);
const flat = depthOf(8, 8, () => 0.5);
const middle: StickerOptions = { image: red, at: { x: 4, y: 4 }, disparity: 0.8, width: 0.5 };
const reds = (image: { data: ArrayLike<number> }, y: number) =>
  Array.from({ length: 8 }, (_, x) => image.data[(y * 8 + x) * 4]);

test('covers its place exactly at its own size', async () => {
  const { image, depth } = await placeSticker(black, flat, middle);
  expect(reds(image, 3)).toEqual([0, 0, 255, 255, 255, 255, 0, 0]);
  expect(reds(image, 1)).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  expect(depth.data[3 * 8 + 3]).toBeCloseTo(0.8);
  expect(depth.data[0]).toBe(0.5);
});

test('is hidden by what is nearer, and only by that', async () => {
  const split = depthOf(8, 8, (x) => (x < 4 ? 0.9 : 0.2));
  const { image, depth } = await placeSticker(black, split, middle);
  expect(reds(image, 4)).toEqual([0, 0, 0, 0, 255, 255, 0, 0]);
  expect(Array.from(depth.data.subarray(32, 40), (d) => +d.toFixed(2))).toEqual([
    0.9, 0.9, 0.9, 0.9, 0.8, 0.8, 0.2, 0.2,
  ]);
});

test('half-way through the softness half of its light shows', async () => {
  const { image } = await placeSticker(black, flat, { ...middle, disparity: 0.45, softness: 0.1 });
  expect(pixel(image, 3, 3)[0]).toBe(Math.round(linearToSrgb(0.5) * 255));
  const hard = await placeSticker(black, flat, { ...middle, disparity: 0.45, softness: 0 });
  expect(maxDifference(hard.image, black)).toBe(0);
});

test('opacity mixes in linear light', async () => {
  const white = paint(1, 1, () => [255, 255, 255]);
  const { image } = await placeSticker(black, flat, { ...middle, image: white, opacity: 0.5 });
  expect(pixel(image, 4, 4).slice(0, 3)).toEqual([188, 188, 188]);
});

test('a quarter turn moves its left side up', async () => {
  const arrow = paint(4, 4, (x) => (x < 2 ? [255, 0, 0] : [0, 0, 255]));
  const { image } = await placeSticker(black, flat, { ...middle, image: arrow, rotation: 90 });
  expect(pixel(image, 3, 2).slice(0, 3)).toEqual([255, 0, 0]);
  expect(pixel(image, 3, 5).slice(0, 3)).toEqual([0, 0, 255]);
});

test('a large one is averaged down, without colour from where it is transparent', async () => {
  const checks = paint(64, 64, (x, y) => ((x + y) % 2 ? [255, 255, 255] : [0, 0, 0]));
  const { image } = await placeSticker(black, flat, { ...middle, image: checks });
  expect(pixel(image, 4, 4).slice(0, 3)).toEqual([188, 188, 188]);
  const dots = paint(64, 64, (x, y) => ((x + y) % 2 ? [255, 255, 255, 255] : [0, 255, 0, 0]));
  const over = await placeSticker(
    paint(8, 8, () => [255, 255, 255]),
    flat,
    { ...middle, image: dots },
  );
  expect(pixel(over.image, 4, 4)).toEqual([255, 255, 255, 255]);
});

test('shows on a transparent photo and adds to its alpha', async () => {
  const clear = paint(8, 8, () => [9, 9, 9, 0]);
  const { image } = await placeSticker(clear, flat, { ...middle, opacity: 0.5 });
  expect(pixel(image, 4, 4)).toEqual([255, 0, 0, 128]);
  expect(pixel(image, 0, 0)).toEqual([9, 9, 9, 0]);
});

test('may lie partly or wholly outside', async () => {
  const corner = await placeSticker(black, flat, { ...middle, at: { x: 0, y: 0 } });
  expect(reds(corner.image, 0)).toEqual([255, 255, 0, 0, 0, 0, 0, 0]);
  const gone = await placeSticker(black, flat, { ...middle, at: { x: -50, y: 400 } });
  expect(maxDifference(gone.image, black)).toBe(0);
});

test('writes to none of its inputs', async () => {
  const photo = noisy(8, 8);
  const copies = [photo.data.slice(), flat.data.slice(), red.data.slice()];
  await placeSticker(photo, flat, middle);
  expect([photo.data, flat.data, red.data]).toEqual(copies);
});

test.each([
  [{ ...middle, disparity: 2 }, 'INVALID_PARAM'],
  [{ ...middle, disparity: undefined }, 'INVALID_PARAM'],
  [{ ...middle, at: { x: NaN, y: 0 } }, 'INVALID_PARAM'],
  [{ ...middle, width: 0 }, 'INVALID_PARAM'],
  [{ ...middle, angle: 3 }, 'INVALID_PARAM'],
  [{ ...middle, image: undefined }, 'UNSUPPORTED_IMAGE'],
])('refuses bad options %#', async (options, code) => {
  await expect(placeSticker(black, flat, options as unknown as StickerOptions)).rejects.toMatchObject({ code });
});

test('an aborted signal rejects with its reason', async () => {
  const reason = new Error('enough');
  await expect(placeSticker(black, flat, { ...middle, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});
