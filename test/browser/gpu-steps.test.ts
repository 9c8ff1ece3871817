import { estimateDepth, Hydra, type Step } from '../../src/index.js';
import { readImageFile } from '../../src/node/index.js';
import { ASTRONAUT } from '../helpers/photos.js';
import { site, type Site } from './chromium.js';
import type { Compared, Loss, Refusal } from './gpu-steps/page.js';

let pages: Site;
let portrait: [pixels: string, disparities: string, width: number, height: number];
beforeAll(async () => {
  const photo = await readImageFile(ASTRONAUT);
  const hydra = await Hydra.load({ modules: ['depth', 'matte'] });
  const depth = await estimateDepth(photo, { hydra });
  hydra.close();
  const base64 = ({ buffer, byteOffset, byteLength }: Uint8ClampedArray | Uint8Array | Float32Array) =>
    Buffer.from(buffer, byteOffset, byteLength).toString('base64');
  portrait = [base64(photo.data), base64(depth.data), photo.width, photo.height];
  pages = await site('test/browser/gpu-steps');
}, 180_000);
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
    await page.evaluate(([p, d, w, h]) => window.setPortrait(p, d, w, h), portrait);
    return await run(page);
  } finally {
    await page.context().close();
  }
}

const CURVES = {
  rgb: [
    [0, 0.05],
    [0.4, 0.3],
    [1, 0.95],
  ],
  red: [
    [0, 0],
    [0.5, 0.6],
    [1, 1],
  ],
  luma: [
    [0, 0],
    [0.3, 0.4],
    [1, 0.9],
  ],
} as const;

/** A step of examples/own-operator; its types are a host's to declare. */
const own = (op: string) => ({ op, at: 0.8, width: 0.3, amount: 0.4 }) as unknown as Step;

/** Every operator with passes, by itself and with others. */
const RECIPES: Readonly<Record<string, readonly Step[]>> = {
  exposure: [{ op: 'grade', background: { exposure: -1.5 }, foreground: { exposure: 0.4 } }],
  'white balance': [{ op: 'grade', ranges: [{ temperature: 0.6, tint: -0.4, exposure: 0.3 }] }],
  tones: [{ op: 'grade', background: { shadows: 0.8, highlights: -0.7 }, foreground: { contrast: 0.5 } }],
  curves: [{ op: 'grade', ranges: [{ curves: CURVES as never, near: 0.9, far: 0.2 }], feather: 0.2 }],
  colour: [{ op: 'grade', background: { saturation: -1 }, foreground: { vibrance: 0.9, saturation: 0.2 } }],
  cube: [{ op: 'grade', ranges: [{ lut: 'faded' }], background: { lut: 'twisted', lutStrength: 0.6 } }],
  'curve of a file': [{ op: 'grade', foreground: { lut: 'curve' } }],
  haze: [{ op: 'haze', amount: 0.85, range: 12, colour: '#ffd7a0' }],
  vignette: [{ op: 'vignette', amount: -2.5, centre: { x: 180, y: 140 } }],
  studio: [{ op: 'relight' }],
  stage: [{ op: 'relight', preset: 'stage', at: { x: 400, y: 60 }, colour: '#ffb080' }],
  turbo: [{ op: 'visualise', contours: 12 }],
  viridis: [{ op: 'visualise', map: 'viridis', stretch: true }],
  peaking: [{ op: 'peaking', focus: 'subject' }],
  bokeh: [{ op: 'bokeh', focus: 'subject', aperture: 0.03 }],
  'cat’s eyes': [{ op: 'bokeh', focus: 0.1, aperture: 0.05, catsEye: 0.8, falloff: 0.4, shape: 6 }],
  'all points': [
    { op: 'grade', background: { exposure: -0.6, contrast: 0.3 }, foreground: { vibrance: 0.4, shadows: 0.3 } },
    { op: 'haze', amount: 0.4 },
    { op: 'relight' },
    { op: 'vignette' },
  ],
  'a host’s own': [own('glow')],
  'a host’s own between others': [{ op: 'haze', amount: 0.3 }, own('glow'), { op: 'vignette' }],
  'a host’s own for the CPU alone': [{ op: 'haze', amount: 0.3 }, own('cpu-glow'), { op: 'vignette' }],
  everything: [
    { op: 'bokeh', focus: 'subject', aperture: 0.04 },
    { op: 'grade', background: { exposure: -0.4, temperature: -0.4 }, foreground: { contrast: 0.2 } },
    { op: 'relight', intensity: 0.6, ambient: 0.7 },
    { op: 'vignette', amount: -1.5 },
  ],
};

/** Those that put things together, with a matte of the subject and without one. */
const COMPOSED: Readonly<Record<string, readonly Step[]>> = {
  'no background': [{ op: 'background', background: 'transparent' }],
  'another colour': [{ op: 'background', background: { colour: '#2080c0' } }],
  'a gradient with alpha': [
    { op: 'background', background: { gradient: { from: '#ff800080', to: '#0000ff', angle: 30 } }, split: 0.5 },
  ],
  'another photo': [
    {
      op: 'background',
      background: { image: 'sticker', depth: 'dome', bokeh: { aperture: 0.02 }, grade: { exposure: -0.5 } },
    },
  ],
  'its own, blurred': [{ op: 'background', background: { blur: 0.03, grade: { saturation: -0.5 } } }],
  'a picture at a disparity': [
    { op: 'sticker', image: 'sticker', at: { x: 200, y: 300 }, disparity: 0.6, width: 0.5, rotation: 30, opacity: 0.8 },
  ],
  'text behind the subject': [
    { op: 'sticker', text: { text: 'HELLO' }, at: { x: 250, y: 150 }, disparity: 'behind-subject', width: 0.9 },
  ],
  'a shadow on the wall': [
    { op: 'sticker', image: 'sticker', at: { x: 140, y: 200 }, disparity: 'behind-subject', width: 0.6, shadow: true },
  ],
  'a shadow on the ground': [
    { op: 'sticker', image: 'sticker', at: { x: 380, y: 480 }, disparity: 0.7, shadow: { kind: 'ground', blur: 0.02 } },
  ],
  'an object with a relief': [
    {
      op: 'sticker',
      image: 'sticker',
      relief: 'dome',
      thickness: 0.5,
      at: { x: 260, y: 260 },
      disparity: 0.5,
      width: 0.8,
    },
  ],
  'far smaller, partly outside': [
    { op: 'sticker', image: 'sticker', at: { x: 5, y: 500 }, disparity: 0.9, width: 0.04, softness: 0 },
    { op: 'sticker', image: 'sticker', at: { x: -400, y: 0 }, disparity: 0.9, width: 0.04 },
  ],
  'several that hide one another': [
    {
      op: 'stickers',
      stickers: [
        { image: 'sticker', at: { x: 260, y: 240 }, disparity: 0.7, width: 0.5, shadow: { reach: 1 } },
        { image: 'sticker', at: { x: 220, y: 200 }, disparity: 'behind-subject', width: 0.7, shadow: true },
        { text: { text: 'Between\ntwo', colour: '#ff4020' }, at: { x: 240, y: 220 }, disparity: 0.55, width: 0.6 },
        { image: 'sticker', at: { x: 480, y: 40 }, disparity: 0.1 },
      ],
    },
  ],
};

/** Between other steps, as a recipe has them. */
const CHAIN: readonly Step[] = [
  { op: 'grade', background: { exposure: -0.4 }, foreground: { vibrance: 0.3 } },
  { op: 'background', background: { gradient: { from: '#204060', to: '#e0c080' } } },
  {
    op: 'stickers',
    stickers: [
      { text: { text: 'HELLO' }, at: { x: 250, y: 150 }, disparity: 'behind-subject', width: 0.9, shadow: true },
      { image: 'sticker', at: { x: 120, y: 400 }, disparity: 0.9, width: 0.3, rotation: -15 },
    ],
  },
  { op: 'bokeh', focus: 0.8, aperture: 0.02, recover: 0 },
  { op: 'sticker', image: 'sticker', at: { x: 400, y: 400 }, disparity: 'in-front', width: 0.2 },
  { op: 'haze', amount: 0.3 },
  { op: 'vignette' },
];

// What is asked for: 2 on average, 8 at 99.9 %. Measured: below 0.04, and 1 (docs/gpu.md).
const agrees = (found: Compared) => ({ mean: found.mean < 0.2, most: found.most <= 2, depth: found.depth });
const AGREES = { mean: true, most: true, depth: 0 };

test.each(['full', 'half'] as const)(
  'with %s floats every operator gives on a real portrait what the CPU gives',
  (precision) =>
    inPage(async (page) => {
      const chosen =
        precision === 'full' ? Object.keys(RECIPES) : ['tones', 'cube', 'haze', 'a host’s own', 'everything'];
      for (const name of chosen) {
        const steps = RECIPES[name]!;
        const found = await page.evaluate(([s, p]) => window.compareSteps('portrait', s, { precision: p }), [
          steps,
          precision,
        ] as const);
        if (process.env['PRINT']) console.log(precision, name, JSON.stringify(found));
        expect({ name, ...agrees(found), found }).toEqual({ name, ...AGREES, found });
      }
    }),
  600_000,
);

test(
  'what puts things together gives what the CPU gives, and leaves the depth that the CPU leaves',
  () =>
    inPage(async (page) => {
      for (const [name, steps] of Object.entries(COMPOSED)) {
        for (const options of [{}, { matte: true }, { matte: true, precision: 'half' as const }]) {
          const found = await page.evaluate(([s, o]) => window.compareSteps('portrait', s, o), [
            steps,
            options,
          ] as const);
          if (process.env['PRINT']) console.log(name, JSON.stringify(options), JSON.stringify(found));
          const exact = { ...agrees(found), worst: found.worst <= 2 };
          expect({ name, ...exact, found }).toEqual({ name, ...AGREES, worst: true, found });
          expect(found.transfers).toEqual({ uploads: 1, readBacks: 1 });
        }
      }
    }),
  600_000,
);

test(
  'one picture goes over, and one comes back',
  () =>
    inPage(async (page) => {
      const points = await page.evaluate((s) => window.compareSteps('portrait', s), RECIPES['all points']!);
      expect(points.transfers).toEqual({ uploads: 1, readBacks: 1 });
      const all = await page.evaluate((s) => window.compareSteps('portrait', s), RECIPES['everything']!);
      expect(all.transfers).toEqual({ uploads: 1, readBacks: 1 });
      const chain = await page.evaluate((s) => window.compareSteps('portrait', s, { matte: true }), CHAIN);
      if (process.env['PRINT']) console.log('chain', JSON.stringify(chain));
      expect({ ...agrees(chain), found: chain }).toEqual({ ...AGREES, found: chain });
      expect(chain.transfers).toEqual({ uploads: 1, readBacks: 1 });
      // Without a matte colours judge what hides: the picture is looked at once on the way.
      const judged = await page.evaluate((s) => window.compareSteps('portrait', s), CHAIN.slice(0, 2));
      expect(judged.transfers).toEqual({ uploads: 1, readBacks: 2 });
    }),
  300_000,
);

test('a step without passes runs on the CPU in between', () =>
  inPage(async (page) => {
    const steps: Step[] = [
      { op: 'vignette' },
      { op: 'parallax', x: 0.01 },
      { op: 'haze' },
      { op: 'strokes', strokes: [{ kind: 'nearer', points: [{ x: 60, y: 60 }], radius: 0.1, amount: 0.3 }] },
      { op: 'grade', background: { exposure: -1 } },
    ];
    const found = await page.evaluate((s) => window.compareSteps('portrait', s), steps);
    // The view that parallax makes goes over again; strokes look at the picture and leave it where it is.
    const close = { ...agrees(found), depth: found.depth < 0.01 };
    expect({ ...close, ...found.transfers }).toEqual({ ...AGREES, depth: true, uploads: 2, readBacks: 3 });
  }));

test.each(['people', 'odd size', 'transparent', 'lamps', 'one pixel', 'a column', 'a row', 'noise in depth'])(
  'a made-up scene: %s',
  (scene) =>
    inPage(async (page) => {
      const all = { ...RECIPES, ...COMPOSED };
      for (const name of ['tones', 'cube', 'haze', 'stage', 'everything', 'another colour', 'a shadow on the wall']) {
        const steps = all[name]!.map((s) => ({ ...s, ...('at' in s && { at: { x: 5, y: 5 } }) })) as Step[];
        const found = await page.evaluate(([n, s]) => window.compareSteps(n, s), [scene, steps] as const);
        if (process.env['PRINT']) console.log(scene, name, JSON.stringify(found));
        expect({ name, ...agrees(found), found }).toEqual({ name, ...AGREES, found });
      }
    }),
  300_000,
);

test.each<[Refusal, string]>([
  ['floats', 'half'],
  ['all floats', 'bytes'],
  ['memory once', 'full'],
  ['large textures', 'full'],
])(
  'without %s it still gives what the CPU gives',
  (what, stored) =>
    inPage(async (page) => {
      const all: typeof RECIPES = { ...RECIPES, ...COMPOSED, chain: CHAIN };
      for (const name of ['all points', 'everything', 'turbo', 'peaking', 'another colour', 'chain']) {
        const found = (await page.evaluate(([w, s]) => window.refuseSteps(w, s), [
          what,
          all[name]!,
        ] as const)) as Compared;
        if (process.env['PRINT']) console.log(what, name, JSON.stringify(found));
        expect({ name, stored, ...agrees(found), found }).toEqual({ name, stored: found.stored, ...AGREES, found });
      }
    }),
  300_000,
);

test(
  'parts of a photo have no seams',
  () =>
    inPage(async (page) => {
      for (const steps of [RECIPES['all points']!, [{ op: 'bokeh', focus: 'subject', aperture: 0.01 }]] as Step[][]) {
        const found = await page.evaluate((s) => window.compareSteps('portrait', s, { maxPixels: 65_536 }), steps);
        if (process.env['PRINT']) console.log('parts', JSON.stringify(found));
        expect(found.transfers.uploads).toBeGreaterThan(3);
        expect({ ...agrees(found), worst: found.worst <= 16, found }).toEqual({ ...AGREES, worst: true, found });
      }
      // Mixed colours are looked for 129 pixels around, so that these parts must be larger.
      for (const name of ['several that hide one another', 'another photo', 'an object with a relief']) {
        const options = { maxPixels: 160_000, matte: true };
        const found = await page.evaluate(([s, o]) => window.compareSteps('portrait', s, o), [
          COMPOSED[name]!,
          options,
        ] as const);
        if (process.env['PRINT']) console.log('parts', name, JSON.stringify(found));
        expect(found.transfers.uploads).toBeGreaterThan(3);
        expect({ name, ...agrees(found), worst: found.worst <= 2, found }).toEqual({
          name,
          ...AGREES,
          worst: true,
          found,
        });
      }
    }),
  300_000,
);

test('what WebGL does not give at all is an error', () =>
  inPage(async (page) => {
    const refuse = (what: Refusal) =>
      page.evaluate(([w, s]) => window.refuseSteps(w, s), [what, RECIPES['haze']!] as const);
    expect(await refuse('context')).toBe('BACKEND_UNAVAILABLE');
    expect(await refuse('memory')).toBe('IMAGE_TOO_LARGE');
  }));

test.each<Loss>(['before', 'midway', 'canvas comes back'])(
  'a lost context is made anew (%s)',
  (how) =>
    inPage(async (page) => {
      const found = await page.evaluate(([h, s]) => window.loseSteps(h, s), [how, RECIPES['everything']!] as const);
      expect(found).toEqual({ mean: 0, most: 0, worst: 0 });
      // No text: its canvases would be taken for the context's.
      const steps = [...COMPOSED['another colour']!, ...COMPOSED['a shadow on the wall']!];
      const composed = await page.evaluate(([h, s]) => window.loseSteps(h, s), [how, steps] as const);
      expect(composed).toEqual({ mean: 0, most: 0, worst: 0 });
    }),
  180_000,
);

test.each<Loss>(['twice', 'canvas stays away'])('a context that is lost for good is an error (%s)', (how) =>
  inPage(async (page) => {
    const found = await page.evaluate(([h, s]) => window.loseSteps(h, s), [how, RECIPES['everything']!] as const);
    expect(found).toBe('CONTEXT_LOST');
  }),
);

test('recipes, aborted or not, leave nothing behind', () =>
  inPage(async (page) => {
    const [first, second, third, disposed] = await page.evaluate(() => window.resourcesOfSteps());
    expect([second, third, disposed]).toEqual([first, first, 0]);
  }));

test('misuse is named, an abort is its reason', () =>
  inPage(async (page) => {
    expect(await page.evaluate(() => window.misuseOfSteps())).toEqual([
      'INVALID_PARAM',
      'INVALID_PARAM',
      'INVALID_PARAM',
      expect.stringContaining('AbortError'),
      'same',
      'DISPOSED',
    ]);
  }));

test(
  'a preview shows what the CPU computes, and does again only what changed',
  () =>
    inPage(async (page) => {
      const grade = (exposure: number): Step => ({ op: 'grade', background: { exposure, lut: 'faded' } });
      const bokeh = (focus: number): Step => ({ op: 'bokeh', focus, aperture: 0.03 });
      const text: Step = {
        op: 'sticker',
        text: { text: 'HELLO' },
        at: { x: 120, y: 120 },
        disparity: 'behind-subject',
      };
      const found = await page.evaluate((r) => window.previewed(r), [
        [bokeh(0.9), grade(-1)],
        [bokeh(0.9), grade(-0.5)],
        [bokeh(0.2), grade(-0.5)],
        [text, { op: 'relight' }, grade(-0.5)],
        [text, { op: 'relight', intensity: 2 }, grade(0.5)],
        [{ ...text, at: { x: 140, y: 130 } } as Step, { op: 'relight', intensity: 2 }, grade(0.5)],
        [{ op: 'background', background: { colour: 'teal' } }, text],
        [{ op: 'visualise' }],
        [],
      ] as Step[][]);
      for (const { mean, most, shown } of found)
        expect({ mean: mean < 0.2, most: most <= 2, shown: shown.worst <= 1 }).toEqual({
          ...{ mean: true, most: true, shown: true },
        });
      const cost = found.map((f) => [f.cost.steps, f.cost.onCpu, f.cost.readBacks]);
      expect(cost).toEqual([
        [2, 0, 0],
        [1, 0, 0],
        [2, 0, 0],
        [3, 0, 0],
        [2, 0, 0],
        [3, 0, 0],
        [2, 0, 1],
        [1, 0, 0],
        [0, 0, 0],
      ]);
      // With a matte nothing has to be judged by colours, so that nothing comes back.
      const behind = [{ op: 'background', background: { colour: 'teal' } }, text, bokeh(0.9)] as Step[];
      behind[2] = { ...behind[2], recover: 0 } as Step;
      const moved = [behind[0]!, { ...text, at: { x: 160, y: 120 } } as Step, behind[2]];
      const matted = await page.evaluate((r) => window.previewed(r, true), [behind, moved]);
      for (const { mean, most, shown } of matted)
        expect({ mean: mean < 0.2, most: most <= 2, shown: shown.worst <= 1 }).toEqual({
          ...{ mean: true, most: true, shown: true },
        });
      expect(matted.map((f) => [f.cost.steps, f.cost.onCpu, f.cost.readBacks])).toEqual([
        [3, 0, 0],
        [2, 0, 0],
      ]);
      // One pass for the step that changed, and one to the canvas.
      expect(found[1]!.cost.passes).toBe(2);
    }),
  300_000,
);

test(
  'a preview: the latest call counts, a loss is made good, nothing is left behind, misuse is named',
  () =>
    inPage(async (page) => {
      const { superseded, afterLoss, codes, alive } = await page.evaluate(() => window.previewLife());
      expect(superseded).toEqual([false, false, false, true]);
      expect(afterLoss).toEqual({ mean: 0, most: 0, worst: 0 });
      expect(codes).toEqual([
        'INVALID_PARAM',
        'INVALID_PARAM',
        expect.stringContaining('AbortError'),
        'DISPOSED',
        'DISPOSED',
      ]);
      expect(alive[1]).toBe(alive[0]);
    }),
  120_000,
);

test('a photo larger than the preview is focused at the same point', () =>
  inPage(async (page) => {
    const { size, mean, most } = await page.evaluate(() => window.previewSmall());
    expect({ size, mean: mean < 0.2, most: most <= 2 }).toEqual({ size: [256, 256], mean: true, most: true });
  }));
