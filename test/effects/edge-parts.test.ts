import { applyGrade } from '../../src/effects/grade.js';
import { applyHaze } from '../../src/effects/haze.js';
import { linearToSrgb, srgbToLinear } from '../../src/image/colour.js';
import { depthOf, paint, pixel } from './helpers.js';

/**
 * A dark subject before a bright wall, with the soft edge that a lens draws; its depth steps two pixels off, as an
 * estimated one does. Truth: the subject and the wall graded apart, then mixed.
 */
const [W, H] = [96, 24];
const subject = [0.02, 0.03, 0.05] as const;
const wall = [0.9, 0.8, 0.7] as const;
const share = (x: number) => Math.min(1, Math.max(0, (50 - x) / 4));
const code = (v: number) => Math.round(255 * linearToSrgb(Math.min(1, v)));
const mixed = (x: number, near: number, far: number) =>
  [0, 1, 2].map((c) => code(share(x) * subject[c]! * near + (1 - share(x)) * wall[c]! * far)) as [
    number,
    number,
    number,
  ];
const photo = paint(W, H, (x) => mixed(x, 1, 1));
const depth = depthOf(W, H, (x) => (x < 50 ? 0.9 : 0.1));

test('a darkened background leaves no bright rim, a lifted subject no dark one', async () => {
  for (const [near, far] of [
    [0, -4],
    [2, -2],
    [-2, 0],
  ] as const) {
    const out = await applyGrade(photo, depth, { foreground: { exposure: near }, background: { exposure: far } });
    for (let x = 0; x < W; x++) {
      const truth = mixed(x, 2 ** near, 2 ** far);
      const got = pixel(out, x, 12);
      for (let c = 0; c < 3; c++) expect(Math.abs(got[c]! - truth[c]!)).toBeLessThanOrEqual(24);
    }
  }
});

test('without looks or fog every byte stays, at the edge too', async () => {
  const out = await applyGrade(photo, depth, { foreground: { exposure: 0 }, background: { lutStrength: 0.5 } });
  expect(out.data).toEqual(photo.data);
});

test('fog is half of its colour where the transmission is a half, and none on the nearest thing', async () => {
  const out = await applyHaze(
    photo,
    depthOf(W, H, (x) => (x < 8 ? 1 : 0)),
    { amount: 0.5, colour: 'white' },
  );
  expect(pixel(out, 0, 0)).toEqual(pixel(photo, 0, 0));
  const before = srgbToLinear(pixel(photo, 90, 0)[2]! / 255);
  expect(pixel(out, 90, 0)[2]).toBe(code((before + 1) / 2));
});
