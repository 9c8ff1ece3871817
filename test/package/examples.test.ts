import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ROOT } from '../helpers/photos.js';

const run = promisify(execFile);

// What needs no packages of its own; `npm run examples` adds webpack and Next.
test('the packed package works in Vite, in a plain page, and in Node as ES module and CommonJS', async () => {
  const { stdout } = await run(process.execPath, ['scripts/examples.mjs', '--linked'], { cwd: ROOT });
  for (const name of ['vite', 'static', 'esm', 'cjs'])
    expect(stdout).toMatch(new RegExp(`^${name} +off \\d\\.\\d+, mean \\d`, 'm'));
}, 600_000);
