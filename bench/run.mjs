/**
 * Times of each part, cold and warm, in Node on this machine:
 *
 *     npm run bench [-- --runs 7]
 *
 * Each warm figure is the median of the runs, with the fastest and slowest. "Reuse" is what a second head costs when the
 * features are there, as a share of the backbone: both measured in the same run.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { build, ROOT, setup } from '../scripts/setup.mjs';

setup();
build();
const start = performance.now();
const { applyBokeh, estimateDepth, Hydra } = await import('../dist/index.js');
const { refine } = await import('../dist/depth/refine.js');
const imported = performance.now() - start;

const { values } = parseArgs({ options: { runs: { type: 'string', default: '5' } } });
const runs = Number(values.runs);

const photoOf = async (width, height) => {
  const { data } = await sharp(`${ROOT}assets/astronaut.png`)
    .resize(width, height, { fit: 'cover' })
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width, height, data: new Uint8ClampedArray(data.buffer, data.byteOffset, data.byteLength) };
};

async function time(work) {
  const from = performance.now();
  const result = await work();
  return [performance.now() - from, result];
}

const rows = [];
const row = (what, size, times) => {
  const sorted = [...times].sort((a, b) => a - b);
  rows.push({
    what,
    size,
    median: sorted[Math.floor(sorted.length / 2)],
    min: sorted[0],
    max: sorted.at(-1),
    runs: times.length,
  });
};

// Cold: the first photo of a process, after the weights are loaded.
const [loading, hydra] = await time(() => Hydra.load());
row('import and load (backbone + depth head)', '-', [imported + loading]);
const first = await photoOf(1155, 866);
const [cold] = await time(() => estimateDepth(first, { hydra }));
row('cold: first estimateDepth', '1 MP', [cold]);

const medians = {};
for (const [size, width, height] of [
  ['1 MP', 1155, 866],
  ['12 MP', 4000, 3000],
]) {
  const pixels = await photoOf(width, height);
  const t = { backbone: [], head: [], second: [], network: [], upsampling: [], depth: [], bokeh: [] };
  for (let i = 0; i <= runs; i++) {
    const photo = await hydra.open(pixels);
    const [backbone] = await time(async () => (await hydra.extract(photo)).dispose());
    const [head, { disparity }] = await time(() => hydra.run('depth', photo));
    const [second] = await time(() => hydra.run('depth', photo));
    let min = Infinity;
    let max = -Infinity;
    for (const v of disparity.data) [min, max] = [Math.min(min, v), Math.max(max, v)];
    const low = { ...disparity, data: disparity.data.map((v) => (v - min) / (max - min)) };
    const [upsampling] = await time(() => refine(low, photo));
    hydra.close(photo);
    const [depth, map] = await time(() => estimateDepth(pixels, { hydra }));
    const [bokeh] = await time(() => applyBokeh(pixels, map, { focus: 'subject', aperture: 0.02 }));
    if (i === 0) continue; // warm-up
    for (const [k, v] of Object.entries({ backbone, head, second, network: backbone + head, upsampling, depth, bokeh }))
      t[k].push(v);
  }
  row('backbone (with shrinking the photo)', size, t.backbone);
  row('depth head', size, t.head);
  row('second head on the same features', size, t.second);
  row('network: backbone + depth head', size, t.network);
  row('upsampling to the photo', size, t.upsampling);
  row('estimateDepth, all of it', size, t.depth);
  row('applyBokeh, aperture 0.02', size, t.bokeh);
  medians[size] = rows.filter((r) => r.size === size);
}

const ms = (v) => v.toFixed(0).padStart(7);
console.log(`Node ${process.version}, backend ${hydra.backend}, milliseconds`);
console.log(`${''.padEnd(46)}  median     min     max  runs`);
for (const r of rows)
  console.log(
    `${`${r.what}, ${r.size}`.padEnd(46)} ${ms(r.median)} ${ms(r.min)} ${ms(r.max)} ${String(r.runs).padStart(5)}`,
  );
const of = (size, name) => medians[size].find((r) => r.what.startsWith(name)).median;
console.log(
  `\nReuse: a second head costs ${((of('1 MP', 'second') / of('1 MP', 'backbone')) * 100).toFixed(0)} % of the backbone (1 MP).`,
);
const bytes = ['relievo-backbone', 'relievo-depth'].map(
  (m) => JSON.parse(readFileSync(fileURLToPath(new URL(`../models/${m}/module.json`, import.meta.url)), 'utf8')).bytes,
);
console.log(
  `Weights: backbone ${(bytes[0] / 1e6).toFixed(2)} MB + depth head ${(bytes[1] / 1e6).toFixed(2)} MB = ${((bytes[0] + bytes[1]) / 1e6).toFixed(2)} MB.`,
);
hydra.dispose();
