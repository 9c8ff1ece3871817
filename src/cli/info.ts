import { openPhoto } from './session.js';
import type { Command } from './command.js';

export const info: Command = {
  usage: `relievo info PHOTO…
  JSON: upright size, format, orientation, bits, frames.`,
  options: { 'max-megapixels': { type: 'string' } },
  prepare: (flags) => async (path, _out, io) => {
    const { width, height, format, orientation, depth, pages } = await openPhoto(path, flags, io);
    return { photo: path, width, height, format, orientation, bits: depth, pages };
  },
};
