/**
 * Prints what `PROBE_VALUES` in src/hydra/tf.ts has to hold: every 16th value of the probe on the CPU backend.
 *
 *     npm run build && node bench/probe.mjs
 */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { probeOutput } from '../dist/hydra/tf.js';

await tf.setBackend('cpu');
const values = await probeOutput(tf).data();
console.log(`largest ${Math.max(...values.map(Math.abs))} of ${values.length}`);
console.log(
  `[${Array.from(
    values.filter((_, i) => i % 16 === 0),
    (v) => v.toFixed(1),
  ).join(', ')}]`,
);
