/**
 * How long the page has to wait while relievo/worker works on a 12-megapixel photo, in headless Chromium:
 *
 *     npm run build && node bench/worker.mjs
 *
 * "nothing at all" is what the machine itself takes from the page in a second.
 */
import { createServer } from 'node:http';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { build } from 'vite';
import { findChromium } from '../scripts/setup.mjs';

const site = await mkdtemp(join(tmpdir(), 'relievo-worker-'));
await build({
  configFile: fileURLToPath(new URL('../vite.config.js', import.meta.url)),
  root: fileURLToPath(new URL('worker', import.meta.url)),
  logLevel: 'error',
  build: { outDir: site, emptyOutDir: true },
});
const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
};
const server = createServer(async ({ url }, response) => {
  const file = join(site, decodeURIComponent(new URL(url, 'http://x').pathname));
  try {
    const bytes = await readFile(file);
    response.setHeader('content-type', TYPES[extname(file)] ?? 'application/octet-stream');
    response.end(bytes);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const browser = await chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox'] });
try {
  const page = await browser.newPage();
  page.on('pageerror', (e) => console.error(e.message));
  await page.goto(`http://127.0.0.1:${server.address().port}/index.html`);
  await page.waitForFunction(() => 'measure' in window);
  const { backend, rows } = await page.evaluate(() => window.measure(4000, 3000));
  console.log(`12 MP, backend ${backend}, milliseconds\n`);
  console.log(`${''.padEnd(28)}   takes  longest wait of the page  long tasks (≥ 50 ms)`);
  for (const [what, { took, longest, tasks }] of Object.entries(rows)) {
    const list = tasks.map((t) => t.toFixed(0)).join(', ') || 'none';
    console.log(`${what.padEnd(28)} ${took.toFixed(0).padStart(7)} ${longest.toFixed(1).padStart(25)}  ${list}`);
  }
} finally {
  await browser.close();
  server.close();
  await rm(site, { recursive: true });
}
