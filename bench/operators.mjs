/**
 * CPU time of every point operator at 12 megapixels, alone and fused, and how soon an abort is seen.
 *
 *     npm run build && npm run bench:operators
 */
import { pipeline } from '../dist/effects/index.js';

const [width, height] = [4000, 3000];
const data = new Uint8ClampedArray(width * height * 4);
for (let i = 0, s = 1; i < data.length; i++) {
  s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
  data[i] = i % 4 === 3 ? 255 : 128 + 90 * Math.sin(i / 9000) + (s >>> 28);
}
// A disc before a slope: an outline of 6,300 pixels.
const depth = {
  width,
  height,
  data: Float32Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    return Math.hypot(x - 2000, y - 1500) < 1000 ? 0.8 + (0.1 * x) / width : 0.2 + (0.1 * y) / height;
  }),
};
const image = { width, height, data };
const grade = { op: 'grade', background: { exposure: -0.7, saturation: -0.3 }, foreground: { exposure: 0.2 } };
const every = {
  exposure: 0.3,
  temperature: 0.2,
  tint: 0.1,
  shadows: 0.3,
  highlights: -0.2,
  contrast: 0.2,
  vibrance: 0.2,
};
const cases = {
  'grade: background exposure': [{ op: 'grade', background: { exposure: -1 } }],
  'grade: exposure and saturation, two looks': [grade],
  'grade: everything but curves': [{ op: 'grade', ranges: [every] }],
  haze: [{ op: 'haze' }],
  vignette: [{ op: 'vignette' }],
  relight: [{ op: 'relight' }],
  'grade, haze, vignette in one pass': [grade, { op: 'haze' }, { op: 'vignette' }],
};

console.log('| 12 MP, one thread | CPU ms |\n| --- | --- |');
for (const [name, steps] of Object.entries(cases)) {
  const edit = pipeline(steps);
  await edit.run(image, depth);
  const before = process.cpuUsage();
  await edit.run(image, depth);
  const { user, system } = process.cpuUsage(before);
  console.log(`| ${name} | ${((user + system) / 1000).toFixed(0)} |`);
}
const stop = new AbortController();
let asked = 0;
setTimeout(() => {
  asked = performance.now();
  stop.abort();
}, 300);
await pipeline([grade, { op: 'relight' }])
  .run(image, depth, { signal: stop.signal })
  .catch(() => console.log(`\nAn abort is seen after ${(performance.now() - asked).toFixed(0)} ms.`));
