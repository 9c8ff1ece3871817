/**
 * Every operator on the CPU and on the GPU, side by side in one page of headless Chromium: the sample portrait at about
 * half a megapixel, its own depth.
 *
 *     npm run build && node bench/gpu-operators.mjs [--megapixels 0.5] [--frames 10] [--only bokeh]
 *
 * "GPU" counts the upload and the read-back; "frame" is a preview's, whose parameter moves and that reads nothing back.
 * Least of three runs; frames are a mean. Chromium runs without a GPU: its shaders take the same processor.
 */
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { estimateDepth } from '../dist/depth/index.js';
import { Hydra } from '../dist/hydra/index.js';
import { base64, SOFTWARE_GL, withPage } from './lib/page.mjs';

const { values } = parseArgs({
  options: {
    megapixels: { type: 'string', default: '0.5' },
    frames: { type: 'string', default: '10' },
    only: { type: 'string', default: '' },
  },
});
const side = Math.round(Math.sqrt(Number(values.megapixels) * 1e6));
const photo = new URL('../assets/astronaut.png', import.meta.url);
const { data } = await sharp(photo.pathname)
  .resize(side, side)
  .ensureAlpha()
  .raw()
  .toBuffer({ resolveWithObject: true });
const image = { width: side, height: side, data: new Uint8ClampedArray(data) };
const hydra = await Hydra.load({ modules: ['depth', 'matte'] });
const depth = await estimateDepth(image, { hydra });
hydra.close();

const scene = { pixels: base64(image.data), disparities: base64(depth.data), width: side, height: side };
const { software, stored, rows } = await withPage('gpu', 'operators', SOFTWARE_GL, (page) =>
  page.evaluate(([s, frames, only]) => window.operators(s, frames, only), [scene, Number(values.frames), values.only]),
);
console.log(`${side} × ${side}, shaders on the ${software ? 'CPU' : 'GPU'}, pictures between steps: ${stored}\n`);
console.log('| steps | CPU ms | GPU ms | frame ms | frames/s | passes | mean | 99.9 % |');
console.log('|---|---|---|---|---|---|---|---|');
for (const r of rows) {
  const numbers = [r.cpu.toFixed(0), r.gpu.toFixed(0), r.frame.toFixed(0), (1000 / r.frame).toFixed(1), r.passes];
  console.log(`| ${r.name} | ${numbers.join(' | ')} | ${r.mean.toFixed(4)} | ${r.most} |`);
}
