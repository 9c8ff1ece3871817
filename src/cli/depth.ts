import { estimateDepth } from '../depth/estimate.js';
import { visualiseDepth } from '../effects/visualise.js';
import { checkEnding, writeDepth, writeImage } from '../node/write.js';
import { UsageError, type Command } from './command.js';
import { openHydra, openPhoto } from './session.js';

export const depth: Command = {
  usage: `relievo depth PHOTO… [-o depth.png] [--visualise]
  16-bit grey PNG, 65535 = disparity 1 (nearest), at the photo's upright size; --visualise: in colour.`,
  options: { visualise: { type: 'boolean' }, 'max-megapixels': { type: 'string' } },
  suffix: '-depth.png',
  prepare: (flags) => async (path, out, io) => {
    const colour = flags['visualise'] === true;
    if (checkEnding(out) !== '.png' && !colour)
      throw new UsageError(`depth is written as 16-bit PNG: end '${out}' in .png.`);
    const photo = await openPhoto(path, flags, io);
    const hydra = await openHydra(io);
    const map = await estimateDepth(photo, { hydra, signal: io.signal });
    if (colour) await writeImage(out, visualiseDepth(map), { signal: io.signal });
    else await writeDepth(out, map, { signal: io.signal });
    return { photo: path, depth: out, width: map.width, height: map.height, backend: hydra.backend };
  },
};
