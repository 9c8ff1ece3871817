import { isRelievoError } from '../core/errors.js';
import { readPhotoDepth } from '../node/embedded-depth.js';
import { openPhoto } from './session.js';
import type { Command } from './command.js';

export const info: Command = {
  usage: `relievo info PHOTO…
  JSON: upright size, format, orientation, bits, frames, and the depth that the photo carries or has beside it.`,
  options: { 'max-megapixels': { type: 'string' } },
  prepare: (flags) => async (path, _out, io) => {
    const { width, height, format, orientation, depth, pages } = await openPhoto(path, flags, io);
    const own = await readPhotoDepth(path, { signal: io.signal }).catch((error: unknown) => {
      if (!isRelievoError(error)) throw error;
      return error;
    });
    const embeddedDepth = !own
      ? null
      : own instanceof Error
        ? { error: own.message, code: own.code }
        : { kind: own.kind, width: own.depth.width, height: own.depth.height, near: own.near, far: own.far };
    return { photo: path, width, height, format, orientation, bits: depth, pages, embeddedDepth };
  },
};
