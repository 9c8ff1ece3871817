/**
 * cutOut by size: time of its parts, peak memory above the photo, how soon an abort is seen, whether progress rises.
 *
 *     node bench/cutout.mjs [PHOTO]
 *
 * The photo is enlarged or shrunk to each size. Memory: greatest resident set during the call, less that before it.
 */
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { build, setup } from '../scripts/setup.mjs';

setup();
build();
const { cutOut, Hydra } = await import('../dist/index.js');
const { coverage, refineMatte } = await import('../dist/image/refine-matte.js');
const { estimateForeground } = await import('../dist/image/foreground.js');

const file = process.argv[2] ?? fileURLToPath(new URL('../assets/astronaut.png', import.meta.url));
const hydra = await Hydra.load({ modules: ['matte'] });
await cutOut(await sized(0.25), { hydra }); // warm-up
console.log('size      network     matte    colours   cutOut ms   abort ms   MB above the photo, and per MP');
for (const megapixels of [1, 12]) {
  const pixels = await sized(megapixels);
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  const mostBefore = process.resourceUsage().maxRSS;
  let peak = before;
  const seen = [];
  const onProgress = (p) => {
    seen.push(p);
    peak = Math.max(peak, process.memoryUsage().rss);
  };
  const [whole] = await time(() => cutOut(pixels, { hydra, onProgress }));
  // What the samples missed between two calls of onProgress, the system has noted if it was a new maximum.
  const most = process.resourceUsage().maxRSS;
  if (most > mostBefore) peak = Math.max(peak, most * 1024);
  if (seen.some((p, i) => i > 0 && p < seen[i - 1]) || seen.at(-1) !== 1)
    throw new Error('progress does not rise to 1');
  const photo = await hydra.open(pixels);
  const [network, { matte }] = await time(() => hydra.run('matte', photo));
  const [refining, data] = await time(() => refineMatte(coverage(matte), photo));
  const [colours] = await time(() => estimateForeground(photo, { width: photo.width, height: photo.height, data }));
  photo.close();
  const aborts = [];
  for (const at of [0.2, 0.5, 0.9]) aborts.push(await abort(pixels, at * whole));
  const mb = (peak - before) / 1e6;
  const cells = [network, refining, colours, whole, Math.max(...aborts)].map((v) => v.toFixed(0).padStart(9));
  console.log(`${megapixels} MP`.padEnd(7), ...cells, `   ${mb.toFixed(0)}, ${(mb / megapixels).toFixed(0)}`);
}
hydra.close();

async function sized(megapixels) {
  const { width, height } = await sharp(file).metadata();
  const scale = Math.sqrt((megapixels * 1e6) / (width * height));
  const { data, info } = await sharp(file)
    .resize(Math.round(width * scale), Math.round(height * scale))
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data: new Uint8ClampedArray(data), colorSpace: 'srgb' };
}

async function time(work) {
  const start = performance.now();
  const result = await work();
  return [performance.now() - start, result];
}

/** From when the abort was due: while work blocks the event loop, the timer waits too. */
async function abort(pixels, after) {
  const stop = new AbortController();
  const due = performance.now() + after;
  const timer = setTimeout(() => stop.abort(), after);
  try {
    await cutOut(pixels, { hydra, signal: stop.signal });
    return 0;
  } catch (error) {
    if (error !== stop.signal.reason) throw error;
    return performance.now() - due;
  } finally {
    clearTimeout(timer);
  }
}
