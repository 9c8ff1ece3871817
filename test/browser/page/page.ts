import {
  applyBokeh,
  DepthStream,
  encodeVideo,
  estimateDepth,
  Hydra,
  parallaxFrames,
  type Backend,
  type ImageInput,
} from '../../../src/index.js';

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
    /** Sizes of the depth maps of frames given as anything that has one, and what else streams do in a page. */
    streamed(): Promise<{ sizes: Record<string, readonly [number, number]>; nearer: number; closed: string }>;
    /**
     * A photo larger than the largest canvas of some browsers, which has none here either: its size, how far its pixels
     * are from those of the same photo drawn as a whole, and what bokeh leaves of the contrast of near and far parts.
     */
    large(
      width: number,
      height: number,
    ): Promise<{
      size: readonly [number, number];
      apart: number;
      blurred: { readonly near: number; readonly far: number };
    }>;
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
  photo.close();
  const tensorsLeft = hydra.memory().tensors - loaded;
  hydra.close();
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

const portrait = async () => (await fetch(new URL('../../../assets/astronaut.png', import.meta.url))).blob();
const wasmBaseUrl = new URL('wasm/', document.baseURI).href;

window.streamed = async () => {
  const hydra = await Hydra.load({ backend: 'wasm', wasmBaseUrl });
  const bitmap = await createImageBitmap(await portrait());
  const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 480 });
  const context = canvas.getContext('2d')!;
  const draw = () => context.drawImage(bitmap, 64, 0, 480, 480);
  draw();
  const video = document.createElement('video');
  video.muted = true;
  video.srcObject = canvas.captureStream(10);
  const redraw = setInterval(draw, 50);
  document.body.append(video);
  await video.play();
  await new Promise((resolve) => video.requestVideoFrameCallback(resolve));

  const stream = new DepthStream({ hydra, longSide: 160 });
  const sizes: Record<string, readonly [number, number]> = {};
  const frame = new VideoFrame(canvas, { timestamp: 0 });
  const inputs: Record<string, ImageInput> = {
    video,
    frame,
    bitmap: await createImageBitmap(canvas),
    canvas,
    pixels: context.getImageData(0, 0, 640, 480),
  };
  let nearer = 0;
  for (const [name, input] of Object.entries(inputs)) {
    const map = (await stream.next(input))!;
    sizes[name] = [map.width, map.height];
    nearer = map.data[70 * 160 + 80]! - map.data[20 * 160 + 30]!;
  }
  // It is read at once: its owner may close it.
  const last = new VideoFrame(canvas, { timestamp: 1 });
  const reading = stream.next(last);
  last.close();
  const closed = (await reading) ? 'read' : 'superseded';
  frame.close();
  clearInterval(redraw);
  stream.close();
  hydra.close();
  return { sizes, nearer, closed };
};

window.large = async (width, height) => {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d')!;
  context.imageSmoothingQuality = 'high';
  context.drawImage(await createImageBitmap(await portrait()), 0, 0, width, height);
  const file = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.95 });
  const whole = context.getImageData(0, 0, width, height).data;
  canvas.width = 1;
  const Original = OffscreenCanvas;
  globalThis.OffscreenCanvas = class extends Original {
    constructor(w: number, h: number) {
      if (w * h > 16_777_216) throw new Error(`no canvas of ${w} × ${h} here`);
      super(w, h);
    }
  };
  const hydra = await Hydra.load({ backend: 'wasm', wasmBaseUrl });
  const photo = await hydra.open(file);
  let sum = 0;
  for (let i = 0; i < whole.length; i += 97) sum += Math.abs(photo.data[i]! - whole[i]!);
  const depth = await estimateDepth(photo, { hydra });
  const out = await applyBokeh(photo, depth, { focus: 'subject', aperture: 0.01 });
  /** Mean step between neighbours in a window, as a share of what it was. */
  const kept = (u: number, v: number) => {
    const steps = (data: ArrayLike<number>) => {
      let total = 0;
      for (let y = 0; y < 100; y++)
        for (let x = 0; x < 100; x++) {
          const p = ((Math.round(v * height) + y) * width + Math.round(u * width) + x) * 4;
          total += Math.abs(data[p]! - data[p + 48]!);
        }
      return total;
    };
    return steps(out.data) / steps(photo.data);
  };
  globalThis.OffscreenCanvas = Original;
  hydra.close();
  return {
    size: [out.width, out.height],
    apart: sum / Math.ceil(whole.length / 97),
    blurred: { near: kept(0.45, 0.7), far: kept(0.86, 0.06) },
  };
};

function base64(bytes: Uint8Array | Uint8ClampedArray): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(text);
}
