import { join } from 'node:path';
import sharp from 'sharp';
import { estimateDepth, Hydra, pipeline, type Step } from '../../../src/index.js';
import { BACKENDS, type Backend } from '../../../src/hydra/backends.js';
import { readImageFile } from '../../../src/node/index.js';
import { ASTRONAUT, ROOT } from '../../helpers/photos.js';
import { difference, FACE, ON_BACKGROUND, ROCKET, sharpness, type Pixels } from '../editor.js';
import type { Published } from '../publish.js';
import type { Inferred } from '../page/page.js';
import { downloaded, onPhoto, pixels, press, settled, slide, until } from './editor.js';
import type { Engine } from './engine.js';
import type {} from './page/page.js';

/** The portrait, and what Node makes of it. */
export interface Expected {
  readonly width: number;
  readonly height: number;
  readonly pixels: Buffer;
  readonly disparities: Float32Array;
}

export interface Sites {
  /** The library, without any page around it. */
  readonly library: Published;
  /** Of every answer of the library's server; what is changed in them holds from then on. */
  readonly headers: Record<string, string>;
  readonly editor: Published;
  readonly expected: Expected;
}

export interface Check {
  readonly name: string;
  /** Of the half that `npm test` runs. */
  readonly quick?: true;
  /** What the table says of it; whatever is wrong is thrown. @param whole not only the quick half. */
  run(engine: Engine, sites: Sites, whole: boolean): Promise<string>;
}

export async function expectedOfNode(): Promise<Expected> {
  const photo = await readImageFile(ASTRONAUT);
  const hydra = await Hydra.load({ backend: 'wasm' });
  const { data } = await estimateDepth(photo, { hydra });
  hydra.close();
  const { width, height } = photo;
  return { width, height, pixels: Buffer.from(photo.data), disparities: data };
}

const CORNER = { x: 0.02, y: 0.02, width: 0.1, height: 0.1 };
const HOPPER = join(ROOT, 'assets/hopper.jpg');

const WORKS = 'works';
/** Of an engine that lacks something, and does without it. */
const WITHOUT = 'not here';

const base64 = (bytes: Uint8Array | Float32Array) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');

async function openLibrary(engine: Engine, { library, expected }: Sites): Promise<void> {
  await engine.open(library.url);
  await until(engine, 'the page', () => 'engine' in window && 'elementTests' in window);
  await engine.evaluate(
    (p, d, w, h) => window.engine.setPortrait(p, d, w, h),
    ...([base64(expected.pixels), base64(expected.disparities), expected.width, expected.height] as const),
  );
}

/** Nothing on the console that a person would have to worry about. */
function expectQuiet(engine: Engine, but?: RegExp): void {
  const said = engine.messages.splice(0).filter((m) => !but?.test(m));
  expect([engine.name, said]).toEqual([engine.name, []]);
}

/** Chromium's own remarks about pictures that are read back, which these checks ask for. */
const READ_BACK = /GPU stall due to ReadPixels|willReadFrequently/;

function depthBy(backend: Backend): Check {
  return {
    name: `depth by ${backend}`,
    ...(backend === 'wasm' && { quick: true }),
    async run(engine, sites) {
      await openLibrary(engine, sites);
      const found: Inferred | string = await engine.evaluate(
        (b) => window.infer(b).catch((e: { code?: string; message: string }) => `${e.code}: ${e.message}`),
        backend,
      );
      if (typeof found === 'string') {
        // The other backends are there for that; the default order finds one.
        expect(found).toMatch(/^BACKEND_UNAVAILABLE: /);
        engine.messages.splice(0);
        return WITHOUT;
      }
      expect(found.backend).toBe(backend);
      const bytes = Buffer.from(found.disparities, 'base64');
      const got = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
      let worst = 0;
      sites.expected.disparities.forEach((d, i) => (worst = Math.max(worst, Math.abs(d - got[i]!))));
      expect(worst).toBeLessThan(backend === 'wasm' ? 1e-4 : 0.005);
      expect(found.tensorsLeft).toBe(0);
      expectQuiet(engine, READ_BACK);
      return worst === 0 ? 'equal to Node’s' : `within ${worst.toExponential(0)} of Node’s`;
    },
  };
}

/** Every kind of work on the CPU. The mixed colours at edges are what Firefox 153 computed wrong. */
const ON_CPU: Readonly<Record<string, readonly Step[]>> = {
  grade: [{ op: 'grade', background: { exposure: -1.5 }, foreground: { exposure: 0.4 } }],
  haze: [{ op: 'haze', amount: 0.85 }],
  bokeh: [{ op: 'bokeh', focus: 'subject', aperture: 0.03 }],
  'relight, vignette': [{ op: 'relight' }, { op: 'vignette' }],
  background: [{ op: 'background', background: { blur: 0.03, grade: { saturation: -0.5 } } }],
  parallax: [{ op: 'parallax', x: 0.01 }],
  'strokes, map': [
    { op: 'strokes', strokes: [{ kind: 'nearer', points: [{ x: 60, y: 60 }], radius: 0.1, amount: 0.3 }] },
    { op: 'visualise' },
  ],
};

/** Loops run long enough in so many rounds to be compiled for good. */
const ROUNDS = 2;

/** The same for every engine. */
const BY_NODE: Record<string, Promise<Uint8ClampedArray>> = {};

async function byNode({ width, height, pixels, disparities }: Expected, steps: readonly Step[]) {
  const photo = { width, height, data: new Uint8ClampedArray(pixels) };
  return (await pipeline(steps).run(photo, { width, height, data: disparities })).image.data;
}

const ON_GPU: readonly (readonly Step[])[] = [
  [
    { op: 'bokeh', focus: 0.9, aperture: 0.03 },
    { op: 'grade', background: { exposure: -1, lut: 'faded' } },
  ],
  [
    { op: 'background', background: { colour: 'teal' } },
    { op: 'relight' },
    { op: 'haze', amount: 0.4 },
    { op: 'vignette' },
  ],
  [{ op: 'visualise' }],
  [],
];

async function openEditor(engine: Engine, { editor }: Sites): Promise<void> {
  await engine.open(editor.url);
  await press(engine, '#start .sample');
  await until(engine, 'the editor', () => !!document.getElementById('canvas'));
  await settled(engine);
}

const panel = (engine: Engine, name: string) => press(engine, '[role=tab]', name);

async function peopleFound(engine: Engine): Promise<void> {
  await panel(engine, 'Focus');
  await until(engine, 'the faces', () => {
    const faces = [...document.querySelectorAll('label, button')].find((e) => e.textContent?.trim() === 'All faces');
    return (
      faces &&
      !(faces.querySelector('input') ?? (faces as HTMLButtonElement)).matches(':disabled, [aria-disabled=true]')
    );
  });
  await settled(engine);
}

export const CHECKS: readonly Check[] = [
  ...BACKENDS.map(depthBy),
  {
    name: 'pictures by the CPU',
    quick: true,
    async run(engine, sites, whole) {
      await openLibrary(engine, sites);
      let worst = 0;
      for (const [name, steps] of Object.entries(ON_CPU).slice(0, whole ? undefined : 3)) {
        const want = await (BY_NODE[name] ??= byNode(sites.expected, steps));
        const got = Buffer.from(await engine.evaluate((s, n) => window.engine.run(s, n), steps, ROUNDS), 'base64');
        const apart = want.reduce((most, v, i) => Math.max(most, Math.abs(v - got[i]!)), 0);
        expect([name, apart <= 1, apart]).toEqual([name, true, apart]);
        worst = Math.max(worst, apart);
      }
      expect(await engine.evaluate(() => window.engine.ofP3())).toBe('display-p3');
      expectQuiet(engine);
      return worst === 0 ? 'equal to Node’s' : `within ${worst}/255 of Node’s`;
    },
  },
  {
    name: 'pictures by the GPU',
    async run(engine, sites) {
      await openLibrary(engine, sites);
      const found = await engine.evaluate(
        (recipes) =>
          window.previewed(recipes).catch((e: { code?: string; message: string }) => `${e.code}: ${e.message}`),
        ON_GPU,
      );
      if (typeof found === 'string') {
        expect(found).toMatch(/^BACKEND_UNAVAILABLE: /);
        return WITHOUT;
      }
      for (const f of found) expect([f.most <= 2, f.shown.worst <= 1, f]).toEqual([true, true, f]);
      expectQuiet(engine, READ_BACK);
      const [most, worst] = (['most', 'worst'] as const).map((k) => Math.max(...found.map((f) => f[k])));
      return `${most}/255 from the CPU’s at 99.9 %, ${worst} at worst`;
    },
  },
  {
    name: 'without WebGL',
    async run(engine, sites) {
      await openLibrary(engine, sites);
      expect(await engine.evaluate(() => window.engine.withoutWebGl())).toEqual({
        preview: 'BACKEND_UNAVAILABLE',
        gpu: 'BACKEND_UNAVAILABLE',
        backend: 'wasm',
        focused: true,
      });
      expectQuiet(engine, READ_BACK);
      return 'the CPU does it';
    },
  },
  {
    name: '`relievo/worker`',
    quick: true,
    async run(engine, sites) {
      await openLibrary(engine, sites);
      expect(await engine.evaluate(() => window.tests.same())).toEqual({
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
      expect(await engine.evaluate(() => window.tests.element())).toEqual([512, 512]);
      const { thrown, after } = await engine.evaluate(() => window.tests.abort());
      expect([thrown.slice(0, 10), after]).toEqual(['AbortError', 512]);
      expectQuiet(engine);
      return WORKS;
    },
  },
  {
    name: '… its errors',
    async run(engine, sites) {
      await openLibrary(engine, sites);
      const found = await engine.evaluate(() => window.tests.errors());
      expect(Object.fromEntries(Object.entries(found).map(([k, v]) => [k, v.split(':')[0]]))).toEqual({
        param: 'INVALID_PARAM',
        file: 'CORRUPT_IMAGE',
        recipe: 'INVALID_PARAM',
        hydra: 'INVALID_PARAM',
        backend: 'INVALID_PARAM',
        script: 'BACKEND_UNAVAILABLE',
        closed: 'DISPOSED',
        running: 'DISPOSED',
        disposed: 'DISPOSED',
      });
      engine.messages.splice(0); // of a script that is nowhere
      return WORKS;
    },
  },
  {
    name: '… a film’s depth',
    async run(engine, sites) {
      await openLibrary(engine, sites);
      const found = await engine.evaluate(() => window.tests.film());
      expect([found.apart, found.sizes, found.anew]).toEqual([[0, 0, 0], [128, 128, 128], 0]);
      expect(found.closed).toMatch(/^UNSUPPORTED_IMAGE/);
      expectQuiet(engine, READ_BACK);
      return WORKS;
    },
  },
  {
    name: '… when it dies',
    async run(engine, sites) {
      await openLibrary(engine, sites);
      const found = await engine.evaluate(() => window.runtime.workerFaults());
      const codes = Object.entries(found).map(([k, v]) => [k, typeof v === 'string' ? v.split(':')[0] : v]);
      expect(Object.fromEntries(codes)).toEqual({
        elsewhere: 'INVALID_PARAM',
        closed: 'DISPOSED',
        unsendable: 'INVALID_PARAM',
        died: 'BACKEND_UNAVAILABLE',
        after: 'BACKEND_UNAVAILABLE',
        disposed: 'DISPOSED',
        missing: 'BACKEND_UNAVAILABLE',
        hazed: 64,
        same: 0,
      });
      engine.messages.splice(0); // of what was made to fail
      return 'says so';
    },
  },
  {
    name: 'an opened photo is drawn, and closed',
    quick: true,
    async run(engine, sites) {
      await openLibrary(engine, sites);
      expect(await engine.evaluate(() => window.engine.photo())).toEqual({
        isImageData: true,
        apart: [0, 0, 0],
        cached: [1, 0],
        closed: ['DISPOSED', 'DISPOSED'],
      });
      expectQuiet(engine, READ_BACK);
      return WORKS;
    },
  },
  {
    name: 'inputs of every kind',
    async run(engine, sites) {
      await openLibrary(engine, sites);
      const found = await engine.evaluate(() => window.runtime.inputs());
      expect(Object.keys(found)).toHaveLength(13);
      for (const [name, [pixels, depth, inWorker, again]] of Object.entries(found)) {
        // A video stores its frames as luma and halved chroma.
        const [most, mostDepth] = name === 'video' ? [4, 0.01] : [0, 0];
        const said = [name, pixels, depth, inWorker, again];
        expect([said, pixels! <= most, depth! <= mostDepth, inWorker! <= mostDepth]).toEqual([said, true, true, true]);
        expect(again).toBe(0);
      }
      expectQuiet(engine, READ_BACK);
      return WORKS;
    },
  },
  {
    name: 'inputs without a picture',
    async run(engine, sites) {
      await openLibrary(engine, sites);
      const other = await sites.editor.again();
      try {
        const { found, executed } = await engine.evaluate(
          (foreign) => window.runtime.badInputs(foreign),
          new URL('icon-192.png', other.url).href,
        );
        const codes = Object.entries(found).map(([k, said]) => [k, [...new Set(said.map((s) => s.split(':')[0]))]]);
        const [blank, corrupt] = [['UNSUPPORTED_IMAGE'], ['CORRUPT_IMAGE']];
        expect(Object.fromEntries(codes)).toEqual({
          ...{ bitmap: blank, frame: blank, tainted: blank, foreign: blank, broken: blank, unloaded: blank },
          ...{ video: blank, noPixels: blank, nothing: blank, number: blank, element: blank },
          ...{ missing: ['FILE_NOT_FOUND'], svg: corrupt, html: corrupt, page: corrupt },
        });
        expect(executed).toBe(false);
      } finally {
        await other.close();
      }
      engine.messages.splice(0); // of what is not there
      return 'refused by name';
    },
  },
  {
    name: 'a policy without eval',
    async run(engine, sites) {
      sites.headers['content-security-policy'] =
        "default-src 'none'; connect-src 'self'; img-src 'self' data:; worker-src 'self'; script-src 'self' 'wasm-unsafe-eval'";
      try {
        await engine.open(sites.library.url);
        await until(engine, 'the page', () => 'runtime' in window);
        const found = await engine.evaluate(() => window.runtime.everything());
        expect(found.backends).toEqual(['wasm', 'wasm']);
        expect([found.sameInWorker, found.sameInThreads]).toEqual([0, 0]);
        expect(found.violations).toEqual([]);
      } finally {
        delete sites.headers['content-security-policy'];
        await engine.open('about:blank');
      }
      expectQuiet(engine);
      return WORKS;
    },
  },
  {
    name: 'depth of a video',
    async run(engine, sites) {
      await openLibrary(engine, sites);
      const { sizes, nearer, closed } = await engine.evaluate(() => window.streamed());
      for (const name of ['video', 'frame', 'bitmap', 'canvas', 'pixels'])
        expect([name, sizes[name]]).toEqual([name, [160, 120]]);
      expect(nearer).toBeGreaterThan(0.3);
      expect(closed).toBe('read');
      expectQuiet(engine, READ_BACK);
      return WORKS;
    },
  },
  {
    name: '24 megapixels',
    async run(engine, sites) {
      await openLibrary(engine, sites);
      const { size, apart, blurred } = await engine.evaluate(() => window.large(6000, 4000));
      expect(size).toEqual([6000, 4000]);
      expect([apart < 2, blurred.near > 0.98, blurred.far < 0.9]).toEqual([true, true, true]);
      expectQuiet(engine, READ_BACK);
      return WORKS;
    },
  },
  {
    name: '`<relievo-photo>`',
    quick: true,
    async run(engine, sites) {
      await openLibrary(engine, sites);
      const { near, far, told, slider, gone } = await engine.evaluate(() => window.elementTests.focus());
      expect([near[0] > 240, near[1] < 60, told < 0.05, far[0] < 60, far[1] > 240]).toEqual(Array(5).fill(true));
      expect([slider, gone]).toEqual([['slider', 'Stripes', '52', '0'], true]);
      const { face, wall } = await engine.evaluate(() => window.elementTests.network());
      expect(face).toBeGreaterThan(wall + 0.3);
      expectQuiet(engine, READ_BACK);
      return WORKS;
    },
  },
  {
    name: 'film export',
    async run(engine, sites) {
      await openLibrary(engine, sites);
      const codecs: string[] = [];
      for (const format of ['webm', 'mp4'] as const) {
        const found = await engine.evaluate(
          (f) =>
            window.film(f, 160, 90, 12, 24).catch((e: { code?: string; message: string }) => `${e.code}: ${e.message}`),
          format,
        );
        if (typeof found === 'string') {
          expect(found).toMatch(/^BACKEND_UNAVAILABLE: /);
          continue;
        }
        expect([found.frames, found.played.size]).toEqual([12, [160, 90]]);
        [40, 160, 60].forEach((v, c) => expect(Math.abs(found.played.middle[c]! - v)).toBeLessThanOrEqual(12));
        codecs.push(`${format} (${found.codec})`);
      }
      expectQuiet(engine, READ_BACK);
      return codecs.join(', ') || WITHOUT;
    },
  },
  {
    name: 'editor: tap to focus',
    quick: true,
    async run(engine, sites) {
      await openEditor(engine, sites);
      await peopleFound(engine);
      const before = await pixels(engine);
      await engine.tap(await onPhoto(engine, ON_BACKGROUND));
      await until(engine, 'the focus', () => !!document.getElementById('marker'));
      const after = await pixels(engine);
      expect(sharpness(after, ROCKET) / sharpness(before, ROCKET)).toBeGreaterThan(1.5);
      expect(sharpness(after, FACE) / sharpness(before, FACE)).toBeLessThan(0.7);
      expectQuiet(engine, READ_BACK);
      return WORKS;
    },
  },
  {
    name: 'editor: grade, sticker behind, background, undo, save',
    quick: true,
    async run(engine, sites) {
      await openEditor(engine, sites);
      await peopleFound(engine);
      const plain = await pixels(engine);
      await panel(engine, 'Light');
      await slide(engine, 'Exposure', 0.25); // of the background
      const graded = await pixels(engine);
      expect(bright(graded, ROCKET)).toBeLessThan(bright(plain, ROCKET) * 0.7);
      expect(bright(graded, FACE)).toBeGreaterThan(bright(plain, FACE) * 0.9);
      await panel(engine, 'Stickers');
      await press(engine, '.drawings button', 'Add: Sun');
      await until(engine, 'the sticker', () =>
        [...document.querySelectorAll('.panel button')].some((b) => b.textContent === 'Remove'),
      );
      const stuck = await pixels(engine);
      // Beside the head it is seen; what is before it stays as it was.
      expect(changed(stuck, graded, { x: 0.57, y: 0.2, width: 0.06, height: 0.1 })).toBeGreaterThan(4);
      expect(changed(stuck, graded, { x: 0.4, y: 0.2, width: 0.08, height: 0.1 })).toBeLessThan(1);
      await panel(engine, 'Scene');
      await press(engine, '.segments label', 'Colour');
      const replaced = await pixels(engine);
      expect(changed(replaced, stuck, { x: 0.9, y: 0.05, width: 0.08, height: 0.1 })).toBeGreaterThan(10);
      await press(engine, '#undo');
      expect(difference(await pixels(engine), stuck)).toBeLessThan(0.5);
      const { name, file } = await downloaded(engine, () => press(engine, '#download'));
      expect(name).toMatch(/^astronaut-edited\.png$/);
      const { data, info } = await sharp(file).removeAlpha().raw().toBuffer({ resolveWithObject: true });
      expect([info.width, info.height]).toEqual([512, 512]);
      expect(difference({ width: 512, height: 512, data }, stuck)).toBeLessThan(1);
      expectQuiet(engine, READ_BACK);
      return WORKS;
    },
  },
  {
    name: 'editor: own photo, depth, before and after, keys',
    async run(engine, { editor }) {
      await engine.open(editor.url);
      await until(engine, 'the start', () => !!document.getElementById('file'));
      await engine.upload('#file', HOPPER);
      await until(engine, 'the editor', () => !!document.getElementById('canvas'));
      await settled(engine);
      const edited = await pixels(engine);
      expect([edited.width, edited.height]).toEqual([512, 600]);
      await press(engine, '.bar .segments label', 'Depth');
      const depth = await pixels(engine);
      expect(apart(colour(depth, FACE), colour(depth, CORNER))).toBeGreaterThan(40);
      await press(engine, '.bar .segments label', 'Edited');
      await press(engine, 'button', 'Before and after');
      await until(engine, 'the divider', () => !!document.querySelector('.divider'));
      await press(engine, '#canvas');
      for (const k of ['ArrowRight', 'ArrowDown']) await engine.key(k, ['Shift']);
      await settled(engine);
      await engine.key('4');
      await until(engine, 'the panel', () => document.querySelector('[aria-selected=true]')?.textContent === 'Scene');
      expectQuiet(engine, READ_BACK);
      return WORKS;
    },
  },
  {
    name: 'editor: drag a sticker, paint depth',
    async run(engine, sites) {
      await openEditor(engine, sites);
      await peopleFound(engine);
      const plain = await pixels(engine);
      await panel(engine, 'Stickers');
      await press(engine, '.drawings button', 'Add: Star');
      await until(engine, 'the sticker', () =>
        [...document.querySelectorAll('.panel button')].some((b) => b.textContent === 'Remove'),
      );
      await settled(engine);
      const way = [
        { x: 0.5, y: 0.24 },
        { x: 0.6, y: 0.3 },
        { x: 0.68, y: 0.35 },
      ];
      await engine.drag(await Promise.all(way.map((at) => onPhoto(engine, at))));
      expect(changed(await pixels(engine), plain, { x: 0.64, y: 0.3, width: 0.08, height: 0.1 })).toBeGreaterThan(30);
      await panel(engine, 'Depth');
      const before = await pixels(engine);
      const stroke = [0.2, 0.3, 0.4].map((x) => ({ x, y: 0.05 }));
      await engine.drag(await Promise.all(stroke.map((at) => onPhoto(engine, at))));
      await until(engine, 'the stroke', () => document.getElementById('status')!.textContent === '1 stroke');
      expect(changed(await pixels(engine), before, { x: 0.25, y: 0.04, width: 0.1, height: 0.02 })).toBeGreaterThan(20);
      expectQuiet(engine, READ_BACK);
      return WORKS;
    },
  },
  {
    name: 'editor: 3D, GLB, stereo, film',
    async run(engine, sites) {
      await openEditor(engine, sites);
      await peopleFound(engine);
      await panel(engine, '3D');
      const glb = await downloaded(engine, () => press(engine, '.panel button', '3D model'));
      expect([glb.name, String(glb.file.subarray(0, 4))]).toEqual(['astronaut.glb', 'glTF']);
      await settled(engine);
      const stereo = await downloaded(engine, () => press(engine, '.panel button', 'Red-cyan'));
      expect((await sharp(stereo.file).metadata()).width).toBe(512);
      await settled(engine);
      await press(engine, '.panel button', 'Make a video');
      await until(engine, 'the film', () => (document.querySelector('video')?.videoWidth ?? 0) > 0);
      await press(engine, '.bar .segments label', '3D');
      await until(engine, 'the relief', () => !!document.querySelector('.stage canvas, .stage [role=img]'));
      expectQuiet(engine, READ_BACK);
      return WORKS;
    },
  },
  {
    name: 'editor: offline',
    async run(engine, { editor }) {
      const site = await editor.again();
      try {
        await engine.open(site.url);
        await until(engine, 'the service worker', async () => {
          const found = await navigator.serviceWorker.getRegistration();
          return found?.active?.state === 'activated';
        });
      } finally {
        await site.close();
      }
      await engine.open(site.url);
      await press(engine, '#start .sample');
      await until(engine, 'the editor', () => !!document.getElementById('canvas'));
      await press(engine, '.bar .segments label', 'Depth');
      const depth = await pixels(engine);
      expect(apart(colour(depth, FACE), colour(depth, ROCKET))).toBeGreaterThan(40);
      engine.messages.splice(0); // of a network that is not there
      return WORKS;
    },
  },
];

/** What a place of the picture shows: the mean of each channel within a part. */
function colour({ width, height, data }: Pixels, part: typeof FACE): [number, number, number] {
  const sums: [number, number, number] = [0, 0, 0];
  let n = 0;
  for (let y = Math.round(part.y * height); y < (part.y + part.height) * height; y++)
    for (let x = Math.round(part.x * width); x < (part.x + part.width) * width; x++, n++)
      for (let c = 0; c < 3; c++) sums[c]! += data[(y * width + x) * 3 + c]!;
  return sums.map((v) => v / n) as [number, number, number];
}

const bright = (picture: Pixels, part: typeof FACE) => colour(picture, part)[1];

/** Largest difference of the colours of two places. */
function apart(a: readonly number[], b: readonly number[]): number {
  return Math.max(...a.map((v, c) => Math.abs(v - b[c]!)));
}

/** How much two pictures differ within a part. */
function changed(a: Pixels, b: Pixels, part: typeof FACE): number {
  const data = Buffer.from(a.data.map((v, i) => Math.abs(v - b.data[i]!)));
  return Math.max(...colour({ ...a, data }, part));
}
