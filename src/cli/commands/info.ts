import { isRelievoError } from '../../core/errors.js';
import { define } from '../command.js';
import { ownDepth, PHOTO_FLAGS } from '../session.js';
import { openPhoto } from '../source.js';

/** Bits of a channel, by the decoder's name of its type. */
const BITS: Readonly<Record<string, number>> = {
  uchar: 8,
  char: 8,
  ushort: 16,
  short: 16,
  uint: 32,
  int: 32,
  float: 32,
};

export const info = define({
  summary: 'JSON: upright size, format, orientation, colour, and the depth that the photo carries or has beside it.',
  details:
    'Of the depth: its source and size, the smallest and largest disparity, and the distances of disparity 1 (nearest) and 0 (farthest) where the file says them.',
  flags: PHOTO_FLAGS,
  prepare: (flags) => async (from, _out, work) => {
    const photo = await openPhoto(from, flags, work);
    const { width, height, format, orientation, pages, colorSpace } = photo;
    const own = await ownDepth(from, photo, work).catch((error: unknown) => {
      if (!isRelievoError(error)) throw error;
      return error;
    });
    const depth = !own
      ? null
      : own instanceof Error
        ? { error: own.message, code: own.code }
        : {
            source: own.kind,
            width: own.depth.width,
            height: own.depth.height,
            disparity: range(own.depth.data),
            ...(own.near !== undefined && { distance: { nearest: own.near, farthest: own.far } }),
          };
    const bits = BITS[photo.depth] ?? null;
    return { photo: from.path, width, height, format, orientation, bits, frames: pages, colorSpace, depth };
  },
});

function range(disparities: Float32Array) {
  let [min, max] = [Infinity, -Infinity];
  for (const d of disparities) {
    if (d < min) min = d;
    if (d > max) max = d;
  }
  return { min: Number(min.toFixed(3)), max: Number(max.toFixed(3)) };
}
