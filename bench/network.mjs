/**
 * Times sets of exported modules side by side, backbone and depth head in TF.js (WASM):
 *
 *     node bench/network.mjs models [training/runs/p/models ...] [--sides 192,320] [--runs 30]
 *
 * `--sides` adds the first set with pictures shrunk to about that side squared. Sets take turns run by run, so that
 * whatever else the machine does falls on all of them; the ratio is to the first set.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { pathToFileURL } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { build, setup } from '../scripts/setup.mjs';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: 'string', default: '30' }, sides: { type: 'string', default: '' } },
});
if (!positionals.length) throw new Error('give at least one folder of modules');
setup();
build();
const { Hydra } = await import('../dist/index.js');

const tmp = mkdtempSync(join(tmpdir(), 'relievo-network-'));
const sets = positionals.map((folder) => ({ name: folder, folder: resolve(folder) }));
for (const side of values.sides.split(',').filter(Boolean)) {
  const folder = join(tmp, side);
  cpSync(sets[0].folder, folder, { recursive: true });
  const file = join(folder, 'relievo-backbone', 'module.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8'));
  manifest.preprocess.area = Number(side) ** 2;
  writeFileSync(file, JSON.stringify(manifest));
  sets.push({ name: `${positionals[0]} at ${side}²`, folder });
}

// A square picture of noise: what is in it does not change the time.
const side = 512;
const pixels = { width: side, height: side, data: new Uint8ClampedArray(side * side * 4) };
for (let i = 0; i < pixels.data.length; i++) pixels.data[i] = i % 4 === 3 ? 255 : Math.random() * 256;

const bytesOf = (folder) =>
  ['relievo-backbone', 'relievo-depth']
    .map((id) => JSON.parse(readFileSync(join(folder, id, 'module.json'), 'utf8')).bytes)
    .reduce((a, b) => a + b);
for (const set of sets) {
  set.hydra = await Hydra.load({ modelBaseUrl: pathToFileURL(`${set.folder}/`) });
  set.times = [];
}
for (let i = 0; i <= Number(values.runs); i++)
  for (const set of sets) {
    const photo = await set.hydra.open(pixels);
    const from = performance.now();
    await set.hydra.run('depth', photo);
    if (i > 0) set.times.push(performance.now() - from);
    photo.close();
  }
console.log(`${''.padEnd(40)}  median     min  ratio     MB  peak MB`);
const median = (v) => [...v].sort((a, b) => a - b)[v.length >> 1];
for (const { name, folder, hydra, times } of sets) {
  const photo = await hydra.open(pixels);
  const before = tf.memory().numBytes;
  const { peakBytes } = await tf.profile(() => hydra.run('depth', photo));
  photo.close();
  const columns = [
    median(times).toFixed(1).padStart(7),
    Math.min(...times)
      .toFixed(1)
      .padStart(7),
    (median(times) / median(sets[0].times)).toFixed(2).padStart(6),
    (bytesOf(folder) / 1e6).toFixed(2).padStart(6),
    // Each set's own: the weights of the other sets are loaded, too.
    ((peakBytes - before) / 1e6).toFixed(0).padStart(8),
  ];
  console.log(`${name.padEnd(40)} ${columns.join(' ')}`);
}
for (const { hydra } of sets) hydra.close();
rmSync(tmp, { recursive: true });
