import fc from 'fast-check';
import { applyBokeh } from '../../src/effects/bokeh.js';
import { pipeline, readRecipe, type Recipe } from '../../src/effects/pipeline.js';
import { applyParallax } from '../../src/effects/parallax.js';
import { picture } from '../helpers/photos.js';
import { depthOf, maxDifference, noisy } from './helpers.js';

const photo = noisy(48, 32);
const depth = depthOf(48, 32, (x) => (x < 24 ? 0.9 : 0.2));

test('a step is the operator itself', async () => {
  const { image } = await pipeline([{ op: 'bokeh', focus: 0.9, aperture: 0.05 }]).run(photo, depth);
  expect(maxDifference(image, await applyBokeh(photo, depth, { focus: 0.9, aperture: 0.05 }))).toBe(0);
});

test('no steps give a copy', async () => {
  const { image } = await pipeline([]).run(photo, depth);
  expect(image.data).toEqual(photo.data);
  expect(image.data).not.toBe(photo.data);
});

describe('faces', () => {
  const [width, height] = [96, 64];
  // A bright square, near, on a dark ground, far.
  const inSquare = (x: number, y: number) => x >= 20 && x < 36 && y >= 24 && y < 40;
  const scene = picture(width, height, (x, y) => (inSquare(x, y) ? [240, 240, 240] : [20, 20, 20]));
  const map = depthOf(width, height, (x, y) => (inSquare(x, y) ? 0.9 : 0.2));
  const face = { box: { x: 20, y: 24, width: 16, height: 16 }, points: [{ x: 28, y: 32 }], confidence: 1 };

  test('focus peaking knows them', async () => {
    const { image } = await pipeline([{ op: 'peaking', focus: { face: 0 }, colour: '#f00' }]).run(scene, map, {
      faces: [face],
    });
    const marked = (x: number, y: number) => image.data[(y * width + x) * 4 + 1] === 0;
    expect(marked(35, 30)).toBe(true); // the square's own edge: the near side of the step
    const other = await pipeline([{ op: 'peaking', focus: 0.5, colour: '#f00' }]).run(scene, map);
    expect(other.image.data).toEqual(scene.data);
  });

  test.each([
    { x: 0.08, y: 0.03 },
    { x: -0.05, y: 0, z: 0.3 },
    { x: 0, y: 0.02, z: -0.4, crop: 1.3 },
  ])('they move along with the view: %j', async (move) => {
    const pivot = 0.2;
    const view = await applyParallax(scene, map, { ...move, pivot, faces: [face] });
    const { box, points } = view.faces![0]!;
    // Where the bright pixels are in the view, whose edges are within a pixel of true; the moves are of 3 to 6:
    let [n, sx, sy] = [0, 0, 0];
    for (let i = 0; i < width * height; i++) {
      if (view.image.data[i * 4]! < 128) continue;
      n++;
      sx += (i % width) + 0.5;
      sy += Math.floor(i / width) + 0.5;
    }
    expect(Math.abs(box.x + box.width / 2 - sx / n)).toBeLessThan(1);
    expect(Math.abs(box.y + box.height / 2 - sy / n)).toBeLessThan(1);
    expect(Math.abs(box.width - Math.sqrt(n))).toBeLessThan(2);
    expect(points[0]).toEqual({
      x: expect.closeTo(box.x + box.width / 2),
      y: expect.closeTo(box.y + box.height / 2),
    });
    // The next step is given the moved ones.
    const steps = [
      { op: 'parallax', ...move, pivot },
      { op: 'peaking', focus: 'faces' },
    ] as const;
    const { image } = await pipeline(steps).run(scene, map, { faces: [face] });
    const alone = await pipeline([steps[1]]).run(view.image, view.depth, { faces: view.faces });
    expect(image.data).toEqual(alone.image.data);
  });

  test('a pivot on a face that is not there is refused', async () => {
    const run = (faces: (typeof face)[]) => applyParallax(scene, map, { x: 0.01, pivot: { face: 0 }, faces });
    await expect(run([])).rejects.toMatchObject({ code: 'INVALID_PARAM', message: expect.stringMatching(/none/) });
    await expect(run([face])).resolves.toHaveProperty('faces.length', 1);
  });
});

test('a recipe is saved and read back', async () => {
  const edit = pipeline([{ op: 'bokeh', focus: { x: 12.5, y: 3 }, aperture: 0.05 }]);
  const text = JSON.stringify(edit);
  expect(JSON.parse(text)).toEqual({
    version: 1,
    steps: [{ op: 'bokeh', focus: { x: 12.5, y: 3 }, aperture: 0.05 }],
  });
  expect(pipeline(text).recipe).toEqual(edit.recipe);
});

test('points are in pixels of the size that the recipe names', async () => {
  const recipe: Recipe = {
    version: 1,
    size: { width: 480, height: 320 },
    steps: [{ op: 'bokeh', focus: { x: 400, y: 160 }, aperture: 0.05 }],
  };
  const { image } = await pipeline(recipe).run(photo, depth);
  expect(maxDifference(image, await applyBokeh(photo, depth, { focus: 0.2, aperture: 0.05 }))).toBe(0);
});

test.each([
  [
    [{ op: 'bokeh' }, { op: 'bokeh', aperture: -3 }],
    'steps[1].aperture: expected a number from 0 to 0.2 (share of the long side), received -3.',
  ],
  [[{ op: 'bokeh', apertur: 0.1 }], "steps[0]: unknown option 'apertur'"],
  [[{ op: 'blur' }], 'steps[0].op: expected one of bokeh'],
  [[{}], 'steps[0].op'],
  [[null], 'steps[0]: expected'],
  [[{ op: 'bokeh', focus: { x: 1, y: 1e300 } }], 'steps[0].focus'],
  [[{ op: 'bokeh', aperture: NaN }], 'steps[0].aperture'],
  [[{ op: 'bokeh', aperture: '0.1' }], 'steps[0].aperture'],
  [[{ op: 'toString' }], 'steps[0].op'],
  [[{ op: '__proto__' }], 'steps[0].op'],
  [{ version: 2, steps: [] }, 'version: expected 1, received 2. This recipe is newer'],
  [{ steps: [] }, 'version: expected 1, received undefined'],
  [{ version: 1 }, 'steps: expected a list'],
  [{ version: 1, steps: [], author: 1 }, "recipe: unknown option 'author'"],
  [{ version: 1, size: { width: 0, height: 1 }, steps: [] }, 'size.width'],
  [{ version: 1, steps: Array(101).fill({ op: 'bokeh' }) }, 'steps: expected a list of up to 100 steps'],
  ['{"version":1,', 'recipe: not JSON'],
  ['7', 'recipe: expected { version, steps }'],
  ['{"version":1,"steps":[{"op":"bokeh","__proto__":{"aperture":9}}]}', "steps[0]: unknown option '__proto__'"],
  ['{"version":1,"steps":[{"op":"bokeh","aperture":1e999}]}', 'steps[0].aperture'],
  [`{"version":1,"steps":[{"op":"bokeh","focus":${'['.repeat(1e5)}${']'.repeat(1e5)}}]}`, ''],
  ['{"version":1,"steps":[{"op":"bokeh","aperture":{"constructor":{"name":{"toString":1}}}}]}', 'steps[0].aperture'],
])('refuses %# and says where', (recipe, message) => {
  expect(() => pipeline(recipe as never)).toThrow(
    expect.objectContaining({ code: 'INVALID_PARAM', message: expect.stringContaining(message) }),
  );
  expect(({} as Record<string, unknown>)['aperture']).toBeUndefined();
});

test('hostile JSON is refused with a RelievoError or read, and never anything else', () => {
  fc.assert(
    fc.property(fc.json(), fc.json(), (a, b) => {
      for (const text of [
        a,
        `{"version":1,"steps":${a}}`,
        `{"version":1,"steps":[{"op":"bokeh","focus":${a},"aperture":${b}}]}`,
      ]) {
        try {
          expect(readRecipe(text).version).toBe(1);
        } catch (error) {
          expect(error).toMatchObject({ name: 'RelievoError', code: 'INVALID_PARAM' });
          expect((error as Error).message.length).toBeLessThan(2000);
        }
      }
    }),
  );
});

test('an older recipe goes through the migrations', () => {
  const old = { version: -1, look: [{ op: 'bokeh' }] };
  const migrations = {
    [-1]: ({ look }: Record<string, unknown>) => ({ version: 0, chain: look }),
    0: ({ chain }: Record<string, unknown>) => ({ version: 1, steps: chain }),
  };
  expect(readRecipe(old, migrations)).toEqual({ version: 1, steps: [{ op: 'bokeh' }] });
});

test('the step is named when it fails on the photo', async () => {
  const call = pipeline([
    { op: 'bokeh', aperture: 0 },
    { op: 'bokeh', focus: { x: 900, y: 1 } },
  ]).run(photo, depth);
  await expect(call).rejects.toMatchObject({
    code: 'INVALID_PARAM',
    message: expect.stringMatching(/^steps\[1\]: bokeh: .*focus/),
  });
});

test('progress runs from 0 to 1 over all steps, and an abort stops between them', async () => {
  const seen: number[] = [];
  const edit = pipeline([
    { op: 'bokeh', aperture: 0.02 },
    { op: 'bokeh', aperture: 0.02 },
  ]);
  await edit.run(photo, depth, { onProgress: (p) => seen.push(p) });
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  expect(seen.at(-1)).toBe(1);
  const stop = new AbortController();
  const call = edit.run(photo, depth, {
    signal: stop.signal,
    onProgress: (p) => p > 0.4 && stop.abort(new Error('enough')),
  });
  await expect(call).rejects.toThrow('enough');
});
