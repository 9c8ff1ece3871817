/**
 * Builds and runs every example of examples/bundlers from the packed package, and checks the depth that each estimates:
 *
 *     npm run examples [-- vite webpack next static esm cjs] [--linked]
 *
 * The web ones run in Chromium. `--linked` takes the packages of this repository instead of installing the examples'
 * own, which leaves out webpack and Next.
 */
import { execFileSync, spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build, findChromium, ROOT, setup } from './setup.mjs';

setup({ tests: true });
build();
const { chromium } = await import('playwright-core');
const { default: sharp } = await import('sharp');
const { values, positionals } = parseArgs({ options: { linked: { type: 'boolean' } }, allowPositionals: true });
const LINKED = ['vite', 'static', 'esm', 'cjs'];
const names = positionals.length ? positionals : values.linked ? LINKED : [...LINKED, 'webpack', 'next'];

/** Of 255: a browser may round a colour of the photo otherwise than sharp does. */
const TOLERANCE = 2;
const PHOTO = join(ROOT, 'assets/astronaut.png');
const CHROMIUM_FLAGS = ['--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'];
const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.png': 'image/png',
};

const folder = mkdtempSync(join(tmpdir(), 'relievo-examples-'));
const started = [];
let browser;
try {
  install();
  const want = await reference();
  console.log(`${'example'.padEnd(9)}  depth (of 255)      downloaded: code min+gzip   .wasm    models   first load`);
  for (const name of names) {
    if (name === 'esm' || name === 'cjs') await inNode(name, want);
    else await inPage(name, want);
  }
} finally {
  await browser?.close();
  for (const stop of started) await stop();
  rmSync(folder, { recursive: true });
}

/** The examples in a folder of their own, with the packed package: nothing of this repository is found by accident. */
function install() {
  cpSync(join(ROOT, 'examples/bundlers'), folder, {
    recursive: true,
    filter: (path) => !/\/(node_modules|dist|\.next)$/.test(path),
  });
  const tarball = run('npm', ['pack', '--silent', '--pack-destination', folder], ROOT).trim().split('\n').at(-1);
  if (values.linked) {
    const own = join(ROOT, 'node_modules');
    mkdirSync(join(folder, 'node_modules/relievo'), { recursive: true });
    for (const n of readdirSync(own)) symlinkSync(join(own, n), join(folder, 'node_modules', n));
    run(
      'tar',
      ['-xzf', join(folder, tarball), '--strip-components=1', '-C', join(folder, 'node_modules/relievo')],
      folder,
    );
  } else {
    run('npm', ['install', '--no-audit', '--no-fund', `./${tarball}`], folder);
  }
  const wasm = join(folder, 'node_modules/@tensorflow/tfjs-backend-wasm/dist');
  for (const n of readdirSync(wasm).filter((f) => f.endsWith('.wasm')))
    cpSync(join(wasm, n), join(folder, 'public/wasm', n));
  cpSync(PHOTO, join(folder, 'public/portrait.png'));
  // Next serves the folder of this name beside its pages; webpack leaves copying to the host.
  cpSync(join(folder, 'public'), join(folder, 'next/public'), { recursive: true });
}

/** The depth that the library gives here, 0..255, and that it is a depth at all: the face is before the background. */
async function reference() {
  const { estimateDepth } = await import('../dist/index.js');
  const { readImageFile } = await import('../dist/node/index.js');
  const depth = await estimateDepth(await readImageFile(PHOTO));
  const at = (x, y) => depth.data[y * depth.width + x];
  if (!(at(220, 130) > at(20, 20) + 0.3)) throw new Error('the face is not before the background');
  return { width: depth.width, height: depth.height, grey: Float32Array.from(depth.data, (v) => v * 255) };
}

function check(name, want, { width, height, grey }) {
  if (width !== want.width || height !== want.height) throw new Error(`${name}: depth of ${width} × ${height}`);
  let worst = 0;
  let sum = 0;
  for (let i = 0; i < grey.length; i++) {
    const d = Math.abs(grey[i] - want.grey[i]);
    worst = Math.max(worst, d);
    sum += d;
  }
  if (!(worst <= TOLERANCE)) throw new Error(`${name}: the depth is off by ${worst} of 255`);
  return `off ${worst.toFixed(2)}, mean ${(sum / grey.length).toFixed(2)}`;
}

async function inNode(name, want) {
  const out = join(folder, `${name}.png`);
  run('npm', ['run', '--silent', name, '--', PHOTO, out], folder);
  const { data, info } = await sharp(out)
    .toColourspace('grey16')
    .raw({ depth: 'ushort' })
    .toBuffer({ resolveWithObject: true });
  const grey = Float32Array.from(new Uint16Array(data.buffer, data.byteOffset, data.length / 2), (v) => v / 257);
  console.log(`${name.padEnd(9)}  ${check(name, want, { ...info, grey })}`);
}

async function inPage(name, want) {
  run('npm', ['run', '--silent', name], folder);
  const address = name === 'next' ? await nextServer() : await serve(name);
  browser ??= await chromium.launch({ executablePath: findChromium(), args: CHROMIUM_FLAGS });
  const page = await (await browser.newContext()).newPage();
  const problems = [];
  const got = new Map();
  const bodies = [];
  page.on('pageerror', (e) => problems.push(e.message));
  page.on('console', (m) => m.type() === 'error' && problems.push(m.text()));
  page.on('requestfailed', (r) => problems.push(`${r.url()}: ${r.failure()?.errorText}`));
  page.on('response', (r) =>
    bodies.push(
      r.body().then(
        (b) => got.set(r.url(), b),
        () => {},
      ),
    ),
  );
  let html = '';
  if (name === 'next') {
    html = await (await fetch(address)).text();
    if (!html.includes('colour-pop')) throw new Error('next: the server did not render what it imported');
  }
  const start = performance.now();
  await page.goto(address);
  await page.waitForFunction(() => /^(done|failed)/.test(document.querySelector('#status').textContent), null, {
    timeout: 180_000,
  });
  const status = await page.textContent('#status');
  const seconds = (performance.now() - start) / 1000;
  if (!status.startsWith('done') || problems.length) throw new Error(`${name}: ${status}\n${problems.join('\n')}`);
  await Promise.all(bodies);
  const pixels = (selector) =>
    page.evaluate((s) => {
      const canvas = document.querySelector(s);
      const { width, height } = canvas;
      const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
      return { width, height, grey: Array.from({ length: width * height }, (_, i) => data[i * 4]) };
    }, selector);
  const found = check(name, want, await pixels('#depth'));
  check(`${name} in the worker`, want, await pixels('#worker'));
  if ((await pixels('#bokeh')).width !== want.width) throw new Error(`${name}: no bokeh`);
  const size = (pattern, pack = (b) => b.length) =>
    `${([...got].filter(([url]) => pattern.test(url)).reduce((n, [, b]) => n + pack(b), 0) / 1e3).toFixed(0)} kB`;
  const code = size(/\.m?js($|\?)/, (b) => gzipSync(b, { level: 9 }).length);
  console.log(
    `${name.padEnd(9)}  ${found.padEnd(20)} ${code.padStart(16)} ${size(/\.wasm$/).padStart(17)} ${size(/\.bin|mod(el|ule)[^/]*\.json/).padStart(9)}  ${seconds.toFixed(1)} s  (${status})`,
  );
  await page.context().close();
}

/** dist/NAME, with what lies in public/ laid over it. */
async function serve(name) {
  const roots = [join(folder, 'dist', name), join(folder, 'public'), join(folder, name)];
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, 'http://x').pathname)).replace(/\/$/, '/index.html');
    const file = roots.map((r) => join(r, path)).find((f) => existsSync(f));
    if (!file) return response.writeHead(404).end();
    response
      .writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' })
      .end(readFileSync(file));
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  started.push(() => new Promise((done) => (server.closeAllConnections(), server.close(done))));
  return `http://127.0.0.1:${server.address().port}/`;
}

/** A real server of Next's: pages are rendered there before the browser takes over. */
async function nextServer() {
  const server = spawn(
    process.execPath,
    ['node_modules/next/dist/bin/next', 'start', 'next', '--hostname', '127.0.0.1', '--port', '0'],
    {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1' },
    },
  );
  started.push(() => server.kill());
  let said = '';
  for await (const chunk of server.stdout) {
    said += chunk;
    const address = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0];
    if (address && /Ready/.test(said)) return `${address}/`;
  }
  throw new Error(`next: the server ended: ${said}`);
}

function run(command, args, cwd) {
  return execFileSync(command, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1' },
  });
}
