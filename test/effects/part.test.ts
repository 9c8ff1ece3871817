import { blur } from '../../src/effects/bokeh.js';
import type { GpuSteps } from '../../src/effects/gpu-steps.js';
import type { Frame } from '../../src/effects/operator.js';
import { OPERATORS } from '../../src/effects/operators.js';
import { pipeline, type Step } from '../../src/effects/pipeline.js';
import { runPoints } from '../../src/effects/run-points.js';
import { runSteps, type ReadStep } from '../../src/effects/steps.js';
import { createImage } from '../../src/image/image-data.js';
import { cutRows, type Region } from '../../src/image/region.js';
import { depthOf, maxDifference, noisy, paint } from './helpers.js';

/** A part of a result is the part of the whole result, whatever the recipe. */

const [width, height] = [280, 210];
const photo = noisy(width, height, 5);
// Lamps, for what is put back of their light; and a person before a slope, whose outline runs through the parts.
for (let i = 0; i < photo.data.length; i += 4 * 97) photo.data.set([255, 160, 90], i);
const near = (x: number, y: number) => Math.hypot((x - 130) / 55, (y - 140) / 100) < 1 || Math.abs(x - y) < 6;
const depth = depthOf(width, height, (x, y) => (near(x, y) ? 0.8 + 0.1 * Math.sin(x / 40) : 0.1 + (0.3 * y) / height));
const logo = paint(40, 30, (x) => [x * 6, 80, 200, x < 20 ? 255 : 120]);
const resources = { logo };
const parts: readonly Region[] = [
  { x: 161, y: 77, width: 43, height: 35 },
  { x: 60, y: 169, width: 47, height: 41 },
];

const sticker = { image: 'logo', at: { x: 130, y: 100 }, width: 0.3, disparity: 0.5 } as const;
const bokeh = { op: 'bokeh', focus: 0.8, aperture: 0.04 } as const;
const grade = { op: 'grade', background: { exposure: -1.2 }, foreground: { saturation: 0.4 } } as const;
const RECIPES: Record<string, readonly Step[]> = {
  bokeh: [bokeh],
  grade: [grade],
  haze: [{ op: 'haze' }],
  relight: [{ op: 'relight' }],
  vignette: [{ op: 'vignette' }],
  visualise: [{ op: 'visualise', contours: 6 }],
  peaking: [{ op: 'peaking', focus: 0.8 }],
  background: [{ op: 'background', background: { blur: 0.02 } }],
  sticker: [{ op: 'sticker', ...sticker }],
  stickers: [{ op: 'stickers', stickers: [{ ...sticker, shadow: true }] }],
  parallax: [{ op: 'parallax', x: 0.02 }],
  strokes: [{ op: 'strokes', strokes: [{ kind: 'nearer', points: [{ x: 126, y: 90 }] }] }, bokeh],
};
test('of every operator there is a recipe', () => expect(Object.keys(RECIPES)).toEqual(Object.keys(OPERATORS)));

test.each(
  Object.entries<readonly Step[]>({
    ...RECIPES,
    'a near blur, five blades, cat’s eyes, falloff, lights': [
      { ...bokeh, focus: 0.15, shape: 5, catsEye: 0.8, falloff: 0.6, highlights: 3, ring: 0.5, squeeze: 1.4 },
    ],
    'a lens after light and haze, before a look': [
      { op: 'relight' },
      { op: 'haze' },
      bokeh,
      grade,
      { op: 'vignette', centre: { x: 60, y: 30 } },
    ],
    'light after a lens': [bokeh, { op: 'relight' }, grade],
    'a sticker after a lens': [bokeh, { op: 'sticker', ...sticker }, grade],
    'two lenses': [bokeh, { ...bokeh, focus: 0.2 }],
    nothing: [],
  }),
)('%s', async (_, steps) => {
  const whole = await pipeline(steps).run(photo, depth, { resources });
  for (const part of parts) {
    const size = { width: part.width, height: part.height };
    const found = await pipeline(steps).run(photo, depth, { resources, part });
    expect(found.depth).toEqual({ ...size, data: cutRows(whole.depth.data, width, part, 1) });
    const cut = { ...size, data: cutRows(whole.image.data, width, part, 4) };
    expect(maxDifference(found.image, cut)).toBeLessThanOrEqual(1);
  }
});

test('transparent pixels and display-p3 stay what they are', async () => {
  const data = photo.data.map((v, i) => (i % 4 === 3 ? (i >> 2) % 256 : v));
  const p3 = createImage(width, height, 'display-p3', data);
  const [whole, found] = await Promise.all([
    pipeline([bokeh, grade]).run(p3, depth),
    pipeline([bokeh, grade]).run(p3, depth, { part: parts[0] }),
  ]);
  expect(found.image.colorSpace).toBe('display-p3');
  const cut = { ...found.image, data: cutRows(whole.image.data, width, parts[0]!, 4) };
  expect(maxDifference(found.image, cut)).toBeLessThanOrEqual(1);
});

test('a lens and single pixels do nothing far outside of the part', async () => {
  const [part] = parts;
  const empty = (image: { readonly data: ArrayLike<number> }, x: number, y: number) =>
    image.data[(y * width + x) * 4 + 3] === 0;
  for (const image of [
    await blur(photo, depth, { focus: 0.8 }, part),
    await runPoints({ image: photo, depth, part }, [() => {}]),
  ]) {
    expect([empty(image, 161, 77), empty(image, 203, 111)]).toEqual([false, false]);
    for (const [x, y] of [
      [140, 90],
      [224, 90],
      [180, 60],
      [180, 132],
    ] as const)
      expect(empty(image, x, y)).toBe(true);
  }
});

test('who works on the whole, as a GPU does, is asked for the whole', async () => {
  const asked: Frame[] = [];
  const gpu = {
    run: (steps: readonly ReadStep[], frame: Frame) => {
      asked.push(frame);
      return runSteps(steps, frame, {});
    },
  } as unknown as GpuSteps;
  const part = parts[0]!;
  const found = await pipeline([bokeh, grade]).run(photo, depth, { gpu, part });
  expect(asked[0]!.part).toBeUndefined();
  const alone = await pipeline([bokeh, grade]).run(photo, depth, { part });
  expect(maxDifference(found.image, alone.image)).toBe(0);
});

test.each([
  { x: -1, y: 0, width: 10, height: 10 },
  { x: 0, y: 0, width: 0, height: 10 },
  { x: 0.5, y: 0, width: 10, height: 10 },
  { x: 0, y: 201, width: 10, height: 10 },
  { x: 0, y: 0, width: 10 },
  { x: 0, y: 0, width: 10, height: NaN },
])('refuses %j', async (part) => {
  await expect(pipeline([]).run(photo, depth, { part: part as Region })).rejects.toMatchObject({
    code: 'INVALID_PARAM',
    message: expect.stringContaining("'part' to be whole pixels within 280 × 210") as string,
  });
});
