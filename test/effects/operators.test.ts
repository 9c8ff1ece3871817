import fc from 'fast-check';
import type { Fields } from '../../src/core/schema.js';
import type { Operator } from '../../src/effects/operator.js';
import { OPERATORS } from '../../src/effects/operators.js';
import { pipeline, type Step } from '../../src/effects/pipeline.js';
import { createImage } from '../../src/image/image-data.js';
import { depthOf, maxDifference, noisy } from './helpers.js';

/** What every operator keeps to, whatever it does. A new line in the table is tested from then on. */

const all = Object.entries(OPERATORS) as unknown as [string, Operator<Fields>][];
const points = all.filter(([, o]) => o.kind === 'point').map(([name]) => name);

/** A step that does something, where the defaults do not, or an operator needs something. */
const DOES: Record<string, object> = {
  grade: { background: { exposure: -1.5, saturation: 0.4 }, foreground: { temperature: 0.5 } },
  parallax: { x: 0.1 },
};
/** What a step has to have beside the option under test. */
const NEEDS: Record<string, object> = { sticker: { at: { x: 1, y: 1 }, disparity: 0.5, image: 'a' } };
const stepOf = (op: string) => ({ op, ...DOES[op] }) as unknown as Step;
const scene = (width: number, height: number) => ({
  photo: noisy(width, height, 3),
  depth: depthOf(width, height, (x, y) => (x * 2 < width ? 0.85 : 0.1 + (0.2 * y) / height)),
});
const needsNothing = all.filter(([, o]) => !Object.values(o.options).some((f) => f.required)).map(([name]) => name);

test.each(needsNothing)('%s keeps size, alpha, colour space and its input, at 1 × 1 and at odd sizes', async (op) => {
  for (const [width, height] of [
    [1, 1],
    [7, 1],
    [33, 21],
  ] as const) {
    const { photo, depth } = scene(width, height);
    photo.data.forEach((_, i) => i % 4 === 3 && (photo.data[i] = (i * 37) % 256));
    const p3 = createImage(width, height, 'display-p3', photo.data);
    const [pixels, disparities] = [photo.data.slice(), depth.data.slice()];
    const { image } = await pipeline([stepOf(op)]).run(p3, depth);
    expect([image.width, image.height]).toEqual([width, height]);
    expect(photo.data).toEqual(pixels);
    expect(depth.data).toEqual(disparities);
    if (op === 'visualise') continue; // a picture of its own
    expect(image.colorSpace).toBe('display-p3');
    if (op !== 'bokeh' && op !== 'parallax')
      expect(image.data.filter((_, i) => i % 4 === 3)).toEqual(pixels.filter((_, i) => i % 4 === 3));
  }
});

test.each(needsNothing)('%s does something, twice the same', async (op) => {
  const { photo, depth } = scene(48, 32);
  const once = (await pipeline([stepOf(op)]).run(photo, depth)).image;
  expect(maxDifference(once, photo)).toBeGreaterThan(4);
  expect((await pipeline([stepOf(op)]).run(photo, depth)).image.data).toEqual(once.data);
});

test.each(all)('%s refuses every number out of its range, by name', (op, operator) => {
  for (const [key, field] of Object.entries(operator.options)) {
    if (!field.param) continue;
    for (const bad of [field.param.min - 1, field.param.max + 1, NaN, '1', null, {}, [1]]) {
      expect(() => pipeline([{ op, ...NEEDS[op], [key]: bad } as never])).toThrow(
        `steps[0].${key}: expected a number from`,
      );
    }
  }
});

test.each(all)('%s stops at an abort', async (op) => {
  const { photo, depth } = scene(16, 16);
  if (!needsNothing.includes(op)) return;
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(pipeline([stepOf(op)]).run(photo, depth, { signal })).rejects.toThrow('enough');
});

test('fused, any row of point operators agrees with one after the other within rounding', async () => {
  const { photo, depth } = scene(40, 24);
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(points, { minLength: 2 }), async (ops) => {
      const fused = (await pipeline(ops.map(stepOf)).run(photo, depth)).image;
      let image = photo as typeof fused;
      for (const op of ops) ({ image } = await pipeline([stepOf(op)]).run(image, depth));
      // Away from the step, where a step's own picture is taken apart anew.
      let worst = 0;
      for (let i = 0; i < image.data.length; i++) {
        const x = (i >> 2) % 40;
        if (x < 12 || x > 28) worst = Math.max(worst, Math.abs(image.data[i]! - fused.data[i]!));
      }
      expect(worst).toBeLessThanOrEqual(4);
    }),
    { numRuns: 12 },
  );
});

test('a recipe made on a preview looks the same on the full photo', async () => {
  const at = (width: number, height: number) => {
    const photo = createImage(width, height);
    photo.data.forEach((_, i) => {
      const x = ((i >> 2) % width) / width;
      const y = Math.floor((i >> 2) / width) / height;
      photo.data[i] = i % 4 === 3 ? 255 : 90 + 60 * Math.sin(4 * x + (i % 4)) + 40 * y;
    });
    return { photo, depth: depthOf(width, height, (x) => (x * 2 < width ? 0.85 : 0.15)) };
  };
  const recipe = {
    version: 1 as const,
    size: { width: 60, height: 40 },
    steps: [
      ...points.map(stepOf),
      { op: 'vignette' as const, centre: { x: 10, y: 35 }, amount: 1 },
      { op: 'relight' as const, at: { x: 15, y: 5 } },
    ],
  };
  const small = at(60, 40);
  const large = at(240, 160);
  const a = (await pipeline(recipe).run(small.photo, small.depth)).image;
  const b = (await pipeline(recipe).run(large.photo, large.depth)).image;
  for (let y = 4; y < 38; y += 6)
    for (const x of [3, 10, 17, 43, 50, 57]) {
      for (let c = 0; c < 3; c++) {
        const p = a.data[(y * 60 + x) * 4 + c]!;
        const q = b.data[((y * 4 + 2) * 240 + x * 4 + 2) * 4 + c]!;
        expect(Math.abs(p - q)).toBeLessThanOrEqual(6);
      }
    }
});
