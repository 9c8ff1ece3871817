import commonjs from '@rollup/plugin-commonjs';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import typescript from '@rollup/plugin-typescript';
import { minify } from '@swc/core';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const { exports, bin } = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8'));

// One input per entry of package.json, so that an entry cannot be exported without being built.
const files = [...Object.values(exports).map((e) => e.default), ...Object.values(bin)].filter(
  (f) => f?.startsWith('./dist/') || f?.startsWith('dist/'),
);
const input = Object.fromEntries(
  files.map((f) => {
    const name = f.replace(/^(\.\/)?dist\//, '').replace(/\.js$/, '');
    return [name, `src/${name}.ts`];
  }),
);
// What threads run: reached by address, not by import.
input['effects/bokeh-worker'] = 'src/effects/bokeh-worker.ts';

const ROOT = fileURLToPath(new URL('.', import.meta.url));

/** Lays TF.js's kernels into wasm/, a folder of the package: every source and every file of dist/ finds them by the same way. */
function wasmFiles() {
  const from = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));
  return {
    name: 'wasm-files',
    buildStart() {
      mkdirSync(join(ROOT, 'wasm'), { recursive: true });
      // Not the one with threads, which src/hydra/tf.ts never asks for.
      for (const name of ['tfjs-backend-wasm.wasm', 'tfjs-backend-wasm-simd.wasm'])
        cpSync(join(from, name), join(ROOT, 'wasm', name));
    },
  };
}

/**
 * What TF.js does only in CommonJS, or against a page's policy, is replaced: its packages are built once for Node and once for
 * pages, and ours has to be one that runs in both.
 */
function anywhere() {
  return {
    name: 'tfjs-anywhere',
    transform(code, id) {
      if (id.endsWith('platforms/platform_node.js')) {
        return `import { env } from '../environment';
          class PlatformNode {
            fetch(path, init) { return globalThis.fetch(path, init); }
            now() { return performance.now(); }
            encode(text) { return new TextEncoder().encode(text); }
            decode(bytes, encoding) { return bytes.length === 0 ? '' : new TextDecoder(encoding).decode(bytes); }
            isTypedArray(a) {
              return a instanceof Float32Array || a instanceof Int32Array || a instanceof Uint8Array || a instanceof Uint8ClampedArray;
            }
          }
          if (env().get('IS_NODE') && !env().get('IS_BROWSER')) env().setPlatform('node', new PlatformNode());`;
      }
      // Emscripten's glue reads files by require(); src/hydra/tf.ts hands the bytes over.
      if (/^[^\0].*\/wasm-out\/[\w-]+\.js$/.test(id))
        return change(
          id,
          code,
          /ENVIRONMENT_IS_NODE=typeof process==.*?=="string"/,
          'ENVIRONMENT_IS_NODE=false',
        ).replace(
          // webpack says that there is one and does not give it.
          "if (typeof __filename !== 'undefined') _scriptDir = _scriptDir || __filename;",
          '',
        );
      // A WebAssembly of its own for 64-bit multiplication, tried whatever the policy says; it does without.
      if (id.endsWith('long/src/long.js'))
        return change(id, code, /try \{\s*wasm = [\s\S]*?\} catch \(e\) \{[^}]*\}/, '');
      return null;
    },
  };
}

function minified() {
  return {
    name: 'minified',
    renderChunk: (code) => minify(code, { module: true, compress: true, mangle: true, format: { comments: false } }),
  };
}

/** What an earlier build left would be packed with the rest. */
function emptied(folder) {
  return { name: 'emptied', buildStart: () => rmSync(join(ROOT, folder), { recursive: true, force: true }) };
}

/** A pattern that no longer occurs means another version of TF.js: better no build than a wrong one. */
function change(id, code, pattern, by) {
  if (!pattern.test(code)) throw new Error(`${id} is not what rollup.config.js expects: look at it again`);
  return code.replace(pattern, by);
}

/** Other people's code inside the package: a folder of sources that name it, without types of their own, and one file for each in dist/. */
const within = (folder, plugins) => ({
  input: Object.fromEntries(
    readdirSync(join(ROOT, 'src', folder)).map((f) => [f.replace(/\.ts$/, ''), `src/${folder}/${f}`]),
  ),
  output: { dir: `dist/${folder}`, format: 'es', chunkFileNames: 'shared-[hash].js' },
  plugins: [nodeResolve({ browser: true, extensions: ['.js', '.mjs', '.ts'] }), ...plugins, commonjs(), minified()],
  onwarn(warning, warn) {
    if (!['THIS_IS_UNDEFINED', 'CIRCULAR_DEPENDENCY', 'EVAL'].includes(warning.code)) warn(warning);
  },
});

/**
 * TensorFlow.js inside the package: one file for core and converter, one for each backend. Hosts' tools do not have to
 * find five packages, take CommonJS in a worker or leave out backends that are not installed.
 */
const tfjs = within('hydra/tfjs', [wasmFiles(), anywhere()]);
/** So a page without a bundler has to name nothing but relievo, and no optional package stops a bundler. */
const vendor = within('vendor', [withoutNode()]);

/**
 * exifr asks for Node's Buffer by its global name, for which Parcel wants a package, and loads Node's modules by names that it
 * works out, of which webpack warns. It gets bytes only.
 */
function withoutNode() {
  return {
    name: 'exifr-without-node',
    transform(code, id) {
      if (!id.includes('/exifr/')) return null;
      const loader = /function l\(e,t=o\)\{if\(n\)try\{.*?\}catch\(t\)\{console\.warn\([^)]*\)\}\}/;
      return change(id, code, loader, 'function l(){}').replace(/\bBuffer\b/g, 'globalThis.Buffer');
    },
  };
}

/** dist/ mirrors src/: `new URL('../../models/…', import.meta.url)` means the same in both, and bundlers tree-shake by file. */
const relievo = {
  input,
  output: {
    dir: 'dist',
    format: 'es',
    preserveModules: true,
    preserveModulesRoot: 'src',
    sourcemap: true,
    // Rollup drops directives of the sources.
    banner: ({ name }) => (name === 'react/index' ? "'use client';" : ''),
  },
  external: (id) =>
    /\/(tfjs|vendor)\/[\w-]+\.js$/.test(id) ||
    (!/^[./]/.test(id) && !id.startsWith('\0') && !/^[A-Za-z]:/.test(id) && id !== 'tslib'),
  plugins: [
    emptied('dist'),
    typescript({
      filterRoot: '.',
      tsconfig: './tsconfig.json',
      include: ['src/**/*.ts'],
      compilerOptions: {
        noEmit: false,
        declaration: true,
        declarationDir: 'dist',
        rootDir: 'src',
        outDir: 'dist',
        sourceMap: true,
        inlineSources: true,
      },
      noEmitOnError: true,
    }),
  ],
};

/**
 * For pages that take the library from a CDN: one file, and the scripts of its threads, which take theirs from it. They lie as
 * deep as the others, so that models and kernels are found by the same addresses.
 */
const browser = {
  preserveEntrySignatures: 'allow-extension',
  input: {
    relievo: 'browser:relievo',
    worker: 'dist/worker/worker.js',
    'bokeh-worker': 'dist/effects/bokeh-worker.js',
  },
  output: {
    dir: 'dist/browser',
    format: 'es',
    manualChunks: (id) => (/\/(bokeh-)?worker\.js$/.test(id) ? undefined : 'relievo'),
    chunkFileNames: '[name].js',
  },
  plugins: [
    {
      name: 'browser-entry',
      resolveId: (id) => (id === 'browser:relievo' ? id : undefined),
      load: (id) =>
        id === 'browser:relievo'
          ? `export * from '${ROOT}dist/index.js'; export { createWorker } from '${ROOT}dist/worker/index.js';`
          : undefined,
    },
    minified(),
  ],
  onwarn: tfjs.onwarn,
};

export default [relievo, tfjs, vendor, browser];
