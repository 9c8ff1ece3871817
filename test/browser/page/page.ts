import { encodeVideo, estimateDepth, Hydra, parallaxFrames, type Backend } from '../../../src/index.js';

/** What the test reads from the page; bytes travel as base64. */
export interface Inferred {
  readonly backend: Backend;
  readonly width: number;
  readonly height: number;
  readonly pixels: string;
  readonly disparities: string;
  readonly tensorsLeft: number;
}

/** A film as the page made and played it. */
export interface Filmed {
  readonly codec: string;
  readonly frames: number;
  readonly size: readonly [width: number, height: number];
  readonly file: string;
  /** What a <video> element says of it: size, seconds, and the middle pixel of a frame. */
  readonly played: { readonly size: readonly [number, number]; readonly seconds: number; readonly middle: number[] };
}

declare global {
  interface Window {
    film(format: 'webm' | 'mp4', width: number, height: number, frames: number, fps: number): Promise<Filmed>;
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
  // Not waited for: who comes while shaders are compiled gets right numbers as well.
  const warm = hydra.warmUp();
  const photo = await hydra.open(await response.blob());
  const depth = await estimateDepth(photo, { hydra });
  await warm;
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

/** A green square before a striped wall, filmed from side to side. */
window.film = async (format, width, height, frames, fps) => {
  const data = new Uint8ClampedArray(width * height * 4);
  const disparities = new Float32Array(width * height);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const near = Math.max(Math.abs(x - width / 2), Math.abs(y - height / 2)) < height / 4;
      data.set(near ? [40, 160, 60, 255] : x & 8 ? [220, 140, 50, 255] : [60, 40, 30, 255], i * 4);
      disparities[i] = near ? 0.9 : 0.1;
    }
  }
  const views = parallaxFrames({ width, height, data }, { width, height, data: disparities }, { frames });
  const video = await encodeVideo(views, { format, fps });
  const player = document.createElement('video');
  player.muted = true;
  player.src = URL.createObjectURL(video.file);
  await new Promise((resolve, reject) => {
    player.onloadeddata = resolve;
    player.onerror = () => reject(new Error(player.error?.message));
  });
  // A frame is there to be drawn once it has been shown.
  document.body.append(player);
  const shown = new Promise((resolve) => player.requestVideoFrameCallback(resolve));
  await player.play();
  await shown;
  player.pause();
  const canvas = document.createElement('canvas');
  canvas.width = player.videoWidth;
  canvas.height = player.videoHeight;
  const context = canvas.getContext('2d')!;
  context.drawImage(player, 0, 0);
  const middle = context.getImageData(canvas.width >> 1, canvas.height >> 1, 1, 1).data;
  return {
    codec: video.codec,
    frames: video.frames,
    size: [video.width, video.height],
    file: base64(new Uint8Array(await video.file.arrayBuffer())),
    played: { size: [player.videoWidth, player.videoHeight], seconds: player.duration, middle: [...middle] },
  };
};

function base64(bytes: Uint8Array | Uint8ClampedArray): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(text);
}
