/**
 * Makes the folder that a plain page needs, once per version: `vendor/relievo.js` and its parts, with TensorFlow.js and
 * the models beside them. No page that uses it needs a bundler.
 */
import { cpSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const out = path('../dist/static');

rmSync(out, { recursive: true, force: true });
for (const file of ['static/index.html', 'static/main.js', 'page.js'])
  cpSync(path(`../${file}`), `${out}/${file.split('/').at(-1)}`);
cpSync(path('../public'), out, { recursive: true });
await build({
  root: path('..'),
  configFile: false,
  logLevel: 'warn',
  base: './',
  publicDir: false,
  worker: {
    format: 'es',
    rollupOptions: { output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' } },
  },
  build: {
    outDir: `${out}/vendor`,
    emptyOutDir: false,
    target: 'es2022',
    // Models stay files, whatever their size.
    assetsInlineLimit: 0,
    modulePreload: false,
    chunkSizeWarningLimit: 1500,
    rollupOptions: {
      input: { relievo: 'relievo', 'relievo-worker': 'relievo/worker' },
      preserveEntrySignatures: 'strict',
      output: { entryFileNames: '[name].js' },
    },
  },
});
