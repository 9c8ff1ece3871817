import { RelievoError } from '../core/errors.js';
import { knownKeys, numbers, type NumberTable } from '../core/params.js';
import { forRows, part, type TaskOptions } from '../core/task.js';
import type { DepthMap } from '../depth/depth-map.js';
import { encodeSrgb8, SRGB_TO_LINEAR } from '../image/colour.js';
import { checkImage, type ImageDataLike } from '../image/image-data.js';
import { matchDepth } from './match-depth.js';

export interface MeshOptions {
  /** Vertices along the long side, 2..2048. Default: 512. */
  vertices?: number | undefined;
  /** Distance of the farthest thing over that of the nearest, 1.01..1000: how deep the relief is. Default: 4. */
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
  options.signal?.throwIfAborted();
  knownKeys('mesh', options, ['vertices', 'depth', 'cut', 'signal', 'onProgress']);
  checkImage('mesh', image);
  const { vertices, depth: ratio, cut } = numbers('mesh', MESH_PARAMS, { ...options });
  const map = await matchDepth('mesh', depth, image, part(options, 0, 0.5));
  const { width, height, data } = image;
  const side = Math.max(width, height);
  const along = (n: number) => Math.max(2, Math.min(n, Math.round((vertices * n) / side)));
  const columns = along(width);
  const rows = along(height);
  const count = columns * rows;
  const positions = new Float32Array(count * 3);
  const uvs = new Float32Array(count * 2);
  const colours = new Float32Array(count * 3);
  const disparities = new Float32Array(count);
  await forRows(rows, 8, part(options, 0.5, 0.9), (from, to) => {
    for (let r = from; r < to; r++) {
      for (let c = 0, i = r * columns; c < columns; c++, i++) {
        const u = c / (columns - 1);
        const v = r / (rows - 1);
        const x = Math.min(width - 1, Math.floor(u * width));
        const y = Math.min(height - 1, Math.floor(v * height));
        const d = map.data[y * width + x]!;
        disparities[i] = d;
        // Disparity 1 is inverse distance 1, disparity 0 is 1 / ratio.
        const z = 1 / (1 / ratio + d * (1 - 1 / ratio));
        positions.set([((u - 0.5) * width * z) / side, ((0.5 - v) * height * z) / side, -z], i * 3);
        uvs.set([u, v], i * 2);
        for (let k = 0; k < 3; k++) colours[i * 3 + k] = SRGB_TO_LINEAR[data[(y * width + x) * 4 + k]!]!;
      }
    }
  });
  const indices = new Uint32Array((columns - 1) * (rows - 1) * 6);
  let n = 0;
  const add = (a: number, b: number, c: number) => {
    const [p, q, s] = [disparities[a]!, disparities[b]!, disparities[c]!];
    if (Math.max(p, q, s) - Math.min(p, q, s) > cut) return;
    indices[n++] = a;
    indices[n++] = b;
    indices[n++] = c;
  };
  await forRows(rows - 1, 16, part(options, 0.9, 1), (from, to) => {
    for (let r = from; r < to; r++) {
      for (let c = 0; c < columns - 1; c++) {
        const i = r * columns + c;
        add(i, i + columns, i + 1);
        add(i + 1, i + columns, i + columns + 1);
      }
    }
  });
  return { positions, uvs, colours, indices: indices.slice(0, n) };
}

/**
 * A binary glTF (.glb) of a mesh with its photo as its texture. Written by `@gltf-transform/core`, which is loaded
 * only here.
 *
 * @param texture the photo as a JPEG or PNG file.
 * @throws RelievoError `DEPENDENCY_MISSING`; `INVALID_PARAM` for a mesh without triangles or another texture.
 */
export async function toGlb(mesh: ReliefMesh, texture: Uint8Array): Promise<Uint8Array> {
  if (mesh.indices.length === 0)
    throw new RelievoError('INVALID_PARAM', 'mesh: no triangle is left to write. Raise cut or vertices.');
  const mime = texture[0] === 0xff ? 'image/jpeg' : texture[0] === 0x89 ? 'image/png' : undefined;
  if (!mime) throw new RelievoError('INVALID_PARAM', 'mesh: the texture must be a JPEG or PNG file.');
  const { Document, WebIO } = await import('@gltf-transform/core').catch((cause) => {
    throw new RelievoError('DEPENDENCY_MISSING', 'writing glTF needs: npm install @gltf-transform/core', { cause });
  });
  const doc = new Document();
  doc.getRoot().getAsset().generator = 'Relievo';
  const buffer = doc.createBuffer();
  const material = doc
    .createMaterial('photo')
    .setBaseColorTexture(doc.createTexture('photo').setImage(texture).setMimeType(mime))
    .setMetallicFactor(0)
    .setRoughnessFactor(1)
    .setDoubleSided(true);
  const accessor = (type: 'VEC2' | 'VEC3' | 'SCALAR', array: Float32Array | Uint32Array) =>
    doc
      .createAccessor()
      .setType(type)
      .setArray(array as Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>)
      .setBuffer(buffer);
  const primitive = doc
    .createPrimitive()
    .setAttribute('POSITION', accessor('VEC3', mesh.positions))
    .setAttribute('TEXCOORD_0', accessor('VEC2', mesh.uvs))
    .setIndices(accessor('SCALAR', mesh.indices))
    .setMaterial(material);
  const node = doc.createNode('photo').setMesh(doc.createMesh('photo').addPrimitive(primitive));
  doc.createScene().addChild(node);
  return new WebIO().writeBinary(doc);
}

/** A point cloud as binary PLY: position and 8-bit colour (sRGB) of every vertex (Turk 1994). */
export function toPly(mesh: ReliefMesh): Uint8Array {
  const count = mesh.positions.length / 3;
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
      view.setFloat32(at + 4 * k, mesh.positions[i * 3 + k]!, true);
      view.setUint8(at + 12 + k, encodeSrgb8(mesh.colours[i * 3 + k]!));
    }
  }
  return out;
}
