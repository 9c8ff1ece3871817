/**
 * How fast the editor page is: npm run bench:editor [-- --lighthouse]
 *
 * Builds demo/, serves it on loopback, and times it in Chromium: until the page answers with a warm cache, the first depth
 * with a cold one, frames while the focus is dragged over 0.5 MP, a photo of 12 MP that is magnified until it is sharp, and
 * the size of its JavaScript. Depth, frames and magnifying once with Chromium as it is, which without a GPU draws pages by
 * itself, and once where an imitated GPU draws the page as well. --lighthouse runs `npx lighthouse` on it, too.
 */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { chromium } from 'playwright-core';
import sharp from 'sharp';
import { findChromium, ROOT } from '../scripts/setup.mjs';

const DRAG_MS = 6000;
const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
};

const folder = mkdtempSync(join(tmpdir(), 'relievo-editor-'));
const dist = join(folder, 'site');
execFileSync(
  process.execPath,
  ['node_modules/vite/bin/vite.js', 'build', 'demo', '--config=vite.config.js', `--outDir=${dist}`, '--logLevel=error'],
  { cwd: ROOT, stdio: 'inherit' },
);
/** Scripts that the page asked for since it was last emptied: their bytes as sent. */
const sent = new Map();
const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, 'http://x');
  const file = pathname === '/' ? '/index.html' : pathname;
  try {
    const body = await readFile(join(dist, file));
    const hashed = file.startsWith('/assets/');
    const type = TYPES[extname(file)] ?? 'application/octet-stream';
    const text = /text|json|svg/.test(type);
    response.writeHead(200, {
      'content-type': type,
      'cache-control': hashed ? 'public, max-age=31536000, immutable' : 'no-cache',
      ...(text && { 'content-encoding': 'gzip' }),
    });
    const bytes = text ? gzipSync(body) : body;
    if (extname(file) === '.js') sent.set(file, bytes.length);
    response.end(bytes);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${server.address().port}/`;
const launch = (...flags) =>
  chromium.launch({
    executablePath: findChromium(),
    args: ['--no-sandbox', '--enable-unsafe-swiftshader', ...flags],
  });
const browser = await launch();
/** With nothing cached. */
const newPage = (browser) =>
  browser.newPage({ viewport: { width: 1280, height: 800 }, serviceWorkers: 'block', reducedMotion: 'reduce' });
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const seconds = (ms) => `${(ms / 1000).toFixed(2)} s`;
const row = (what, value) => console.log(`${what.padEnd(58)} ${value}`);

try {
  sizes();
  const page = await newPage(browser);
  const interactive = [];
  for (let i = 0; i < 6; i++) {
    await page.goto(url);
    const ms = await page.evaluate(() => performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd);
    if (i > 0) interactive.push(ms);
  }
  row('page answers, warm cache, median of 5', `${median(interactive).toFixed(0)} ms`);
  await page.context().close();

  await times(browser);
  console.log('An imitated GPU draws the page, too:');
  const imitated = await launch('--use-gl=angle', '--use-angle=swiftshader');
  await times(imitated).finally(() => imitated.close());
  if (process.argv.includes('--lighthouse')) await lighthouse();
} finally {
  await browser.close();
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true });
}

/** A first photo with nothing cached, a drag over it, and a large photo magnified. */
async function times(browser) {
  const fresh = await newPage(browser);
  const photo = await sharp(join(ROOT, 'assets/astronaut.png')).resize(707, 707).jpeg().toBuffer();
  await fresh.addInitScript(giveAtOnce, photo.toString('base64'));
  sent.clear();
  await fresh.goto(url);
  await fresh.waitForFunction(() => 'relievoSharp' in globalThis, null, { timeout: 120_000 });
  const at = await fresh.evaluate(() => [globalThis.relievoGiven, globalThis.relievoDepth, globalThis.relievoSharp]);
  row('navigation to depth on screen, nothing cached, 0.5 MP', seconds(at[1]));
  row('  of it until the page takes a photo', seconds(at[0]));
  row('  until the first blurred picture', seconds(await fresh.evaluate(firstBlurred)));
  row('  until nothing more is to come: outline, faces, matte', seconds(at[2]));
  await idle(fresh);
  const scripts = [...sent.values()].reduce((a, b) => a + b, 0);
  row('JavaScript sent until a photo is refocused, gzip', `${(scripts / 1000).toFixed(0)} kB`);
  await fresh.getByRole('tab', { name: 'Speed' }).click();
  for (const line of (await fresh.locator('.timings').innerText()).match(/.+\n.+/g) ?? [])
    row(`  ${line.split('\n')[0]}`, line.split('\n')[1]);
  await fresh.getByRole('tab', { name: 'Focus' }).click();
  const { drawn, by } = await fresh.evaluate(drag, DRAG_MS);
  row(`focus drag at 0.5 MP, pictures drawn (${by})`, `${(drawn / (DRAG_MS / 1000)).toFixed(1)} /s`);
  await fresh.context().close();
  await magnified(browser);
}

function firstBlurred() {
  const [first] = performance.getEntriesByType('measure').filter((m) => /^relievo:(draft|preview)$/.test(m.name));
  return first.startTime + first.duration;
}

/** From three steps of magnification on a photo of 12 MP to the picture that is as sharp as the screen. */
async function magnified(browser) {
  const page = await newPage(browser);
  await page.goto(`${url}?backend=wasm`);
  const buffer = await sharp(join(ROOT, 'assets/astronaut.png'))
    .resize(4000, 3000, { position: 'top' })
    .jpeg()
    .toBuffer();
  await page.setInputFiles('#file', { name: 'large.jpg', mimeType: 'image/jpeg', buffer });
  await page.locator('#focus').waitFor({ timeout: 120_000 });
  await idle(page);
  const took = [];
  for (let i = 0; i < 3; i++) {
    const start = performance.now();
    for (let k = 0; k < 3; k++) await page.keyboard.press('+');
    await page.locator('#frame > .detail canvas').waitFor({ timeout: 120_000 });
    took.push(performance.now() - start);
    await page.keyboard.press('0');
    await page.waitForFunction(() => !document.querySelector('#frame > .detail canvas'));
  }
  row('12 MP magnified 3.4 times until it is sharp, median of 3', seconds(median(took)));
  await page.context().close();
}

function idle(page) {
  return page.waitForFunction(
    () =>
      document.getElementById('task').hidden && document.getElementById('canvas').getAttribute('aria-busy') !== 'true',
    null,
    { timeout: 120_000 },
  );
}

/**
 * In the page, before its own scripts: chooses a photo as soon as there is where to, and notes when, in milliseconds since
 * the navigation: when the depth and its controls are painted, and when nothing is to come any more.
 */
function giveAtOnce(base64) {
  const give = () => {
    const input = document.getElementById('file');
    if (!input) return requestAnimationFrame(give);
    const data = new DataTransfer();
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    data.items.add(new File([bytes], 'portrait.jpg', { type: 'image/jpeg' }));
    input.files = data.files;
    globalThis.relievoGiven = performance.now();
    input.dispatchEvent(new Event('change', { bubbles: true }));
    return look();
  };
  const look = () => {
    const slider = document.getElementById('focus');
    if (!slider || slider.closest('[inert]')) return requestAnimationFrame(look);
    // After the next picture of the screen.
    return requestAnimationFrame(() =>
      setTimeout(() => {
        globalThis.relievoDepth = performance.now();
        rest();
      }),
    );
  };
  const rest = () => {
    const working = !document.getElementById('task').hidden || document.getElementById('canvas').ariaBusy !== 'false';
    if (working) return setTimeout(rest, 20);
    return (globalThis.relievoSharp = performance.now());
  };
  requestAnimationFrame(give);
}

/** In the page: the pointer goes to and fro over the photo, as often as the browser lets it. */
async function drag(ms) {
  const canvas = document.getElementById('canvas');
  const box = canvas.getBoundingClientRect();
  canvas.setPointerCapture = () => {};
  const send = (type, x) =>
    canvas.dispatchEvent(
      new PointerEvent(type, {
        pointerId: 1,
        clientX: box.left + x * box.width,
        clientY: box.top + 0.3 * box.height,
        bubbles: true,
      }),
    );
  performance.clearMeasures();
  const start = performance.now();
  send('pointerdown', 0.45);
  while (performance.now() - start < ms) {
    send('pointermove', 0.6 + 0.3 * Math.sin((performance.now() - start) / 400));
    await new Promise(requestAnimationFrame);
  }
  const drawn = performance.getEntriesByType('measure').filter((m) => /^relievo:(draft|preview)$/.test(m.name));
  send('pointerup', 0.45);
  return {
    drawn: drawn.length,
    by: [...new Set(drawn.map((m) => `${m.name.slice(8)} on the ${m.detail}`))].join(', '),
  };
}

/** JavaScript by when it is needed, gzipped. */
function sizes() {
  const kinds = {
    page: 0,
    'workers (previews, networks)': 0,
    'TensorFlow.js, in the worker': 0,
    'three.js, for 3D': 0,
    'video and glTF writers': 0,
    'rest (GPU lens, offline)': 0,
  };
  for (const file of readdirSync(join(dist, 'assets')).filter((f) => f.endsWith('.js'))) {
    const code = readFileSync(join(dist, 'assets', file));
    const text = code.toString();
    const kind = file.startsWith('index-')
      ? 'page'
      : file.startsWith('relief-')
        ? 'three.js, for 3D'
        : file.startsWith('worker-') || file.startsWith('bokeh-worker-')
          ? 'workers (previews, networks)'
          : /mediabunny|gltf|KHR_/i.test(text)
            ? 'video and glTF writers'
            : /tensorflow|registerKernel|kernelName|backendName/i.test(text)
              ? 'TensorFlow.js, in the worker'
              : 'rest (GPU lens, offline)';
    kinds[kind] += gzipSync(code, { level: 9 }).length;
  }
  kinds['rest (GPU lens, offline)'] += gzipSync(readFileSync(join(dist, 'service-worker.js')), { level: 9 }).length;
  for (const [kind, bytes] of Object.entries(kinds))
    row(`JavaScript, gzip: ${kind}`, `${(bytes / 1000).toFixed(0)} kB`);
}

async function lighthouse() {
  // Not execFileSync: the page is served by this process.
  const { stdout } = await promisify(execFile)(
    'npx',
    [
      '--yes',
      'lighthouse',
      url,
      '--quiet',
      '--output=json',
      '--only-categories=performance,accessibility,best-practices',
      '--preset=desktop',
      '--chrome-flags=--headless=new --no-sandbox',
    ],
    { env: { ...process.env, CHROME_PATH: findChromium() }, maxBuffer: 1 << 28 },
  );
  for (const { title, score } of Object.values(JSON.parse(stdout).categories))
    row(`Lighthouse: ${title}`, Math.round(score * 100));
}
