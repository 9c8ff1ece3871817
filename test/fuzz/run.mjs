/**
 * Fuzzes everything that reads bytes from elsewhere, with changed files of our own and with noise:
 *
 *     npm run fuzz [-- --minutes 1] [--target recipes] [--seed 1]
 *
 * Each target runs in a process of its own, so that a crash, a hang (no run ends for half a minute) and a flood of
 * memory (1 GB) are found, too. What caused it is kept in out/fuzz/. Exit status 1 when there was anything.
 */
import { fork } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build, ROOT, setup } from '../../scripts/setup.mjs';

const HANG_MS = 30_000;
const MOST_BYTES = 1e9;

setup();
build();
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    target: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
});
const { makeTargets } = await import('./targets.mjs');
const names = values.target ? [values.target] : Object.keys(await makeTargets());
const folder = join(ROOT, 'out/fuzz');
mkdirSync(folder, { recursive: true });
const each = (Number(values.minutes) * 60_000) / names.length;
let failures = 0;
console.log(`seed ${values.seed}, ${(each / 1000).toFixed(0)} s each`);
for (const name of names) {
  const { problem, runs = 0, read = 0, slowest = 0, rss = 0 } = await fuzz(name, each);
  console.log(
    `${name.padEnd(16)} ${String(runs).padStart(8)} runs, ${String(read).padStart(7)} read, the others refused; ` +
      `slowest ${slowest.toFixed(0)} ms, most memory ${(rss / 1e6).toFixed(0)} MB${problem ? `\n  FOUND: ${problem}` : ''}`,
  );
  if (problem) failures++;
}
process.exitCode = failures ? 1 : 0;

function fuzz(name, ms) {
  const file = join(folder, `${name.replaceAll(' ', '-')}.bin`);
  const child = fork(new URL('./child.mjs', import.meta.url).pathname, [name, String(ms), values.seed, file], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: ['--max-old-space-size=768'],
  });
  return new Promise((resolve) => {
    const state = {};
    let timer;
    const stop = (problem) => {
      state.problem ??= `${problem}; the input is ${file}`;
      child.kill('SIGKILL');
    };
    const watch = () => {
      clearTimeout(timer);
      timer = setTimeout(() => stop(`no run ended for ${HANG_MS / 1000} s`), HANG_MS);
    };
    watch();
    child.on('message', ({ failure, ...counts }) => {
      watch();
      Object.assign(state, counts, { rss: Math.max(state.rss ?? 0, counts.rss ?? 0) });
      if (failure) state.problem = `${failure}; the input is ${file}`;
      if (counts.rss > MOST_BYTES) stop(`${(counts.rss / 1e6).toFixed(0)} MB of memory`);
    });
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      if (code !== 0) state.problem ??= `the process ended with ${signal ?? code}; the input is ${file}`;
      resolve(state);
    });
  });
}
