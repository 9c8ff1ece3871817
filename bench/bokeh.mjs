/**
 * Scores depth-of-field renderers against ray-traced references, with exact, spoilt and inferred depth; then what ours
 * takes in time and memory, and how alike a preview and an export are.
 *
 *   npm run build && npm run bench:bokeh [-- FOLDER] [--out DIR] [--only TEXT] [--scenes] [--no-time]
 *
 * FOLDER (or RELIEVO_BOKEH_REFERENCES; default ../shared/bench/bokeh beside the project) holds sharp/, disparity/
 * (16-bit, / 65535), lens/ and settings.jsonl. --out writes every picture as DIR/METHOD/NAME.png, --scenes prints
 * a row per scene, --only leaves out the methods that do not have TEXT in their name, --no-time and --no-scores a half.
 */
import { execFileSync } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { availableParallelism, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { estimateDepth } from '../dist/depth/index.js';
import { applyBokeh } from '../dist/effects/index.js';
import { Hydra } from '../dist/hydra/index.js';
import { depthGaussian, gather, maskGaussian, toCode, toLinear } from './lib/baselines.mjs';
import { score } from './lib/score.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: 'string' },
    only: { type: 'string', default: '' },
    scenes: { type: 'boolean' },
    'no-time': { type: 'boolean' },
    'no-scores': { type: 'boolean' },
    peak: { type: 'string' },
  },
});
const folder =
  positionals[0] ??
  process.env.RELIEVO_BOKEH_REFERENCES ??
  fileURLToPath(new URL('../../shared/bench/bokeh', import.meta.url));

const ours = (image, depth, s) => applyBokeh(image, depth, { focus: s.focus, aperture: s.aperture });
const METHODS = {
  'no blur': (image) => image,
  'Gaussian under a focus mask': maskGaussian,
  'depth-varying Gaussian': depthGaussian,
  'plain gather': gather,
  relievo: ours,
};
/** Depth as it comes out of a network: each spoils the exact map. */
const SPOILT = {
  'depth blurred by 8 px': (depth) => smooth(depth, 8),
  'depth shifted by 2 px': (depth) => shifted(depth, 2),
};

if (values.peak) {
  await printPeak(Number(values.peak));
  process.exit();
}

const hydra = await Hydra.load({ modules: ['depth'] });
const settings = (await readFile(`${folder}/settings.jsonl`, 'utf8')).trim().split('\n').map(JSON.parse);
const scores = new Map();
const upsideDown = [];
for (const s of values['no-scores'] ? [] : settings) {
  const [image, lens, depth] = await Promise.all([
    readImage(`${folder}/sharp/${s.name}.png`),
    readImage(`${folder}/lens/${s.name}.png`),
    readDepth(`${folder}/disparity/${s.name}.png`),
  ]);
  for (const [method, render] of Object.entries(METHODS)) await add(method, s, () => render(image, depth, s));
  for (const [name, spoil] of Object.entries(SPOILT)) {
    const bad = spoil(depth);
    await add(`relievo, ${name}`, s, () => ours(image, bad, s));
    await add(`plain gather, ${name}`, s, () => gather(image, bad, s));
  }
  // The network tells disparity up to scale and shift, but the settings mean the exact one.
  const { scale, ...inferred } = aligned(await estimateDepth(image, { hydra }), depth);
  if (scale < 0) upsideDown.push(s.name);
  for (const [method, render] of Object.entries(METHODS).slice(1))
    await add(`${method}, inferred depth`, s, () => render(image, inferred, s));

  async function add(method, { name }, render) {
    if (!method.includes(values.only)) return;
    const out = await render();
    if (!scores.has(method)) scores.set(method, []);
    scores.get(method).push({ name, ...score(lens, out, depth.data) });
    if (!values.out) return;
    const dir = `${values.out}/${method.replace(/\W+/g, '-')}`;
    await mkdir(dir, { recursive: true });
    const raw = { width: out.width, height: out.height, channels: 4 };
    await sharp(Buffer.from(out.data), { raw }).removeAlpha().png().toFile(`${dir}/${name}.png`);
  }
}

console.log(`${settings.length} scenes\n`);
console.log('| method | PSNR dB | SSIM | 99.9 % error | PSNR near steps dB |\n|---|---|---|---|---|');
for (const [method, rows] of scores) {
  const mean = (key) => rows.reduce((sum, r) => sum + r[key], 0) / rows.length;
  console.log(row(method, { psnr: mean('psnr'), ssim: mean('ssim'), worst: mean('worst'), band: mean('band') }));
  if (values.scenes) for (const r of rows) console.log(row(`· ${r.name}`, r));
}
for (const suffix of ['', ', inferred depth']) {
  if (!scores.has(`relievo${suffix}`)) continue;
  const others = Object.keys(METHODS)
    .filter((m) => m !== 'relievo' && scores.has(m + suffix))
    .map((m) => m + suffix);
  if (others.length === 0) continue;
  const lost = scores.get(`relievo${suffix}`).filter((r, i) => others.some((m) => scores.get(m)[i].psnr >= r.psnr));
  console.log(`\nScenes where another method scores higher${suffix}: ${lost.map((r) => r.name).join(', ') || 'none'}`);
}
if (upsideDown.length > 0)
  console.log(`Scenes of which the inferred depth fits best with near and far exchanged: ${upsideDown.join(', ')}`);
hydra.close();

// The same settings on half a megapixel and on twelve, scaled down to it. Photos are larger than the references, so
// that these are enlarged: the export's detail is that of the preview.
if (!values['no-time']) {
  let total = 0;
  for (const s of settings.slice(0, 4)) {
    const image = await readImage(`${folder}/sharp/${s.name}.png`);
    const depth = await readDepth(`${folder}/disparity/${s.name}.png`);
    const [preview, full] = await Promise.all([enlarge(image, depth, 816, 612), enlarge(image, depth, 4080, 3060)]);
    const small = await ours(preview.image, preview.depth, s);
    const large = await scaledDown(await ours(full.image, full.depth, s), 816, 612);
    const { psnr } = score(large, small);
    total += psnr;
    console.log(`Preview (0.5 MP) and export (12 MP, scaled down), scene ${s.name}: ${psnr.toFixed(1)} dB`);
  }
  console.log(`Mean: ${(total / 4).toFixed(1)} dB`);
}

if (!values['no-time']) {
  const s = settings[Math.min(9, settings.length - 1)];
  const image = await readImage(`${folder}/sharp/${s.name}.png`);
  const depth = await readDepth(`${folder}/disparity/${s.name}.png`);
  console.log(`\n${availableParallelism()} cores, load ${loadavg()[0].toFixed(1)}; scene ${s.name}, enlarged`);
  console.log('| size | aperture | widest radius px | threads | wall s | CPU s |');
  console.log('|---|---|---|---|---|---|');
  const measure = async (width, height, aperture, threads) => {
    const big = await enlarge(image, depth, width, height);
    const cpu = process.cpuUsage();
    const start = performance.now();
    await applyBokeh(big.image, big.depth, { focus: s.focus, aperture, threads });
    const wall = (performance.now() - start) / 1000;
    const used = process.cpuUsage(cpu);
    const widest = depth.data.reduce((m, d) => Math.max(m, Math.abs(d - s.focus)), 0);
    const radius = aperture * Math.max(width, height) * widest;
    const mp = ((width * height) / 1e6).toFixed(1);
    const seconds = [wall, (used.user + used.system) / 1e6].map((v) => v.toFixed(2));
    console.log(`| ${[`${mp} MP`, aperture, radius.toFixed(0), threads, ...seconds].join(' | ')} |`);
  };
  await measure(1154, 866, 0.02, 1); // compiles
  for (const aperture of [0.005, 0.02, 0.08]) await measure(1154, 866, aperture, 1);
  for (const aperture of [0.005, 0.01, 0.02, 0.04, 0.08])
    for (const threads of [1, 2]) await measure(4000, 3000, aperture, threads);
}

if (!values['no-time'])
  for (const threads of ['1', '2']) {
    // A process of its own: memory that an earlier picture has left would hide the peak.
    const args = ['--expose-gc', fileURLToPath(import.meta.url), folder, '--peak', threads];
    process.stdout.write(execFileSync(process.execPath, args, { encoding: 'utf8' }));
  }

async function printPeak(threads) {
  const [width, height] = [4000, 3000];
  const { name, focus } = JSON.parse((await readFile(`${folder}/settings.jsonl`, 'utf8')).trim().split('\n').at(-1));
  const [image, depth] = [
    await readImage(`${folder}/sharp/${name}.png`),
    await readDepth(`${folder}/disparity/${name}.png`),
  ];
  const big = await enlarge(image, depth, width, height);
  globalThis.gc();
  const before = process.memoryUsage().rss;
  let most = before;
  const look = () => (most = Math.max(most, process.memoryUsage().rss));
  const timer = setInterval(look, 10);
  await applyBokeh(big.image, big.depth, { focus, aperture: 0.02, threads, onProgress: look });
  clearInterval(timer);
  const peak = most - before;
  const each = (peak / (width * height)).toFixed(0);
  console.log(
    `12 MP, aperture 0.02, ${threads} threads: ${(peak / 1e6).toFixed(0)} MB above the picture, ${each} bytes a pixel`,
  );
}

function row(method, r) {
  return `| ${method} | ${r.psnr.toFixed(2)} | ${r.ssim.toFixed(4)} | ${r.worst.toFixed(1)} | ${r.band.toFixed(2)} |`;
}

async function readImage(file) {
  const { data, info } = await sharp(file).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
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

async function enlarge(image, depth, width, height) {
  const raw = { width: image.width, height: image.height, channels: 4 };
  const pixels = await sharp(Buffer.from(image.data), { raw }).resize(width, height, { fit: 'fill' }).raw().toBuffer();
  const data = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const from = Math.floor(((y + 0.5) * depth.height) / height) * depth.width;
    for (let x = 0; x < width; x++)
      data[y * width + x] = depth.data[from + Math.floor(((x + 0.5) * depth.width) / width)];
  }
  return { image: { width, height, data: new Uint8ClampedArray(pixels) }, depth: { width, height, data } };
}

/** An image scaled down by area, in linear light as a lens would. */
async function scaledDown(image, width, height) {
  const by = image.width / width;
  const data = new Uint8ClampedArray(width * height * 4);
  for (let y = 0, o = 0; y < height; y++)
    for (let x = 0; x < width; x++, o += 4) {
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let j = 0; j < by; j++)
          for (let i = 0; i < by; i++) sum += toLinear[image.data[((y * by + j) * image.width + x * by + i) * 4 + c]];
        data[o + c] = toCode(sum / (by * by));
      }
      data[o + 3] = 255;
    }
  return { width, height, data };
}

/** Disparity scaled and shifted to another by least squares, within 0..1. */
function aligned({ width, height, data }, to) {
  const n = data.length;
  const mean = (f) => data.reduce((sum, _, i) => sum + f(i), 0) / n;
  const a = mean((i) => data[i]);
  const b = mean((i) => to.data[i]);
  const scale =
    mean((i) => (data[i] - a) * (to.data[i] - b)) /
    Math.max(
      1e-9,
      mean((i) => (data[i] - a) ** 2),
    );
  return { scale, width, height, data: data.map((d) => Math.min(1, Math.max(0, b + scale * (d - a)))) };
}

/** Mean over a square of that side. */
function smooth({ width, height, data }, side) {
  const r = side >> 1;
  const across = (from, stride, count, line, lines) => {
    const to = new Float32Array(from.length);
    for (let l = 0; l < lines; l++)
      for (let i = 0; i < count; i++) {
        let sum = 0;
        for (let k = -r; k <= r; k++) sum += from[l * line + Math.min(count - 1, Math.max(0, i + k)) * stride];
        to[l * line + i * stride] = sum / (2 * r + 1);
      }
    return to;
  };
  const rows = across(data, 1, width, width, height);
  return { width, height, data: across(rows, width, height, 1, width) };
}

function shifted({ width, height, data }, by) {
  const out = new Float32Array(data.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) out[y * width + x] = data[y * width + Math.max(0, x - by)];
  return { width, height, data: out };
}
