/**
 * The demo page.
 *
 *     npm run demo                 serves it here and prints the address
 *     npm run demo -- --build      writes demo/dist/, a static site that works from any folder of any host
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT, setup } from './setup.mjs';

const USAGE = 'Usage: npm run demo [-- [--build] [--port N] [--host]]';

let options;
try {
  ({ values: options } = parseArgs({
    options: {
      build: { type: 'boolean' },
      port: { type: 'string', default: '5173' },
      host: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  }));
} catch (error) {
  console.error(`${error.message}\n${USAGE}`);
  process.exit(2);
}
if (options.help) {
  console.log(USAGE);
  process.exit();
}

setup();
const vite = await import('vite');
const configFile = join(ROOT, 'vite.config.js');
if (options.build) {
  await vite.build({ configFile, logLevel: 'warn' });
  console.log('demo/dist/ is ready: copy it to any static host.');
} else {
  const server = await vite.createServer({
    configFile,
    logLevel: 'warn',
    server: { port: Number(options.port), host: options.host },
  });
  await server.listen();
  console.log('The demo is served at');
  for (const url of [...server.resolvedUrls.local, ...server.resolvedUrls.network]) console.log(`  ${url}`);
  console.log('Press Ctrl+C to stop.');
}
