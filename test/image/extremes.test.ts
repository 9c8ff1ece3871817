import fc from 'fast-check';
import { extremes } from '../../src/image/extremes.js';
import { encodeSrgb8, LIGHT_STEPS, lightPlace, lightTable, linearToSrgb } from '../../src/image/colour.js';

test('extremes in a window are those that one finds by looking at every pixel of it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 37 }),
      fc.integer({ min: 1, max: 21 }),
      fc.integer({ min: 1, max: 9 }),
      fc.infiniteStream(fc.float({ min: 0, max: 1, noNaN: true })),
      async (width, height, radius, values) => {
        const plane = Float32Array.from({ length: width * height }, () => values.next().value as number);
        const [low, high] = await extremes(plane, width, height, radius);
        for (let y = 0; y < height; y++) {
          for (let x = 0; x < width; x++) {
            const seen: number[] = [];
            for (let v = Math.max(0, y - radius); v <= Math.min(height - 1, y + radius); v++)
              for (let u = Math.max(0, x - radius); u <= Math.min(width - 1, x + radius); u++)
                seen.push(plane[v * width + u]!);
            expect([low[y * width + x]! + 0, high[y * width + x]! + 0]).toEqual([
              Math.min(...seen) + 0,
              Math.max(...seen) + 0,
            ]);
          }
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('light looked up by its bits is light encoded, to a seventieth of a code', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (light) => {
      const exact = 255 * linearToSrgb(light);
      expect(Math.abs(encodeSrgb8(light) - exact)).toBeLessThanOrEqual(0.5 + 1 / 70);
    }),
  );
  expect([-1, NaN, 2, Infinity, -Infinity].map(encodeSrgb8)).toEqual([0, 0, 255, 255, 0]);
});

test('a table of light holds its ends, and is within 1/4000 between them', () => {
  const table = lightTable((v) => v);
  expect([table[0], table[LIGHT_STEPS]]).toEqual([0, 1]);
  expect([lightPlace(-1), lightPlace(0), lightPlace(1), lightPlace(3)]).toEqual([0, 0, LIGHT_STEPS, LIGHT_STEPS]);
  fc.assert(
    fc.property(fc.double({ min: 2 ** -12, max: 1, noNaN: true }), (light) => {
      expect(Math.abs(table[lightPlace(light)]! / light - 1)).toBeLessThanOrEqual(1 / 4000);
    }),
  );
});
