import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ROOT } from '../helpers/photos.js';

// A taste of `npm run fuzz -- --minutes 60`, with the same inputs every time.
test('readers of bytes from elsewhere refuse or read them, and nothing else', async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['test/fuzz/run.mjs', '--minutes', '0.2', '--seed', '1'],
    { cwd: ROOT },
  );
  const runs = [...stdout.matchAll(/(\d+) runs, +(\d+) read/g)].map((m) => [Number(m[1]), Number(m[2])]);
  expect(runs).toHaveLength(6);
  // Each got somewhere: some inputs were whole enough to be read, most were not.
  for (const [all, read] of runs) {
    expect(all).toBeGreaterThan(5);
    expect(read).toBeGreaterThan(0);
    expect(read).toBeLessThan(all!);
  }
}, 240_000);
