import { RelievoError } from '../core/errors.js';
import { resizePlane } from './resize.js';

/** How much of each pixel belongs to the subject: row-major, 0..1, at any size. */
export interface Matte {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/**
 * The matte at the size of an image; of that size it is returned as it is.
 *
 * @throws RelievoError `INVALID_PARAM` for a shape that does not fit or a value outside 0..1.
 */
export function matchMatte(
  owner: string,
  matte: Matte,
  image: { readonly width: number; readonly height: number },
): Matte {
  const m = matte as Partial<Matte> | null | undefined;
  if (!m || !(m.data instanceof Float32Array) || m.data.length !== m.width! * m.height! || m.data.length === 0) {
    throw new RelievoError('INVALID_PARAM', `${owner}: expected a matte ({ width, height, data: Float32Array }).`);
  }
  for (const v of m.data) {
    if (!(v >= 0 && v <= 1))
      throw new RelievoError('INVALID_PARAM', `${owner}: a matte's values are 0..1, found ${v}.`);
  }
  const { width, height } = image;
  if (matte.width === width && matte.height === height) return matte;
  return { width, height, data: resizePlane(matte.data, matte, width, height) };
}
