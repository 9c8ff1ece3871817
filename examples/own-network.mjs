/**
 * A whole depth network in place of Relievo's own: `estimateDepth` and everything behind it use it from then on. The
 * one made here only knows aerial perspective (far is blue), but comes in the shape in which published networks are
 * exported: NCHW, a fixed size, a mean and deviation of its own, and metres instead of disparity.
 *
 *     node examples/own-network.mjs [FOLDER]
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { estimateDepth, Hydra } from 'relievo';
import { GraphWriter } from './graph-model.mjs';

const folder = process.argv[2] ?? mkdtempSync(join(tmpdir(), 'relievo-own-network-'));
const [width, height] = [96, 64];
const mean = [0.485, 0.456, 0.406];
const std = [0.229, 0.224, 0.225];

// distance = 1 m + 20 m · max(0, blue - red), of the 3 × 3 mean: the first layer undoes the mean and deviation.
const graph = new GraphWriter();
const image = graph.input('pixel_values', [1, 3, height, width]);
const nhwc = graph.transpose('to_nhwc', image, [0, 2, 3, 1]);
const kernel = Array.from({ length: 9 }, () => [-std[0] / 9, 0, std[2] / 9]).flat();
const blue = graph.conv('blue', nhwc, [3, 3, 3, 1], kernel, { bias: [mean[2] - mean[0]], activation: 'Relu' });
const metres = graph.conv('metres', blue, [1, 1, 1, 1], [20], { bias: [1] });
graph.output('predicted_depth', graph.squeeze('plane', metres, 3), [1, height, width]);
const address = graph.write(folder, {
  id: 'aerial-perspective',
  kind: 'network',
  task: 'depth',
  preprocess: { layout: 'NCHW', width, height, mean, std },
  input: 'pixel_values',
  outputs: { disparity: 'predicted_depth' },
  answers: 'depth',
});

const hydra = await Hydra.load({ modules: [] });
await hydra.register(address);

// A hill before a bluer hill before the sky.
const photo = { width: 300, height: 200, data: new Uint8ClampedArray(300 * 200 * 4).fill(255) };
const colours = [
  [150, 180, 250],
  [110, 140, 170],
  [90, 110, 70],
];
for (let i = 0; i < 300 * 200; i++) photo.data.set(colours[Math.floor(i / 300 / 67)], i * 4);
const depth = await estimateDepth(photo, { hydra });
const at = (y) => Number(depth.data[y * 300 + 150].toFixed(3));
console.log(JSON.stringify({ size: [depth.width, depth.height], sky: at(30), farHill: at(100), nearHill: at(170) }));
hydra.close();
