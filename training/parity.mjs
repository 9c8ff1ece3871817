// Runs backbone and depth head as plain TF.js graph models: node parity.mjs MODELS JOBS.json [BACKEND]
// JOBS: [{ input, width, height, output }], input and output being files of float32 values.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);
const tf = require('@tensorflow/tfjs-core');
const { loadGraphModel } = require('@tensorflow/tfjs-converter');

const [models, jobs, backend = 'wasm'] = process.argv.slice(2);

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
const head = await load('relievo-depth');
const taps = head.manifest.requires.taps.map((t) => t.tap);
for (const { input, width, height, output } of JSON.parse(readFileSync(jobs, 'utf8'))) {
  const file = readFileSync(input);
  const pixels = new Float32Array(file.buffer.slice(file.byteOffset, file.byteOffset + file.length));
  const plane = tf.tidy(() => {
    const features = backbone.model.execute(
      { [backbone.manifest.input]: tf.tensor4d(pixels, [1, height, width, 3]) },
      taps.map((t) => backbone.manifest.outputs[t]),
    );
    return head.model.execute(
      Object.fromEntries(taps.map((t, i) => [head.manifest.inputs[t], features[i]])),
      head.manifest.outputs.disparity,
    );
  });
  writeFileSync(output, Buffer.from((await plane.data()).slice().buffer));
  plane.dispose();
}
