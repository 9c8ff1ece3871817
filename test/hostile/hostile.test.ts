import { execFile } from 'node:child_process';
import { ROOT } from '../helpers/photos.js';

/** Each so-many-th call of the whole table, `npm run hostile`: about a minute on two cores. */
const EVERY = 61;

// The table is made from the types: a new function is in it by existing, and this test fails until it can be called.
test('whatever is handed over gives a right result or a RelievoError: no other error, no hang, no crash', async () => {
  const out = await new Promise<string>((resolve) => {
    const args = ['test/hostile/run.mjs', '--every', String(EVERY)];
    execFile(process.execPath, args, { cwd: ROOT }, (_error, stdout) => resolve(stdout));
  });
  const [, right, typed] = /(\d+) right, (\d+) typed, 0 raw, 0 wrong, 0 hang, 0 crash/.exec(out) ?? [];
  // What went wrong is printed call by call.
  if (right === undefined) throw new Error(out);
  expect(Number(right)).toBeGreaterThan(80);
  expect(Number(typed)).toBeGreaterThan(100);
}, 300_000);
