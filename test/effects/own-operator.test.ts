import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import glow from '../../examples/own-operator/glow.mjs';
import { loadOperators } from '../../src/effects/load-operators.js';
import {
  callable,
  defineOperator,
  operatorNames,
  option,
  pipeline,
  registerOperator,
  type Step,
} from '../../src/effects/index.js';
import { rejection, ROOT } from '../helpers/photos.js';
import { depthOf, maxDifference, paint, pixel } from './helpers.js';

const photo = paint(40, 20, (x, y) => [x * 6, y * 12, 90, x > 30 ? 128 : 255]);
const depth = depthOf(40, 20, (x) => (x < 20 ? 0.1 : 1));
const step = { op: 'glow', at: 1, width: 0.2, amount: 0.5 } as unknown as Step;

beforeAll(() => registerOperator(glow));

test("a host's operator is a step like ours: in recipes, beside others, of a part, as a call", async () => {
  const { image } = await pipeline([step]).run(photo, depth);
  expect(pixel(image, 5, 5)).toEqual(pixel(photo, 5, 5)); // far from what glows
  expect(pixel(image, 35, 5)[2]!).toBeGreaterThan(pixel(photo, 35, 5)[2]! + 40);
  expect(pixel(image, 35, 5)[3]).toBe(128);
  const called = await callable(glow)(photo, depth, { at: 1, width: 0.2, amount: 0.5 });
  expect(maxDifference(called.image, image)).toBe(0);
  const chain = [{ op: 'haze', amount: 0.3 }, step, { op: 'vignette' }] as const;
  const whole = await pipeline(chain).run(photo, depth);
  const part = { x: 22, y: 4, width: 9, height: 7 };
  const cut = await pipeline(chain).run(photo, depth, { part });
  for (let y = 0; y < part.height; y++)
    expect(pixel(cut.image, 3, y)).toEqual(pixel(whole.image, part.x + 3, part.y + y));
  expect(JSON.parse(JSON.stringify(pipeline([step]))).steps).toEqual([step]);
});

test('its options are checked as ours are', async () => {
  const wrong = (more: object) => () => pipeline([{ ...step, ...more } as never]);
  expect(wrong({ amount: 9 })).toThrow('steps[0].amount: expected a number from 0 to 4 (times white), received 9.');
  expect(wrong({ amont: 1 })).toThrow("unknown option 'amont'");
  expect(() => pipeline([{ op: 'glo' } as never])).toThrow(/one of .*glow/);
  expect(await rejection(callable(glow)(photo, depth, { amount: -1 }))).toMatchObject({ code: 'INVALID_PARAM' });
});

test('one on whole pictures may change the depth, and one without passes or lines runs on the CPU', async () => {
  const nearer = defineOperator({
    name: 'nearer',
    doc: 'All of it nearer.',
    options: { by: option.number({ default: 0.5, min: 0, max: 1, unit: 'disparity', doc: 'How much.' }) },
    run: async ({ depth: { width, height, data } }, { by }) => ({
      depth: { width, height, data: data.map((d) => Math.min(1, d + by)) },
    }),
  });
  registerOperator(nearer);
  const { image, depth: after } = await pipeline([{ op: 'nearer' } as never]).run(photo, depth);
  expect(after.data[0]).toBeCloseTo(0.6, 6);
  expect(maxDifference(image, photo)).toBe(0);
});

test('names that are ours, and what is no operator, are refused', () => {
  const named = (name: unknown) => ({ ...glow, name }) as never;
  expect(() => registerOperator(named('bokeh'))).toThrow(/'bokeh' is one of Relievo's own/);
  for (const name of ['Glow', '', '__proto__', 'a b', 7, undefined])
    expect(() => registerOperator(named(name))).toThrow(/'name'/);
  for (const broken of [null, 3, {}, { ...glow, plan: 1 }, { ...glow, kind: 'other' }, { ...glow, options: undefined }])
    expect(() => registerOperator(broken as never)).toThrow(/registerOperator/);
  expect(operatorNames()).toContain('bokeh');
});

test('a script that exports none, or cannot be loaded, is named', async () => {
  expect(await rejection(loadOperators('file:///nowhere/else.mjs'))).toMatchObject({ code: 'FILE_NOT_FOUND' });
  expect(await rejection(loadOperators('data:text/javascript,export default 3'))).toMatchObject({
    code: 'INVALID_PARAM',
  });
});

test('the command line takes it with --operators', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'relievo-'));
  try {
    await sharp(photo.data, { raw: { width: 40, height: 20, channels: 4 } })
      .png()
      .toFile(join(folder, 'a.png'));
    const grey = Uint8Array.from(depth.data, (d) => Math.round(d * 255));
    await sharp(grey, { raw: { width: 40, height: 20, channels: 1 } })
      .png()
      .toFile(join(folder, 'd.png'));
    writeFileSync(join(folder, 'r.json'), JSON.stringify({ version: 1, steps: [step] }));
    const args = ['edit', 'a.png', '--recipe', 'r.json', '--depth', 'd.png', '-o', 'out.png'];
    const operators = join(ROOT, 'examples/own-operator/glow.mjs');
    execFileSync(process.execPath, [join(ROOT, 'dist/cli/main.js'), ...args, '--operators', operators], {
      cwd: folder,
    });
    const { data } = await sharp(readFileSync(join(folder, 'out.png')))
      .raw()
      .toBuffer({ resolveWithObject: true });
    const { image } = await pipeline([step]).run(photo, depth);
    expect(Math.abs(data[(5 * 40 + 25) * 4]! - pixel(image, 25, 5)[0]!)).toBeLessThanOrEqual(1);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
