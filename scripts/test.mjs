/**
 * Every test, on a fresh machine too. Closes with the line `N passed, N failed`.
 *
 *     npm test [-- JEST ARGUMENTS]
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, ROOT, setup } from './setup.mjs';

setup({ tests: true });
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
  if (!existsSync(report)) throw new Error('the tests ended without a report.');
  const result = JSON.parse(readFileSync(report, 'utf8'));
  // A suite that does not even load has no failed test of its own, but is one.
  failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
  console.log(`${result.numPassedTests} passed, ${failed} failed`);
} catch (error) {
  // What they printed says more; the last line stays what it always is.
  console.error(error.message);
  console.log('0 passed, 1 failed');
} finally {
  rmSync(folder, { recursive: true });
}
process.exitCode = status || (failed ? 1 : 0);
