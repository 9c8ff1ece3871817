import type { BokehOptions } from '../../src/effects/index.js';
import { site, type Site } from './chromium.js';
import type { Loss } from './gpu/page.js';

let pages: Site;
beforeAll(async () => {
  pages = await site('test/browser/gpu');
});
afterAll(() => pages?.close());
// Reading pixels back stalls, and a lost context is told of: both are what these tests ask for.
afterEach(() =>
  expect(
    pages.complaints.splice(0).filter((c) => !/GPU stall due to ReadPixels|CONTEXT_LOST_WEBGL|context lost/i.test(c)),
  ).toEqual([]),
);

async function inPage<T>(run: (page: Awaited<ReturnType<Site['open']>>) => Promise<T>): Promise<T> {
  const page = await pages.open();
  try {
    return await run(page);
  } finally {
    await page.context().close();
  }
}

// What is asked for is 2 on average and 8 at 99.9 %. Measured here: below 0.05, and 2 at most.
const CASES: readonly (readonly [scene: string, options: BokehOptions])[] = [
  ['people', { focus: 0.8, aperture: 0.03 }],
  ['people', { focus: 0.1, aperture: 0.06 }],
  ['people', { focus: 1, aperture: 0.2, shape: 6, rotation: 20, squeeze: 1.5 }],
  ['people', { focus: [0.4, 0.8], aperture: 0.08, highlights: 4 }],
  ['people', { focus: 0.45, aperture: 0.008, shape: 5, roundness: 0 }],
  ['people', { focus: 0.5, aperture: 0 }],
  ['lamps', { focus: 0.8, aperture: 0.04 }],
  ['lamps', { focus: 0.2, aperture: 0.1, recover: 0.4, highlights: 1 }],
  ['lamps', { focus: 0.8, aperture: 0.04, recover: 0 }],
  ['people', { focus: 0.8, aperture: 0.06, ring: 1 }],
  ['people', { focus: 0.3, aperture: 0.05, shape: 6, ring: -0.7 }],
  ['people', { focus: 0.8, aperture: 0.06, catsEye: 0.8 }],
  ['people', { focus: 0.2, aperture: 0.1, catsEye: 1, squeeze: 1.6, shape: 7, ring: 0.5, falloff: 0.3 }],
  ['people', { focus: 0.8, aperture: 0.02, falloff: 0.8 }],
  ['transparent', { focus: 0.8, aperture: 0.07, catsEye: 0.5, falloff: 0.5 }],
  ['odd size', { focus: 0.45, aperture: 0.12 }],
  ['transparent', { focus: 0.8, aperture: 0.07 }],
  ['transparent', { focus: 0.2, aperture: 0.05, highlights: 2 }],
  ['noise in depth', { focus: 0.5, aperture: 0.05 }],
  ['one pixel', { focus: 0.5, aperture: 0.2 }],
  ['a column', { focus: 0.9, aperture: 0.1 }],
  ['a row', { focus: 0, aperture: 0.1 }],
];

test.each(['full', 'half'] as const)(
  'with %s floats the GPU shows what the CPU computes',
  (precision) =>
    inPage(async (page) => {
      for (const [scene, options] of CASES) {
        const found = await page.evaluate(([s, o, p]) => window.compare(s, o, p), [scene, options, precision] as const);
        const name = `${scene} ${JSON.stringify(options)}`;
        // Of a few hundred values 99.9 % are all: there the worst counts, as it does with what edges make of noise.
        const few = / (column|row|pixel)$/.test(scene);
        const fits = { mean: found.mean < 0.2, most: found.most <= (few ? 8 : 2), worst: found.worst <= 16 };
        expect({ name, ...fits, found }).toEqual({ name, mean: true, most: true, worst: true, found });
        // A canvas keeps its colours multiplied by alpha, in whole codes.
        expect([name, found.shown.worst]).toEqual([name, scene === 'transparent' ? found.shown.worst : 0]);
        expect([name, found.shown.worst <= 1]).toEqual([name, true]);
      }
    }),
  // Shaders without a GPU, on a machine that may do something else.
  180_000,
);

test.each<readonly [Loss, string]>([
  ['restored', 'a context that comes back'],
  ['midway', 'one that is lost between two passes'],
  ['own', `one of the preview's own canvas`],
])('a lost context is made anew (%s: %s)', (how) =>
  inPage(async (page) => {
    expect(await page.evaluate((h) => window.lose(h), how)).toEqual({ mean: 0, most: 0, worst: 0 });
  }),
);

test('a context that stays away is an error, not an empty picture', () =>
  inPage(async (page) => {
    expect(await page.evaluate(() => window.lose('gone'))).toBe('CONTEXT_LOST');
  }));

test('what WebGL does not give: an error that says so, or a smaller preview', () =>
  inPage(async (page) => {
    expect(await page.evaluate(() => window.refuse('context'))).toBe('BACKEND_UNAVAILABLE');
    expect(await page.evaluate(() => window.refuse('floats'))).toBe('BACKEND_UNAVAILABLE');
    expect(await page.evaluate(() => window.refuse('size'))).toEqual({ width: 64, height: 47 });
  }));

test('photos and pictures leave nothing behind', () =>
  inPage(async (page) => {
    const [first, second, third, disposed] = await page.evaluate(() => window.resources());
    expect(second).toBe(first);
    expect(third).toBe(first);
    expect(disposed).toBe(0);
  }));

test('misuse is named', () =>
  inPage(async (page) => {
    expect(await page.evaluate(() => window.misuse())).toEqual([
      'INVALID_PARAM',
      'INVALID_PARAM',
      'INVALID_PARAM',
      'INVALID_PARAM',
      'INVALID_DEPTH',
      'DISPOSED',
      'DISPOSED',
    ]);
  }));

test('a photo larger than the preview is focused at the same point', () =>
  inPage(async (page) => {
    const { width, height, mean, most } = await page.evaluate(() => window.shrunk());
    expect([width, height]).toEqual([110, 80]);
    expect(mean).toBeLessThan(0.2);
    expect(most).toBeLessThanOrEqual(2);
  }));
