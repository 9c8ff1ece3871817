import { RelievoError } from '../core/errors.js';
import { lazy } from '../core/lazy.js';
import { holds, invalid, numbers, readOptions, TASK, type NumberTable } from '../core/params.js';
import { part, type TaskOptions } from '../core/task.js';
import type { DepthMap } from '../depth/depth-map.js';
import { encodeSrgb8 } from '../image/colour.js';
import { checkImage, isArrayOf, type ImageDataLike } from '../image/image-data.js';
import { matchDepth } from './match-depth.js';

export interface MeshOptions {
  /** Vertices along the long side, 2..2048. Default: 512. */
  vertices?: number | undefined;
  /** Distance of the farthest thing over that of the nearest, 1.01..1000 times: how deep the relief is. Default: 4. */
  depth?: number | undefined;
  /** Difference in disparity between neighbouring vertices from which a triangle is cut out, 0..1. Default: 0.05. */
  cut?: number | undefined;
}

export const MESH_PARAMS = {
  vertices: { default: 512, min: 2, max: 2048, unit: 'vertices', doc: 'Vertices along the long side.' },
  depth: { default: 4, min: 1.01, max: 1000, unit: 'times', doc: 'Distance of the farthest over the nearest.' },
  cut: { default: 0.05, min: 0, max: 1, unit: 'disparity', doc: 'Step at which the surface is cut.' },
} as const satisfies NumberTable;

/**
 * A photo in relief, as seen by a camera at the origin that looks along -z (glTF's and three.js's axes: x right, y up).
 * The nearest thing is at distance 1; the photo's long side spans one unit there, as of a lens of twice its format's
 * long side.
 */
export interface ReliefMesh {
  /** x, y, z. */
  readonly positions: Float32Array;
  /** u, v from the photo's top left. */
  readonly uvs: Float32Array;
  /** Linear red, green, blue of the photo at each vertex. */
  readonly colours: Float32Array;
  /** Triangles, counter-clockwise towards the camera. */
  readonly indices: Uint32Array;
}

/**
 * Depth as a mesh: a grid of vertices at the distances that the disparities mean, without the triangles that would
 * span a step between two things.
 *
 * @throws RelievoError `INVALID_PARAM`, `INVALID_DEPTH`, `UNSUPPORTED_IMAGE`, `IMAGE_TOO_LARGE`; or the signal's reason.
 */
export async function toMesh(
  image: ImageDataLike,
  depth: DepthMap,
  options: MeshOptions & TaskOptions = {},
): Promise<ReliefMesh> {
  options = readOptions('mesh', options, ['vertices', 'depth', 'cut', ...TASK]);
  options.signal?.throwIfAborted();
  image = checkImage('mesh', image);
  const { vertices, depth: ratio, cut } = numbers('mesh', MESH_PARAMS, { ...options });
  const map = await matchDepth('mesh', depth, image, part(options, 0, 0.5));
  const { meshOf } = await lazy(() => import('./mesh-of.js'));
  return meshOf(image, map, { vertices, ratio, cut }, part(options, 0.5, 1));
}

/**
 * A binary glTF (.glb) of a mesh with its photo as its texture. Written by glTF-Transform, which is loaded only
 * here.
 *
 * @param texture the photo as a JPEG or PNG file.
 * @throws RelievoError `DEPENDENCY_MISSING`; `INVALID_PARAM` for a mesh without triangles or another texture.
 */
export async function toGlb(mesh: ReliefMesh, texture: Uint8Array): Promise<Uint8Array> {
  const checked = checkMesh(mesh);
  if (!isArrayOf(texture, 'Uint8Array')) throw invalid('mesh', 'texture', 'the bytes of a JPEG or PNG file', texture);
  if (checked.indices.length === 0)
    throw new RelievoError('INVALID_PARAM', 'mesh: no triangle is left to write. Raise cut or vertices.');
  const mime = texture[0] === 0xff ? 'image/jpeg' : texture[0] === 0x89 ? 'image/png' : undefined;
  if (!mime) throw new RelievoError('INVALID_PARAM', 'mesh: the texture must be a JPEG or PNG file.');
  const { writeGlb } = await lazy(() => import('./mesh-of.js'));
  return writeGlb(checked, texture, mime);
}

/** A point cloud as binary PLY: position and 8-bit colour (sRGB) of every vertex (Turk 1994). */
export function toPly(mesh: ReliefMesh): Uint8Array {
  const { positions, colours } = checkMesh(mesh);
  const count = positions.length / 3;
  const header = new TextEncoder().encode(
    `ply\nformat binary_little_endian 1.0\ncomment Relievo\nelement vertex ${count}\n` +
      'property float x\nproperty float y\nproperty float z\n' +
      'property uchar red\nproperty uchar green\nproperty uchar blue\nend_header\n',
  );
  const out = new Uint8Array(header.length + count * 15);
  out.set(header);
  const view = new DataView(out.buffer);
  for (let i = 0, at = header.length; i < count; i++, at += 15) {
    for (let k = 0; k < 3; k++) {
      view.setFloat32(at + 4 * k, positions[i * 3 + k]!, true);
      view.setUint8(at + 12 + k, encodeSrgb8(colours[i * 3 + k]!));
    }
  }
  return out;
}

/** @throws RelievoError `INVALID_PARAM` for what is no mesh. */
function checkMesh(mesh: ReliefMesh): ReliefMesh {
  let read: ReliefMesh | undefined;
  const fits = holds(() => {
    const { positions, uvs, colours, indices } = (read = { ...mesh });
    const count = positions.length / 3;
    return (
      [positions, uvs, colours].every((a) => isArrayOf(a, 'Float32Array') && a.every(Number.isFinite)) &&
      isArrayOf(indices, 'Uint32Array') &&
      Number.isInteger(count) &&
      colours.length === 3 * count &&
      uvs.length === 2 * count &&
      indices.length % 3 === 0 &&
      indices.every((i) => i < count)
    );
  });
  if (fits) return read!;
  throw invalid('mesh', 'mesh', 'what toMesh returns: finite vertices, triangles between them', mesh);
}
