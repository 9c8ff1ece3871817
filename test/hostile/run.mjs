/**
 * Calls everything public with bad values, one at a time: every function × every parameter and option × what such a
 * thing should not be. Prints how the calls ended:
 *
 *     npm run hostile [-- --every 7] [--only applyBokeh] [--package FOLDER]
 *
 * right: a right result; typed: a RelievoError; and what must not be: raw (another error), wrong (a bad value taken, or a
 * result that is not right), hang (no end within two seconds), crash (the process died). Exit status 1 when there is any
 * of those. `--every N` takes each N-th case, `--package` another built copy of this package.
 */
import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build, ROOT, setup } from '../../scripts/setup.mjs';
import { casesOf, groupOf } from './cases.mjs';
import { readSurface } from './surface.mjs';

const HANG_MS = 2000;
/** A call that does nothing is given that many times as long. */
const PATIENCE = 8;
/** What hung gets another try by itself. */
const TRIES = 2;

const { values } = parseArgs({
  options: {
    every: { type: 'string', default: '1' },
    only: { type: 'string' },
    package: { type: 'string' },
    verbose: { type: 'boolean' },
  },
});
if (!values.package) {
  setup();
  build();
}
const root = resolve(values.package ?? ROOT);
const folder = mkdtempSync(join(tmpdir(), 'relievo-hostile-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const surface = readSurface(root, ['', 'node', 'worker', 'react']);
const table = join(folder, 'table.json');
writeFileSync(table, JSON.stringify(surface));
const cases = casesOf(surface.calls);
const wanted = cases
  .map((_, i) => i)
  .filter((i) => !values.only || surface.calls[cases[i].call].name === values.only)
  .filter((i) => i % Number(values.every) === 0 || cases[i].bad < 0);
const functions = surface.calls.filter((c) => groupOf(c) === 'called').length;
console.log(`${functions} functions, ${wanted.length} of ${cases.length} calls`);

const tally = { right: 0, typed: 0, raw: 0, wrong: 0, hang: 0, crash: 0 };
await all(wanted);
console.log(
  Object.entries(tally)
    .map(([k, n]) => `${n} ${k}`)
    .join(', '),
);
process.exitCode = tally.right + tally.typed === wanted.length ? 0 : 1;

/** Milliseconds for which a process has had a processor, all of its threads together; where it is not told, none. */
function workedMs(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10; // user and system, in hundredths of a second
  } catch {
    return 0;
  }
}

function settle(index, outcome, why) {
  tally[outcome]++;
  const bad = outcome !== 'right' && outcome !== 'typed';
  if (bad || values.verbose) console.log(`${outcome.padEnd(5)} ${cases[index].label}: ${why ?? ''}`);
}

async function all(indices) {
  const tries = new Map();
  const queue = [...indices];
  while (queue.length) await one(queue, tries);
}

/** One process, until it is done or dead. */
function one(queue, tries) {
  const child = fork(new URL('./child.mjs', import.meta.url).pathname, [root, table, join(folder, 'files')], {
    stdio: ['ignore', 'ignore', values.verbose ? 'inherit' : 'ignore', 'ipc'],
    execArgv: ['--max-old-space-size=1024'],
  });
  return new Promise((done) => {
    let timer;
    let index;
    let hung = false;
    const next = () => {
      index = queue.shift();
      if (index === undefined) return child.kill();
      watch(30_000); // for the good call
      child.send(index);
    };
    const watch = (ms) => {
      clearInterval(timer);
      const from = Date.now();
      const worked = workedMs(child.pid);
      timer = setInterval(() => {
        const waited = Date.now() - from;
        // On a busy machine a process waits for its turn: what it worked counts, and waiting for nothing a while longer.
        if (waited < ms || (workedMs(child.pid) - worked < ms && waited < ms * PATIENCE)) return;
        hung = true;
        child.kill('SIGKILL');
      }, 250);
    };
    child.on('message', (m) => {
      if (m.start !== undefined) return watch(HANG_MS);
      if (m.end !== undefined) settle(m.end, m.outcome, m.why);
      clearInterval(timer);
      index = undefined;
      next();
    });
    child.on('exit', (code, signal) => {
      clearInterval(timer);
      if (index !== undefined) {
        const n = (tries.get(index) ?? 0) + 1;
        tries.set(index, n);
        if (!hung) settle(index, 'crash', `the process ended with ${signal ?? code}`);
        else if (n < TRIES) queue.unshift(index);
        else settle(index, 'hang', `no end within ${HANG_MS / 1000} s`);
      } else if (queue.length && code !== null && code !== 0) {
        throw new Error(`a process did not start: ${code}`);
      }
      done();
    });
  });
}
