import { MESH_PARAMS, toGlb, toMesh, toPly } from '../../effects/mesh.js';
import { visualiseDepth } from '../../effects/visualise.js';
import { pairOf } from '../../node/embedded-depth.js';
import { encodeImage } from '../../node/write.js';
import { define, type Result } from '../command.js';
import { numeric, toggle } from '../flags.js';
import { UsageError } from '../io.js';
import { openHydra, OWN_DEPTH_FLAGS, photoDepth } from '../session.js';
import { openPhoto } from '../source.js';
import { PICTURE_ENDINGS } from '../steps.js';

const MESHES = ['.glb', '.ply'];
const JPEG = ['.jpg', '.jpeg'];

/** What is written, by the flag that says so. */
const RESULTS = {
  map: { suffix: 'depth', endings: ['.png', ...MESHES] },
  visualise: { suffix: 'depth', endings: PICTURE_ENDINGS },
  gdepth: { suffix: 'depth', endings: JPEG },
  pair: {
    suffix: 'depth',
    endings: [...JPEG, ...PICTURE_ENDINGS.filter((e) => !JPEG.includes(e))],
    beside: (path) => pairOf(path, '.png'),
  },
} satisfies Record<string, Result>;

export const depth = define({
  summary: 'The disparity map: a 16-bit grey PNG, 65535 = disparity 1 (nearest), of the upright size.',
  details:
    "Depth that the photo carries (GDepth, Dynamic Depth, Apple's JPEG) or has beside it (NAME_depth.png) is used; --network estimates it anyway. -o out.glb or out.ply: the photo in relief.",
  flags: {
    visualise: toggle('In colour.', 'Options'),
    gdepth: toggle('The photo itself as a JPEG that carries its depth.', 'Options'),
    pair: toggle('The photo, and its depth beside it as NAME_depth.png.', 'Options'),
    vertices: numeric(MESH_PARAMS.vertices, 'Options'),
    ...OWN_DEPTH_FLAGS,
  },
  result: RESULTS.map,
  prepare: (flags) => {
    const kinds = (['visualise', 'gdepth', 'pair'] as const).filter((name) => flags[name] === true);
    if (kinds.length > 1) throw new UsageError(`--${kinds.join(' and --')} exclude each other.`);
    const kind = kinds[0] ?? 'map';
    return {
      result: RESULTS[kind],
      run: async (from, out, work) => {
        const photo = await openPhoto(from, flags, work);
        const { depth: map, source } = await photoDepth(from, photo, flags, work, [0, 0.7]);
        if (kind === 'gdepth') await out.withDepth(photo, map, work);
        else if (kind === 'pair') await out.pair(photo, map, work);
        else if (kind === 'visualise') await out.image(visualiseDepth(map), work);
        else if (!MESHES.includes(out.ending)) await out.depth(map, work);
        else {
          const mesh = await toMesh(photo, map, { vertices: flags.vertices, ...work.task(0.7, 0.9) });
          const ply = out.ending === '.ply';
          await out.bytes(ply ? toPly(mesh) : await toGlb(mesh, await encodeImage('texture.jpg', photo)), work);
        }
        const { width, height } = map;
        const backend = source === 'network' ? { backend: (await openHydra(work)).backend } : {};
        return { photo: from.path, depth: out.path, width, height, source, ...backend };
      },
    };
  },
});
