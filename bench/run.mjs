/**
 * Times of each part, cold and warm, in Node on this machine:
 *
 *     npm run bench [-- --runs 7] [--reuse]          --reuse: only what sharing the backbone saves
 *
 * Each warm figure is the median of the runs, with the fastest and slowest. "Reuse" compares one Hydra with separate
 * networks, all measured in the same runs.
 */
import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import sharp from 'sharp';
import { build, ROOT, setup } from '../scripts/setup.mjs';

setup();
build();
const start = performance.now();
const { applyBokeh, estimateDepth, Hydra } = await import('../dist/index.js');
const { refine } = await import('../dist/depth/refine.js');
const imported = performance.now() - start;

const { values } = parseArgs({ options: { runs: { type: 'string', default: '5' }, reuse: { type: 'boolean' } } });
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
const [loading, hydra] = await time(() => Hydra.load({ modules: ['depth', 'matte'] }));
row('import and load (backbone, depth and matte)', '-', [imported + loading]);
const first = await photoOf(1155, 866);
const [cold] = await time(() => estimateDepth(first, { hydra }));
row('cold: first estimateDepth', '1 MP', [cold]);

for (const [size, width, height] of values.reuse
  ? []
  : [
      ['1 MP', 1155, 866],
      ['12 MP', 4000, 3000],
    ]) {
  const pixels = await photoOf(width, height);
  const t = { backbone: [], head: [], second: [], network: [], upsampling: [], plain: [], depth: [], bokeh: [] };
  for (let i = 0; i <= runs; i++) {
    const photo = await hydra.open(pixels);
    const [backbone] = await time(async () => (await hydra.extract(photo)).close());
    const [head, { disparity }] = await time(() => hydra.run('depth', photo));
    const [second] = await time(() => hydra.run('depth', photo));
    let min = Infinity;
    let max = -Infinity;
    for (const v of disparity.data) [min, max] = [Math.min(min, v), Math.max(max, v)];
    const low = { ...disparity, data: disparity.data.map((v) => (v - min) / (max - min)) };
    const [upsampling] = await time(() => refine(low, photo));
    photo.close();
    const [plain] = await time(() => estimateDepth(pixels, { hydra, matte: false }));
    const [depth, map] = await time(() => estimateDepth(pixels, { hydra }));
    const [bokeh] = await time(() => applyBokeh(pixels, map, { focus: 'subject', aperture: 0.02 }));
    if (i === 0) continue; // warm-up
    for (const [k, v] of Object.entries({
      backbone,
      head,
      second,
      network: backbone + head,
      upsampling,
      plain,
      depth,
      bokeh,
    }))
      t[k].push(v);
  }
  row('backbone (with shrinking the photo)', size, t.backbone);
  row('depth head', size, t.head);
  row('second head on the same features', size, t.second);
  row('network: backbone + depth head', size, t.network);
  row('upsampling to the photo', size, t.upsampling);
  row('estimateDepth without the matte', size, t.plain);
  row('estimateDepth, all of it', size, t.depth);
  row('applyBokeh, aperture 0.02', size, t.bokeh);
}

const ms = (v) => v.toFixed(0).padStart(7);
console.log(`Node ${process.version}, backend ${hydra.backend}, milliseconds`);
console.log(`${''.padEnd(46)}  median     min     max  runs`);
for (const r of rows)
  console.log(
    `${`${r.what}, ${r.size}`.padEnd(46)} ${ms(r.median)} ${ms(r.min)} ${ms(r.max)} ${String(r.runs).padStart(5)}`,
  );
await peak();
await reuse();
hydra.close();

/** Most bytes that tensors, weights among them, held at once while one photo went through backbone and depth head. */
async function peak() {
  const photo = await hydra.open(first);
  const { peakBytes } = await tf.profile(() => hydra.run('depth', photo));
  photo.close();
  console.log(`\npeak of all tensors, weights included: ${(peakBytes / 1e6).toFixed(0)} MB`);
}

/**
 * What sharing the backbone saves: every shipped head by itself (backbone and head, as a separate network would run)
 * against one Hydra for all of them.
 */
async function reuse() {
  const models = new URL('../models/', import.meta.url);
  const bytesOf = (id) => JSON.parse(readFileSync(new URL(`${id}/module.json`, models), 'utf8')).bytes;
  const tasks = ['depth', 'matte', 'faces'].filter((t) => existsSync(new URL(`relievo-${t}/module.json`, models)));
  await hydra.add(tasks);
  const backbone = bytesOf('relievo-backbone');
  const pixels = await photoOf(1155, 866);
  const t = Object.fromEntries(['backbone', ...tasks, 'together'].map((k) => [k, []]));
  for (let i = 0; i <= runs; i++) {
    const round = {};
    const photo = await hydra.open(pixels);
    [round.backbone] = await time(async () => (await hydra.extract(photo)).close());
    for (const task of tasks) [round[task]] = await time(() => hydra.run(task, photo));
    photo.close();
    const other = await hydra.open(pixels);
    [round.together] = await time(() => Promise.all(tasks.map((task) => hydra.run(task, other))));
    other.close();
    if (i > 0) for (const [k, v] of Object.entries(round)) t[k].push(v);
  }
  const median = (v) => [...v].sort((a, b) => a - b)[v.length >> 1];
  const m = Object.fromEntries(Object.entries(t).map(([k, v]) => [k, median(v)]));
  const line = (what, time, bytes, share) =>
    console.log(
      `${what.padEnd(34)} ${time.toFixed(0).padStart(7)} ms ${(bytes / 1e6).toFixed(2).padStart(6)} MB  ${share}`,
    );
  console.log('\nReuse (1 MP photo)                     time    weights  share of the backbone: time, bytes');
  line('backbone', m.backbone, backbone, '');
  let [apart, apartBytes, bytes] = [0, 0, backbone];
  for (const task of tasks) {
    const own = bytesOf(`relievo-${task}`);
    line(`${task} head`, m[task], own, `${percent(m[task] / m.backbone)}, ${percent(own / backbone)}`);
    apart += m.backbone + m[task];
    apartBytes += backbone + own;
    bytes += own;
  }
  line(`${tasks.length} separate networks`, apart, apartBytes, '');
  line(
    'one Hydra, all heads at once',
    m.together,
    bytes,
    `saves ${percent(1 - m.together / apart)}, ${percent(1 - bytes / apartBytes)}`,
  );
}

function percent(v) {
  return `${(v * 100).toFixed(0)} %`;
}
