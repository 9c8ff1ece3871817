import { converter, filterSaturate } from 'culori';
import fc from 'fast-check';
import { monotoneCurve } from '../../src/effects/curve.js';
import { applyGrade } from '../../src/effects/grade.js';
import { adaptation, daylight, whiteBalance } from '../../src/effects/white-balance.js';
import {
  encodeSrgb8,
  linearToSrgb,
  lumaOf,
  rgbToXyz,
  SRGB_TO_LINEAR,
  srgbToLinear,
  transform,
} from '../../src/image/colour.js';
import { depthOf, noisy, pixel } from './helpers.js';

/** Our colour against culori, somebody else's. */
const rgb = (r: number, g: number, b: number) => ({ mode: 'rgb' as const, r, g, b });

test('sRGB is decoded and encoded as culori does, and every code comes back', () => {
  const toLinear = converter('lrgb');
  for (let i = 0; i < 256; i++) {
    expect(srgbToLinear(i / 255)).toBeCloseTo(toLinear(rgb(i / 255, 0, 0)).r, 6);
    expect(linearToSrgb(srgbToLinear(i / 255))).toBeCloseTo(i / 255, 6);
    expect(encodeSrgb8(SRGB_TO_LINEAR[i]!)).toBe(i);
  }
});

test.each(['srgb', 'display-p3'] as const)('%s has the XYZ that culori gives it', (space) => {
  const toXyz = converter('xyz65');
  for (const [r, g, b] of [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
    [0.3, 0.6, 0.9],
  ] as const) {
    const colour = space === 'srgb' ? rgb(r, g, b) : { mode: 'p3' as const, r, g, b };
    const { x, y, z } = toXyz(colour);
    const ours = transform(rgbToXyz(space), [srgbToLinear(r), srgbToLinear(g), srgbToLinear(b)]);
    [x, y, z].forEach((v, i) => expect(ours[i]).toBeCloseTo(v, 4));
  }
  expect(lumaOf(space).reduce((a, b) => a + b)).toBeCloseTo(1, 6);
});

test("the adaptation is Bradford's: to D50 as culori's", () => {
  const toD50 = converter('xyz50');
  const toXyz = converter('xyz65');
  const white = toD50(rgb(1, 1, 1));
  const m = adaptation([white.x / white.y, 1, white.z / white.y], 'srgb');
  const expected = toD50(rgb(0.8, 0.4, 0.2));
  const ours = transform(rgbToXyz('srgb'), transform(m, [srgbToLinear(0.8), srgbToLinear(0.4), srgbToLinear(0.2)]));
  [expected.x, expected.y, expected.z].forEach((v, i) => expect(ours[i]).toBeCloseTo(v, 3));
  expect(toXyz(rgb(1, 1, 1)).y).toBeCloseTo(1, 4);
});

test('daylight passes through D65 and D50 (CIE 15), and 0 is no change', () => {
  const xy = ([x, y, z]: readonly number[]) => [x! / (x! + y! + z!), y! / (x! + y! + z!)];
  [0.3127, 0.329].forEach((v, i) => expect(xy(daylight(1e6 / 6504))[i]).toBeCloseTo(v, 3));
  [0.3457, 0.3585].forEach((v, i) => expect(xy(daylight(1e6 / 5003))[i]).toBeCloseTo(v, 3));
  whiteBalance(0, 0, 'display-p3').forEach((row, i) =>
    row.forEach((v, j) => expect(v).toBeCloseTo(i === j ? 1 : 0, 9)),
  );
});

test('saturation is the matrix of Filter Effects, in linear light', async () => {
  const photo = noisy(24, 24);
  const flat = depthOf(24, 24, () => 0.5);
  for (const saturation of [-1, -0.5, 0.5]) {
    const out = await applyGrade(photo, flat, { ranges: [{ saturation }] });
    const filter = filterSaturate(1 + saturation, 'lrgb');
    const toRgb = converter('rgb');
    for (let y = 0; y < 24; y++) {
      const [r, g, b] = pixel(photo, y, y).map((v) => v / 255) as [number, number, number];
      const expected = toRgb(filter(rgb(r, g, b)));
      pixel(out, y, y)
        .slice(0, 3)
        .forEach((v, c) => {
          const e = Math.min(1, Math.max(0, [expected.r, expected.g, expected.b][c]!)) * 255;
          expect(Math.abs(v - e)).toBeLessThanOrEqual(1.6);
        });
    }
  }
});

test('grey in P3 by its own luma', async () => {
  const photo = { ...noisy(4, 4), colorSpace: 'display-p3' as const };
  const out = await applyGrade(
    photo,
    depthOf(4, 4, () => 0.5),
    { ranges: [{ saturation: -1 }] },
  );
  const [r, g, b] = pixel(photo, 1, 1).map((v) => srgbToLinear(v / 255)) as [number, number, number];
  const { y } = converter('xyz65')({ mode: 'p3', r: linearToSrgb(r), g: linearToSrgb(g), b: linearToSrgb(b) });
  expect(Math.abs(pixel(out, 1, 1)[0]! - linearToSrgb(y) * 255)).toBeLessThanOrEqual(1);
});

test('a monotone curve meets its points and never overshoots', () => {
  const points = fc
    .uniqueArray(fc.tuple(fc.integer({ min: 0, max: 100 }), fc.double({ min: 0, max: 1, noNaN: true })), {
      minLength: 2,
      maxLength: 8,
      selector: ([x]) => x,
    })
    .map((list) => list.map(([x, y]) => [x / 100, y] as const).sort((a, b) => a[0] - b[0]));
  fc.assert(
    fc.property(points, (list) => {
      const curve = monotoneCurve(list);
      for (const [x, y] of list) expect(curve(x)).toBeCloseTo(y, 9);
      for (let k = 1; k < list.length; k++) {
        const [[x0, y0], [x1, y1]] = [list[k - 1]!, list[k]!];
        let last = y0;
        for (let i = 1; i <= 20; i++) {
          const v = curve(x0 + ((x1 - x0) * i) / 20);
          expect((v - last) * Math.sign(y1 - y0)).toBeGreaterThanOrEqual(-1e-9);
          last = v;
        }
      }
    }),
  );
});

test.each(['shadows', 'highlights'] as const)(
  '%s at its ends keeps black, white and the order of tones',
  async (key) => {
    const ramp = { width: 256, height: 1, data: new Uint8ClampedArray(1024) };
    for (let i = 0; i < 256; i++) ramp.data.set([i, i, i, 255], i * 4);
    for (const v of [-1, 1]) {
      const out = await applyGrade(
        ramp,
        depthOf(256, 1, () => 0.5),
        { ranges: [{ [key]: v }] },
      );
      const tones = Array.from({ length: 256 }, (_, i) => out.data[i * 4]!);
      expect(tones).toEqual([...tones].sort((a, b) => a - b));
      expect([tones[0], tones[255]]).toEqual([0, 255]);
      expect(Math.sign(tones[key === 'shadows' ? 85 : 170]! - (key === 'shadows' ? 85 : 170))).toBe(v);
    }
  },
);
