import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GraphWriter } from '../../examples/graph-model.mjs';
import { noise } from '../effects/helpers.js';

export { GraphWriter };

/** Taps of the small backbone that tests make. */
export const TINY_TAPS = [
  { tap: 's4', stride: 4, channels: 6 },
  { tap: 's8', stride: 8, channels: 8 },
];

/** A folder for modules that goes with the test. */
export function moduleFolder() {
  const root = mkdtempSync(join(tmpdir(), 'relievo-modules-'));
  let count = 0;
  return { next: () => join(root, String(count++)), remove: () => rmSync(root, { recursive: true }) };
}

const random = (seed: number, n: number) => {
  const next = noise(seed);
  return Float32Array.from({ length: n }, () => next() - 0.5);
};

/** A real backbone of three strided convolutions: s4, s8. */
export function tinyBackbone(folder: string, change: object = {}, tweak: (json: never) => unknown = (j) => j): URL {
  const g = new GraphWriter();
  const image = g.input('image', [-1, -1, -1, 3]);
  const s2 = g.conv('c1', image, [3, 3, 3, 4], random(1, 108), { stride: 2, activation: 'Relu6' });
  const s4 = g.conv('c2', s2, [3, 3, 4, 6], random(2, 216), { stride: 2, activation: 'Relu6' });
  const s8 = g.conv('c3', s4, [3, 3, 6, 8], random(3, 432), { stride: 2, activation: 'Relu6' });
  g.output('s4', s4, [-1, -1, -1, 6]);
  g.output('s8', s8, [-1, -1, -1, 8]);
  return g.write(
    folder,
    {
      id: 'tiny',
      version: '1.2.0',
      kind: 'backbone',
      preprocess: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], multipleOf: 32, area: 4096 },
      provides: TINY_TAPS,
      input: 'image',
      outputs: { s4: 's4', s8: 's8' },
      ...change,
    },
    tweak(g.json() as never),
  );
}

/** A real head of one convolution on s4. `graph` changes what the graph says, `change` what the manifest says. */
export function tinyHead(
  folder: string,
  change: object = {},
  graph: { channels?: number; out?: number; type?: string; output?: string } = {},
  tweak: (json: never) => unknown = (j) => j,
): URL {
  const { channels = 6, out = 1, type, output = 'disparity' } = graph;
  const g = new GraphWriter();
  const x = g.input('s4', [-1, -1, -1, channels], type);
  g.output(output, g.conv('c', x, [1, 1, channels, out], random(4, channels * out)), [-1, -1, -1, out]);
  return g.write(
    folder,
    {
      id: 'tiny-depth',
      kind: 'head',
      task: 'depth',
      requires: { module: 'tiny@^1.1', taps: [TINY_TAPS[0]] },
      inputs: { s4: 's4' },
      outputs: { disparity: 'disparity' },
      ...change,
    },
    tweak(g.json() as never),
  );
}
