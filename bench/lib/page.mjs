import { createServer } from 'node:http';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { build } from 'vite';
import { findChromium } from '../../scripts/setup.mjs';

const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
};

/** WebGL drawn by the processor (SwiftShader), where there is no GPU. */
export const SOFTWARE_GL = ['--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'];

/**
 * Builds a page of bench/ on the built library, opens it in headless Chromium and hands it over once `ready` is there.
 *
 * @param folder of the page, below bench/.
 * @param ready name that the page gives to `window` when it can be asked.
 */
export async function withPage(folder, ready, flags, work) {
  const site = await mkdtemp(join(tmpdir(), 'relievo-bench-'));
  await build({
    configFile: fileURLToPath(new URL('../../vite.config.js', import.meta.url)),
    root: fileURLToPath(new URL(`../${folder}`, import.meta.url)),
    logLevel: 'error',
    build: { outDir: site, emptyOutDir: true },
  });
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
  const browser = await chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox', ...flags] });
  try {
    const page = await browser.newPage();
    page.on('pageerror', (e) => console.error(e.message));
    await page.goto(`http://127.0.0.1:${server.address().port}/index.html`);
    await page.waitForFunction((name) => name in window, ready);
    return await work(page);
  } finally {
    await browser.close();
    server.close();
    await rm(site, { recursive: true });
  }
}

export function base64({ buffer, byteOffset, byteLength }) {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}
