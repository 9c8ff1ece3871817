/**
 * The tests of the page in Chromium, Firefox and WebKit, all of them, and a table of what each can do:
 *
 *     npm run engines [-- JEST ARGUMENTS]
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT, setup } from './setup.mjs';

setup({ tests: true });
const folder = mkdtempSync(join(tmpdir(), 'relievo-engines-'));
const report = join(folder, 'report.jsonl');
const { status } = spawnSync(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--no-warnings',
    'node_modules/jest/bin/jest.js',
    'test/browser/engines.test.ts',
    ...process.argv.slice(2),
  ],
  { cwd: ROOT, stdio: ['ignore', 2, 2], env: { ...process.env, ENGINES_REPORT: report } },
);
const said = existsSync(report) ? readFileSync(report, 'utf8').trim().split('\n').map(JSON.parse) : [];
const engines = [...new Set(said.map(([engine]) => engine))];
const checks = [...new Set(said.map(([, check]) => check))];
const row = (cells) => console.log(`| ${cells.join(' | ')} |`);
row(['', ...engines]);
row(['', ...engines].map(() => '---'));
for (const check of checks)
  row([check, ...engines.map((e) => said.find(([of, what]) => of === e && what === check)?.[2] ?? '')]);
rmSync(folder, { recursive: true });
process.exitCode = status ?? 1;
