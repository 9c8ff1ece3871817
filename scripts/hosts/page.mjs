/** A page of the examples, used in Chromium as a visitor would: choose a photo, wait, look. */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { findChromium } from '../setup.mjs';

const FLAGS = ['--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'];

/** One for each set of flags. */
const browsers = new Map();
export async function closeBrowser() {
  await Promise.all([...browsers.values()].map((b) => b.close()));
}

/**
 * Uses a page once, in a browser that was never there.
 *
 * @param worker whether the work is done in a worker.
 * @returns depth and blurred photo as 8-bit RGBA, what was downloaded for them, and how long it took.
 * @throws where anything went wrong, also what only the console tells.
 */
export async function use(address, photo, { worker, seconds = 90, args = [], prepare }) {
  const { chromium } = await import('playwright-core');
  const flags = [...FLAGS, ...args];
  const key = flags.join(' ');
  if (!browsers.has(key)) browsers.set(key, await chromium.launch({ executablePath: findChromium(), args: flags }));
  const browser = browsers.get(key);
  const context = await browser.newContext();
  const page = await context.newPage();
  const problems = [];
  const urls = new Map();
  let threads = 0;
  let loads = 0;
  page.on('pageerror', (e) => problems.push(e.message));
  page.on('console', (m) => /^(error|warning)$/.test(m.type()) && !QUIET.test(m.text()) && problems.push(m.text()));
  page.on('requestfailed', (r) => problems.push(`${r.url()}: ${r.failure()?.errorText}`));
  page.on('worker', () => threads++);
  page.on('load', () => loads++);
  context.on('response', (r) => urls.set(r.url(), r.headers()['content-type'] ?? ''));
  try {
    await prepare?.(context);
    await page.goto(address);
    await page.waitForSelector('#photo:enabled', { timeout: 30_000 }).catch(() => {
      throw new Error(['its script does not run', ...problems].join('\n'));
    });
    if (worker) await page.check('#worker');
    const start = performance.now();
    await page.setInputFiles('#photo', photo);
    const ended = () => /^(done|failed)/.test(document.querySelector('#status').textContent);
    await page.waitForFunction(ended, null, { timeout: seconds * 1000 }).catch(() => {});
    const firstLoad = (performance.now() - start) / 1000;
    const status = (await page.textContent('#status')).trim();
    if (loads > 1) problems.push('the page was loaded anew while it worked');
    if (worker && threads === 0) problems.push('no worker was started');
    if (!status.startsWith('done')) problems.unshift(status ? `said "${status}"` : 'said nothing');
    if (problems.length) throw new Error([...new Set(problems)].join('\n'));
    const pixels = async (id) => {
      const url = await page.evaluate((i) => document.getElementById(i).toDataURL(), id);
      const png = sharp(Buffer.from(url.split(',')[1], 'base64')).ensureAlpha();
      const { data, info } = await png.raw().toBuffer({ resolveWithObject: true });
      return { width: info.width, height: info.height, data };
    };
    const [depth, blurred] = [await pixels('depth'), await pixels('blurred')];
    return { depth, blurred, firstLoad, backend: status.split(' ').at(-1), threads, bytes: await weigh(urls) };
  } finally {
    await context.close();
  }
}

/** What browsers and development servers say that is no fault of the page. */
const QUIET =
  /\[vite\]|\[HMR\]|\[webpack-dev-server\]|React DevTools|GPU stall due to ReadPixels|Automatic fallback to software WebGL/;

/** Bytes of each kind among what was fetched: code minified as it came and gzipped here, the rest as it is. */
async function weigh(urls) {
  const bytes = { code: 0, wasm: 0, models: 0, other: 0 };
  for (const [url, type] of urls) {
    if (!/^(https?|file):/.test(url)) continue;
    const body = url.startsWith('file:')
      ? readFileSync(new URL(url))
      : Buffer.from(await (await fetch(url)).arrayBuffer());
    const path = new URL(url).pathname;
    if (/javascript/.test(type) || /\.[cm]?js$/.test(path)) bytes.code += gzipSync(body, { level: 9 }).length;
    else if (/wasm/.test(type) || /\.wasm$/.test(path)) bytes.wasm += body.length;
    else if (/\.(bin|json)$/.test(path)) bytes.models += body.length;
    else bytes.other += body.length;
  }
  return bytes;
}
