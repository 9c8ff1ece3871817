import fc from 'fast-check';
import { applyBokeh, BOKEH_PARAMS, type BokehOptions } from '../../src/effects/bokeh.js';
import { linearToSrgb, SRGB_TO_LINEAR } from '../../src/image/colour.js';
import type { ImageDataLike } from '../../src/image/image-data.js';
import { depthOf, maxDifference, noisy, paint, pixel } from './helpers.js';

const N = 64;
const green = (image: ImageDataLike, y = N / 2) =>
  Array.from({ length: image.width }, (_, x) => image.data[(y * image.width + x) * 4 + 1]!);
/** Sum of linear light of one channel. */
const light = (image: ImageDataLike, c = 1) => {
  let sum = 0;
  for (let p = c; p < image.data.length; p += 4) sum += SRGB_TO_LINEAR[image.data[p]!]!;
  return sum;
};

describe('conserves light', () => {
  test('a constant colour stays, whatever the depth', async () => {
    const arbitrary = fc.record({
      colour: fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255)),
      width: fc.integer({ min: 1, max: 40 }),
      height: fc.integer({ min: 1, max: 40 }),
      seed: fc.nat(),
      blocks: fc.integer({ min: 1, max: 9 }),
      focus: fc.double({ min: 0, max: 1, noNaN: true }),
      aperture: fc.double({ min: 0, max: 0.2, noNaN: true }),
      shape: fc.constantFrom<NonNullable<BokehOptions['shape']>>('disc', 5, 6, 7, 8, 9),
      ring: fc.constantFrom(0, -1, 0.5, 1),
      catsEye: fc.constantFrom(0, 0.3, 1),
    });
    await fc.assert(
      fc.asyncProperty(arbitrary, async ({ colour, width, height, seed, blocks, ...options }) => {
        const image = paint(width, height, () => colour);
        const hash = (x: number, y: number) => (Math.abs(Math.sin(x * 12.9 + y * 78.2 + (seed % 997))) * 437.5) % 1;
        const depth = depthOf(width, height, (x, y) => hash(Math.floor(x / blocks), Math.floor(y / blocks)));
        const out = await applyBokeh(image, depth, options);
        expect(maxDifference(out, image)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 60 },
    );
  });

  test.each([
    ['far, small', 0.6, 0.15],
    ['far, on a coarse grid', 0, 0.2],
    ['near', 1, 0.1],
  ])('a point of light keeps its light: %s', async (_, d, aperture) => {
    const dot = paint(N, N, (x, y) => (x >> 2 === 8 && y >> 2 === 8 ? [255, 255, 255] : [0, 0, 0]));
    const focus = d === 1 ? 0 : 1;
    const out = await applyBokeh(
      dot,
      depthOf(N, N, () => d),
      { focus, aperture },
    );
    expect(light(out) / light(dot)).toBeGreaterThan(0.97);
    expect(light(out) / light(dot)).toBeLessThan(1.03);
    expect(Math.max(...out.data.filter((_v, i) => i % 4 === 0))).toBeLessThan(255);
  });
});

test('the radius is aperture · long side · difference of disparity', async () => {
  const dot = paint(N, N, (x, y) => (x === 32 && y === 32 ? [255, 255, 255] : [0, 0, 0]));
  // 0.125 · 64 · 0.25 = 2 pixels: a disc of 5 pixels across, softer at its ends.
  const out = await applyBokeh(
    dot,
    depthOf(N, N, () => 0.75),
    { focus: 1, aperture: 0.125 },
  );
  const lit = green(out, 32).flatMap((v, x) => (v > 12 ? [x] : []));
  expect(lit).toEqual([30, 31, 32, 33, 34]);
  // A rectangle twice as wide has the same radius when the long side is what counts.
  const wide = paint(N, N / 2, (x, y) => (x === 32 && y === 16 ? [255, 255, 255] : [0, 0, 0]));
  const out2 = await applyBokeh(
    wide,
    depthOf(N, N / 2, () => 0.75),
    { focus: 1, aperture: 0.125 },
  );
  expect(green(out2, 16)).toEqual(green(out, 32));
});

describe('edges', () => {
  /** Left half: subject, bright, in focus. Right half: background, dark. */
  const split = depthOf(N, N, (x) => (x < 32 ? 0.9 : 0.1));
  const photo = paint(N, N, (x, y) => (x < 32 ? [40, 250, (x * 5 + y * 3) % 256] : [20, 20, 20]));

  test('no halo: a sharp bright subject leaves the blurred background clean and keeps its rim', async () => {
    const out = await applyBokeh(photo, split, { focus: 0.9, aperture: 0.15 });
    for (let y = 0; y < N; y++)
      for (let x = 0; x < N; x++) {
        const [r, g, b] = pixel(out, x, y) as [number, number, number];
        const [r0, g0, b0] = pixel(photo, x, y) as [number, number, number];
        expect(Math.max(Math.abs(r - r0), Math.abs(g - g0), Math.abs(b - b0))).toBeLessThanOrEqual(1);
      }
  });

  test('a pixel that mixes subject and background stays at the rim and leaves no seam beyond it', async () => {
    const half = (a: number, b: number) => linearToSrgb((SRGB_TO_LINEAR[a]! + SRGB_TO_LINEAR[b]!) / 2) * 255;
    const rim = [half(0, 20), half(250, 20), half(0, 20)] as const;
    const mixed = paint(N, N, (x) => (x < 32 ? [0, 250, 0] : x === 32 ? rim : [20, 20, 20]));
    const out = await applyBokeh(mixed, split, { focus: 0.9, aperture: 0.15 });
    expect(maxDifference(out, mixed)).toBeLessThanOrEqual(1);
  });

  test('no leak: a bright blurred background does not shine over the subject', async () => {
    const dark = paint(N, N, (x) => (x < 32 ? [0, 0, 0] : [255, 255, 255]));
    const out = await applyBokeh(dark, split, { focus: 0.9, aperture: 0.15 });
    expect(maxDifference(out, dark)).toBeLessThanOrEqual(1);
  });

  test('a blurred near object spreads over the sharp background and shows it through its own rim', async () => {
    const out = green(await applyBokeh(photo, split, { focus: 0.1, aperture: 0.15 }));
    const reach = 0.15 * N * 0.8; // 7.7 pixels
    expect(out.slice(Math.ceil(32 + reach) + 2)).toEqual(
      Array(N)
        .fill(20)
        .slice(Math.ceil(32 + reach) + 2),
    );
    expect(out.slice(0, Math.floor(32 - reach) - 2).every((v) => v >= 249)).toBe(true);
    for (let x = 24; x < 40; x++) expect(out[x]!).toBeGreaterThanOrEqual(out[x + 1]!);
    // At the edge half of the disc is covered: half of the light.
    const middle = (SRGB_TO_LINEAR[out[31]!]! + SRGB_TO_LINEAR[out[32]!]!) / 2;
    const half = (SRGB_TO_LINEAR[250]! + SRGB_TO_LINEAR[20]!) / 2;
    expect(Math.abs(middle - half)).toBeLessThan(0.05);
  });

  test('what is sharp behind a near object stays sharp beside it', async () => {
    const striped = paint(N, N, (x, y) => (x < 32 ? [200, 60, 60] : (y >> 2) % 2 ? [0, 0, 0] : [255, 255, 255]));
    const out = await applyBokeh(striped, split, { focus: 0.1, aperture: 0.1 });
    for (let y = 0; y < N; y++) expect(pixel(out, 50, y)).toEqual(pixel(striped, 50, y));
  });

  test('a slope in depth has no seams: smooth light stays smooth', async () => {
    const grey = paint(N, N, (x, y) => [128 + ((x + y) % 2), 128, 128]);
    const out = await applyBokeh(
      grey,
      depthOf(N, N, (x, y) => (x + y) / (2 * N)),
      { focus: 0.5, aperture: 0.2 },
    );
    expect(
      maxDifference(
        out,
        paint(N, N, () => [128, 128, 128]),
      ),
    ).toBeLessThanOrEqual(1);
  });

  test('tiles have no seams', async () => {
    const wide = noisy(600, 40);
    const depth = depthOf(600, 40, (x, y) => 0.5 + 0.4 * Math.sin(x / 40) * Math.cos(y / 9));
    const moved = (image: ImageDataLike, by: number) =>
      paint(image.width - by, image.height, (x, y) => pixel(image, x + by, y) as [number, number, number]);
    const by = 128;
    const shifted = depthOf(600 - by, 40, (x, y) => depth.data[y * 600 + x + by]!);
    const aperture = 0.02;
    const a = moved(await applyBokeh(wide, depth, { focus: 0.5, aperture }), by);
    const b = await applyBokeh(moved(wide, by), shifted, { focus: 0.5, aperture: (aperture * 600) / (600 - by) });
    // Compared away from the side that was cut off.
    const inner = (image: ImageDataLike) =>
      paint(400, 40, (x, y) => pixel(image, x + 60, y) as [number, number, number]);
    expect(maxDifference(inner(a), inner(b))).toBeLessThanOrEqual(1);
  });
});

describe('alpha', () => {
  test('survives: transparent stays transparent, and its colour does not bleed', async () => {
    const image = paint(N, N, (x) => (x < 32 ? [200, 100, 50, 255] : [0, 255, 0, 0]));
    const out = await applyBokeh(
      image,
      depthOf(N, N, () => 0.5),
      { focus: 1, aperture: 0.1 },
    );
    expect(pixel(out, 4, 32)).toEqual([200, 100, 50, 255]);
    expect(pixel(out, 60, 32)[3]).toBe(0);
    const [r, g, b, a] = pixel(out, 32, 32) as [number, number, number, number];
    expect(a).toBeGreaterThan(60);
    expect(a).toBeLessThan(195);
    expect([r, g, b].map((v, c) => Math.abs(v - [200, 100, 50][c]!)).every((d) => d <= 2)).toBe(true);
  });

  test('a wholly transparent image stays so', async () => {
    const clear = paint(9, 9, () => [7, 8, 9, 0]);
    const out = await applyBokeh(
      clear,
      depthOf(9, 9, (x) => x / 8),
      { focus: 0.5, aperture: 0.2 },
    );
    expect(out.data.filter((_, i) => i % 4 === 3).every((a) => a === 0)).toBe(true);
  });
});

describe('focus', () => {
  const photo = noisy(N, N);
  const steps = depthOf(N, N, (x) => (x < 24 ? 0.2 : x < 44 ? 0.8 : 0.5));
  /** Columns well inside the three parts that are unchanged. */
  const sharpParts = async (focus: BokehOptions['focus']) => {
    const out = await applyBokeh(photo, steps, { focus, aperture: 0.08 });
    const same = (x0: number, x1: number) => {
      for (let y = 8; y < N - 8; y++)
        for (let x = x0; x < x1; x++)
          for (let c = 0; c < 3; c++) {
            if (Math.abs(pixel(out, x, y)[c]! - pixel(photo, x, y)[c]!) > 1) return false;
          }
      return true;
    };
    return [same(6, 16), same(30, 38), same(52, 60)];
  };

  test.each<[string, BokehOptions['focus'], boolean[]]>([
    ['a disparity', 0.2, [true, false, false]],
    ['a point', { x: 33.5, y: 20.5 }, [false, true, false]],
    ['a point beside an edge takes its own side', { x: 43.9, y: 30 }, [false, true, false]],
    ['a range', [0.8, 0.5], [false, true, true]],
    ['a range the other way round', [0.5, 0.8], [false, true, true]],
    ['a named range', { near: 0.5, far: 0.1 }, [true, false, true]],
    ['the subject', 'subject', [false, true, false]],
    ['the default', undefined, [false, true, false]],
  ])('%s', async (_, focus, expected) => {
    expect(await sharpParts(focus)).toEqual(expected);
  });

  test('the subject of a constant map is the map', async () => {
    const out = await applyBokeh(
      photo,
      depthOf(N, N, () => 0.37),
      { aperture: 0.1 },
    );
    expect(maxDifference(out, photo)).toBeLessThanOrEqual(1);
  });
});

describe('options do what they say', () => {
  const photo = paint(N, N, (x, y) => (x % 32 < 4 && y % 32 < 4 ? [255, 255, 255] : [0, 0, 0]));
  const far = depthOf(N, N, () => 0);
  const base: BokehOptions = { focus: 1, aperture: 0.15, shape: 5, roundness: 0 };

  test.each<[string, BokehOptions]>([
    ['aperture', { aperture: 0.05 }],
    ['shape', { shape: 'disc' }],
    ['rotation', { rotation: 30 }],
    ['roundness', { roundness: 1 }],
    ['squeeze', { squeeze: 2 }],
    ['ring', { ring: 0.5 }],
    ['catsEye', { catsEye: 0.5 }],
    ['falloff', { falloff: 0.5 }],
    ['highlights', { highlights: 3 }],
  ])('%s', async (_, change) => {
    const plain = await applyBokeh(photo, far, base);
    expect(maxDifference(plain, await applyBokeh(photo, far, { ...base, ...change }))).toBeGreaterThan(4);
  });

  test('every option of the table is covered above or below', () => {
    expect(Object.keys(BOKEH_PARAMS).sort()).toEqual([
      'aperture',
      'catsEye',
      'falloff',
      'highlights',
      'recover',
      'ring',
      'rotation',
      'roundness',
      'squeeze',
    ]);
  });

  test('squeeze makes the disc taller than wide; a pentagon is upside down behind the focus', async () => {
    const dot = paint(N, N, (x, y) => (Math.abs(x - 32) < 2 && Math.abs(y - 32) < 2 ? [255, 255, 255] : [0, 0, 0]));
    const extent = async (options: BokehOptions, d: number) => {
      const out = await applyBokeh(
        dot,
        depthOf(N, N, () => d),
        { aperture: 0.17, focus: 1 - d, ...options },
      );
      const level = pixel(out, 32, 32)[1]! / 2;
      let [left, right, top, bottom] = [N, -1, N, -1];
      for (let y = 0; y < N; y++)
        for (let x = 0; x < N; x++)
          if (pixel(out, x, y)[1]! > level)
            [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x), Math.min(top, y), Math.max(bottom, y)];
      return { width: right - left + 1, height: bottom - top + 1, up: 32 - top, down: bottom - 32 };
    };
    const tall = await extent({ squeeze: 2 }, 0);
    expect(tall.height).toBeGreaterThan(1.5 * tall.width);
    const behind = await extent({ shape: 5, roundness: 0 }, 0);
    const before = await extent({ shape: 5, roundness: 0 }, 1);
    expect(before.up).toBeGreaterThan(before.down);
    expect(behind.down).toBeGreaterThan(behind.up);
  });

  describe('recover', () => {
    // A surface of one chromaticity, red 4 : green 1 : blue 1, dim on the left, so bright on the right that red clips.
    const shade = (x: number) => (x < 48 ? 0.1 + (0.15 * x) / 48 : 0.5);
    const code = (v: number) => Math.round(255 * linearToSrgb(Math.min(1, v)));
    const lit = paint(96, 96, (x) => [code(4 * shade(x)), code(shade(x)), code(shade(x))]);
    const away = depthOf(96, 96, () => 0);
    test('what is clipped in one channel is as bright as pixels of the same colour tell', async () => {
      const dark = paint(96, 96, (x, y) => (y % 8 < 6 ? [0, 0, 0] : pixel(lit, x, y)) as [number, number, number]);
      const truth = (n: number) => (n * 2) / 4;
      for (const [recover, brightness] of [
        [1, truth(1)],
        [0.5, truth(0.75)],
        [0, truth(0.5)],
      ] as const) {
        const out = await applyBokeh(dark, away, { focus: 1, aperture: 0.2, recover });
        const right = SRGB_TO_LINEAR[pixel(out, 76, 48)[0]!]!;
        expect([recover, Math.abs(right / brightness - 1) < 0.12]).toEqual([recover, true]);
      }
    });

    test('what is in focus, and what nothing tells, stays', async () => {
      const sharp = await applyBokeh(lit, away, { focus: 0, aperture: 0.1 });
      expect(maxDifference(sharp, lit)).toBe(0);
      const alone = paint(96, 96, (x) => (x < 48 ? [255, 120, 60] : [60, 60, 60]));
      const plain = await applyBokeh(alone, away, { focus: 1, aperture: 0.1, recover: 0 });
      expect(maxDifference(await applyBokeh(alone, away, { focus: 1, aperture: 0.1 }), plain)).toBe(0);
    });
  });

  describe('the light of one point', () => {
    const SIDE = 160;
    const HALF_CELL = 4;
    const at = (x: number, y: number) =>
      paint(SIDE, SIDE, (i, j) => (Math.abs(i - x) < 3 && Math.abs(j - y) < 3 ? [255, 255, 255] : [0, 0, 0]));
    const blur = (x: number, y: number, options: BokehOptions, d = 0) =>
      applyBokeh(
        at(x, y),
        depthOf(SIDE, SIDE, () => d),
        { focus: 1 - d, aperture: 0.2, highlights: 10, ...options }, // radius 32
      );
    const value = (image: ImageDataLike, x: number, y: number) => SRGB_TO_LINEAR[pixel(image, x, y)[1]!]!;
    /** Pixels from (x, y) that are lit in a direction. */
    const extent = (image: ImageDataLike, x: number, y: number, dx: number, dy: number) => {
      const threshold = value(image, x, y) / 2;
      let n = 0;
      while (value(image, Math.round(x + n * dx), Math.round(y + n * dy)) > threshold) n++;
      return n;
    };
    const d = Math.SQRT1_2;

    test('ring 1 gathers it at the rim, -1 in the middle; its sum stays', async () => {
      const [even, bright, soft] = await Promise.all([0, 1, -1].map((ring) => blur(80, 80, { ring })));
      const rim = 20; // cells of 8 pixels soften the last ones
      expect(value(even!, 80 + rim, 80) / value(even!, 80, 80)).toBeCloseTo(1, 1);
      expect(value(bright!, 80 + rim, 80)).toBeGreaterThan(2 * value(bright!, 80, 80));
      expect(value(soft!, 80 + rim, 80)).toBeLessThan(0.75 * value(soft!, 80, 80)); // 0.66
      expect(value(bright!, 80, 80)).toBeLessThan(value(even!, 80, 80));
      for (const image of [bright!, soft!]) expect(light(image) / light(even!)).toBeCloseTo(1, 1);
      // No light beyond the disc: 32 pixels and two cells of 8.
      for (const image of [bright!, soft!]) expect(value(image, 80 + 49, 80)).toBe(0);
    });

    test("cat's eye: round in the middle, cut along the radius towards the corners, on the outside behind the focus", async () => {
      const middle = await blur(80, 80, { catsEye: 0.8 });
      for (const [dx, dy] of [
        [1, 0],
        [-1, 0],
        [0, 1],
        [0, -1],
        [d, d],
      ] as const)
        expect(Math.abs(extent(middle, 80, 80, dx, dy) - 32)).toBeLessThanOrEqual(HALF_CELL);
      const corner = await blur(130, 130, { catsEye: 0.8 });
      const [out, back, side] = [
        extent(corner, 130, 130, d, d),
        extent(corner, 130, 130, -d, -d),
        extent(corner, 130, 130, d, -d),
      ];
      // The barrel's disc is shifted by 0.8 · 32 · 71 / 113 = 16 pixels: it ends 16 from the centre.
      expect(Math.abs(out - 16)).toBeLessThanOrEqual(HALF_CELL);
      expect(Math.abs(back - 32)).toBeLessThanOrEqual(HALF_CELL);
      // Two discs of radius 32, 16 apart, meet 31 from the line between them, 8 from the centre.
      expect(Math.abs(side - Math.sqrt(32 ** 2 - 16 ** 2))).toBeLessThanOrEqual(HALF_CELL);
      const small = await Promise.all(
        [0, 0.8].map((catsEye) => blur(130, 130, { catsEye, aperture: 0.04, highlights: 0 })),
      );
      expect(light(small[1]!) / light(small[0]!)).toBeCloseTo(1, 1);
      const before = await blur(130, 130, { catsEye: 0.8 }, 1);
      expect(extent(before, 130, 130, -d, -d)).toBeLessThan(extent(before, 130, 130, d, d));
    });

    test("cat's eye and a squeezed aperture: what is cut stays inside the uncut disc", async () => {
      const [whole, cut] = await Promise.all([0, 1].map((catsEye) => blur(120, 50, { squeeze: 2, catsEye })));
      let inside = 0;
      for (let y = 0; y < SIDE; y++)
        for (let x = 0; x < SIDE; x++) {
          if (value(cut!, x, y) > 0.02) expect(value(whole!, x, y)).toBeGreaterThan(0);
          inside += value(whole!, x, y) > 0.02 && value(cut!, x, y) === 0 ? 1 : 0;
        }
      expect(inside).toBeGreaterThan(100);
    });
  });

  test('falloff is the fourth power of the cosine: the share at the corner, nothing in the middle, also in focus', async () => {
    const grey = paint(101, 101, () => [188, 188, 188]);
    for (const depthOfAll of [1, 0]) {
      const out = await applyBokeh(
        grey,
        depthOf(101, 101, () => depthOfAll),
        { focus: 1, aperture: 0.03, falloff: 0.75 },
      );
      const share = (x: number, y: number) => SRGB_TO_LINEAR[pixel(out, x, y)[0]!]! / SRGB_TO_LINEAR[188]!;
      expect(share(50, 50)).toBeCloseTo(1, 2);
      expect(share(0, 0)).toBeCloseTo(0.255, 2);
      // tan² = 1 at the corner, 1/4 half way.
      expect(share(25, 25)).toBeCloseTo((1 + 1 / 4) ** -2, 1);
    }
  });

  test('highlights leave what is in focus alone', async () => {
    const out = await applyBokeh(
      photo,
      depthOf(N, N, () => 1),
      { ...base, highlights: 10 },
    );
    expect(maxDifference(out, photo)).toBeLessThanOrEqual(1);
  });
});

describe('bounds', () => {
  const photo = noisy(33, 17);
  const depth = depthOf(33, 17, (x) => x / 32);

  test('aperture 0 copies every byte', async () => {
    photo.data[3] = 12;
    const out = await applyBokeh(photo, depth, { aperture: 0 });
    expect(out.data).toEqual(photo.data);
    expect(out.data).not.toBe(photo.data);
  });

  test('keeps size and colour space, and writes to neither input', async () => {
    const p3 = { ...noisy(33, 17), colorSpace: 'display-p3' as const };
    const copies = [p3.data.slice(), depth.data.slice()];
    const out = await applyBokeh({ width: 33, height: 17, data: p3.data, colorSpace: 'display-p3' }, depth, {});
    expect([out.width, out.height, out.colorSpace]).toEqual([33, 17, 'display-p3']);
    expect([p3.data, depth.data]).toEqual(copies);
  });

  test.each([
    [1, 1],
    [1, 300],
    [300, 1],
    [2, 3],
  ])('%i × %i', async (width, height) => {
    const thin = noisy(width, height);
    const out = await applyBokeh(
      thin,
      depthOf(width, height, (x, y) => (x + y) / (width + height)),
      {
        focus: 0,
        aperture: 0.2,
      },
    );
    expect([out.width, out.height]).toEqual([width, height]);
    expect(out.data.filter((_, i) => i % 4 === 3).every((a) => a === 255)).toBe(true);
  });

  test('the same input gives the same bytes', async () => {
    const again = () => applyBokeh(photo, depth, { focus: 0.5, aperture: 0.1 });
    expect((await again()).data).toEqual((await again()).data);
  });

  test('a small map blurs like the same map at full size', async () => {
    const two = paint(N, N, (x) => (x < 30 ? [220, 80, 80] : [30, 60, 120]));
    const full = depthOf(N, N, (x) => (x < 30 ? 1 : 0));
    const small = depthOf(8, 8, (x) => (x < 4 ? 1 : 0));
    const options: BokehOptions = { focus: 1, aperture: 0.05 };
    expect(maxDifference(await applyBokeh(two, small, options), await applyBokeh(two, full, options))).toBeLessThan(4);
  });

  test.each([
    [{ aperture: -0.1 }, 'INVALID_PARAM', /'aperture'.*0 to 0.2/],
    [{ aperture: 1 }, 'INVALID_PARAM', /aperture/],
    [{ aperture: NaN }, 'INVALID_PARAM', /aperture/],
    [{ shape: 4 }, 'INVALID_PARAM', /shape/],
    [{ catsEye: 2 }, 'INVALID_PARAM', /'catsEye'.*0 to 1/],
    [{ threads: 0 }, 'INVALID_PARAM', /threads/],
    [{ threads: 1.5 }, 'INVALID_PARAM', /threads/],
    [{ focus: 1.5 }, 'INVALID_PARAM', /focus/],
    [{ focus: { x: 400, y: 1 } }, 'INVALID_PARAM', /inside/],
    [{ focus: [0.1] }, 'INVALID_PARAM', /focus/],
    [{ focus: 'faces' }, 'INVALID_PARAM', /needs 'faces', as detectFaces returns them/],
    [{ focus: 'dog' }, 'INVALID_PARAM', /focus/],
    [{ apperture: 0.1 }, 'INVALID_PARAM', /unknown option 'apperture'/],
  ])('refuses %j', async (options, code, message) => {
    await expect(applyBokeh(photo, depth, options as BokehOptions)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  test.each([NaN, Infinity, -1, 2])('refuses a depth of %d', async (bad) => {
    const data = depth.data.slice();
    data[40] = bad;
    await expect(applyBokeh(photo, { ...depth, data }, {})).rejects.toMatchObject({
      code: 'INVALID_DEPTH',
      message: expect.stringMatching(/\(7, 1\)/),
    });
  });

  test('refuses what is not an image', async () => {
    await expect(applyBokeh({ width: 2, height: 2, data: new Uint8Array(5) }, depth)).rejects.toMatchObject({
      code: 'UNSUPPORTED_IMAGE',
    });
  });
});

/** For a machine with much else to do; alone each takes seconds. */
const PATIENCE = 240_000;

describe('a long task', () => {
  const photo = noisy(600, 400);
  const depth = depthOf(600, 400, (x, y) => (x + y) / 1000);

  test('progress never falls and ends at 1', async () => {
    const seen: number[] = [];
    await applyBokeh(photo, depth, { focus: 0.5, aperture: 0.02, onProgress: (p) => seen.push(p) });
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.at(-1)).toBe(1);
    expect(seen.length).toBeGreaterThan(5);
  });

  test(
    'an abort at any stage stops it with the reason',
    async () => {
      for (const at of [0, 0.12, 0.22, 0.5, 0.9]) {
        const controller = new AbortController();
        const reason = new Error(`at ${at}`);
        let after = 0;
        const call = applyBokeh(photo, depth, {
          signal: controller.signal,
          onProgress: (p) => {
            if (controller.signal.aborted) after++;
            if (p >= at) controller.abort(reason);
          },
        });
        await expect(call).rejects.toBe(reason);
        expect(after).toBe(0);
      }
    },
    PATIENCE,
  );

  test(
    'threads that cannot start (here they would have to run TypeScript) cost nothing but time',
    async () => {
      const seen: number[] = [];
      const options = { focus: 0.5, aperture: 0.02 };
      const out = await applyBokeh(photo, depth, { ...options, threads: 3, onProgress: (p) => seen.push(p) });
      expect(out.data).toEqual((await applyBokeh(photo, depth, { ...options, threads: 1 })).data);
      expect(seen).toEqual([...seen].sort((a, b) => a - b));
      expect(seen.at(-1)).toBe(1);
    },
    PATIENCE,
  );

  test('aborted before it starts', async () => {
    const reason = new Error('never mind');
    await expect(applyBokeh(photo, depth, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});
