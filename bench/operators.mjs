/**
 * Operators at 12 megapixels, alone and fused, and what is composed: CPU time, wall time, memory above what was there
 * before (in copies of the image's RGBA bytes), and how long an abort takes to be seen. Each case has a process of its
 * own, for the high-water mark of memory never falls.
 *
 *     npm run build && npm run bench:operators [-- PART OF A NAME]
 */
import { execFileSync } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

const [width, height] = [4000, 3000];
const RUNS = 3;
const ABORTS = 6;

const grade = { op: 'grade', background: { exposure: -0.7, saturation: -0.3 }, foreground: { exposure: 0.2 } };
const bokeh = { op: 'bokeh', aperture: 0.027 };
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
  'grade, haze, vignette one by one': [[grade], [{ op: 'haze' }], [{ op: 'vignette' }]],
  'background: colour': [{ op: 'background', background: { colour: '#204060' } }],
  'background: blurred': [{ op: 'background', background: { blur: 0.02 } }],
  parallax: [{ op: 'parallax', x: 0.02 }],
  'part: bokeh, all of it': [bokeh],
  'part: bokeh, the middle ninth': [bokeh],
  'part: grade, all of it': [grade],
  'part: grade, the middle ninth': [grade],
};
const ninth = { x: 1333, y: 1000, width: 1334, height: 1000 };

const name = process.argv[2] ?? '';
if (Object.hasOwn(cases, name) && process.argv[3] === 'measure')
  await measure(cases[name], name.endsWith('ninth') ? { part: ninth } : {});
else {
  console.log('| 12 MP | CPU ms | wall ms | memory, copies | abort, ms |\n| --- | --- | --- | --- | --- |');
  for (const key of Object.keys(cases).filter((key) => key.includes(name))) {
    const args = ['--expose-gc', fileURLToPath(import.meta.url), key, 'measure'];
    const row = execFileSync(process.execPath, args, { encoding: 'utf8' });
    console.log(`| ${key} | ${row.trim()} |`);
  }
}

async function measure(steps, part) {
  const { pipeline } = await import('../dist/effects/index.js');
  const { image, depth } = scene();
  const edits = (Array.isArray(steps[0]) ? steps : [steps]).map((s) => pipeline(s));
  const run = async (options) => {
    let frame = { image, depth };
    for (const edit of edits) frame = await edit.run(frame.image, frame.depth, { ...options, ...part });
  };
  globalThis.gc();
  const before = process.memoryUsage().rss;
  await run();
  const copies = (process.resourceUsage().maxRSS * 1024 - before) / image.data.length;
  const [cpu, wall] = [[], []];
  for (let k = 0; k < RUNS; k++) {
    const [usage, start] = [process.cpuUsage(), performance.now()];
    await run();
    wall.push(performance.now() - start);
    const { user, system } = process.cpuUsage(usage);
    cpu.push((user + system) / 1000);
  }
  // Aborts spread over the run; the longest wait counts.
  let longest = 0;
  for (let k = 0; k < ABORTS; k++) {
    const stop = new AbortController();
    let asked = 0;
    const timer = setTimeout(
      () => {
        asked = performance.now();
        stop.abort();
      },
      ((k + 0.5) / ABORTS) * Math.min(...wall),
    );
    const due = performance.now() + ((k + 0.5) / ABORTS) * Math.min(...wall);
    await run({ signal: stop.signal }).catch(() => {});
    clearTimeout(timer);
    // A timer that could not go off in time is part of the wait.
    if (asked > 0) longest = Math.max(longest, performance.now() - due);
  }
  const least = (values) => Math.min(...values).toFixed(0);
  console.log(`${least(cpu)} | ${least(wall)} | ${copies.toFixed(1)} | ${longest.toFixed(0)}`);
}

/** A disc before a slope, an outline of 6,300 pixels, on light of smooth waves and noise. */
function scene() {
  const data = new Uint8ClampedArray(width * height * 4);
  for (let i = 0, s = 1; i < data.length; i++) {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    data[i] = i % 4 === 3 ? 255 : 128 + 90 * Math.sin(i / 9000) + (s >>> 28);
  }
  const disparities = new Float32Array(width * height);
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++)
      disparities[i] = Math.hypot(x - 2000, y - 1500) < 1000 ? 0.8 + (0.1 * x) / width : 0.2 + (0.1 * y) / height;
  return { image: { width, height, data }, depth: { width, height, data: disparities } };
}
