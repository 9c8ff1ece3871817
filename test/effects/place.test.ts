import { createCanvas } from 'canvas';
import fc from 'fast-check';
import { resolvePlace } from '../../src/effects/place.js';
import { placeSticker, placeStickers, type Sticker } from '../../src/effects/sticker.js';
import type { CanvasFactory } from '../../src/image/canvas-factory.js';
import { renderText } from '../../src/effects/text.js';
import { encodeSrgb8, SRGB_TO_LINEAR } from '../../src/image/colour.js';
import { canvasFactory } from '../../src/node/index.js';
import { depthOf, maxDifference, noisy, paint, pixel } from './helpers.js';

const N = 32;
const red = paint(8, 8, () => [255, 0, 0]);
const blue = paint(8, 8, () => [0, 0, 255]);
const grey = paint(N, N, () => [128, 128, 128]);
/** Subject on the left at 0.7..0.8, wall on the right at 0.2. */
const scene = depthOf(N, N, (x, y) => (x < 16 ? 0.7 + (y / N) * 0.1 : 0.2));
const wide = { at: { x: 16, y: 16 }, width: 0.75 };

describe('places', () => {
  test('behind the subject lies between it and the wall; in front lies before all of it', () => {
    const behind = resolvePlace('t', 'behind-subject', scene);
    expect(behind).toBeGreaterThan(0.25);
    expect(behind).toBeLessThan(0.69);
    const front = resolvePlace('t', 'in-front', scene);
    expect(front).toBeGreaterThan(0.8);
    expect(front).toBeLessThan(0.85);
  });

  test('a matte says who the subject is', () => {
    // The matte marks the wall: behind it there is nothing but what is farther.
    const matte = depthOf(N, N, (x) => (x < 16 ? 0 : 1));
    expect(resolvePlace('t', 'in-front', scene, matte)).toBeCloseTo(0.22, 1);
  });

  test('between two people: in front of one, behind the other', () => {
    const people = depthOf(N, N, (x) => (x < 16 ? 0.9 : 0.5));
    expect(
      resolvePlace('t', { between: [{ x: 5, y: 5 }, { x: 25, y: 5 }] }, people), // prettier-ignore
    ).toBeCloseTo(0.7);
  });

  test('always a disparity, whatever the depth', () => {
    const values = fc.array(fc.float({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(values, fc.constantFrom('behind-subject' as const, 'in-front' as const), (data, place) => {
        const d = resolvePlace('t', place, { width: data.length, height: 1, data: Float32Array.from(data) });
        expect(d).toBeGreaterThanOrEqual(0);
        expect(d).toBeLessThanOrEqual(1);
      }),
    );
  });

  test.each([['nowhere'], [2], [NaN], [null], [{ between: [{ x: 1, y: 1 }] }], [{ between: [1, 2] }]])(
    'refuses %p',
    (place) => {
      expect(() => resolvePlace('t', place, scene)).toThrow(expect.objectContaining({ code: 'INVALID_PARAM' }));
    },
  );
});

test('behind the subject hides it there and only there', async () => {
  const { image } = await placeSticker(grey, scene, { image: red, ...wide, disparity: 'behind-subject' });
  expect(pixel(image, 10, 16)).toEqual([128, 128, 128, 255]);
  expect(pixel(image, 22, 16)).toEqual([255, 0, 0, 255]);
});

test('at a soft matte the old background goes and the subject stays: as if the sticker had always been there', async () => {
  const share = (x: number) => Math.min(1, Math.max(0, (20 - x) / 8));
  const mix = (far: readonly number[]) =>
    paint(N, N, (x) => {
      const c = (k: number) =>
        encodeSrgb8(share(x) * SRGB_TO_LINEAR[[200, 150, 90][k]!]! + (1 - share(x)) * SRGB_TO_LINEAR[far[k]!]!);
      return [c(0), c(1), c(2)];
    });
  const matte = depthOf(N, N, (x) => share(x));
  const full = { image: blue, at: { x: 16, y: 16 }, width: 2, disparity: 0.4 };
  const { image } = await placeSticker(mix([90, 200, 60]), scene, { ...full, matte });
  expect(maxDifference(image, mix([0, 0, 255]))).toBeLessThanOrEqual(3);
});

test('several sort themselves, whatever their order; the depth is that of the nearest', async () => {
  const a: Sticker = { image: red, at: { x: 22, y: 16 }, width: 0.25, disparity: 0.5 };
  const b: Sticker = { image: blue, at: { x: 24, y: 18 }, width: 0.25, disparity: 0.3 };
  const one = await placeStickers(grey, scene, { stickers: [a, b] });
  const two = await placeStickers(grey, scene, { stickers: [b, a] });
  expect(two.image.data).toEqual(one.image.data);
  expect(pixel(one.image, 23, 17)).toEqual([255, 0, 0, 255]);
  expect(pixel(one.image, 27, 21)).toEqual([0, 0, 255, 255]);
  expect([one.depth.data[17 * N + 23], one.depth.data[21 * N + 27]]).toEqual([0.5, 0.3].map(Math.fround));
});

test('widthAt: half the disparity, half the size', async () => {
  const flat = depthOf(N, N, () => 0);
  const count = async (disparity: number) => {
    const options = { image: red, at: { x: 16, y: 16 }, width: 0.5, widthAt: 0.8, disparity };
    const { image } = await placeSticker(grey, flat, options);
    return image.data.filter((v, i) => i % 4 === 0 && v === 255).length;
  };
  expect([await count(0.8), await count(0.4)]).toEqual([256, 64]);
});

test('the relief of an object meets the depth of the scene: what stands out of a wall shows, the rest does not', async () => {
  const wall = depthOf(N, N, () => 0.5);
  const dome = { width: 8, height: 1, data: Float32Array.from({ length: 8 }, (_, i) => (i >= 2 && i < 6 ? 1 : 0)) };
  const { image, depth } = await placeSticker(grey, wall, {
    ...wide,
    image: red,
    relief: dome,
    thickness: 0.2,
    softness: 0,
    disparity: 0.5,
  });
  expect(pixel(image, 16, 16)).toEqual([255, 0, 0, 255]);
  expect(pixel(image, 6, 16)).toEqual([128, 128, 128, 255]);
  expect(depth.data[16 * N + 16]).toBeCloseTo(0.6);
});

describe('shadow', () => {
  const base = { image: red, at: { x: 16, y: 16 }, width: 0.25, disparity: 0.5 };
  const shadow = { x: 0.2, y: 0, blur: 0, strength: 0.5, reach: 0.4 };
  const wallAt = (d: number) => depthOf(N, N, () => d);

  test('takes its share of the light from a close surface, less from a farther one, none beyond its reach', async () => {
    const light = async (d: number) => {
      const { image } = await placeSticker(grey, wallAt(d), { ...base, shadow });
      return SRGB_TO_LINEAR[pixel(image, 24, 16)[0]!]! / SRGB_TO_LINEAR[128]!;
    };
    expect(await light(0.5)).toBeCloseTo(0.5, 1);
    expect(await light(0.3)).toBeCloseTo(1 - 0.5 * 0.25, 1);
    expect(await light(0.05)).toBe(1);
    // Nearer than the sticker: nothing falls on it.
    expect(await light(0.9)).toBe(1);
  });

  test('on the ground it is flat and lies at the foot', async () => {
    const { image } = await placeSticker(grey, wallAt(0.5), {
      ...base,
      width: 0.5,
      shadow: { kind: 'ground', blur: 0, strength: 1 },
    });
    expect(pixel(image, 16, 24)[0]).toBe(0);
    expect(pixel(image, 16, 27)[0]).toBe(128);
    expect(pixel(image, 28, 16)[0]).toBe(128);
  });

  test('adds no alpha', async () => {
    const clear = paint(N, N, () => [0, 0, 0, 0]);
    const { image } = await placeSticker(clear, wallAt(0.5), { ...base, shadow });
    expect(pixel(image, 24, 16)[3]).toBe(0);
  });

  test('refuses a strength out of range by name', async () => {
    await expect(placeSticker(grey, wallAt(0), { ...base, shadow: { strength: 2 } })).rejects.toThrow(
      /sticker\.shadow: expected 'strength'/,
    );
  });
});

describe('text', () => {
  const make = createCanvas as unknown as CanvasFactory;
  const ink = (image: { data: ArrayLike<number>; width: number; height: number }) => {
    const box = { x0: image.width, x1: 0, y0: image.height, y1: 0, sum: 0 };
    for (let y = 0; y < image.height; y++)
      for (let x = 0; x < image.width; x++) {
        const a = image.data[(y * image.width + x) * 4 + 3]!;
        box.sum += a / 255;
        if (a < 32) continue;
        box.x0 = Math.min(box.x0, x);
        box.x1 = Math.max(box.x1, x + 1);
        box.y0 = Math.min(box.y0, y);
        box.y1 = Math.max(box.y1, y + 1);
      }
    return box;
  };

  test.each(['Hg', 'two\nlines of it', 'AVA\n\nfi', 'שלום', '日本', '🙂', 'مرحبا'])(
    '%j fits its picture closely',
    (text) => {
      const image = renderText({ text, font: 'sans-serif' }, 200, make);
      expect(image.width).toBeLessThanOrEqual(201);
      const { x0, x1, y0, y1, sum } = ink(image);
      expect(sum).toBeGreaterThan(50);
      for (const gap of [x0, y0, image.width - x1, image.height - y1]) expect(gap).toBeGreaterThanOrEqual(0);
      expect(x1 - x0).toBeGreaterThan(0.5 * image.width);
      expect(y1 - y0).toBeGreaterThan(0.6 * image.height);
    },
  );

  test('alignment, outline and colour', () => {
    const style = { text: 'M\nMMMM', colour: '#ff0000' };
    const top = (align: 'left' | 'right') => {
      const image = renderText({ ...style, align }, 120, make);
      const half = {
        ...image,
        height: image.height >> 1,
        data: image.data.subarray(0, image.width * (image.height >> 1) * 4),
      };
      return ink(half);
    };
    expect(top('left').x1).toBeLessThan(60);
    expect(top('right').x0).toBeGreaterThan(60);
    const outlined = renderText({ ...style, outline: { colour: '#0000ff', width: 0.1 } }, 120, make);
    let [reds, blues] = [0, 0];
    for (let i = 0; i < outlined.data.length; i += 4) {
      if (outlined.data[i + 3]! < 250) continue;
      if (outlined.data[i]! > 200) reds++;
      if (outlined.data[i + 2]! > 200) blues++;
    }
    expect(reds).toBeGreaterThan(100);
    expect(blues).toBeGreaterThan(100);
  });

  test('is placed like a picture, by relievo/node’s canvas', async () => {
    const { image } = await placeSticker(grey, scene, {
      text: { text: 'MMM', colour: 'red' },
      at: { x: 16, y: 16 },
      width: 0.9,
      disparity: 'behind-subject',
      createCanvas: await canvasFactory(),
    });
    const reds = (x0: number, x1: number) => {
      let n = 0;
      for (let y = 0; y < N; y++) for (let x = x0; x < x1; x++) if (pixel(image, x, y)[0]! > 200) n++;
      return n;
    };
    expect(reds(0, 15)).toBe(0);
    expect(reds(16, N)).toBeGreaterThan(20);
  });

  test('without a canvas it says what to do', async () => {
    const options = { text: { text: 'x' }, at: { x: 1, y: 1 }, disparity: 1 };
    await expect(placeSticker(grey, scene, options)).rejects.toMatchObject({ code: 'DEPENDENCY_MISSING' });
  });

  test.each([
    [{ text: '  ' }, /text/],
    [{ text: 'a', font: 'x; }' }, /font/],
    [{ text: 'a', colour: 'greenish' }, /colour/],
    [{ text: 'a', align: 'middle' }, /align/],
    [{ text: 'a', size: 3 }, /unknown option 'size'/],
  ])('refuses %j', (style, message) => {
    expect(() => renderText(style as { text: string }, 10, make)).toThrow(message);
  });
});

test('an abort in the middle of a large sticker is seen at once', async () => {
  const photo = noisy(700, 700);
  const depth = depthOf(700, 700, () => 0.5);
  const stop = new AbortController();
  let aborted = 0;
  setTimeout(() => {
    aborted = performance.now();
    stop.abort();
  }, 30);
  await expect(
    placeSticker(photo, depth, {
      image: photo,
      at: { x: 350, y: 350 },
      disparity: 'in-front',
      width: 4,
      shadow: true,
      signal: stop.signal,
    }),
  ).rejects.toMatchObject({ name: 'AbortError' });
  expect(performance.now() - aborted).toBeLessThan(100);
});
