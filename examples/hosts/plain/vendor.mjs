/**
 * Makes the folder that a plain page needs, once per version: `page/vendor/relievo.js` and its parts, with TensorFlow.js
 * and the models beside them. No page that uses it needs a bundler.
 */
import { cpSync } from 'node:fs';
import { build } from 'vite';

cpSync('page.js', 'page/page.js');
await build({
  configFile: false,
  logLevel: 'warn',
  base: './',
  publicDir: false,
  worker: {
    format: 'es',
    rollupOptions: { output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' } },
  },
  build: {
    outDir: 'page/vendor',
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
