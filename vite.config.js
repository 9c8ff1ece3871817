import { readFileSync } from 'node:fs';
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

/** The demo page: `npm run demo`. The library itself is built by Rollup. */
export default {
  root: join(ROOT, 'demo'),
  base: './',
  plugins: [wasmFiles()],
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
