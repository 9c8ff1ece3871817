import commonjs from '@rollup/plugin-commonjs';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import typescript from '@rollup/plugin-typescript';
import { minify } from '@swc/core';
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
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
    async renderChunk(code) {
      return minify(code, { module: true, compress: true, mangle: true, format: { comments: false } });
    },
  };
}

/** A pattern that no longer occurs means another version of TF.js: better no build than a wrong one. */
function change(id, code, pattern, by) {
  if (!pattern.test(code)) throw new Error(`${id} is not what rollup.config.js expects: look at it again`);
  return code.replace(pattern, by);
}

const TFJS = 'src/hydra/tfjs/';

/**
 * TensorFlow.js inside the package: one file for core and converter, one for each backend. Hosts' tools do not have to
 * find five packages, take CommonJS in a worker or leave out backends that are not installed.
 */
const tfjs = {
  input: Object.fromEntries(readdirSync(join(ROOT, TFJS)).map((f) => [f.replace(/\.ts$/, ''), `${TFJS}${f}`])),
  output: { dir: 'dist/hydra/tfjs', format: 'es', chunkFileNames: 'shared-[hash].js' },
  plugins: [wasmFiles(), nodeResolve({ browser: true, extensions: ['.js', '.ts'] }), anywhere(), commonjs()],
  onwarn(warning, warn) {
    if (warning.code !== 'THIS_IS_UNDEFINED' && warning.code !== 'CIRCULAR_DEPENDENCY' && warning.code !== 'EVAL')
      warn(warning);
  },
};

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
    /\/tfjs\/\w+\.js$/.test(id) ||
    (!/^[./]/.test(id) && !id.startsWith('\0') && !/^[A-Za-z]:/.test(id) && id !== 'tslib'),
  plugins: [
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
      },
      noEmitOnError: true,
    }),
  ],
};

export default [relievo, tfjs];
