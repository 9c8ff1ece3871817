import { RelievoError } from '../core/errors.js';
import { forRows, type TaskOptions } from '../core/task.js';
import { readRaster } from './image-data.js';

/** How much of each pixel belongs to the subject: row-major, 0..1, at any size. */
export interface Matte {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/**
 * Checks shape and values of a matte.
 *
 * @returns its sides and data as they were read.
 * @throws RelievoError `INVALID_PARAM`.
 */
export function checkMatte(owner: string, matte: Matte): Matte {
  const read = readRaster(matte, ['Float32Array'], 1);
  if (typeof read === 'string')
    throw new RelievoError(
      'INVALID_PARAM',
      `${owner}: expected a matte ({ width, height, data: Float32Array }), ${read}.`,
    );
  const { width, height, data } = read as Matte;
  for (let i = 0; i < data.length; i++) {
    const v = data[i]!;
    if (!(v >= 0 && v <= 1))
      throw new RelievoError('INVALID_PARAM', `${owner}: a matte's values are 0..1, found ${v}.`);
  }
  return { width, height, data };
}

/**
 * The matte at the size of an image; of that size it is returned as it is.
 *
 * @throws RelievoError `INVALID_PARAM` for a shape that does not fit or a value outside 0..1.
 */
export async function matchMatte(
  owner: string,
  given: Matte,
  image: { readonly width: number; readonly height: number },
  options: TaskOptions = {},
): Promise<Matte> {
  const matte = checkMatte(owner, given);
  const { data } = matte;
  const { width, height } = image;
  if (matte.width === width && matte.height === height) return matte;
  const out = new Float32Array(width * height);
  await forRows(height, 8, options, (y0, y1) => {
    for (let y = y0, i = y0 * width; y < y1; y++) {
      const v = centre(y, height, matte.height);
      const upper = Math.floor(v) * matte.width;
      const lower = Math.min(matte.height - 1, Math.floor(v) + 1) * matte.width;
      const t = v - Math.floor(v);
      for (let x = 0; x < width; x++, i++) {
        const u = centre(x, width, matte.width);
        const a = Math.floor(u);
        const b = Math.min(matte.width - 1, a + 1);
        const s = u - a;
        const top = data[upper + a]! + s * (data[upper + b]! - data[upper + a]!);
        const bottom = data[lower + a]! + s * (data[lower + b]! - data[lower + a]!);
        out[i] = top + t * (bottom - top);
      }
    }
  });
  return { width, height, data: out };
}

/** Where sample i of n lies among m samples, bilinearly. */
function centre(i: number, n: number, m: number): number {
  return Math.min(m - 1, Math.max(0, ((i + 0.5) * m) / n - 0.5));
}

/** A network's logits -> coverage. */
export function coverage({ width, height, data }: Matte): Matte {
  return { width, height, data: data.map(sigmoid) };
}

export function sigmoid(v: number): number {
  return 1 / (1 + Math.exp(-v));
}
