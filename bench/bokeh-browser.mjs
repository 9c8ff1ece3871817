/**
 * Scores depth-of-field renderers that need a page, in headless Chromium, beside ours on the CPU and two that are
 * computed here; times those of the page at 1 MP.
 *
 *   npm run build && npm run bench:bokeh:browser [-- FOLDER] [--scenes 000,001] [--out DIR] [--no-time]
 *     [--apertures 0.01,0.02,0.04] [--sheet FILE.jpg]
 *
 * --sheet draws instead the worst part of each on a scene that may be shown (lib/planes.mjs) beside the truth.
 * FOLDER as for bench/bokeh.mjs. Installs bench/browser/package.json when it is not. Chromium runs without a GPU.
 */
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import sharp from 'sharp';
import { build } from 'vite';
import { applyBokeh } from '../dist/effects/index.js';
import { Hydra } from '../dist/hydra/index.js';
import { findChromium } from '../scripts/setup.mjs';
import { depthGaussian, gather } from './lib/baselines.mjs';
import { planes, PERSON, WALL } from './lib/planes.mjs';
import { score } from './lib/score.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    scenes: { type: 'string' },
    out: { type: 'string' },
    'no-time': { type: 'boolean' },
    sheet: { type: 'string' },
    apertures: { type: 'string', default: '0.02' },
  },
});
const folder =
  positionals[0] ??
  process.env.RELIEVO_BOKEH_REFERENCES ??
  fileURLToPath(new URL('../../shared/bench/bokeh', import.meta.url));
const root = fileURLToPath(new URL('browser', import.meta.url));
if (!existsSync(join(root, 'node_modules')))
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: root, stdio: 'inherit' });

const site = await mkdtemp(join(tmpdir(), 'relievo-bench-'));
await build({
  configFile: false,
  root,
  base: './',
  logLevel: 'error',
  resolve: { alias: { '@mediapipe/selfie_segmentation': join(root, 'selfie-segmentation.js') } },
  build: { outDir: site, emptyOutDir: true, target: 'es2022' },
});
const TYPES = { '.html': 'text/html', '.js': 'text/javascript' };
const server = createServer(async ({ url }, response) => {
  const file = join(site, new URL(url, 'http://x').pathname);
  try {
    response.setHeader('content-type', TYPES[extname(file)] ?? 'application/octet-stream');
    response.end(await readFile(file));
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const browser = await chromium.launch({
  executablePath: findChromium(),
  args: ['--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
});

try {
  const page = await browser.newPage();
  page.on('pageerror', (e) => console.error(e.message));
  await page.goto(`http://127.0.0.1:${server.address().port}/index.html`);
  await page.waitForFunction(() => 'render' in window);
  const inPage =
    (method, frames) =>
    async (image, depth, { focus, aperture }) => {
      const pixels = Buffer.from(image.data).toString('base64');
      const { buffer, byteOffset, byteLength } = depth.data;
      const disparities = Buffer.from(buffer, byteOffset, byteLength).toString('base64');
      const scene = { width: image.width, height: image.height, pixels, disparities, focus, aperture };
      const result = await page.evaluate(([m, s, n]) => window.render(m, s, n), [method, scene, frames]);
      return { ...image, ...result, data: new Uint8ClampedArray(Buffer.from(result.pixels, 'base64')) };
    };
  const METHODS = {
    'body-segmentation drawBokehEffect': inPage('bodySegmentation', 1),
    'depth-varying Gaussian': depthGaussian,
    'postprocessing DepthOfFieldEffect': inPage('postprocessing', 1),
    'plain gather': gather,
    'relievo, CPU': (image, depth, { focus, aperture }) => applyBokeh(image, depth, { focus, aperture }),
    'relievo, GPU': inPage('relievo', 1),
  };

  await (values.sheet ? drawSheet(values.sheet, METHODS) : scoreScenes(METHODS, inPage));
} finally {
  await browser.close();
  server.close();
  await rm(site, { recursive: true });
}

async function scoreScenes(methods, inPage) {
  let settings = (await readFile(join(folder, 'settings.jsonl'), 'utf8')).trim().split('\n').map(JSON.parse);
  if (values.scenes) settings = settings.filter((s) => values.scenes.split(',').includes(s.name));
  const scores = new Map(Object.keys(methods).map((m) => [m, []]));
  const apart = [];
  for (const s of settings) {
    const [image, lens] = await Promise.all(['sharp', 'lens'].map((f) => readImage(join(folder, f, `${s.name}.png`))));
    const depth = await readDepth(join(folder, 'disparity', `${s.name}.png`));
    const pictures = {};
    for (const [method, render] of Object.entries(methods)) {
      pictures[method] = await render(image, depth, s);
      scores.get(method).push(score(lens, pictures[method], depth.data));
      if (values.out) await write(values.out, method, s.name, pictures[method]);
    }
    apart.push({ name: s.name, ...difference(pictures['relievo, CPU'].data, pictures['relievo, GPU'].data) });
  }
  console.log(`${settings.length} scenes\n`);
  console.log(
    '| renderer | PSNR dB | SSIM | 99.9 % error | band dB | scenes above relievo |\n|---|---|---|---|---|---|',
  );
  const best = scores.get('relievo, GPU');
  for (const [method, rows] of scores) {
    const mean = (key) => rows.reduce((sum, r) => sum + r[key], 0) / rows.length;
    const above = method.startsWith('relievo') ? '' : rows.filter((r, i) => r.psnr >= best[i].psnr).length;
    console.log(
      `| ${method} | ${mean('psnr').toFixed(2)} | ${mean('ssim').toFixed(4)} | ${mean('worst').toFixed(1)} | ${mean('band').toFixed(2)} | ${above} |`,
    );
  }
  const worst = (key) => Math.max(...apart.map((a) => a[key]));
  console.log('\nGPU against CPU, codes of 255\n\n| scene | mean | 99.9 % | worst |\n|---|---|---|---|');
  for (const a of apart) console.log(`| ${a.name} | ${a.mean.toFixed(3)} | ${a.most} | ${a.worst} |`);
  console.log(`| worst of them | ${worst('mean').toFixed(3)} | ${worst('most')} | ${worst('worst')} |`);

  if (!values['no-time']) {
    const s = settings[Math.min(9, settings.length - 1)];
    const image = await readImage(join(folder, 'sharp', `${s.name}.png`), 1024);
    const depth = enlarge(await readDepth(join(folder, 'disparity', `${s.name}.png`)), 1024);
    console.log(`\nScene ${s.name} at 1024 × 1024, shaders on the CPU\n`);
    console.log(
      '| aperture | renderer | ms per frame | CPU ms per frame | passes | reads per pixel |\n|---|---|---|---|---|---|',
    );
    for (const aperture of values.apertures.split(',').map(Number)) {
      for (const method of ['postprocessing', 'relievo', 'bodySegmentation']) {
        const run = inPage(method, 4);
        await inPage(method, 1)(image, depth, { ...s, aperture });
        // The same call twice with 1 and with 4 frames: the difference is what frames take.
        const cpu = [gpuProcessMs()];
        await inPage(method, 1)(image, depth, { ...s, aperture });
        cpu.push(gpuProcessMs());
        const { ms, cost } = await run(image, depth, { ...s, aperture });
        cpu.push(gpuProcessMs());
        const perFrame = (cpu[2] - cpu[1] - (cpu[1] - cpu[0])) / 3;
        console.log(
          `| ${aperture} | ${method} | ${ms.toFixed(0)} | ${perFrame.toFixed(0)} | ${cost?.passes ?? ''} | ${cost?.reads.toFixed(0) ?? ''} |`,
        );
      }
    }
  }
}

/**
 * By focus two rows: the worst 96 × 96 pixels of each method, and the truth there.
 */
async function drawSheet(file, methods) {
  const photo = await readImage(fileURLToPath(new URL('../assets/astronaut.png', import.meta.url)));
  const hydra = await Hydra.load({ modules: ['depth', 'matte'] });
  const scene = await planes(photo, { hydra });
  hydra.close();
  const side = 96;
  const [zoom, gap] = [2, 6];
  const names = Object.keys(methods).filter((m) => m !== 'relievo, GPU');
  const cell = side * zoom + gap;
  const tiles = [];
  for (const [row, focus] of [PERSON, WALL].entries()) {
    const s = { focus, aperture: 0.03 };
    const lens = scene.lens(s);
    for (const [column, name] of names.entries()) {
      const picture = await methods[name](scene.image, scene.depth, s);
      const { psnr } = score(lens, picture, scene.depth.data);
      const at = worstWindow(lens.data, picture.data, photo.width, photo.height, side);
      console.log(`| focus ${focus} | ${name} | ${psnr.toFixed(2)} dB | worst at ${at.left}, ${at.top} |`);
      for (const [k, { data }] of [picture, lens].entries()) {
        const raw = { width: photo.width, height: photo.height, channels: 4 };
        const input = await sharp(Buffer.from(data), { raw })
          .extract({ ...at, width: side, height: side })
          .resize(side * zoom, side * zoom, { kernel: 'nearest' })
          .removeAlpha()
          .png()
          .toBuffer();
        tiles.push({ input, left: gap + column * cell, top: gap + (2 * row + k) * cell });
      }
    }
  }
  const create = { width: gap + names.length * cell, height: gap + 4 * cell, channels: 3, background: '#fff' };
  await sharp({ create }).composite(tiles).jpeg({ quality: 88 }).toFile(file);
}

function worstWindow(a, b, width, height, side) {
  let worst = { left: 0, top: 0, error: -1 };
  for (let top = 0; top + side <= height; top += 8)
    for (let left = 0; left + side <= width; left += 8) {
      let error = 0;
      for (let y = top; y < top + side; y++)
        for (let p = (y * width + left) * 4; p < (y * width + left + side) * 4; p++) error += (a[p] - b[p]) ** 2;
      if (error > worst.error) worst = { left, top, error };
    }
  return { left: worst.left, top: worst.top };
}

/** CPU time of Chromium's GPU process, where shaders run: other work on the machine does not count (Linux only). */
function gpuProcessMs() {
  if (!existsSync('/proc')) return NaN;
  const processes = new Map();
  for (const id of readdirSync('/proc').filter((d) => /^\d+$/.test(d))) {
    try {
      const stat = readFileSync(`/proc/${id}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const gpu = readFileSync(`/proc/${id}/cmdline`, 'utf8').includes('--type=gpu-process');
      processes.set(id, { parent: fields[1], ms: (Number(fields[11]) + Number(fields[12])) * 10, gpu });
    } catch {
      // It ended meanwhile.
    }
  }
  const mine = (id) => id === String(process.pid) || (processes.has(id) && mine(processes.get(id).parent));
  let sum = 0;
  for (const [id, { ms, gpu }] of processes) if (gpu && mine(id)) sum += ms;
  return sum;
}

function difference(a, b) {
  const histogram = new Float64Array(256);
  for (let i = 0; i < a.length; i++) if (i % 4 < 3) histogram[Math.abs(a[i] - b[i])]++;
  const count = a.length * 0.75;
  let most = 0;
  for (let seen = histogram[0]; seen < 0.999 * count; seen += histogram[most]) most++;
  const worst = histogram.findLastIndex((n) => n > 0);
  return { mean: histogram.reduce((sum, n, v) => sum + n * v, 0) / count, most, worst };
}

async function readImage(file, side) {
  const picture = sharp(file).ensureAlpha();
  if (side) picture.resize(side, side);
  const { data, info } = await picture.raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data: new Uint8ClampedArray(data) };
}

async function readDepth(file) {
  const { data, info } = await sharp(file)
    .toColourspace('grey16')
    .raw({ depth: 'ushort' })
    .toBuffer({ resolveWithObject: true });
  const codes = new Uint16Array(data.buffer, data.byteOffset, info.width * info.height);
  return { width: info.width, height: info.height, data: Float32Array.from(codes, (v) => v / 65535) };
}

function enlarge({ width, height, data }, side) {
  const at = (v, n) => Math.floor(((v + 0.5) * n) / side);
  const out = new Float32Array(side * side);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) out[y * side + x] = data[at(y, height) * width + at(x, width)];
  return { width: side, height: side, data: out };
}

async function write(dir, method, name, { width, height, data }) {
  const to = join(dir, method.replace(/\W+/g, '-'));
  await mkdir(to, { recursive: true });
  await sharp(Buffer.from(data), { raw: { width, height, channels: 4 } })
    .removeAlpha()
    .png()
    .toFile(join(to, `${name}.png`));
}
