import { estimateDepth } from '../../src/depth/estimate.js';
import { Hydra } from '../../src/hydra/hydra.js';
import type { Backend } from '../../src/hydra/backends.js';
import { readImageFile } from '../../src/node/read.js';
import { ASTRONAUT } from '../helpers/photos.js';
import { site, type Site } from './chromium.js';
import type { Inferred } from './page/page.js';

let pages: Site;
let node: { pixels: Uint8ClampedArray | Uint8Array; disparities: Float32Array };

beforeAll(async () => {
  pages = await site('test/browser/page');
  const photo = await readImageFile(ASTRONAUT);
  const hydra = await Hydra.load({ backend: 'wasm' });
  node = { pixels: photo.data, disparities: (await estimateDepth(photo, { hydra })).data };
  hydra.close();
});
afterAll(() => pages?.close());
afterEach(() => expect(pages.complaints.splice(0)).toEqual([]));

async function infer(backend?: Backend) {
  const page = await pages.open();
  const result: Inferred = await page.evaluate((b) => window.infer(b), backend);
  await page.context().close();
  const bytes = Buffer.from(result.disparities, 'base64');
  return {
    ...result,
    pixels: Buffer.from(result.pixels, 'base64'),
    disparities: new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)),
  };
}

/** Largest and mean difference of disparities, 0..1. */
function difference(a: Float32Array, b: Float32Array): { worst: number; mean: number } {
  let worst = 0;
  let sum = 0;
  a.forEach((v, i) => {
    const d = Math.abs(v - b[i]!);
    worst = Math.max(worst, d);
    sum += d;
  });
  return { worst, mean: sum / a.length };
}

// Measured: WASM 0 (the same instructions), WebGL 0.0017 at worst and 3e-7 on average (order of summation).
test.each([
  { backend: 'webgl', worst: 0.005, mean: 1e-5 },
  { backend: 'wasm', worst: 1e-4, mean: 1e-6 },
] as const)('depth by $backend in Chromium is what Node infers', async ({ backend, worst, mean }) => {
  const page = await infer(backend);
  expect(page.backend).toBe(backend);
  expect(page.pixels.equals(Buffer.from(node.pixels))).toBe(true);
  expect(page.disparities.length).toBe(node.disparities.length);
  const found = difference(page.disparities, node.disparities);
  expect(found.worst).toBeLessThan(worst);
  expect(found.mean).toBeLessThan(mean);
  expect(page.tensorsLeft).toBe(0);
});

test('WebGL without a GPU is not what a page gets by default', async () => {
  expect((await infer()).backend).toBe('wasm');
});

test('frames of a video, a VideoFrame, a bitmap, a canvas and pixels go through a DepthStream', async () => {
  const page = await pages.open();
  const { sizes, nearer, closed } = await page.evaluate(() => window.streamed());
  await page.context().close();
  for (const name of ['video', 'frame', 'bitmap', 'canvas', 'pixels'])
    expect([name, sizes[name]]).toEqual([name, [160, 120]]);
  expect(nearer).toBeGreaterThan(0.3);
  expect(closed).toBe('read');
}, 120_000);

test('a photo of 24 megapixels, where no canvas is as large', async () => {
  const page = await pages.open();
  const { size, apart, blurred } = await page.evaluate(() => window.large(6000, 4000));
  await page.context().close();
  expect(size).toEqual([6000, 4000]);
  // A JPEG keeps a code or so.
  expect(apart).toBeLessThan(2);
  expect(blurred.near).toBeGreaterThan(0.98);
  expect(blurred.far).toBeLessThan(0.9);
}, 300_000);
