/**
 * Many different photos through the whole pipeline in Node, and whether anything of them stays:
 *
 *     npm run bench:soak [-- --photos 1000] [--side 384] [--large]
 *
 * Photos are cut from the sample portrait: place, size, mirror, exposure and noise differ. Each is opened, its depth,
 * matte and faces are found, and it is edited by a recipe of five operators. JavaScript's heap is measured after a full
 * garbage collection; the first tenth warms up and does not count. `--large`: only what one photo of 24 megapixels takes.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import sharp from 'sharp';
import { build, ROOT, setup } from '../scripts/setup.mjs';

const { values } = parseArgs({
  options: {
    photos: { type: 'string', default: '1000' },
    side: { type: 'string', default: '384' },
    large: { type: 'boolean' },
    step: { type: 'string' },
  },
});
setup();
build();
const { applyBokeh, applyGrade, cutOut, detectFaces, estimateDepth, Hydra, pipeline } =
  await import('../dist/index.js');
const { data: source, info } = await sharp(`${ROOT}assets/astronaut.png`)
  .ensureAlpha()
  .raw()
  .toBuffer({ resolveWithObject: true });
setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');
const hydra = await Hydra.load({ modules: ['depth', 'matte', 'faces'] });

let seed = 1;
const random = () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32;

/** A photo that never was before. */
function photo() {
  const side = Math.min(Number(values.side), info.width);
  const width = Math.round(side * (0.5 + 0.5 * random()));
  const height = Math.round(side * (0.5 + 0.5 * random()));
  const x0 = Math.floor(random() * (info.width - width));
  const y0 = Math.floor(random() * (info.height - height));
  const [gain, mirror] = [0.6 + 0.8 * random(), random() < 0.5];
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let y = 0, p = 0; y < height; y++)
    for (let x = 0; x < width; x++, p += 4) {
      const q = ((y0 + y) * info.width + x0 + (mirror ? width - 1 - x : x)) * 4;
      for (let c = 0; c < 3; c++) data[p + c] = source[q + c] * gain + 8 * random();
    }
  return { width, height, data };
}

const edit = pipeline([
  { op: 'bokeh', focus: 'subject', aperture: 0.02 },
  { op: 'grade', background: { exposure: -0.5 } },
  { op: 'haze', amount: 0.2 },
  { op: 'vignette', amount: -0.4 },
  { op: 'parallax', x: 0.01 },
]);

/** Everything that is done with a photo; progress and abort are listened for, since listeners are what is forgotten. */
async function work(pixels, signal) {
  const task = { signal, onProgress: () => {} };
  const opened = await hydra.open(pixels, task);
  const depth = await estimateDepth(opened, { hydra, ...task });
  const { matte } = await cutOut(opened, { hydra, ...task });
  const faces = await detectFaces(opened, { hydra, ...task });
  const { image } = await edit.run(opened, depth, { matte, faces, ...task });
  opened.close();
  return image;
}

/** What an AbortSignal that lives as long as the process gathers. */
const lasting = new AbortController();
let listeners = 0;
for (const [name, step] of [
  ['addEventListener', 1],
  ['removeEventListener', -1],
]) {
  const original = lasting.signal[name];
  lasting.signal[name] = (...args) => {
    listeners += step;
    return original.apply(lasting.signal, args);
  };
}

function state() {
  gc();
  gc();
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  const { tensors, cachedFeatures } = hydra.memory();
  const handles = process.getActiveResourcesInfo().length;
  return {
    heap: heapUsed / 1e6,
    arrays: arrayBuffers / 1e6,
    rss: rss / 1e6,
    tensors,
    cachedFeatures,
    listeners,
    handles,
  };
}

if (values.large) await large();
else await soak();
hydra.close();

async function soak() {
  const count = Number(values.photos);
  const warm = Math.max(1, Math.floor(count / 10));
  const start = performance.now();
  let before;
  console.log('photo    heap MB  buffers MB   RSS MB  tensors  cached  listeners  handles');
  for (let k = 0; k <= count; k++) {
    if (k === warm || k === count || (k > 0 && k % Math.ceil(count / 10) === 0)) {
      const s = state();
      if (k === warm) before = s;
      const row = [
        s.heap.toFixed(1),
        s.arrays.toFixed(1),
        s.rss.toFixed(0),
        s.tensors,
        s.cachedFeatures,
        s.listeners,
        s.handles,
      ];
      const widths = [10, 11, 8, 8, 7, 10, 8];
      console.log(String(k).padStart(5) + row.map((v, i) => String(v).padStart(widths[i] + 0)).join(''));
    }
    if (k < count) await work(photo(), lasting.signal);
  }
  const after = state();
  const minutes = (performance.now() - start) / 60_000;
  const grown = (after.heap - before.heap).toFixed(2);
  console.log(
    `\n${count} photos in ${minutes.toFixed(1)} min: tensors ${after.tensors - before.tensors}, features ` +
      `${after.cachedFeatures - before.cachedFeatures}, listeners ${after.listeners - before.listeners}, handles ` +
      `${after.handles - before.handles}, heap ${grown} MB, buffers ${(after.arrays - before.arrays).toFixed(2)} MB more than after photo ${warm}`,
  );
  const leak = ['tensors', 'cachedFeatures', 'listeners', 'handles'].some((k) => after[k] > before[k]);
  // What is compiled and cached meanwhile: a leaked photo each would be far more.
  if (leak || after.heap - before.heap > 3 || after.arrays - before.arrays > 1) {
    console.error('something stays');
    process.exitCode = 1;
  }
}

/** Highest memory of a process that does one thing to one photo, sampled; a process each, since freed memory stays its. */
async function large() {
  const [width, height] = [6000, 4000];
  const { data } = await sharp(`${ROOT}assets/astronaut.png`)
    .resize(width, height, { fit: 'cover' })
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const pixels = { width, height, data: new Uint8ClampedArray(data.buffer, data.byteOffset, data.byteLength) };
  const depth = () => ({ width, height, data: new Float32Array(width * height).map((_, i) => (i % width) / width) });
  const steps = {
    'nothing: the photo is there': () => {},
    'estimateDepth without the matte': () => estimateDepth(pixels, { hydra, matte: false }),
    estimateDepth: () => estimateDepth(pixels, { hydra }),
    'applyGrade (with its depth)': () => applyGrade(pixels, depth(), { background: { exposure: -1 } }),
    'applyBokeh (with its depth), one thread': () => applyBokeh(pixels, depth(), { aperture: 0.02, threads: 1 }),
    'applyBokeh (with its depth), two threads': () => applyBokeh(pixels, depth(), { aperture: 0.02, threads: 2 }),
  };
  if (values.step !== undefined) {
    await work(photo(), lasting.signal); // everything is loaded
    gc();
    let most = 0;
    const sample = () => (most = Math.max(most, process.memoryUsage().rss));
    const timer = setInterval(sample, 5);
    await Object.values(steps)[values.step]();
    sample();
    clearInterval(timer);
    console.log((most / 1e6).toFixed(0));
    return;
  }
  console.log(`24 MP (${(data.length / 1e6).toFixed(0)} MB of pixels), most memory of the process (RSS), in MB:`);
  for (const [k, name] of Object.keys(steps).entries()) {
    const args = [fileURLToPath(import.meta.url), '--large', '--step', String(k)];
    console.log(
      `  ${name.padEnd(42)} ${execFileSync(process.execPath, args, { encoding: 'utf8' }).trim().padStart(5)}`,
    );
  }
}
