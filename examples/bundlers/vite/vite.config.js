/** Nothing here is for Relievo but `worker.format`: its worker loads TensorFlow.js in parts, as the page does. */
export default {
  base: './',
  publicDir: '../public',
  worker: { format: 'es' },
  build: { outDir: '../dist/vite', emptyOutDir: true, target: 'es2022', chunkSizeWarningLimit: 1500 },
};
