import { createCanvas } from 'canvas';
import { applyStrokes } from '../../src/depth/strokes.js';
import { applyBokeh } from '../../src/effects/bokeh.js';
import { pipeline, type Step } from '../../src/effects/pipeline.js';
import { replaceBackground } from '../../src/effects/replace-background.js';
import { placeSticker } from '../../src/effects/sticker.js';
import { applyParallax } from '../../src/effects/parallax.js';
import type { CanvasFactory } from '../../src/image/canvas-factory.js';
import { depthOf, maxDifference, noisy, paint, pixel } from './helpers.js';

const photo = noisy(48, 32);
const depth = depthOf(48, 32, (x) => (x < 24 ? 0.9 : 0.2));
const matte = depthOf(48, 32, (x) => (x < 20 ? 1 : 0));
const logo = paint(8, 8, () => [255, 0, 0]);
const run = (step: Step, options: object = {}) =>
  pipeline(JSON.parse(JSON.stringify({ version: 1, steps: [step] }))).run(photo, depth, {
    resources: { logo },
    ...options,
  });

test('background: every kind, by the matte where there is one', async () => {
  for (const background of [
    'transparent',
    { colour: '#123456' },
    { gradient: { from: 'red', to: 'blue', angle: 30 } },
    { blur: 0.05, grade: { exposure: -1 } },
  ] as const) {
    const { image } = await run({ op: 'background', background }, { matte });
    expect(maxDifference(image, (await replaceBackground(photo, { background, depth, matte })).image)).toBe(0);
  }
  const { image } = await run({ op: 'background', background: { image: 'logo' } });
  expect(pixel(image, 40, 5)).toEqual([255, 0, 0, 255]);
});

test('a background photo with depth and a lens of its own, a sticker with relief: grey pictures in a recipe', async () => {
  const beach = noisy(48, 32, 5);
  const grey = paint(48, 32, (x) => [x * 5, x * 5, x * 5]);
  const ramp = depthOf(48, 32, (x) => (x * 5) / 255);
  const resources = { beach, grey, logo };
  const bokeh = { focus: 0, aperture: 0.1 };
  const background = { image: 'beach', depth: 'grey', bokeh };
  const { image, depth: after } = await run({ op: 'background', background }, { matte, resources });
  const direct = await replaceBackground(photo, {
    background: { image: beach, depth: ramp, bokeh },
    depth,
    matte,
  });
  expect(maxDifference(image, direct.image)).toBe(0);
  expect(after.data).toEqual(direct.depth.data);
  // The lens blurs what is far from its focus, and only there.
  const sharp = await run({ op: 'background', background: { image: 'beach' } }, { matte, resources });
  const change = (x: number) => Math.abs(pixel(image, x, 9)[1]! - pixel(sharp.image, x, 9)[1]!);
  expect(Math.max(...[40, 42, 44, 46].map(change))).toBeGreaterThan(10);

  const sticker = { at: { x: 30, y: 16 }, disparity: 0.5, width: 0.5, thickness: 0.4 } as const;
  const placed = await run({ op: 'sticker', image: 'logo', relief: 'grey', ...sticker }, { resources });
  const flat = await run({ op: 'sticker', image: 'logo', ...sticker }, { resources });
  expect(placed.depth.data).toEqual(
    (await placeSticker(photo, depth, { image: logo, relief: ramp, ...sticker })).depth.data,
  );
  expect(placed.depth.data).not.toEqual(flat.depth.data);
});

test('sticker: picture and text, with the depth handed on to what follows', async () => {
  const sticker = { at: { x: 30, y: 16 }, disparity: 'behind-subject', width: 0.5, shadow: true } as const;
  const { image, depth: after } = await run({ op: 'sticker', image: 'logo', ...sticker });
  const direct = await placeSticker(photo, depth, { image: logo, ...sticker });
  expect(maxDifference(image, direct.image)).toBe(0);
  expect(after.data).toEqual(direct.depth.data);
  const both = await pipeline([
    { op: 'sticker', image: 'logo', ...sticker },
    { op: 'bokeh', focus: 0.9, aperture: 0.1 },
  ]).run(photo, depth, { resources: { logo } });
  const blurred = await applyBokeh(direct.image, direct.depth, { focus: 0.9, aperture: 0.1 });
  expect(maxDifference(both.image, blurred)).toBe(0);
  const words = await run(
    { op: 'stickers', stickers: [{ text: { text: 'MM', colour: 'lime' }, ...sticker }] },
    { createCanvas: createCanvas as unknown as CanvasFactory },
  );
  expect(maxDifference(words.image, photo)).toBeGreaterThan(50);
});

test('parallax and strokes; points grow with the photo', async () => {
  const { image } = await run({ op: 'parallax', x: 0.05, pivot: 0.2 });
  expect(maxDifference(image, (await applyParallax(photo, depth, { x: 0.05, pivot: 0.2 })).image)).toBe(0);
  const strokes = [{ kind: 'nearer', points: [{ x: 30, y: 16 }] }] as const;
  const half = { version: 1, size: { width: 24, height: 16 }, steps: [{ op: 'strokes', strokes: [{ kind: 'nearer', points: [{ x: 15, y: 8 }] }] }] } as const; // prettier-ignore
  const { depth: after } = await pipeline(half).run(photo, depth);
  expect(after.data).toEqual((await applyStrokes(photo, depth, strokes)).data);
});

test.each([
  [{ op: 'background' }, 'steps[0].background'],
  [{ op: 'background', background: { colour: 'greenish' } }, 'steps[0].background'],
  [{ op: 'background', background: { blur: 0.1, colour: 'red' } }, 'steps[0].background'],
  [{ op: 'sticker', at: { x: 1, y: 1 } }, 'steps[0].disparity'],
  [{ op: 'sticker', at: { x: 1, y: 1 }, disparity: 'nowhere' }, 'steps[0].disparity'],
  [{ op: 'stickers', stickers: [{ at: { x: 1 }, disparity: 1 }] }, 'steps[0].stickers[0].at'],
  [{ op: 'parallax', x: 1 }, 'steps[0].x'],
  [{ op: 'strokes', strokes: [{ kind: 'up', points: [{ x: 1, y: 1 }] }] }, 'steps[0].strokes[0].kind'],
  [{ op: 'strokes', strokes: [{ kind: 'same', points: [] }] }, 'steps[0].strokes[0].points'],
])('refuses %j with its path', (step, path) => {
  expect(() => pipeline([step as Step])).toThrow(expect.objectContaining({ message: expect.stringContaining(path) }));
});
