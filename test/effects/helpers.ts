import { createDepthMap, type DepthMap } from '../../src/depth/depth-map.js';
import { createImage, type ImageDataLike, type OutputImage } from '../../src/image/image-data.js';

export type Colour = readonly [r: number, g: number, b: number, a?: number];

/** An image from a function of the pixel; alpha is 255 where it is not given. */
export function paint(width: number, height: number, at: (x: number, y: number) => Colour): OutputImage {
  const image = createImage(width, height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [r, g, b, a = 255] = at(x, y);
      image.data.set([r, g, b, a], (y * width + x) * 4);
    }
  return image;
}

export function depthOf(width: number, height: number, at: (x: number, y: number) => number): DepthMap {
  return createDepthMap(
    width,
    height,
    Float32Array.from({ length: width * height }, (_, i) => at(i % width, Math.floor(i / width))),
  );
}

export function pixel(image: ImageDataLike, x: number, y: number): number[] {
  const p = (y * image.width + x) * 4;
  return [...image.data.subarray(p, p + 4)];
}

/** Largest difference of any channel of two images of one size. */
export function maxDifference(a: ImageDataLike, b: ImageDataLike): number {
  expect([a.width, a.height]).toEqual([b.width, b.height]);
  let worst = 0;
  for (let i = 0; i < a.data.length; i++) worst = Math.max(worst, Math.abs(a.data[i]! - b.data[i]!));
  return worst;
}

/** Repeatable noise 0..1. */
export function noise(seed: number): () => number {
  let s = seed >>> 0;
  return () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return s / 2 ** 32;
  };
}

/** A photo-like test picture: noise at two scales. */
export function noisy(width: number, height: number, seed = 1): OutputImage {
  const next = noise(seed);
  const coarse = Float32Array.from({ length: Math.ceil(width / 8) * Math.ceil(height / 8) * 3 }, next);
  return paint(width, height, (x, y) => {
    const q = ((y >> 3) * Math.ceil(width / 8) + (x >> 3)) * 3;
    return [0, 1, 2].map((c) => 255 * (0.7 * coarse[q + c]! + 0.3 * next())) as unknown as Colour;
  });
}
