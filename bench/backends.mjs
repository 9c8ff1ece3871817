/**
 * The networks on every TensorFlow.js backend of headless Chromium, each in a page of its own: how far the answers for
 * the sample photo are from the CPU backend's, and what it took.
 *
 *     npm run build && node bench/backends.mjs [--backends cpu,wasm,webgl,webgpu] [--runs 2] [--plain]
 *
 * Chromium runs without a GPU: WebGL and WebGPU are drawn by the processor (SwiftShader). "blocks" is the longest time
 * that the page's thread could do nothing else; --plain runs the networks without warmUp in its place.
 */
import { parseArgs } from 'node:util';
import { SOFTWARE_GL, withPage } from './lib/page.mjs';

const { values } = parseArgs({
  options: {
    backends: { type: 'string', default: 'cpu,wasm,webgl,webgpu' },
    runs: { type: 'string', default: '2' },
    plain: { type: 'boolean', default: false },
  },
});
const WEBGPU = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan'];

const found = {};
for (const name of values.backends.split(',')) {
  const flags = [...SOFTWARE_GL, ...(name === 'webgpu' ? WEBGPU : [])];
  try {
    found[name] = await withPage('backends', 'backend', flags, (page) =>
      page.evaluate(([n, runs, plain]) => window.backend(n, runs, plain), [name, Number(values.runs), values.plain]),
    );
  } catch (error) {
    console.log(`${name} does not run here: ${error.message.split('\n')[0]}`);
  }
}

console.log('\n| backend | load ms | warm-up ms | blocks ms | photo ms |\n|---|---|---|---|---|');
for (const [name, { load, warm, best }] of Object.entries(found)) {
  const row = [load.took, warm.took, warm.longest, best].map((v) => v.toFixed(0));
  console.log(`| ${name} | ${row.join(' | ')} |`);
}
if (found.cpu) {
  const planes = Object.keys(found.cpu.planes);
  console.log('\nDifference from the CPU backend, largest / mean, as a share of the plane’s range\n');
  console.log(`| backend | ${planes.join(' | ')} |\n|---|${planes.map(() => '---|').join('')}`);
  for (const [name, result] of Object.entries(found)) {
    if (name === 'cpu') continue;
    const cells = planes.map((p) => {
      const want = found.cpu.planes[p];
      const range = Math.max(...want) - Math.min(...want) || 1;
      const apart = want.map((v, i) => Math.abs(v - result.planes[p][i]) / range);
      const mean = apart.reduce((a, b) => a + b, 0) / apart.length;
      return `${Math.max(...apart).toExponential(1)} / ${mean.toExponential(1)}`;
    });
    console.log(`| ${name} | ${cells.join(' | ')} |`);
  }
}
