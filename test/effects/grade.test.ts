import fc from 'fast-check';
import { applyGrade, GRADE_PARAMS, type GradeParams } from '../../src/effects/grade.js';
import { linearToSrgb, srgbToLinear } from '../../src/image/colour.js';
import { depthOf, noisy, paint, pixel } from './helpers.js';

const near = 0.9;
const far = 0.1;
/** Left half near, right half far, all one grey-blue. */
const image = paint(4, 1, () => [100, 110, 120]);
const depth = depthOf(4, 1, (x) => (x < 2 ? near : far));
const code = (v: number) => Math.round(linearToSrgb(v) * 255);

test('one stop doubles the light of the foreground only', async () => {
  const out = await applyGrade(image, depth, { foreground: { exposure: 1 } });
  const doubled = [100, 110, 120].map((v) => code(2 * srgbToLinear(v / 255)));
  expect(pixel(out, 0, 0)).toEqual([...doubled, 255]);
  expect(pixel(out, 3, 0)).toEqual([100, 110, 120, 255]);
});

test('the background is what is farther than Otsu splits, or than `split`', async () => {
  const out = await applyGrade(image, depth, { background: { saturation: -1 } });
  const [r, g, b] = pixel(out, 3, 0);
  expect([g, b]).toEqual([r, r]);
  expect(pixel(out, 0, 0)).toEqual([100, 110, 120, 255]);
  const all = await applyGrade(image, depth, { background: { saturation: -1 }, split: 1, feather: 0 });
  expect(new Set(pixel(all, 0, 0).slice(0, 3)).size).toBe(1);
});

test('half-way through the feather the look counts half, in linear light', async () => {
  const map = depthOf(1, 1, () => 0.5);
  const out = await applyGrade(
    paint(1, 1, () => [100, 100, 100]),
    map,
    {
      foreground: { exposure: 1 },
      split: 0.5,
      feather: 0.2,
    },
  );
  expect(pixel(out, 0, 0)[0]).toBe(code(1.5 * srgbToLinear(100 / 255)));
});

test('a range touches only its disparities, and its open end does not fade', async () => {
  const map = depthOf(5, 1, (x) => x / 4);
  const grey = paint(5, 1, () => [80, 80, 80]);
  const out = await applyGrade(grey, map, { ranges: [{ near: 1, far: 0.6, exposure: 1 }], feather: 0.1 });
  const bright = code(2 * srgbToLinear(80 / 255));
  expect([0, 1, 2, 3, 4].map((x) => pixel(out, x, 0)[0])).toEqual([80, 80, 80, bright, bright]);
});

const one = depthOf(1, 1, () => 1);
const look = async (foreground: GradeParams, colour: readonly [number, number, number] = [118, 118, 118]) =>
  pixel(
    await applyGrade(
      paint(1, 1, () => colour),
      one,
      { foreground, split: 0.5 },
    ),
    0,
    0,
  ) as [number, number, number, number];

test('contrast is a slope about middle grey that keeps black, grey and white, and that its negative undoes', async () => {
  const levels = async (contrast: number) =>
    Promise.all([0, 60, 118, 180, 250, 255].map(async (v) => (await look({ contrast }, [v, v, v]))[0]));
  // 0.4613 (60 / 255 / 0.4613)² and 1 - 0.5387 ((1 - 180 / 255) / 0.5387)², times 255
  expect(await levels(1)).toEqual([0, 31, 118, 214, 255, 255]);
  const back = await Promise.all((await levels(0.5)).map(async (v) => (await look({ contrast: -0.5 }, [v, v, v]))[0]));
  [0, 60, 118, 180, 250, 255].forEach((v, i) => expect(Math.abs(back[i]! - v)).toBeLessThanOrEqual(2));
});

test('warm raises red over blue, tint lowers green, and neither changes the luminance of grey', async () => {
  const luminance = ([r, g, b]: readonly number[]) =>
    [0.2126, 0.7152, 0.0722].reduce((sum, w, c) => sum + w * srgbToLinear([r, g, b][c]! / 255), 0);
  const [r, , b] = await look({ temperature: 1 });
  expect(r).toBeGreaterThan(b + 30);
  const [r2, g2] = await look({ tint: 1 });
  expect(g2).toBeLessThan(r2 - 10);
  for (const params of [{ temperature: 1 }, { temperature: -1 }, { tint: 1 }, { tint: -1, temperature: 0.5 }])
    expect(luminance(await look(params))).toBeCloseTo(luminance([118, 118, 118]), 2);
});

test('looks at 0 keep every byte, alpha included', async () => {
  const photo = noisy(16, 16);
  photo.data[3] = 0;
  photo.data[7] = 77;
  const zero: GradeParams = { exposure: 0, contrast: 0, saturation: 0, temperature: 0, tint: 0 };
  const map = depthOf(16, 16, (x) => x / 15);
  const out = await applyGrade(photo, map, { foreground: zero, background: zero });
  expect(out.data).toEqual(photo.data);
  expect(out).not.toBe(photo);
});

test.each(Object.keys(GRADE_PARAMS))(
  '%s does something, within bounds, and does not write to its input',
  async (key) => {
    const photo = noisy(8, 8);
    const before = photo.data.slice();
    const map = depthOf(8, 8, () => 1);
    await fc.assert(
      fc.asyncProperty(fc.double({ min: 0.2, max: 1, noNaN: true }), async (v) => {
        const out = await applyGrade(photo, map, { foreground: { [key]: v }, split: 0.5 });
        expect(out.data).not.toEqual(photo.data);
        expect(out.data.filter((_, i) => i % 4 === 3).every((a) => a === 255)).toBe(true);
      }),
      { numRuns: 10 },
    );
    expect(photo.data).toEqual(before);
  },
);

test.each([
  [{ foreground: { exposure: 9 } }, 'INVALID_PARAM', /exposure/],
  [{ foreground: { exposer: 1 } }, 'INVALID_PARAM', /unknown option 'exposer'/],
  [{ ranges: [{ near: 0.2, far: 0.4 }] }, 'INVALID_PARAM', /ranges\[0\]/],
  [{ split: 2 }, 'INVALID_PARAM', /split/],
  [{ feather: NaN }, 'INVALID_PARAM', /feather/],
])('refuses %j', async (options, codeName, message) => {
  const call = applyGrade(image, depth, options as object);
  await expect(call).rejects.toMatchObject({ code: codeName, message: expect.stringMatching(message) });
});

test('depth of another size is lifted along the edge of the image', async () => {
  const photo = paint(16, 4, (x) => (x < 7 ? [200, 60, 60] : [30, 30, 90]));
  const coarse = depthOf(4, 1, (x) => (x < 2 ? 1 : 0));
  const out = await applyGrade(photo, coarse, { foreground: { saturation: -1 }, split: 0.5, feather: 0.1 });
  const grey = [...Array(16).keys()].map((x) => new Set(pixel(out, x, 2).slice(0, 3)).size === 1);
  expect(grey.indexOf(false)).toBe(7);
});

test('an aborted signal rejects with its reason', async () => {
  const reason = new Error('enough');
  await expect(applyGrade(image, depth, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});
