/**
 * How much the depth of a film swims: a person walks before a scene that stands still, a camera's noise on all of it.
 *
 *     npm run build && node bench/depth-stream.mjs [--frames 24] [--sigma 4] [--smoothing 0.9] [--out DIR]
 *
 * "static" is the mean change of the disparity (0..1) from frame to frame where the walking person never comes; "lag" how
 * far the stream is from the frame's own depth, brought to the same scale, on the walking person, less the same of what
 * stands still around.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DepthStream, estimateDepth } from '../dist/depth/index.js';
import { align } from '../dist/depth/temporal.js';
import { visualiseDepth } from '../dist/effects/index.js';
import { Hydra } from '../dist/hydra/index.js';
import { readImageFile, writeImage } from '../dist/node/index.js';
import { film } from './lib/clip.mjs';

const { values } = parseArgs({
  options: {
    frames: { type: 'string', default: '24' },
    sigma: { type: 'string', default: '4' },
    smoothing: { type: 'string', default: '0.9' },
    out: { type: 'string' },
  },
});
const frames = Number(values.frames);
const photo = await readImageFile(fileURLToPath(new URL('../assets/astronaut.png', import.meta.url)));
const hydra = await Hydra.load({ modules: ['depth', 'matte'] });
const clip = await film(photo, { frames, sigma: Number(values.sigma), hydra });
if (values.out) mkdirSync(values.out, { recursive: true });

const WAYS = {
  'each frame by itself (estimateDepth)': () => (frame) => estimateDepth(frame, { hydra, matte: false }),
  'DepthStream, smoothing 0: aligned only': streamed(0),
  [`DepthStream, smoothing ${values.smoothing}`]: streamed(Number(values.smoothing)),
};
function streamed(smoothing) {
  return () => {
    const stream = new DepthStream({ hydra, smoothing, longSide: photo.width });
    return (frame) => stream.next(frame);
  };
}

console.log(`${frames} frames of ${photo.width} × ${photo.height}, noise ${values.sigma} codes\n`);
console.log(
  '| | static: mean change | worst frame | on the person | person above still | ms per frame |\n|---|---|---|---|---|---|',
);
const own = [];
for (const [name, make] of Object.entries(WAYS)) {
  const depthOf = make();
  let before;
  const changes = [];
  const lags = [];
  const steps = [];
  let took = 0;
  for (let k = 0; k < frames; k++) {
    const frame = clip.frame(k);
    const from = performance.now();
    const { data } = await depthOf(frame);
    took += performance.now() - from;
    const mask = clip.person(k);
    if (own.length < frames) own.push(data);
    if (before)
      changes.push(
        meanOver(
          data.length,
          (i) => clip.still[i],
          (i) => Math.abs(data[i] - before[i]),
        ),
      );
    // The frame's own depth at the stream's scale, by what stands still.
    const moving = clip.still.map((s) => 1 - s);
    const { scale, shift } = align(own[k], data, Float32Array.from(moving));
    const apart = (i) => Math.abs(scale * own[k][i] + shift - data[i]);
    lags.push(meanOver(data.length, (i) => mask[i], apart));
    steps.push(
      meanOver(
        data.length,
        (i) => mask[i],
        (i) => data[i],
      ) -
        meanOver(
          data.length,
          (i) => clip.still[i],
          (i) => data[i],
        ),
    );
    before = data;
    if (values.out && k % 6 === 5)
      await writeImage(
        join(values.out, `${Object.keys(WAYS).indexOf(name)}-${k}.png`),
        visualiseDepth({ ...frame, data }),
      );
  }
  const mean = (list) => list.reduce((a, b) => a + b, 0) / list.length;
  const cells = [
    mean(changes).toFixed(5),
    Math.max(...changes).toFixed(5),
    mean(lags).toFixed(4),
    mean(steps).toFixed(3),
  ];
  console.log(`| ${name} | ${cells.join(' | ')} | ${(took / frames).toFixed(0)} |`);
}
hydra.close();

function meanOver(n, where, value) {
  let [sum, count] = [0, 0];
  for (let i = 0; i < n; i++)
    if (where(i)) {
      sum += value(i);
      count++;
    }
  return sum / count;
}
