'use client';

import { useEffect, useRef, useState } from 'react';
import { applyBokeh, estimateDepth, Hydra, visualiseDepth } from 'relievo';
import { createWorker } from 'relievo/worker';

/** Rendered on the server as well; the networks run where a photo is chosen, in the browser. */
export default function Portrait() {
  const [ready, setReady] = useState(false);
  const [inWorker, setInWorker] = useState(false);
  const [status, setStatus] = useState('');
  const [depthCanvas, blurredCanvas] = [useRef(null), useRef(null)];
  useEffect(() => setReady(true), []);

  async function choose(file) {
    try {
      setStatus('working …');
      const { depth, blurred, backend } = await (inWorker ? inAWorker : onThePage)(file);
      show(depthCanvas.current, visualiseDepth(depth, { map: 'grey' }));
      show(blurredCanvas.current, blurred);
      setStatus(`done, by ${backend}`);
    } catch (error) {
      setStatus(`failed: ${error.code ?? error.name}: ${error.message}`);
    }
  }

  return (
    <>
      <input
        type="file"
        id="photo"
        accept="image/*"
        aria-label="A portrait"
        disabled={!ready}
        onChange={(event) => choose(event.target.files[0])}
      />
      <label>
        <input type="checkbox" id="worker" onChange={(event) => setInWorker(event.target.checked)} /> in a worker
      </label>
      <p id="status" role="status">
        {status}
      </p>
      <canvas id="depth" ref={depthCanvas} />
      <canvas id="blurred" ref={blurredCanvas} />
    </>
  );
}

async function onThePage(file) {
  const hydra = await Hydra.load();
  const photo = await hydra.open(file);
  const depth = await estimateDepth(photo, { hydra });
  const blurred = await applyBokeh(photo, depth, { focus: 'subject', aperture: 0.03 });
  return { depth, blurred, backend: hydra.backend };
}

async function inAWorker(file) {
  const relievo = await createWorker();
  const photo = await relievo.open(file);
  const depth = await relievo.estimateDepth(photo);
  const blurred = await relievo.applyBokeh(photo, depth, { focus: 'subject', aperture: 0.03 });
  return { depth, blurred, backend: relievo.backend };
}

function show(canvas, image) {
  canvas.width = image.width;
  canvas.height = image.height;
  canvas.getContext('2d').putImageData(image, 0, 0);
}
