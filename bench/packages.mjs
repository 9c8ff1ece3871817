/**
 * What a user installs and a page downloads, beside other packages for depth or cut-outs in a page:
 *
 *     node bench/packages.mjs
 *
 * Each is installed by npm into an empty folder with one command, `--ignore-scripts`, the packages that its README names;
 * a page that makes its main call is bundled by Vite. Code is everything that this call can load, minified and gzipped;
 * `.wasm` what the bundle holds, of which a page loads one file. Weights of the others come from their hosts at run time and are
 * not measured.
 */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build as bundle } from 'vite';
import { workshop } from '../scripts/hosts/app.mjs';
import { sh } from '../scripts/hosts/shell.mjs';
import { build, setup } from '../scripts/setup.mjs';

setup();
build();
const shop = await workshop();

const RIVALS = [
  {
    name: 'relievo',
    packages: [shop.tarball],
    code: "import { applyBokeh, estimateDepth } from 'relievo'; export const run = async (photo) => applyBokeh(photo, await estimateDepth(photo));",
  },
  {
    name: '@imgly/background-removal',
    packages: ['@imgly/background-removal', 'onnxruntime-web'],
    code: "import { removeBackground } from '@imgly/background-removal'; export const run = (photo) => removeBackground(photo);",
  },
  {
    name: '@huggingface/transformers',
    packages: ['@huggingface/transformers'],
    code: "import { pipeline } from '@huggingface/transformers'; export const run = async (photo) => (await pipeline('depth-estimation'))(photo);",
  },
  {
    name: '@tensorflow-models/depth-estimation',
    // npm adds its peers: TensorFlow.js, body-segmentation, and MediaPipe's, which is not an ES module.
    packages: ['@tensorflow-models/depth-estimation'],
    code: "import '@tensorflow/tfjs-backend-webgl'; import { createEstimator, SupportedModels } from '@tensorflow-models/depth-estimation'; export const run = async (photo) => (await createEstimator(SupportedModels.ARPortraitDepth)).estimateDepth(photo, { minDepth: 0, maxDepth: 1 });",
  },
];

console.log('package                               named  installed  node_modules  code, kB gzip        .wasm, kB');
try {
  for (const rival of RIVALS) {
    const app = join(shop.folder, rival.name.replace('/', '-'));
    mkdirSync(app);
    writeFileSync(join(app, 'package.json'), '{ "private": true, "type": "module" }');
    let said = '';
    try {
      await sh(`npm install --ignore-scripts ${rival.packages.join(' ')}`, app);
      const { packages } = JSON.parse(readFileSync(join(app, 'package-lock.json'), 'utf8'));
      const installed = Object.keys(packages).filter(
        (p) => p && statSync(join(app, p), { throwIfNoEntry: false }),
      ).length;
      const size = `${(weigh(join(app, 'node_modules')) / 1e6).toFixed(0)} MB`;
      said = `${String(rival.packages.length).padStart(5)} ${String(installed).padStart(10)} ${size.padStart(13)}`;
      const { code, wasm } = await bytes(app, rival);
      said += `${code.toFixed(0).padStart(16)} ${
        wasm
          .map((n) => n.toFixed(0))
          .join(' + ')
          .padStart(16) || '-'
      }`;
    } catch (error) {
      said += `  ${error.message.slice(0, 300)}`;
    }
    console.log(`${rival.name.padEnd(37)} ${said}`);
  }
} finally {
  shop.remove();
}

function weigh(path) {
  return readdirSync(path, { withFileTypes: true }).reduce((n, e) => {
    const at = join(path, e.name);
    return n + (e.isDirectory() ? weigh(at) : e.isSymbolicLink() ? 0 : statSync(at).size);
  }, 0);
}

async function bytes(app, { code, external = [] }) {
  writeFileSync(join(app, 'page.js'), code);
  const { output } = await bundle({
    root: app,
    configFile: false,
    logLevel: 'silent',
    worker: { format: 'es', rollupOptions: { external } },
    build: {
      write: false,
      target: 'es2022',
      modulePreload: false,
      rollupOptions: { input: join(app, 'page.js'), external, preserveEntrySignatures: 'strict' },
    },
  });
  const scripts = output.filter((o) => /\.m?js$/.test(o.fileName)).map((o) => o.code ?? o.source);
  const wasm = output.filter((o) => o.fileName.endsWith('.wasm')).map((o) => o.source.length / 1e3);
  return { code: scripts.reduce((n, s) => n + gzipSync(s, { level: 9 }).length, 0) / 1e3, wasm };
}
