import { createGpu, createPreview, pipeline } from '../../dist/effects/index.js';

const bytesOf = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;

/** A cube of 33³ that warms and fades. */
function cube() {
  const n = 33;
  const lines = [`LUT_3D_SIZE ${n}`];
  for (let i = 0; i < n ** 3; i++) {
    const [r, g, b] = [i % n, Math.floor(i / n) % n, Math.floor(i / n / n)].map((v) => v / (n - 1));
    lines.push([0.05 + 0.9 * r ** 0.8, 0.8 * g + 0.1 * r, 0.1 + 0.7 * b].map((v) => v.toFixed(5)).join(' '));
  }
  return lines.join('\n');
}

/** Stripes in a circle, as a sticker. */
function badge(side = 400) {
  const data = new Uint8ClampedArray(side * side * 4);
  for (let y = 0, p = 0; y < side; y++)
    for (let x = 0; x < side; x++, p += 4) {
      const share = (1 - Math.hypot((2 * x) / side - 1, (2 * y) / side - 1)) * 40;
      data.set([(x >> 4) % 2 ? 230 : 40, 90, (255 * y) / side, 255 * Math.min(1, Math.max(0, share))], p);
    }
  return new ImageData(data, side, side);
}

const RESOURCES = { cube: cube(), badge: badge() };
const sweep = (from, to) => (k) => from + (to - from) * k;

/** Steps of a picture; k runs from 0 to 1 as a slider would. */
const RECIPES = {
  'grade, exposure': (k) => [{ op: 'grade', background: { exposure: sweep(-1, 0.5)(k) } }],
  'grade, all of it': (k) => [
    {
      op: 'grade',
      foreground: { exposure: 0.2, contrast: sweep(0, 0.4)(k) + 0.01, vibrance: 0.3, shadows: 0.2 },
      background: {
        temperature: -0.4,
        highlights: -0.4,
        saturation: -0.3,
        curves: {
          rgb: [
            [0, 0.05],
            [0.5, 0.45],
            [1, 0.95],
          ],
        },
      },
    },
  ],
  'grade, cube of 33³': (k) => [{ op: 'grade', ranges: [{ lut: 'cube', lutStrength: 0.5 + k / 2 }] }],
  haze: (k) => [{ op: 'haze', amount: 0.3 + 0.6 * k }],
  relight: (k) => [{ op: 'relight', intensity: 0.5 + 2 * k }],
  vignette: (k) => [{ op: 'vignette', amount: -0.5 - 2 * k }],
  'grade + haze + relight + vignette': (k) => [
    { op: 'grade', background: { exposure: sweep(-1, 0.5)(k), contrast: 0.2 } },
    { op: 'haze', amount: 0.4 },
    { op: 'relight' },
    { op: 'vignette' },
  ],
  'text behind the subject, which moves': (k) => [
    {
      op: 'sticker',
      text: { text: 'HELLO' },
      at: { x: 250 + 100 * k, y: 200 },
      disparity: 'behind-subject',
      width: 0.8,
    },
  ],
  'sticker with a shadow, which moves': (k) => [
    { op: 'sticker', image: 'badge', at: { x: 150 + 100 * k, y: 500 }, disparity: 0.9, shadow: true },
  ],
  'background, a gradient that turns': (k) => [
    { op: 'background', background: { gradient: { from: '#204060', to: '#e0c080', angle: 180 * k } } },
  ],
  'background + text + sticker + haze + grade, which moves': (k) => [
    { op: 'background', background: { colour: '#406080' } },
    { op: 'sticker', text: { text: 'HELLO' }, at: { x: 300, y: 200 }, disparity: 'behind-subject', width: 0.8 },
    { op: 'sticker', image: 'badge', at: { x: 150, y: 500 }, disparity: 0.9, shadow: true },
    { op: 'haze', amount: 0.4 },
    { op: 'grade', background: { exposure: sweep(-1, 0.5)(k) } },
  ],
  visualise: (k) => [{ op: 'visualise', contours: Math.round(2 + 10 * k) }],
  peaking: (k) => [{ op: 'peaking', focus: k }],
  'bokeh, the focus moves': (k) => [{ op: 'bokeh', focus: 0.5 + 0.4 * k, aperture: 0.02 }],
  'bokeh, then grade, which moves': (k) => [
    { op: 'bokeh', focus: 'subject', aperture: 0.02 },
    { op: 'grade', background: { exposure: sweep(-1, 0.5)(k) } },
  ],
};

function difference(a, b) {
  const histogram = new Float64Array(256);
  for (let i = 0; i < a.length; i++) histogram[Math.abs(a[i] - b[i])]++;
  let most = 0;
  for (let seen = histogram[0]; seen < 0.999 * a.length; seen += histogram[most]) most++;
  return { mean: histogram.reduce((sum, n, v) => sum + n * v, 0) / a.length, most };
}

async function least(runs, work) {
  let best = Infinity;
  for (let r = 0; r < runs; r++) {
    const from = performance.now();
    await work(r);
    best = Math.min(best, performance.now() - from);
  }
  return best;
}

/** Side by side, each after a first run that does not count: CPU, GPU with upload and read-back, frames of a preview. */
window.operators = async ({ pixels, disparities, width, height }, frames, only) => {
  const image = new ImageData(new Uint8ClampedArray(bytesOf(pixels)), width, height);
  const depth = { width, height, data: new Float32Array(bytesOf(disparities)) };
  const gpu = await createGpu();
  // A subject with a soft edge: a matte for the steps that use one.
  const matte = { width, height, data: depth.data.map((d) => Math.min(1, Math.max(0, (d - 0.45) * 6))) };
  const preview = await createPreview({ maxPixels: width * height, canvas: document.createElement('canvas') });
  await preview.setPhoto(image, depth, { matte });
  const resources = RESOURCES;
  const rows = [];
  for (const [name, recipe] of Object.entries(RECIPES)) {
    if (!name.startsWith(only)) continue;
    const edit = pipeline(recipe(0.5));
    const cpu = await edit.run(image, depth, { resources, matte });
    const got = await edit.run(image, depth, { resources, matte, gpu });
    const row = { name, ...difference(cpu.image.data, got.image.data) };
    row.cpu = await least(3, () => edit.run(image, depth, { resources, matte }));
    row.gpu = await least(3, () => edit.run(image, depth, { resources, matte, gpu }));
    await preview.render(recipe(0), { resources });
    const from = performance.now();
    for (let f = 1; f <= frames; f++) await preview.render(recipe(f / frames), { resources });
    row.frame = (performance.now() - from) / frames;
    row.passes = preview.cost.passes;
    rows.push(row);
  }
  return { software: gpu.software, stored: gpu.stored, rows };
};
