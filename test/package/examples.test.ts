import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ROOT } from '../helpers/photos.js';

const run = promisify(execFile);

// The quick half; `npm run examples` takes every host and package manager.
test('the tarball works in an empty app: Vite, its development server, webpack, esbuild, pages without a bundler, Node', async () => {
  const said: { stdout: string } = await run(process.execPath, ['scripts/examples.mjs', '--quick'], {
    cwd: ROOT,
  }).catch((error) => error);
  for (const name of [
    'vite-dev',
    'vite-build',
    'webpack-build',
    'esbuild-build',
    'import-map-files',
    'import-map-app',
    'cdn-files',
    'node-esm',
    'node-require',
  ])
    expect(said.stdout).toMatch(new RegExp(`^${name} .* ok +off \\d\\.\\d+`, 'm'));
}, 600_000);
