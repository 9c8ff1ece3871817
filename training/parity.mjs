// Runs the backbone and one head as plain TF.js graph models: node parity.mjs MODELS JOBS.json TASK [BACKEND]
// JOBS: [{ input, width, height, output }]; input is a file of float32 values. OUTPUT.json maps the head's outputs to
// their shapes [height, width, channels], OUTPUT.NAME holds the values.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);
const tf = require('@tensorflow/tfjs-core');
const { loadGraphModel } = require('@tensorflow/tfjs-converter');

const [models, jobs, task, backend = 'wasm'] = process.argv.slice(2);

const package_ = `@tensorflow/tfjs-backend-${backend}`;
const { setWasmPaths } = require(package_);
setWasmPaths?.(join(dirname(require.resolve(package_)), '/'));
if (!(await tf.setBackend(backend))) throw new Error(`backend '${backend}' did not start`);

async function load(id) {
  const folder = join(models, id);
  const manifest = JSON.parse(readFileSync(join(folder, 'module.json'), 'utf8'));
  const json = JSON.parse(readFileSync(join(folder, manifest.model), 'utf8'));
  const shards = json.weightsManifest.flatMap((g) => g.paths.map((p) => readFileSync(join(folder, p))));
  const weights = Buffer.concat(shards);
  const model = await loadGraphModel({
    load: () => ({
      modelTopology: json.modelTopology,
      signature: json.signature,
      weightSpecs: json.weightsManifest.flatMap((g) => g.weights),
      weightData: weights.buffer.slice(weights.byteOffset, weights.byteOffset + weights.length),
    }),
  });
  return { manifest, model };
}

const backbone = await load('relievo-backbone');
const head = await load(`relievo-${task}`);
const taps = head.manifest.requires.taps.map((t) => t.tap);
for (const { input, width, height, output } of JSON.parse(readFileSync(jobs, 'utf8'))) {
  const file = readFileSync(input);
  const pixels = new Float32Array(file.buffer.slice(file.byteOffset, file.byteOffset + file.length));
  const names = Object.keys(head.manifest.outputs);
  const planes = tf.tidy(() => {
    const features = backbone.model.execute(
      { [backbone.manifest.input]: tf.tensor4d(pixels, [1, height, width, 3]) },
      taps.map((t) => backbone.manifest.outputs[t]),
    );
    const inputs = Object.fromEntries(taps.map((t, i) => [head.manifest.inputs[t], features[i]]));
    return [head.model.execute(inputs, Object.values(head.manifest.outputs))].flat();
  });
  writeFileSync(`${output}.json`, JSON.stringify(Object.fromEntries(names.map((n, i) => [n, planes[i].shape.slice(1)]))));
  for (const [i, plane] of planes.entries()) {
    writeFileSync(`${output}.${names[i]}`, Buffer.from((await plane.data()).slice().buffer));
    plane.dispose();
  }
}
