import { lazy } from '../core/lazy.js';
import { forRows, part, type TaskOptions } from '../core/task.js';
import type { DepthMap } from '../depth/depth-map.js';
import { SRGB_TO_LINEAR } from '../image/colour.js';
import type { ImageDataLike } from '../image/image-data.js';
import type { ReliefMesh } from './mesh.js';

/**
 * What `toMesh` does once its options are read: loaded with the first mesh.
 *
 * @param map of the image's size.
 * @param options `ratio` is the option `depth`.
 */
export async function meshOf(
  image: ImageDataLike,
  map: DepthMap,
  { vertices, ratio, cut }: { readonly vertices: number; readonly ratio: number; readonly cut: number },
  task: TaskOptions,
): Promise<ReliefMesh> {
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
  await forRows(rows, 8, part(task, 0, 0.8), (from, to) => {
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
  await forRows(rows - 1, 16, part(task, 0.8, 1), (from, to) => {
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

/** What `toGlb` does. */
export async function writeGlb(
  mesh: ReliefMesh,
  texture: Uint8Array,
  mime: 'image/jpeg' | 'image/png',
): Promise<Uint8Array> {
  const { Document, WebIO } = await lazy(() => import('../vendor/gltf.js'));
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
