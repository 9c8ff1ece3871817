import { fileURLToPath } from 'node:url';

/** Nothing here is for Relievo. */
export default {
  mode: 'production',
  context: fileURLToPath(new URL('.', import.meta.url)),
  entry: './main.js',
  output: { path: fileURLToPath(new URL('../dist/webpack', import.meta.url)), filename: 'main.js', clean: true },
  performance: { hints: false },
};
