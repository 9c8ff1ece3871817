/**
 * Largest value anywhere in the networks, weights and activations, on the sample photo and on all photos below FOLDER:
 * GPUs that compute in half floats hold up to 65,504.
 *
 *     npm run build && node bench/activations.mjs [FOLDER]
 */
import '@tensorflow/tfjs-backend-wasm';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { networkSize } from '../dist/hydra/hydra.js';
import { resizeToTensor } from '../dist/image/resize.js';
import { readImageFile } from '../dist/node/index.js';

const LIMIT = 60_000;
const root = fileURLToPath(new URL('..', import.meta.url));
const folder = process.argv[2] ?? join(root, '../shared/data/dev');
const photos = [join(root, 'assets/astronaut.png')];
if (existsSync(folder))
  for (const f of readdirSync(folder, { recursive: true }).sort())
    if (/\.(jpe?g|png)$/i.test(f) && !/\.(person|disp|matte|mask)\.|_[dm]\.png$|(disp|mask|matte)\.png$/i.test(f))
      photos.push(join(folder, f));

await tf.setBackend('wasm');
await tf.ready();

async function load(id) {
  const dir = join(root, 'models', id);
  const manifest = JSON.parse(readFileSync(join(dir, 'module.json'), 'utf8'));
  const json = JSON.parse(readFileSync(join(dir, manifest.model), 'utf8'));
  const groups = json.weightsManifest;
  const weightData = new Uint8Array(
    Buffer.concat(groups.flatMap((g) => g.paths).map((p) => readFileSync(join(dir, p)))),
  ).buffer;
  const specs = groups.flatMap((g) => g.weights);
  const { modelTopology, signature } = json;
  const model = await loadGraphModel({
    load: async () => ({ modelTopology, signature, weightSpecs: specs, weightData }),
  });
  // Shapes are integers that never reach a shader's floats.
  const nodes = modelTopology.node.filter(
    (n) => !['Const', 'Placeholder', 'Shape', 'StridedSlice', 'SplitV'].includes(n.op),
  );
  let weight = 0;
  for (const list of Object.values(model.weights))
    for (const t of list)
      if (t.dtype === 'float32') for (const v of t.dataSync()) weight = Math.max(weight, Math.abs(v));
  return { manifest, model, nodes: nodes.map((n) => n.name), weight, most: 0, at: '', photo: '' };
}

const backbone = await load('relievo-backbone');
const heads = await Promise.all(['relievo-depth', 'relievo-matte', 'relievo-faces'].map(load));

function run(module, inputs, photo) {
  const outputs = module.model.execute(inputs, module.nodes);
  outputs.forEach((t, i) => {
    let most = 0;
    for (const v of t.dataSync()) if (!(Math.abs(v) <= most)) most = Math.abs(v);
    if (!(most <= module.most)) Object.assign(module, { most, at: module.nodes[i], photo });
  });
  return outputs;
}

let seen = 0;
for (const photo of photos) {
  const image = await readImageFile(photo).catch(() => undefined);
  if (!image) continue;
  seen++;
  tf.tidy(() => {
    const { preprocess, input, outputs, provides } = backbone.manifest;
    const { width, height } = networkSize(image.width, image.height, preprocess);
    const x = tf.tensor4d(resizeToTensor(image, width, height, preprocess.mean, preprocess.std), [1, height, width, 3]);
    run(backbone, { [input]: x }, photo);
    const taps = backbone.model.execute(
      { [input]: x },
      provides.map((t) => outputs[t.tap]),
    );
    const byTap = Object.fromEntries(provides.map((t, i) => [t.tap, [taps].flat()[i]]));
    for (const head of heads) {
      const { requires, inputs } = head.manifest;
      run(head, Object.fromEntries(requires.taps.map(({ tap }) => [inputs[tap], byTap[tap]])), photo);
    }
  });
}

console.log(`${seen} photos\n\n| module | largest weight | largest activation | at | photo |\n|---|---|---|---|---|`);
for (const m of [backbone, ...heads])
  console.log(
    `| ${m.manifest.id} | ${m.weight.toFixed(1)} | ${m.most.toFixed(1)} | ${m.at} | ${m.photo.split('/').slice(-2).join('/')} |`,
  );
const safe = [backbone, ...heads].every((m) => m.most <= LIMIT && m.weight <= LIMIT);
console.log(`\n${safe ? 'All' : 'NOT all'} within ${LIMIT}.`);
process.exitCode = safe ? 0 : 1;
