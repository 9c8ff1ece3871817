import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('.', import.meta.url));
const WASM_FOLDER = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));
const WASM_FILES = ['tfjs-backend-wasm.wasm', 'tfjs-backend-wasm-simd.wasm', 'tfjs-backend-wasm-threaded-simd.wasm'];

/**
 * Lays TF.js's `.wasm` files at `wasm/` under their own names: TF.js takes a folder and picks the file by what the
 * browser can do.
 */
function wasmFiles() {
  return {
    name: 'relievo-wasm-files',
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const file = WASM_FILES.find((f) => request.url?.split('?')[0] === `/wasm/${f}`);
        if (!file) return next();
        response.setHeader('content-type', 'application/wasm');
        response.end(readFileSync(join(WASM_FOLDER, file)));
      });
    },
    generateBundle() {
      for (const file of WASM_FILES) {
        this.emitFile({ type: 'asset', fileName: `wasm/${file}`, source: readFileSync(join(WASM_FOLDER, file)) });
      }
    },
  };
}

/** A name that changes with the content: workbox takes such addresses for good as they are. */
const HASHED = /-[\w-]{8}\.\w+$/;

/**
 * Writes into the service worker what it has to keep: every file of the site. (Workbox's own build tool does this and
 * more, and brings 280 packages.)
 */
function offline() {
  const NAME = 'service-worker.js';
  let root, publicDir;
  return {
    name: 'relievo-offline',
    enforce: 'post',
    configResolved(config) {
      ({ root, publicDir } = config);
    },
    buildStart() {
      const id = join(root, 'service-worker.ts');
      if (existsSync(id)) this.emitFile({ type: 'chunk', id, fileName: NAME });
    },
    generateBundle(_, bundle) {
      const worker = bundle[NAME];
      if (!worker) return;
      const copied = readdirSync(publicDir).map((fileName) => ({
        fileName,
        source: readFileSync(join(publicDir, fileName)),
      }));
      const files = [...Object.values(bundle), ...copied]
        .filter((f) => f !== worker && !f.fileName.endsWith('.map'))
        .map((f) => {
          const hash = createHash('sha256').update(f.type === 'chunk' ? f.code : f.source);
          return { url: f.fileName, revision: HASHED.test(f.fileName) ? null : hash.digest('hex').slice(0, 16) };
        });
      worker.code = worker.code.replace('self.__WB_MANIFEST', JSON.stringify(files));
    },
  };
}

/** The tests' pages for React run with the version that it names, too. */
const REACT = process.env.RELIEVO_REACT === '18' ? ['react', 'react-dom'] : [];

/** The page: `npm run demo`. The library itself is built by Rollup; here its entries are its sources. */
export default {
  root: join(ROOT, 'demo'),
  base: './',
  plugins: [wasmFiles(), offline()],
  resolve: {
    alias: ['worker', 'effects', 'element', 'react']
      .map((entry) => ({ find: `relievo/${entry}`, replacement: join(ROOT, `src/${entry}/index.ts`) }))
      .concat({ find: /^relievo$/, replacement: join(ROOT, 'src/index.ts') })
      .concat(REACT.map((name) => ({ find: new RegExp(`^${name}(?=/|$)`), replacement: `${name}-18` }))),
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  worker: { format: 'es' },
  server: { fs: { allow: [ROOT] } },
  build: {
    outDir: join(ROOT, 'demo/dist'),
    emptyOutDir: true,
    target: 'es2022',
    // The manifests of the modules stay files: a page may forbid `data:` addresses to fetch.
    assetsInlineLimit: 0,
    // TensorFlow.js is one chunk of that size, loaded when the first photo comes.
    chunkSizeWarningLimit: 1500,
  },
};
