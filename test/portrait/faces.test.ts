import { faceDisparities } from '../../src/depth/face-depth.js';
import { applyBokeh, focalRange } from '../../src/effects/index.js';
import { Hydra } from '../../src/hydra/hydra.js';
import type { Face } from '../../src/image/face.js';
import { decodeFaces, detectFaces, overlap } from '../../src/portrait/faces.js';
import { depthOf, maxDifference, noisy } from '../effects/helpers.js';
import { GraphWriter, moduleFolder } from '../helpers/modules.js';
import { picture, rejection } from '../helpers/photos.js';

/** Planes of a grid without any face: logit -9, boxes of one cell. */
function grid(width: number, height: number) {
  const plane = (channels: number, value: number) => ({
    width,
    height,
    channels,
    data: new Float32Array(width * height * channels).fill(value),
  });
  return { score: plane(1, -9), box: plane(4, 0), points: plane(10, 0) };
}

const put = (
  planes: ReturnType<typeof grid>,
  x: number,
  y: number,
  logit: number,
  box: number[],
  points?: number[],
) => {
  const i = y * planes.score.width + x;
  planes.score.data[i] = logit;
  planes.box.data.set(box.map(Math.log), i * 4);
  if (points) planes.points.data.set(points, i * 10);
};

test('a cell becomes a box and five points in pixels of the photo', () => {
  const planes = grid(8, 4);
  put(planes, 2, 1, 2, [1, 1.5, 2, 0.5], [-1, -1, 1, -1, 0, 0, -0.5, 1, 0.5, 1]);
  // 8 × 4 cells over 800 × 200 pixels: a cell is 100 × 50; the centre of (2, 1) is (250, 75).
  const [face, ...others] = decodeFaces(planes, { width: 800, height: 200 }, 0.4);
  expect(others).toEqual([]);
  expect(face!.box.x).toBeCloseTo(150);
  expect(face!.box.y).toBeCloseTo(0);
  expect(face!.box.width).toBeCloseTo(300);
  expect(face!.box.height).toBeCloseTo(100);
  expect(face!.points).toEqual([
    { x: 150, y: 25 },
    { x: 350, y: 25 },
    { x: 250, y: 75 },
    { x: 200, y: 125 },
    { x: 300, y: 125 },
  ]);
  expect(face!.confidence).toBeCloseTo(1 / (1 + Math.exp(-2)));
});

test('one face that is seen by several cells is one, neighbours who overlap little are two, the larger first', () => {
  const planes = grid(16, 8);
  put(planes, 3, 3, 1, [1, 1, 1, 1]);
  put(planes, 4, 3, 1.5, [1, 1, 1, 1]); // a higher neighbour
  put(
    planes,
    6,
    3,
    0.5,
    [3, 1, -0.9 + 1, 1].map((v) => Math.max(v, 0.1)),
  ); // reaches over the same face
  put(planes, 11, 3, 3, [0.5, 0.5, 0.5, 0.5]);
  const faces = decodeFaces(planes, { width: 160, height: 80 }, 0.4);
  expect(faces.map((f) => Math.round(f.box.x))).toEqual([35, 110]);
});

test('the threshold is a confidence', () => {
  const planes = grid(4, 4);
  put(planes, 1, 1, 0, [1, 1, 1, 1]);
  const count = (t: number) => decodeFaces(planes, { width: 32, height: 32 }, t).length;
  expect([count(0.49), count(0.51)]).toEqual([1, 0]);
});

test('overlap is intersection over union', () => {
  const a = { x: 0, y: 0, width: 2, height: 2 };
  expect(overlap(a, a)).toBe(1);
  expect(overlap(a, { ...a, x: 1 })).toBeCloseTo(1 / 3);
  expect(overlap(a, { ...a, x: 2 })).toBe(0);
});

describe('through a network', () => {
  const modules = moduleFolder();
  let hydra: Hydra;
  beforeAll(async () => {
    // Finds red: the score is the mean redness of a cell of 8 pixels, the box one cell to each side.
    const g = new GraphWriter();
    const x = g.input('x', [-1, -1, -1, 3]);
    const red = Float32Array.from({ length: 192 }, (_, i) => [20, -10, -10][i % 3]! / 64);
    g.output('score', g.conv('s', x, [8, 8, 3, 1], red, { stride: 8, bias: [-9] }), [-1, -1, -1, 1]);
    for (const [name, n] of [
      ['box', 4],
      ['points', 10],
    ] as const) {
      const zeros = new Float32Array(192 * n);
      g.output(name, g.conv(`c-${name}`, x, [8, 8, 3, n], zeros, { stride: 8 }), [-1, -1, -1, n]);
    }
    const location = g.write(modules.next(), {
      id: 'red-faces',
      kind: 'network',
      task: 'faces',
      preprocess: { mean: [0, 0, 0], std: [1, 1, 1], multipleOf: 32, area: 64 * 64 },
      input: 'x',
      outputs: { score: 'score', box: 'box', points: 'points' },
    });
    hydra = await Hydra.load({ backend: 'wasm', modules: [] });
    await hydra.register(location);
  });
  afterAll(() => {
    hydra.close();
    modules.remove();
  });

  test('a face is where it is in the photo, with its median disparity', async () => {
    // A red square of 32 pixels at (160, 96) of a photo four times the network's size.
    const photo = picture(256, 256, (x, y) => (x >= 160 && x < 192 && y >= 96 && y < 128 ? [255, 0, 0] : [90, 90, 90]));
    const depth = depthOf(64, 64, (x) => (x >= 36 ? 0.75 : 0.25)); // of another size
    const faces = await detectFaces(photo, { hydra, depth });
    expect(faces).toHaveLength(1);
    const { box, disparity } = faces[0]!;
    expect([box.x + box.width / 2, box.y + box.height / 2]).toEqual([176, 112]);
    expect(disparity).toBe(0.75);
    expect(
      await detectFaces(
        picture(64, 64, () => [90, 90, 90]),
        { hydra },
      ),
    ).toEqual([]);
  });

  test('what is wrong is refused', async () => {
    const photo = picture(8, 8, () => [0, 0, 0]);
    expect(await rejection(detectFaces(photo, { hydra, threshold: 2 }))).toMatchObject({ code: 'INVALID_PARAM' });
    const depth = { width: 1, height: 1, data: Float32Array.of(NaN) };
    expect(await rejection(detectFaces(photo, { hydra, depth }))).toMatchObject({ code: 'INVALID_DEPTH' });
  });
});

describe('focus on faces', () => {
  const face = (x: number): Face => ({ box: { x, y: 40, width: 20, height: 20 }, points: [], confidence: 1 });
  // Three columns at disparity 0.3, 0.31 and 0.8.
  const depth = depthOf(120, 100, (x) => (x < 40 ? 0.3 : x < 80 ? 0.31 : 0.8));
  const [a, b, c] = [face(10), face(50), face(90)];

  test('faces close to each other share one focal plane, between them', () => {
    const { near, far } = focalRange('faces', depth, { faces: [a!, b!], aperture: 0.02 });
    expect(near).toBeCloseTo(0.305, 6);
    expect(far).toBeCloseTo(0.305, 6);
  });

  test('faces far apart widen it just enough: the outer ones blur by a circle of confusion and no more', () => {
    for (const aperture of [0.01, 0.03, 0.1]) {
      const { near, far } = focalRange('faces', depth, { faces: [a!, b!, c!], aperture });
      const blur = (d: number) => aperture * (d > near ? d - near : d < far ? far - d : 0);
      expect(blur(0.8)).toBeCloseTo(1 / 3750, 7);
      expect(blur(0.3)).toBeCloseTo(1 / 3750, 7);
      expect(blur(0.31)).toBeLessThan(1 / 3750);
    }
  });

  test('one face by number; one that is not there is refused; no faces at all mean the subject', () => {
    expect(focalRange({ face: 1 }, depth, { faces: [a!, c!] })).toMatchObject({ near: expect.closeTo(0.8) });
    expect(() => focalRange({ face: 2 }, depth, { faces: [a!, c!] })).toThrow(/face: 1/);
    expect(() => focalRange('faces', depth)).toThrow(/detectFaces/);
    expect(focalRange('faces', depth, { faces: [] })).toEqual(focalRange('subject', depth));
  });

  test('a face half outside, and one wholly outside, are read where the picture is', () => {
    expect(faceDisparities(depth, face(110)).median).toBeCloseTo(0.8);
    expect(faceDisparities(depth, face(-500)).median).toBeCloseTo(0.3);
  });

  test('the lens takes it: all faces sharp, the rest not', async () => {
    const photo = noisy(120, 100);
    const out = await applyBokeh(photo, depth, { focus: 'faces', faces: [c!], aperture: 0.1 });
    const part = (image: typeof out, x0: number, x1: number) =>
      picture(x1 - x0, 100, (x, y) => [...image.data.subarray((y * 120 + x0 + x) * 4, (y * 120 + x0 + x) * 4 + 3)]);
    expect(maxDifference(part(out, 95, 118), part(photo, 95, 118))).toBeLessThan(3);
    expect(maxDifference(part(out, 5, 30), part(photo, 5, 30))).toBeGreaterThan(50);
  });
});
