import * as tf from '@tensorflow/tfjs-core';
import { Hydra } from '../../src/hydra/hydra.js';
import { linearToSrgb, srgbToLinear } from '../../src/image/colour.js';
import { estimateForeground } from '../../src/image/foreground.js';
import { refineMatte } from '../../src/image/refine-matte.js';
import { resizePlane } from '../../src/image/resize.js';
import { cutOut, estimateMatte } from '../../src/portrait/matte.js';
import { noise } from '../effects/helpers.js';
import { composeOver } from '../helpers/compose.js';
import { GraphWriter, moduleFolder } from '../helpers/modules.js';
import { picture, rejection } from '../helpers/photos.js';

const RED = [210, 60, 40] as const;
const GREEN = [40, 140, 60] as const;

/** A disc with hairs as wide as a pixel of the network's grid is not, mixed in linear light with a little grain. */
function scene(size: number, height = size) {
  const truth = new Float32Array(size * height);
  const next = noise(7);
  const r = 0.3 * height;
  const hairs = Array.from({ length: 40 }, () => next() * 2 * Math.PI).map((h) => [Math.cos(h), Math.sin(h)] as const);
  const photo = picture(size, height, (x, y) => {
    const [u, v] = [x + 0.5 - size / 2, y + 0.5 - height / 2];
    const d = Math.hypot(u, v);
    let a = Math.min(1, Math.max(0, r - d + 0.5));
    if (a < 1 && d < 1.2 * r) {
      for (const [cos, sin] of hairs)
        if (u * cos + v * sin > 0) a = Math.max(a, Math.min(1, 1.2 - Math.abs(u * sin - v * cos)));
    }
    truth[y * size + x] = a;
    const mix = (c: number) =>
      255 * linearToSrgb(a * srgbToLinear(RED[c]! / 255) + (1 - a) * srgbToLinear(GREEN[c]! / 255)) +
      4 * (next() - 0.5);
    return [mix(0), mix(1), mix(2)];
  });
  return { photo, truth };
}

const error = (a: Float32Array, b: Float32Array) => a.reduce((s, v, i) => s + Math.abs(v - b[i]!), 0) / a.length;

test.each([
  [200, 200],
  [420, 330],
  [1400, 120],
])('%i × %i: hairs that the coarse matte cannot hold come back from the photo', async (size, height) => {
  const { photo, truth } = scene(size, height);
  const grid = [Math.round(size / 6), Math.round(height / 6)] as const;
  const low = { width: grid[0], height: grid[1], data: resizePlane(truth, photo, ...grid) };
  const refined = await refineMatte(low, photo);
  const plain = resizePlane(low.data, low, size, height);
  expect(refined).toHaveLength(size * height);
  expect(refined.every((v) => v >= 0 && v <= 1)).toBe(true);
  expect(error(refined, truth)).toBeLessThan(0.6 * error(plain, truth));
});

test.each([
  ['one pixel', 1, 1],
  ['a line', 1, 50],
  ['a flat line', 300, 1],
  ['smaller than the coarse matte', 9, 7],
])('%s has a matte', async (_, width, height) => {
  const low = { width: 16, height: 16, data: Float32Array.from({ length: 256 }, (_, i) => (i % 16) / 15) };
  const refined = await refineMatte(
    low,
    picture(width, height, (x, y) => [x, y, 9]),
  );
  expect(refined).toHaveLength(width * height);
  expect(refined.every((v) => v >= 0 && v <= 1)).toBe(true);
});

test('where the coarse matte is sure of everything, nothing is invented', async () => {
  const sure = { width: 8, height: 8, data: new Float32Array(64).fill(1) };
  const refined = await refineMatte(
    sure,
    picture(100, 80, (x, y) => [x * 2, y * 3, 0]),
  );
  expect(refined.every((v) => v === 1)).toBe(true);
});

test('the cut-out holds the subject’s own colour: no fringe on magenta', async () => {
  const { photo, truth } = scene(300);
  const matte = { width: 300, height: 300, data: truth };
  const out = await estimateForeground(photo, matte);
  const ideal = composeOver(
    picture(300, 300, (x, y) => [...RED, Math.round(255 * truth[y * 300 + x]!)]),
    [255, 0, 255],
  );
  const naive = composeOver(
    { ...photo, data: photo.data.map((v, i) => (i % 4 === 3 ? Math.round(255 * truth[i >> 2]!) : v)) },
    [255, 0, 255],
  );
  const got = composeOver(out, [255, 0, 255]);
  const fringe = (image: typeof got) => {
    let [sum, n] = [0, 0];
    for (let i = 0; i < truth.length; i++) {
      if (truth[i]! < 0.1 || truth[i]! > 0.9) continue;
      for (let c = 0; c < 3; c++) sum += Math.abs(image.data[i * 4 + c]! - ideal.data[i * 4 + c]!);
      n += 3;
    }
    return sum / n;
  };
  expect(fringe(naive)).toBeGreaterThan(15);
  expect(fringe(got)).toBeLessThan(4);
  // What is wholly the subject is the photo's own pixel.
  const p = (150 * 300 + 150) * 4;
  expect([...out.data.subarray(p, p + 4)]).toEqual([...photo.data.subarray(p, p + 3), 255]);
  expect([...out.data.subarray(0, 4)]).toEqual([0, 0, 0, 0]);
});

test('a photo above the size that is solved whole is the same along its strips', async () => {
  const { photo, truth } = scene(460);
  const out = await estimateForeground(photo, { width: 460, height: 460, data: truth });
  let worst = 0;
  for (let i = 0; i < truth.length; i++)
    if (truth[i]! > 0.3) worst = Math.max(worst, Math.abs(out.data[i * 4 + 1]! - RED[1]!));
  expect(worst).toBeLessThan(40); // green stands 80 above the subject's own green
});

describe('through a network', () => {
  const modules = moduleFolder();
  let hydra: Hydra;
  beforeAll(async () => {
    // Red is a person: the logit is 20 · (red - green), in cells of two pixels.
    const g = new GraphWriter();
    const kernel = Float32Array.from({ length: 12 }, (_, i) => [5, -5, 0][i % 3]!);
    g.output('y', g.conv('c', g.input('x', [-1, -1, -1, 3]), [2, 2, 3, 1], kernel, { stride: 2 }), [-1, -1, -1, 1]);
    const location = g.write(modules.next(), {
      id: 'red-people',
      kind: 'network',
      task: 'matte',
      preprocess: { mean: [0, 0, 0], std: [1, 1, 1], multipleOf: 32, area: 64 * 64 },
      input: 'x',
      outputs: { matte: 'y' },
    });
    hydra = await Hydra.load({ backend: 'wasm', modules: [] });
    await hydra.register(location);
  });
  afterAll(() => {
    hydra.close();
    modules.remove();
  });

  test('cutOut finds the disc, and leaves no tensor behind', async () => {
    const { photo, truth } = scene(256);
    const seen: number[] = [];
    const { matte, foreground } = await cutOut(photo, { hydra, onProgress: (p) => seen.push(p) });
    const before = tf.memory().numTensors;
    const again = await estimateMatte(photo, { hydra });
    expect(again.data).toEqual(matte.data);
    expect(tf.memory().numTensors).toBe(before);
    expect([matte.width, matte.height, foreground.width, foreground.height]).toEqual([256, 256, 256, 256]);
    expect(error(matte.data, truth)).toBeLessThan(0.02);
    expect(seen.at(-1)).toBe(1);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });

  test('an abort at any point is the signal’s reason', async () => {
    const { photo } = scene(256);
    for (const share of [0.1, 0.4, 0.7]) {
      const stop = new AbortController();
      const call = cutOut(photo, { hydra, signal: stop.signal, onProgress: (p) => p >= share && stop.abort() });
      expect(await rejection(call)).toMatchObject({ name: 'AbortError' });
    }
  });

  test('a Hydra without the head loads it; a task that nobody answers is named', async () => {
    const other = await Hydra.load({ backend: 'wasm', modules: [] });
    expect((await cutOut(scene(32).photo, { hydra: other })).matte.width).toBe(32);
    expect(await rejection(other.run('pose', scene(32).photo))).toMatchObject({
      code: 'MODEL_MISSING',
      message: expect.stringContaining('pose'),
    });
    other.close();
  });
});
