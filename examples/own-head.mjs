/**
 * A head of one's own on Relievo's features: how warm the light is in every place, read off by a linear probe that is
 * fitted here to one photo. A head for something harder is trained elsewhere and written as the same three files.
 *
 *     node examples/own-head.mjs [FOLDER]
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Hydra } from 'relievo';
import { readImageFile } from 'relievo/node';
import sharp from 'sharp';
import { GraphWriter } from './graph-model.mjs';

const folder = process.argv[2] ?? mkdtempSync(join(tmpdir(), 'relievo-own-head-'));
const file = new URL('../assets/astronaut.png', import.meta.url).pathname;
const TAP = { tap: 's4', stride: 4, channels: 24 };

const hydra = await Hydra.load({ modules: ['depth'] });
const photo = await hydra.open(await readImageFile(file));

// What the head shall learn: red minus blue, averaged over each cell of the tap.
const features = await hydra.extract(photo);
const { inputWidth, inputHeight } = features;
const [width, height] = [inputWidth / TAP.stride, inputHeight / TAP.stride];
const warmth = async (path, mirror = false) => {
  const { data } = await sharp(path)
    .flop(mirror)
    .removeAlpha()
    .resize(width, height, { fit: 'fill' })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return Float64Array.from({ length: width * height }, (_, i) => (data[i * 3] - data[i * 3 + 2]) / 255);
};
const x = await features.tap(TAP.tap).data();
features.close();
const weights = ridge(x, TAP.channels, await warmth(file));

// The head: one 1 × 1 convolution.
const graph = new GraphWriter();
const input = graph.input('s4', [-1, -1, -1, TAP.channels]);
const plane = graph.conv('probe', input, [1, 1, TAP.channels, 1], weights.slice(0, -1), { bias: weights.slice(-1) });
graph.output('warmth', plane, [-1, -1, -1, 1]);
const address = graph.write(folder, {
  id: 'warmth',
  kind: 'head',
  task: 'warmth',
  requires: { module: 'relievo-backbone@^0.1', taps: [TAP] },
  inputs: { s4: 's4' },
  outputs: { warmth: 'warmth' },
});
await hydra.register(address);

// The backbone has run for this photo: the head costs its own work only.
const runs = hydra.backboneRuns;
const seen = await hydra.run('warmth', photo);
const { data } = await sharp(file).flop().ensureAlpha().raw().toBuffer({ resolveWithObject: true });
const mirrored = await hydra.run('warmth', {
  width: photo.width,
  height: photo.height,
  data: new Uint8ClampedArray(data),
});
console.log(
  JSON.stringify({
    tasks: hydra.tasks,
    extraBackboneRuns: hydra.backboneRuns - runs - 1, // the mirrored photo is another photo
    size: [seen.warmth.width, seen.warmth.height],
    correlation: correlation(seen.warmth.data, await warmth(file)),
    correlationMirrored: correlation(mirrored.warmth.data, await warmth(file, true)),
  }),
);
hydra.close();

/** Least squares with a little ridge: columns of `x` and a constant. Normal equations by Gauss elimination. */
function ridge(x, columns, y) {
  const n = columns + 1;
  const a = Array.from({ length: n }, (_, i) => Float64Array.from({ length: n + 1 }, (_, j) => (i === j ? 1e-3 : 0)));
  for (let r = 0; r < y.length; r++) {
    const row = [...x.subarray(r * columns, (r + 1) * columns), 1];
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) a[i][j] += row[i] * row[j];
      a[i][n] += row[i] * y[r];
    }
  }
  for (let i = 0; i < n; i++) {
    for (let k = i + 1; k < n; k++) {
      const f = a[k][i] / a[i][i];
      for (let j = i; j <= n; j++) a[k][j] -= f * a[i][j];
    }
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let j = i + 1; j < n; j++) a[i][n] -= a[i][j] * a[j][n];
    a[i][n] /= a[i][i];
  }
  return a.map((row) => row[n]);
}

function correlation(a, b) {
  const mean = (v) => v.reduce((s, w) => s + w, 0) / v.length;
  const [ma, mb] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += (a[i] - ma) * (b[i] - mb);
    aa += (a[i] - ma) ** 2;
    bb += (b[i] - mb) ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}
