import { Hydra } from '../../dist/hydra/index.js';

/** Longest time between two turns of the page's event loop while `work` runs. */
async function watch(work) {
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
  const now = performance.now();
  return { took: now - from, longest: Math.max(longest, now - last) };
}

const TASKS = ['depth', 'matte', 'faces'];

/** One backend on the sample photo: its planes, and what it took. */
window.backend = async (name, runs, plain) => {
  let hydra;
  const load = await watch(async () => {
    hydra = await Hydra.load({
      modules: TASKS,
      backend: name,
      wasmBaseUrl: new URL('wasm/', document.baseURI).href,
    });
  });
  // As it is without warmUp: the first photo waits for one shader after the other.
  const blank = await hydra.open(new ImageData(256, 256));
  const warm = await watch(async () => {
    if (!plain) return hydra.warmUp();
    for (const task of TASKS) await hydra.run(task, blank);
  });
  const response = await fetch(new URL('../../assets/astronaut.png', import.meta.url));
  const { width, height, data } = await hydra.open(await response.blob());
  const planes = {};
  let best = Infinity;
  for (let r = 0; r < runs; r++) {
    const photo = await hydra.open({ width, height, data });
    const from = performance.now();
    for (const task of TASKS) Object.assign(planes, await hydra.run(task, photo));
    best = Math.min(best, performance.now() - from);
    photo.close();
  }
  hydra.close();
  const lists = Object.entries(planes).map(([k, { data }]) => [k, Array.from(data)]);
  return { load, warm, best, planes: Object.fromEntries(lists) };
};
