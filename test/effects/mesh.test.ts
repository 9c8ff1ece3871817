import { validateBytes } from 'gltf-validator';
import sharp from 'sharp';
import { GLTFLoader } from 'three/examples/jsm/loaders/GLTFLoader.js';
import { PLYLoader } from 'three/examples/jsm/loaders/PLYLoader.js';
import { toGlb, toMesh, toPly } from '../../src/effects/mesh.js';
import { depthOf, paint } from './helpers.js';

const photo = paint(40, 20, (x) => (x < 20 ? [255, 0, 0] : [0, 0, 255]));
const step = depthOf(40, 20, (x) => (x < 20 ? 1 : 0));
const texture = () =>
  sharp(photo.data, { raw: { width: 40, height: 20, channels: 4 } })
    .removeAlpha()
    .jpeg()
    .toBuffer();

test('distances: the nearest at 1, the farthest at the ratio, the long side one unit wide at 1', async () => {
  const { positions, uvs, indices } = await toMesh(photo, step, { vertices: 40, depth: 4, cut: 1 });
  expect(positions).toHaveLength(40 * 20 * 3);
  expect([...positions.subarray(0, 3)]).toEqual([-0.5, 0.25, -1]);
  expect([...positions.subarray(-3)]).toEqual([2, -1, -4]);
  expect([...uvs.subarray(-2)]).toEqual([1, 1]);
  expect(indices).toHaveLength(39 * 19 * 6);
  // Counter-clockwise towards the camera: the first triangle's normal points to +z.
  const p = (k: number) => [...positions.subarray(indices[k]! * 3, indices[k]! * 3 + 3)];
  const [a, b, c] = [p(0), p(1), p(2)];
  const z = (b[0]! - a[0]!) * (c[1]! - a[1]!) - (b[1]! - a[1]!) * (c[0]! - a[0]!);
  expect(z).toBeGreaterThan(0);
});

test('no triangle spans the step', async () => {
  const { positions, indices } = await toMesh(photo, step, { vertices: 40 });
  expect(indices).toHaveLength(38 * 19 * 6);
  for (let i = 0; i < indices.length; i += 3) {
    const z = [0, 1, 2].map((k) => positions[indices[i + k]! * 3 + 2]!);
    expect(Math.max(...z) - Math.min(...z)).toBe(0);
  }
});

test('the GLB passes the Khronos validator and three.js loads it', async () => {
  const mesh = await toMesh(photo, step, { vertices: 20 });
  const glb = await toGlb(mesh, await texture());
  const { issues } = await validateBytes(glb);
  expect({ errors: issues.numErrors, warnings: issues.numWarnings, messages: issues.messages }).toMatchObject({
    errors: 0,
    warnings: 0,
  });
  // three.js decodes textures by the browser: a stand-in, since only the geometry is looked at.
  const page = globalThis as { self?: unknown; createImageBitmap?: unknown; document?: unknown };
  page.self = globalThis;
  page.createImageBitmap = async () => ({ width: 40, height: 20, close() {} });
  const { buffer, byteOffset, byteLength } = glb;
  const { scene } = await new GLTFLoader().parseAsync(
    buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer,
    '',
  );
  const loaded = scene.children[0] as {
    geometry: { index: { count: number }; attributes: { position: { count: number } } };
  };
  expect(loaded.geometry.index.count).toBe(mesh.indices.length);
  expect(loaded.geometry.attributes.position.count).toBe(mesh.positions.length / 3);
});

test('three.js reads the PLY: as many points, in place, coloured', async () => {
  const mesh = await toMesh(photo, step, { vertices: 20 });
  const ply = toPly(mesh);
  const geometry = new PLYLoader().parse(ply.buffer as ArrayBuffer);
  expect(geometry.getAttribute('position').count).toBe(mesh.positions.length / 3);
  expect(geometry.getAttribute('position').getZ(0)).toBe(-1);
  expect(geometry.getAttribute('color').getX(0)).toBeCloseTo(1);
});

test('refuses what cannot be written, by name', async () => {
  await expect(toMesh(photo, step, { vertices: 1 })).rejects.toThrow(/vertices/);
  const mesh = await toMesh(photo, step, { vertices: 4 });
  await expect(toGlb(mesh, Uint8Array.of(1, 2))).rejects.toThrow(/JPEG or PNG/);
  await expect(toGlb({ ...mesh, indices: new Uint32Array(0) }, await texture())).rejects.toThrow(/triangle/);
});
