import { applyBokeh, estimateDepth, Hydra, visualiseDepth } from 'relievo';
import { createWorker } from 'relievo/worker';

/** What every example shows: a portrait's depth, the portrait refocused by it, and the depth once more from a worker. */
export async function run() {
  const status = document.querySelector('#status');
  try {
    // The models come with the package and need no address; TensorFlow.js's .wasm files are the host's to serve.
    const options = { modules: ['depth', 'matte'], wasmBaseUrl: new URL('wasm/', document.baseURI).href };
    const file = await (await fetch(new URL('portrait.png', document.baseURI))).blob();

    const hydra = await Hydra.load(options);
    const photo = await hydra.open(file);
    const depth = await estimateDepth(photo, { hydra });
    show('#depth', visualiseDepth(depth, { map: 'grey' }));
    show('#bokeh', await applyBokeh(photo, depth, { focus: 'subject', aperture: 0.03 }));

    const worker = await createWorker(options);
    show('#worker', visualiseDepth(await worker.estimateDepth(file), { map: 'grey' }));
    status.textContent = `done: ${hydra.backend}, ${worker.backend} in the worker`;
    worker.dispose();
    hydra.dispose();
  } catch (error) {
    status.textContent = `failed: ${error.code ?? error.name}: ${error.message}`;
  }
}

function show(selector, image) {
  const canvas = document.querySelector(selector);
  canvas.width = image.width;
  canvas.height = image.height;
  canvas.getContext('2d').putImageData(image, 0, 0);
}
