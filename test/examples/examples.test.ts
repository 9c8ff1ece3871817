import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../helpers/photos.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'relievo-'))));
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs as a host would: the built package, in a process of its own. */
const run = (example: string) =>
  JSON.parse(
    execFileSync(process.execPath, [`examples/${example}.mjs`, folder], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  );

test("a head of one's own reads the features that are there, and finds in another photo what it was fitted to", () => {
  const { tasks, extraBackboneRuns, size, correlation, correlationMirrored } = run('own-head');
  expect({ tasks, extraBackboneRuns, size }).toEqual({
    tasks: ['depth', 'warmth'],
    extraBackboneRuns: 0,
    size: [64, 64],
  });
  expect(correlation).toBeGreaterThan(0.9);
  expect(correlationMirrored).toBeGreaterThan(0.9);
});

test('a whole network of another layout, size and meaning answers estimateDepth', () => {
  const { size, sky, farHill, nearHill } = run('own-network');
  expect(size).toEqual([300, 200]);
  // By hand: 1 / (1 + 20 · (blue - red)) is 0.113, 0.175 and 1, stretched to 0..1.
  expect(sky).toBeCloseTo(0, 2);
  expect(farHill).toBeCloseTo(0.07, 2);
  expect(nearHill).toBeCloseTo(1, 2);
});
