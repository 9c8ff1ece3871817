import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { applyGrade } from '../../src/effects/grade.js';
import { parseCube } from '../../src/effects/lut.js';
import { pipeline } from '../../src/effects/pipeline.js';
import { ROOT } from '../helpers/photos.js';
import { cubeText, lutPicture } from '../helpers/cube.mjs';
import { depthOf, maxDifference, paint } from './helpers.js';

const picture = (() => {
  const { width, height, data } = lutPicture();
  return paint(width, height, (x, y) => {
    const p = (y * width + x) * 3;
    return [data[p]!, data[p + 1]!, data[p + 2]!];
  });
})();
const flat = depthOf(picture.width, picture.height, () => 0.5);
const look = (text: string, strength = 1) =>
  applyGrade(picture, flat, { ranges: [{ lut: parseCube(text), lutStrength: strength }] });
const identity = (n: number) =>
  `LUT_3D_SIZE ${n}\n` +
  Array.from({ length: n ** 3 }, (_, i) =>
    [i % n, Math.floor(i / n) % n, Math.floor(i / n / n)].map((v) => v / (n - 1)).join(' '),
  ).join('\n');

test.each([2, 5, 33])('an identity cube of %i³ changes nothing', async (n) => {
  expect(maxDifference(await look(identity(n)), picture)).toBe(0);
});

const differ = (ours: { data: ArrayLike<number> }, rgb: ArrayLike<number>) => {
  let worst = 0;
  for (let i = 0; i < rgb.length; i++)
    worst = Math.max(worst, Math.abs(ours.data[Math.floor(i / 3) * 4 + (i % 3)]! - rgb[i]!));
  return worst;
};

test("a cube gives what ffmpeg's lut3d gives, within 1", async () => {
  const golden = readFileSync(`${ROOT}test/fixtures/lut3d-ffmpeg.rgb`);
  expect(golden.length).toBe(picture.width * picture.height * 3);
  const ours = await look(cubeText());
  expect(differ(ours, golden)).toBeLessThanOrEqual(1);
  expect(maxDifference(ours, picture)).toBeGreaterThan(40);
});

const ffmpeg = spawnSync('ffmpeg', ['-version']).status === 0;
(ffmpeg ? test : test.skip)('and so it is with the ffmpeg of this machine', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'relievo-lut-'));
  try {
    execFileSync(process.execPath, [`${ROOT}scripts/lut-fixture.mjs`, join(folder, 'out.rgb')]);
    expect(differ(await look(cubeText()), readFileSync(join(folder, 'out.rgb')))).toBeLessThanOrEqual(1);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a curve per channel, with a domain, and half its strength', async () => {
  const text = '# inverted\nTITLE "inv"\nLUT_1D_SIZE 2\nDOMAIN_MIN 0 0 0\nDOMAIN_MAX 1 1 1\n1 1 1\n0 0 0\n';
  const out = await look(text);
  for (let i = 0; i < out.data.length; i += 5)
    if (i % 4 !== 3) expect(Math.abs(out.data[i]! - (255 - picture.data[i]!))).toBeLessThanOrEqual(1);
  const half = await look(text, 0.5);
  for (let i = 0; i < half.data.length; i += 4) expect(Math.abs(half.data[i]! - 128)).toBeLessThanOrEqual(1);
  const wide = parseCube('LUT_1D_SIZE 2\nLUT_1D_INPUT_RANGE 0.25 0.75\n0 0 0\n1 1 1');
  expect([wide.domainMin, wide.domainMax]).toEqual([
    [0.25, 0.25, 0.25],
    [0.75, 0.75, 0.75],
  ]);
});

test.each([
  ['', 'no table'],
  ['LUT_3D_SIZE 2\n', 'no table'],
  ['LUT_3D_SIZE 1\n0 0 0', 'line 1: LUT_3D_SIZE is a whole number from 2 to 256'],
  ['LUT_3D_SIZE 256\n0 0 0', 'line 2: the table ends before'],
  ['LUT_3D_SIZE 1e9\n0 0 0', 'line 1'],
  ['LUT_1D_SIZE 2\n0 0 0', '1 entries, 2 announced'],
  ['LUT_1D_SIZE 20\n0 0 0', 'line 2: the table ends'],
  ['LUT_1D_SIZE 2\n0.0000 0 0\n0.00000 0 0\n1 1 1', 'more than 2 entries'],
  ['LUT_1D_SIZE 2\n0 0 0\n0 0', 'line 3: expected three numbers'],
  ['LUT_1D_SIZE 2\n0 0 0\n0 0 1e400', 'line 3: expected three numbers'],
  ['LUT_1D_SIZE 2\n0 0 0\n0 0 0x', 'line 3: expected three numbers'],
  ['0 0 0', 'line 1: numbers before'],
  ['LUT_1D_SIZE 2\nLUT_3D_SIZE 2\n', 'line 2: a second size'],
  ['LUT_1D_SIZE 2\nDOMAIN_MIN 1 1 1\n0 0 0\n1 1 1', 'DOMAIN_MIN is not below'],
  ['LUT_IN_VIDEO_RANGE\n', 'unknown keyword LUT_IN_VIDEO_RANGE'],
])('refuses %j', (text, message) => {
  expect(() => parseCube(text)).toThrow(
    expect.objectContaining({ code: 'INVALID_PARAM', message: expect.stringContaining(message) }),
  );
});

test('any text is refused with a RelievoError or read', () => {
  const line = fc.oneof(fc.string(), fc.constantFrom('LUT_1D_SIZE 2', 'LUT_3D_SIZE 2', '0 0 0', '1 1 1', 'TITLE "x"'));
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
      try {
        expect(parseCube(lines.join('\n')).data.length).toBeGreaterThan(0);
      } catch (error) {
        expect(error).toMatchObject({ name: 'RelievoError', code: 'INVALID_PARAM' });
      }
    }),
  );
});

test('a recipe names its table, carries it, or is told what is missing', async () => {
  const steps = (lut: string) => [{ op: 'grade' as const, ranges: [{ lut }] }];
  const expected = await look(cubeText());
  const byName = pipeline(steps('film.cube'));
  const asked = await byName.run(picture, flat, { resources: { 'film.cube': cubeText() } });
  expect(asked.image.data).toEqual(expected.data);
  const inside = pipeline(steps(`data:text/plain;base64,${btoa(cubeText())}`));
  expect((await inside.run(picture, flat)).image.data).toEqual(expected.data);
  await expect(byName.run(picture, flat)).rejects.toMatchObject({
    code: 'FILE_NOT_FOUND',
    message: expect.stringContaining("steps[0].ranges[0].lut: no resource 'film.cube'"),
  });
  await expect(byName.run(picture, flat, { resources: () => 'LUT_1D_SIZE 7' })).rejects.toThrow(
    'steps[0].ranges[0].lut: .cube table',
  );
});
