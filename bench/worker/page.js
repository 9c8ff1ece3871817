import { createWorker } from '../../dist/worker/index.js';

/** Longest time between two turns of the page's event loop while `work` runs, and the browser's own long tasks (50 ms). */
async function watch(work) {
  const tasks = [];
  const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries().map((e) => e.duration)));
  observer.observe({ type: 'longtask' });
  const { port1, port2 } = new MessageChannel();
  let last = performance.now();
  let longest = 0;
  let on = true;
  port1.onmessage = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (on) setTimeout(() => port2.postMessage(0), 1);
  };
  const from = performance.now();
  port2.postMessage(0);
  await work();
  on = false;
  const took = performance.now() - from;
  await new Promise((done) => setTimeout(done, 100));
  observer.disconnect();
  return { took, longest, tasks };
}

window.measure = async (width, height) => {
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const response = await fetch(new URL('../../assets/astronaut.png', import.meta.url));
  canvas.getContext('2d').drawImage(await createImageBitmap(await response.blob()), 0, 0, width, height);
  const file = await new Promise((done) => canvas.toBlob(done, 'image/jpeg', 0.9));
  const relievo = await createWorker({ wasmBaseUrl: new URL('wasm/', document.baseURI).href });
  let photo;
  let depth;
  const rows = {
    'nothing at all': await watch(() => new Promise((done) => setTimeout(done, 1000))),
    'open, a JPEG': await watch(async () => (photo = await relievo.open(file))),
    estimateDepth: await watch(async () => (depth = await relievo.estimateDepth(photo))),
    'applyBokeh, aperture 0.01': await watch(() => relievo.applyBokeh(photo, depth, { focus: 0.7, aperture: 0.01 })),
  };
  relievo.close();
  return { backend: relievo.backend, rows };
};
