import { visualiseDepth } from '../effects/visualise.js';
import { writeGDepth } from '../node/embedded-depth.js';
import { checkEnding, writeDepth, writeImage } from '../node/write.js';
import { UsageError, type Command } from './command.js';
import { openHydra, openPhoto, photoDepth } from './session.js';

export const depth: Command = {
  usage: `relievo depth PHOTO… [-o depth.png] [--visualise] [--network]
  16-bit grey PNG, 65535 = disparity 1 (nearest), at the photo's upright size; --visualise: in colour. Depth that the
  photo carries (GDepth, Dynamic Depth, Apple's JPEG) or has beside it (NAME_depth.png) is used; --network: never.
  -o photo.jpg --gdepth: the photo itself, carrying its depth.`,
  options: {
    visualise: { type: 'boolean' },
    network: { type: 'boolean' },
    gdepth: { type: 'boolean' },
    'max-megapixels': { type: 'string' },
  },
  suffix: '-depth.png',
  prepare: (flags) => async (path, out, io) => {
    const colour = flags['visualise'] === true;
    const gdepth = flags['gdepth'] === true;
    if (gdepth && !/\.jpe?g$/i.test(out)) throw new UsageError(`--gdepth writes a JPEG: end '${out}' in .jpg.`);
    if (checkEnding(out) !== '.png' && !colour && !gdepth)
      throw new UsageError(`depth is written as 16-bit PNG: end '${out}' in .png.`);
    const photo = await openPhoto(path, flags, io);
    const { depth: map, source } = await photoDepth(path, photo, flags, io);
    if (gdepth) await writeGDepth(out, photo, map, { metadataFrom: photo.file, signal: io.signal });
    else if (colour) await writeImage(out, visualiseDepth(map), { signal: io.signal });
    else await writeDepth(out, map, { signal: io.signal });
    const { width, height } = map;
    return {
      photo: path,
      depth: out,
      width,
      height,
      source,
      ...(source === 'network' && { backend: (await openHydra(io)).backend }),
    };
  },
};
