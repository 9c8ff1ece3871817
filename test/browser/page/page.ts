import { estimateDepth, Hydra, type Backend } from '../../../src/index.js';

/** What the test reads from the page; bytes travel as base64. */
export interface Inferred {
  readonly backend: Backend;
  readonly width: number;
  readonly height: number;
  readonly pixels: string;
  readonly disparities: string;
  readonly tensorsLeft: number;
}

declare global {
  interface Window {
    infer(backend?: Backend): Promise<Inferred>;
  }
}

window.infer = async (backend) => {
  const response = await fetch(new URL('../../../assets/astronaut.png', import.meta.url));
  const hydra = await Hydra.load({
    ...(backend && { backend }),
    wasmBaseUrl: new URL('wasm/', document.baseURI).href,
  });
  const loaded = hydra.memory().tensors;
  const photo = await hydra.open(await response.blob());
  const depth = await estimateDepth(photo, { hydra });
  hydra.close(photo);
  const tensorsLeft = hydra.memory().tensors - loaded;
  hydra.dispose();
  return {
    backend: hydra.backend,
    width: depth.width,
    height: depth.height,
    pixels: base64(photo.data),
    disparities: base64(new Uint8Array(depth.data.buffer)),
    tensorsLeft,
  };
};

function base64(bytes: Uint8Array | Uint8ClampedArray): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(text);
}
