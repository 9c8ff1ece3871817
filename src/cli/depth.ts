import { extname } from 'node:path';
import { MESH_PARAMS, toGlb, toMesh, toPly } from '../effects/mesh.js';
import { visualiseDepth } from '../effects/visualise.js';
import { writeDepthPair, writeGDepth } from '../node/embedded-depth.js';
import { checkEnding, encodeImage, writeDepth, writeImage, writeWhole } from '../node/write.js';
import { numberFlag, UsageError, type Command, type Flags } from './command.js';
import { openHydra, openPhoto, photoDepth } from './session.js';

const MESHES = ['.glb', '.ply'];

export const depth: Command = {
  usage: `relievo depth PHOTO… [-o depth.png] [--visualise] [--network]
  16-bit grey PNG, 65535 = disparity 1 (nearest), at the photo's upright size; --visualise: in colour. Depth that the
  photo carries (GDepth, Dynamic Depth, Apple's JPEG) or has beside it (NAME_depth.png) is used; --network: never.
  -o photo.jpg --gdepth: the photo itself, carrying its depth; -o photo.jpg --pair: the photo, and photo_depth.png.
  -o out.glb or out.ply: the photo in relief; --vertices ${MESH_PARAMS.vertices.default}: points along its long side.`,
  options: {
    visualise: { type: 'boolean' },
    network: { type: 'boolean' },
    gdepth: { type: 'boolean' },
    pair: { type: 'boolean' },
    vertices: { type: 'string' },
    'max-megapixels': { type: 'string' },
  },
  suffix: '-depth.png',
  prepare: (flags) => {
    const vertices = numberFlag(flags, 'vertices', MESH_PARAMS.vertices.min, MESH_PARAMS.vertices.max);
    const kinds = ['visualise', 'gdepth', 'pair'].filter((name) => flags[name] === true);
    if (kinds.length > 1) throw new UsageError(`--${kinds.join(' and --')} exclude each other.`);
    return async (path, out, io) => {
      const { signal } = io;
      checkOutput(out, flags);
      const photo = await openPhoto(path, flags, io);
      const { depth: map, source } = await photoDepth(path, photo, flags, io);
      const kept = { metadataFrom: photo.file, signal };
      if (flags['gdepth'] === true) await writeGDepth(out, photo, map, kept);
      else if (flags['pair'] === true) await writeDepthPair(out, photo, map, kept);
      else if (flags['visualise'] === true) await writeImage(out, visualiseDepth(map), { signal });
      else if (isMesh(out)) {
        const mesh = await toMesh(photo, map, { vertices, signal });
        const file = out.toLowerCase().endsWith('.ply')
          ? toPly(mesh)
          : await toGlb(mesh, await encodeImage('texture.jpg', photo));
        await writeWhole(out, file, { signal });
      } else await writeDepth(out, map, { signal });
      const { width, height } = map;
      return {
        photo: path,
        depth: out,
        width,
        height,
        source,
        ...(source === 'network' && { backend: (await openHydra(io)).backend }),
      };
    };
  },
};

const isMesh = (path: string) => MESHES.includes(extname(path).toLowerCase());

function checkOutput(out: string, flags: Flags): void {
  if (flags['gdepth'] === true && !/\.jpe?g$/i.test(out))
    throw new UsageError(`--gdepth writes a JPEG: end '${out}' in .jpg.`);
  if (isMesh(out)) {
    if (flags['pair'] === true || flags['visualise'] === true)
      throw new UsageError(`a mesh has no --pair and no --visualise: '${out}'.`);
    return;
  }
  const png = checkEnding(out) === '.png';
  if (!png && !['visualise', 'gdepth', 'pair'].some((name) => flags[name] === true))
    throw new UsageError(`depth is written as 16-bit PNG, .glb or .ply: end '${out}' in one of them.`);
}
