/**
 * Every test, on a fresh machine too. Closes with the line `N passed, N failed`.
 *
 *     npm test [-- JEST ARGUMENTS]
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, ROOT, setup } from './setup.mjs';

setup({ chromium: true });
build();
const folder = mkdtempSync(join(tmpdir(), 'relievo-test-'));
const report = join(folder, 'jest.json');
const { status } = spawnSync(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--no-warnings',
    'node_modules/jest/bin/jest.js',
    '--json',
    `--outputFile=${report}`,
    ...process.argv.slice(2),
  ],
  { cwd: ROOT, stdio: ['ignore', 2, 2] },
);
let failed = 1;
try {
  const result = JSON.parse(readFileSync(report, 'utf8'));
  // A suite that does not even load has no failed test of its own, but is one.
  failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
  console.log(`${result.numPassedTests} passed, ${failed} failed`);
} finally {
  rmSync(folder, { recursive: true });
}
process.exitCode = status || (failed ? 1 : 0);
