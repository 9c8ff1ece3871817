import { ISOLATING, site, type Site } from './chromium.js';

/** Building a page, and rendering it on a machine with much else to do. */
const PATIENCE = 240_000;

describe.each([
  ['crossOriginIsolated', ISOLATING, true],
  ['not isolated', {}, false],
] as const)('a page that is %s', (_, headers, isolated) => {
  let pages: Site;
  beforeAll(async () => {
    pages = await site('test/browser/threads', headers);
  }, PATIENCE);
  afterAll(() => pages?.close());
  afterEach(() => expect(pages.complaints.splice(0)).toEqual([]));

  test(
    'several threads give the bytes of one, and end',
    async () => {
      const page = await pages.open();
      // A document's own thread takes no band: it has to stay fluid.
      expect(await page.evaluate(() => window.threads(3))).toEqual({ same: true, started: 3, ended: 3, isolated });
      await page.context().close();
    },
    PATIENCE,
  );

  test.each([1, 2])(
    'an abort ends %i thread(s) within 100 ms',
    async (count) => {
      const page = await pages.open();
      const shares = [0.12, 0.2, 0.5, 0.8];
      const found = await page.evaluate(([s, n]) => window.aborts(s, n), [shares, count] as const);
      expect(found.map((f) => f.name)).toEqual(shares.map(() => 'AbortError'));
      expect(found.filter((f) => f.after > 100)).toEqual([]);
      await page.context().close();
    },
    PATIENCE,
  );
});
