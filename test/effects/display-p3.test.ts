import { applyBokeh } from '../../src/effects/bokeh.js';
import { pipeline, type Step } from '../../src/effects/pipeline.js';
import { toSpace } from '../../src/image/colour-space.js';
import type { ImageDataLike } from '../../src/image/image-data.js';
import { depthOf, maxDifference, paint } from './helpers.js';

const [W, H] = [48, 32];
/** Smooth and muted, so that no step leaves either space. */
const photo = paint(W, H, (x, y) => [70 + 2 * x, 80 + 2 * y, 150 - x]);
const depth = depthOf(W, H, (x) => (x < 24 ? 0.9 : 0.1));
const logo = paint(8, 8, () => [40, 160, 90]);

/**
 * What the operators do is worked out in linear light of CIE colours: in Display P3 it has to show the same colour as in
 * sRGB. Left out is what is defined on encoded channels: contrast, curves, tables, texture taken for relief, a coloured lamp, and
 * parallax,
 * which judges edges by differences of the channels.
 */
const STEPS: readonly Step[] = [
  { op: 'grade', background: { exposure: -0.8 }, foreground: { exposure: 0.3 } },
  { op: 'grade', ranges: [{ saturation: -0.6 }] },
  { op: 'grade', ranges: [{ temperature: 0.5, tint: -0.3 }] },
  { op: 'grade', ranges: [{ shadows: 0.5, highlights: -0.4 }] },
  { op: 'haze', colour: '#c08040' },
  { op: 'vignette', amount: -2 },
  { op: 'relight', colour: '#ffffff', intensity: 0.6, detail: 0 },
  { op: 'bokeh', focus: 0.9, aperture: 0.05 },
  { op: 'background', background: { colour: '#806040' } },
  { op: 'background', background: { gradient: { from: '#806040', to: '#406080' } } },
  { op: 'background', background: { image: 'logo' } },
  { op: 'sticker', image: 'logo', at: { x: 30, y: 16 }, disparity: 0.5 },
];

test.each(STEPS.map((step) => [JSON.stringify(step), step] as const))(
  '%s shows the same in Display P3',
  async (_, step) => {
    const edit = pipeline([step]);
    const options = { resources: { logo } };
    const { image: srgb } = await edit.run(photo, depth, options);
    const { image } = await edit.run(await toSpace(photo, 'display-p3'), depth, options);
    expect(image.colorSpace).toBe('display-p3');
    // Two roundings to 8 bits on either way.
    expect(maxDifference(await toSpace(image, 'srgb'), srgb)).toBeLessThanOrEqual(4);
    // And it is not by chance the same bytes.
    expect(maxDifference(image as ImageDataLike, srgb)).toBeGreaterThan(4);
  },
);

test('a photo goes to Display P3 and back within rounding; white, black and alpha stay', async () => {
  const ghost = paint(
    3,
    1,
    (x) => [[255, 255, 255, 255] as const, [0, 0, 0, 7] as const, [200, 90, 40, 128] as const][x]!,
  );
  const there = await toSpace(ghost, 'display-p3');
  expect([...there.data.subarray(0, 8)]).toEqual([255, 255, 255, 255, 0, 0, 0, 7]);
  expect(there.data[11]).toBe(128);
  expect(maxDifference(await toSpace(there, 'srgb'), ghost)).toBeLessThanOrEqual(1);
  expect(await toSpace(ghost, 'srgb')).toBe(ghost);
});

test('an sRGB photo stays sRGB', async () => {
  expect((await applyBokeh(photo, depth, { aperture: 0.02 })).colorSpace).toBe('srgb');
});
