import type { Page } from 'playwright-core';
import { ROOT } from '../helpers/photos.js';
import { serve, type TestServer } from '../helpers/server.js';
import { site, type Site } from './chromium.js';
import type {} from './runtime/page.js';

/** Everything that a page of Relievo may do. */
const POLICY = "default-src 'none'; connect-src 'self'; img-src 'self' data:; worker-src 'self'; script-src 'self'";

const headers: Record<string, string> = {};
let pages: Site;
let other: TestServer;

beforeAll(async () => {
  pages = await site('test/browser/runtime', headers);
  other = await serve(ROOT);
});
afterAll(async () => {
  await pages?.close();
  await other?.close();
});
afterEach(() => {
  delete headers['content-security-policy'];
  pages.complaints.splice(0);
  pages.requests.splice(0);
});

const close = (page: Page) => page.context().close();

/** WebAssembly that is not allowed is reported by the browser, and done without. */
const expectQuiet = () =>
  expect(
    pages.complaints.filter((c) => !/GPU stall|GL Driver|WebAssembly|wasm|ArrayBuffer instantiation/.test(c)),
  ).toEqual([]);

describe("under a policy of script-src 'self'", () => {
  const expectAllRight = (found: Awaited<ReturnType<Window['runtime']['everything']>>) => {
    expect(found.depth[0]! - found.depth[1]!).toBeGreaterThan(0.3); // the face before the background
    expect([found.sameInWorker, found.sameInThreads]).toEqual([0, 0]);
    // The page's own address and nothing else: no blob: scripts, no third party.
    expect(pages.requests.length).toBeGreaterThan(10);
    expect(pages.requests.filter((r) => !r.startsWith('http://127.0.0.1:') && r !== 'data:,')).toEqual([]);
  };

  test("and 'wasm-unsafe-eval', all of it works on WASM", async () => {
    headers['content-security-policy'] = `${POLICY} 'wasm-unsafe-eval'`;
    const page = await pages.open();
    const found = await page.evaluate(() => window.runtime.everything());
    await close(page);
    expect(found.backends).toEqual(['wasm', 'wasm']);
    expectAllRight(found);
    expect([found.violations, pages.complaints]).toEqual([[], []]);
  });

  test('alone, WebGL works', async () => {
    headers['content-security-policy'] = POLICY;
    const page = await pages.open();
    expect(await page.evaluate(() => window.runtime.depth({ backend: 'webgl' }))).toHaveLength(64);
    await close(page);
    expectQuiet();
  }, 240_000);

  test('alone, a page without a GPU falls back to what is allowed', async () => {
    headers['content-security-policy'] = POLICY;
    const page = await pages.open();
    const found = await page.evaluate(() => window.runtime.everything());
    await close(page);
    expect(found.backends).toEqual(['cpu', 'cpu']);
    expectAllRight(found);
    // What it tried, and nothing else: `long`, which TF.js uses, does so as well, with any backend.
    expect(found.violations.filter((v) => v !== 'script-src wasm-eval')).toEqual([]);
    expectQuiet();
  }, 240_000);
});

describe('the models', () => {
  const isModel = (r: string) => /\.bin$|mod(el|ule)[^/]*\.json$/.test(r);

  test('are loaded once: after that the page works without a network', async () => {
    const page = await pages.open();
    const first = await page.evaluate(() => window.runtime.depth());
    expect(pages.requests.filter(isModel)).toHaveLength(9); // backbone, depth and matte, three files each
    expect(await page.evaluate(() => window.runtime.cached())).toBe(9);
    await page.context().setOffline(true);
    expect(await page.evaluate(() => window.runtime.depth())).toEqual(first);
    await close(page);
  });

  test('are loaded by two tabs at once', async () => {
    const page = await pages.open();
    const [one, two] = [page, await page.context().newPage()];
    await two.goto(page.url());
    const found = await Promise.all([one, two].map((p) => p.evaluate(() => window.runtime.depth())));
    expect(found[0]).toEqual(found[1]);
    expect(await one.evaluate(() => window.runtime.cached())).toBe(9);
    await close(page);
  });

  test('need no room in the cache', async () => {
    const page = await pages.open();
    const session = await page.context().newCDPSession(page);
    await session.send('Storage.overrideQuotaForOrigin', { origin: new URL(page.url()).origin, quotaSize: 1000 });
    const found = await page.evaluate(() => window.runtime.depth());
    expect(found.every((v) => v >= 0 && v <= 1)).toBe(true);
    expect(await page.evaluate(() => window.runtime.cached())).toBeLessThan(9);
    await close(page);
  });

  test('that are offline before they ever came are reported, and come when the network does', async () => {
    const page = await pages.open();
    await page.context().setOffline(true);
    expect(await page.evaluate(() => window.runtime.failingDepth())).toMatch(
      /^(BACKEND_UNAVAILABLE|MODEL_NETWORK|DEPENDENCY_MISSING): /,
    );
    await page.context().setOffline(false);
    expect((await page.evaluate(() => window.runtime.depth())).length).toBe(64);
    await close(page);
  });
});

test('a part of the library that cannot be loaded is reported, and loaded with the next call', async () => {
  const page = await pages.open();
  await page.context().setOffline(true);
  expect(await page.evaluate(() => window.runtime.failingGrade())).toMatch(/^DEPENDENCY_MISSING: /);
  await page.context().setOffline(false);
  expect(await page.evaluate(() => window.runtime.graded())).toBe(146); // half of its light
  await close(page);
});

describe('inputs', () => {
  let page: Page;
  beforeAll(async () => (page = await pages.open()));
  afterAll(() => close(page));

  test('of every kind are the same picture, on the page and in a worker', async () => {
    const found = await page.evaluate(() => window.runtime.inputs());
    expect(Object.keys(found)).toHaveLength(13);
    for (const [name, [pixels, depth, inWorker, again]] of Object.entries(found)) {
      // A video stores its frames as luma and halved chroma.
      const [most, mostDepth] = name === 'video' ? [4, 0.01] : [0, 0];
      expect([name, pixels! <= most, depth! <= mostDepth, inWorker! <= mostDepth, again]).toEqual([
        ...[name, true, true, true],
        0,
      ]);
    }
  });

  test('without a picture in them are refused by name, and nothing in them runs', async () => {
    const { found, executed } = await page.evaluate(
      (foreign) => window.runtime.badInputs(foreign),
      `${other.url}assets/astronaut.png`,
    );
    const expected: Record<string, RegExp> = {
      bitmap: /^UNSUPPORTED_IMAGE: .*closed/,
      frame: /^UNSUPPORTED_IMAGE: .*closed/,
      tainted: /^UNSUPPORTED_IMAGE: .*another origin/,
      foreign: /^UNSUPPORTED_IMAGE: .*another origin/,
      broken: /^UNSUPPORTED_IMAGE: .*not loaded/,
      unloaded: /^UNSUPPORTED_IMAGE: .*not loaded/,
      video: /^UNSUPPORTED_IMAGE: .*no frame/,
      noPixels: /^UNSUPPORTED_IMAGE: .*no pixels/,
      missing: /^FILE_NOT_FOUND: .*404/,
      svg: /^CORRUPT_IMAGE: /,
      html: /^CORRUPT_IMAGE: /,
      page: /^CORRUPT_IMAGE: /,
      nothing: /^UNSUPPORTED_IMAGE: /,
      number: /^UNSUPPORTED_IMAGE: /,
      element: /^UNSUPPORTED_IMAGE: /,
    };
    expect(Object.keys(found).sort()).toEqual(Object.keys(expected).sort());
    for (const [name, pattern] of Object.entries(expected))
      for (const said of found[name]!)
        expect(`${name}: ${said}`).toMatch(new RegExp(`^${name}: ${pattern.source.slice(1)}`));
    expect(executed).toBe(false);
  });

  test('of a recipe are never fetched, and an SVG in one never runs', async () => {
    const before = pages.requests.length;
    expect(await page.evaluate(() => window.runtime.recipe())).toEqual({
      address: expect.stringMatching(/^FILE_NOT_FOUND: .*no resource/),
      svg: expect.stringMatching(/^CORRUPT_IMAGE: /),
      executed: false,
    });
    expect(pages.requests.slice(before).filter((r) => r.includes('secret'))).toEqual([]);
  });
});

test('a worker that is closed, gone or dead says so, and a new one works', async () => {
  const page = await pages.open();
  const found = await page.evaluate(() => window.runtime.workerFaults());
  await close(page);
  expect(found).toEqual({
    elsewhere: expect.stringMatching(/^INVALID_PARAM: .*another worker/),
    closed: expect.stringMatching(/^DISPOSED: .*closed/),
    unsendable: expect.stringMatching(/^INVALID_PARAM: .*cannot go to another thread/),
    died: expect.stringMatching(/^BACKEND_UNAVAILABLE: the worker failed: .*out of memory/),
    after: expect.stringMatching(/^BACKEND_UNAVAILABLE: the worker failed/),
    disposed: expect.stringMatching(/^DISPOSED: /),
    missing: expect.stringMatching(/^BACKEND_UNAVAILABLE: the worker failed: its script/),
    hazed: 64,
    same: 0,
  });
});
