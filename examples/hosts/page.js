import { applyBokeh, estimateDepth, Hydra, visualiseDepth } from 'relievo';
import { createWorker } from 'relievo/worker';

/** On the page's own thread. */
async function onThePage(file) {
  const hydra = await Hydra.load();
  const photo = await hydra.open(file);
  const depth = await estimateDepth(photo, { hydra });
  const blurred = await applyBokeh(photo, depth, { focus: 'subject', aperture: 0.03 });
  return { depth, blurred, backend: hydra.backend };
}

/** The same calls in a thread of its own: the page never waits. */
async function inAWorker(file) {
  const relievo = await createWorker();
  const photo = await relievo.open(file);
  const depth = await relievo.estimateDepth(photo);
  const blurred = await relievo.applyBokeh(photo, depth, { focus: 'subject', aperture: 0.03 });
  return { depth, blurred, backend: relievo.backend };
}

const [input, worker, status] = ['photo', 'worker', 'status'].map((id) => document.getElementById(id));

input.addEventListener('change', async () => {
  try {
    status.textContent = 'working …';
    const { depth, blurred, backend } = await (worker.checked ? inAWorker : onThePage)(input.files[0]);
    show('depth', visualiseDepth(depth, { map: 'grey' }));
    show('blurred', blurred);
    status.textContent = `done, by ${backend}`;
  } catch (error) {
    status.textContent = `failed: ${error.code ?? error.name}: ${error.message}`;
  }
});
input.disabled = false;

function show(id, image) {
  const canvas = document.getElementById(id);
  canvas.width = image.width;
  canvas.height = image.height;
  canvas.getContext('2d').putImageData(image, 0, 0);
}
