import { fileURLToPath } from 'node:url';
import type { ImageDataLike } from '../../src/image/image-data.js';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** NASA's portrait of Eileen Collins, public domain, 512 × 512. */
export const ASTRONAUT = `${ROOT}assets/astronaut.png`;

/** An image whose pixel at (x, y) is `paint(x, y)`: [r, g, b] or [r, g, b, a]. */
export function picture(
  width: number,
  height: number,
  paint: (x: number, y: number) => readonly number[],
): ImageDataLike {
  const data = new Uint8ClampedArray(width * height * 4);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i += 4) {
      const [r, g, b, a = 255] = paint(x, y) as [number, number, number, number?];
      data.set([r, g, b, a], i);
    }
  }
  return { width, height, data };
}

/** The rejection of a promise; fails the test when there is none. */
export async function rejection(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('expected a rejection');
}
