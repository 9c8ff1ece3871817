/**
 * Scores depth-of-field renderers against ray-traced references, and times ours.
 *
 *   npm run build && npm run bench:bokeh [-- FOLDER] [--out DIR] [--scenes] [--no-time]
 *
 * FOLDER (or RELIEVO_BOKEH_REFERENCES; default ../shared/bench/bokeh beside the project) holds sharp/, disparity/
 * (16-bit, / 65535), lens/ and settings.jsonl. --out writes every picture as DIR/METHOD/NAME.png, --scenes prints
 * a row per scene.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { applyBokeh } from '../dist/effects/index.js';
import { depthGaussian, gather, maskGaussian } from './lib/baselines.mjs';
import { score } from './lib/score.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { out: { type: 'string' }, scenes: { type: 'boolean' }, 'no-time': { type: 'boolean' } },
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

const settings = (await readFile(`${folder}/settings.jsonl`, 'utf8')).trim().split('\n').map(JSON.parse);
const scores = new Map();
for (const s of settings) {
  const [image, lens, depth] = await Promise.all([
    readImage(`${folder}/sharp/${s.name}.png`),
    readImage(`${folder}/lens/${s.name}.png`),
    readDepth(`${folder}/disparity/${s.name}.png`),
  ]);
  for (const [method, render] of Object.entries(METHODS)) await add(method, s, await render(image, depth, s));
  for (const [name, spoil] of Object.entries(SPOILT)) {
    const bad = spoil(depth);
    await add(`relievo, ${name}`, s, await ours(image, bad, s));
    await add(`plain gather, ${name}`, s, gather(image, bad, s));
  }

  async function add(method, { name }, out) {
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
const others = Object.keys(METHODS).filter((m) => m !== 'relievo');
const lost = scores.get('relievo').filter((r, i) => others.some((m) => scores.get(m)[i].psnr >= r.psnr));
console.log(`\nScenes where another method scores higher: ${lost.map((r) => r.name).join(', ') || 'none'}`);

if (!values['no-time']) {
  const s = settings[Math.min(9, settings.length - 1)];
  const image = await readImage(`${folder}/sharp/${s.name}.png`);
  const depth = await readDepth(`${folder}/disparity/${s.name}.png`);
  console.log(`\n| scene ${s.name}, aperture | size | wall s | CPU s |\n|---|---|---|---|`);
  for (const [width, height] of [
    [1154, 866],
    [4000, 3000],
  ]) {
    const big = await enlarge(image, depth, width, height);
    await applyBokeh(big.image, big.depth, { focus: s.focus, aperture: 0.02 });
    for (const aperture of [0.005, 0.01, 0.02, 0.04, 0.08]) {
      const cpu = process.cpuUsage();
      const start = performance.now();
      await applyBokeh(big.image, big.depth, { focus: s.focus, aperture });
      const wall = (performance.now() - start) / 1000;
      const used = process.cpuUsage(cpu);
      const mp = ((width * height) / 1e6).toFixed(0);
      console.log(`| ${aperture} | ${mp} MP | ${wall.toFixed(2)} | ${((used.user + used.system) / 1e6).toFixed(2)} |`);
    }
  }
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
