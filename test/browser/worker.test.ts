import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { embedGDepth } from '../../src/depth/index.js';
import { readEmbeddedDepth } from '../../src/node/index.js';
import { site, type Site } from './chromium.js';
import type {} from './worker-page/page.js';

let pages: Site;
let page: Page;

beforeAll(async () => {
  pages = await site('test/browser/worker-page');
  page = await pages.open();
});
afterAll(() => pages?.close());

test('a worker answers what the page itself would', async () => {
  const found = await page.evaluate(() => window.tests.same());
  expect(found).toEqual({
    backend: 'wasm',
    size: [512, 512, 512, 512],
    depth: 0,
    bokeh: 0,
    recipe: 0,
    isImageData: true,
    faces: 1,
    matte: [512, 512],
    rising: true,
    kept: [256, 64, 512 * 512],
  });
});

test('page, Hydra and worker have one default: the same map of the same photo', async () => {
  const { given, there, ...found } = await page.evaluate(() => window.tests.defaults());
  expect(found).toEqual({ size: 192 * 192, outlined: true, faces: [1, 1] });
  expect(given).toBe(0);
  expect(there).toBeLessThan(1e-6);
});

test('an image element is read on the page and sent as a bitmap', async () => {
  expect(await page.evaluate(() => window.tests.element())).toEqual([512, 512]);
});

test("the depth that a photo's file carries is read as Node reads it, upright", async () => {
  const raw = { width: 40, height: 20, channels: 1 } as const;
  const map = await sharp(Buffer.from(Array.from({ length: 800 }, (_, i) => (i * 7919) % 256)), { raw })
    .toColourspace('b-w')
    .png()
    .toBuffer();
  for (const orientation of [1, 6]) {
    const plain = await sharp({ create: { ...raw, channels: 3, background: 'red' } })
      .withMetadata({ orientation })
      .jpeg()
      .toBuffer();
    const file = Buffer.from(embedGDepth(plain, map, () => '0'.repeat(32)));
    const read = (bytes: Buffer) => page.evaluate((b) => window.tests.embedded(b), bytes.toString('base64'));
    const { depth } = (await readEmbeddedDepth(file))!;
    const size = orientation === 1 ? [40, 20] : [20, 40];
    expect(await read(file)).toEqual({ size: [...size, ...size], apart: 0, data: [...depth.data] });
    expect(await read(plain)).toBeNull();
  }
});

test('an abort reaches the worker, which goes on working', async () => {
  const { thrown, after } = await page.evaluate(() => window.tests.abort());
  expect(thrown).toMatch(/^AbortError/);
  expect(after).toBe(512);
});

test('a film has the depth in a worker that it has on the page, and frames stay with who gave them', async () => {
  const found = await page.evaluate(() => window.tests.film());
  expect(found.apart).toEqual([0, 0, 0]);
  expect(found.sizes).toEqual([128, 128, 128]);
  expect(found.open).toEqual([512, 512, 512 * 512 * 4]);
  expect(found.answered.at(-1)).toBe(128);
  expect(found.answered).toContain(undefined);
  expect(found.anew).toBe(0);
  expect(found.aborted).toMatch(/^AbortError/);
  expect(found.closed).toMatch(/^UNSUPPORTED_IMAGE/);
  expect(found.after).toBe(128);
  expect(found.disposed).toEqual([expect.stringMatching(/^DISPOSED/), expect.stringMatching(/^DISPOSED/)]);
  expect(found.param).toMatch(/^INVALID_PARAM: .*smoothing/);
});

test("a host's operator comes from a script", async () => {
  const { light, missing } = await page.evaluate(() => window.tests.own());
  expect(light).toBe(188); // half of white's light, encoded
  expect(missing).toMatch(/^FILE_NOT_FOUND: operators: .*nowhere\.js/);
});

test('errors keep their code, and say what to do', async () => {
  const found = await page.evaluate(() => window.tests.errors());
  expect(found.param).toMatch(/^INVALID_PARAM: .*aperture/);
  expect(found.file).toMatch(/^CORRUPT_IMAGE: /);
  expect(found.cause).toMatch(/^\w+Error: \w/); // the browser's own word
  expect(found.recipe).toMatch(/^INVALID_PARAM: .*nonsense/);
  expect(found.hydra).toMatch(/^INVALID_PARAM: .*hydra/);
  expect(found.backend).toMatch(/^INVALID_PARAM: .*backend/);
  expect(found.script).toMatch(/^BACKEND_UNAVAILABLE: the worker failed/);
  expect(found.closed).toMatch(/^DISPOSED: .*closed/);
  expect(found.running).toMatch(/^DISPOSED/);
  expect(found.disposed).toMatch(/^DISPOSED/);
});
