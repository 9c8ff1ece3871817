import {
  applyBokeh,
  applyGrade,
  estimateDepth,
  Hydra,
  isRelievoError,
  pipeline,
  type Backend,
  type ImageInput,
} from '../../../src/index.js';
import { createWorker, type RelievoWorker } from '../../../src/worker/index.js';

const wasmBaseUrl = new URL('wasm/', document.baseURI).href;
const address = new URL('../../../assets/astronaut.png', import.meta.url);
const blob = async () => (await fetch(address)).blob();

const violations: string[] = [];
addEventListener('securitypolicyviolation', (e) => violations.push(`${e.violatedDirective} ${e.blockedURI}`));

/** What an expression throws, as the test can read it. */
const failure = (work: () => Promise<unknown>) =>
  work().then(
    () => 'nothing thrown',
    (e: unknown) => (isRelievoError(e) ? `${e.code}: ${e.message}` : `${(e as Error).name}: ${(e as Error).message}`),
  );

/** Mean difference; infinite where the sizes differ. */
const apart = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  let sum = a.length === b.length ? 0 : Infinity;
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i]! - b[i]!);
  return sum / a.length;
};

async function image(src: string | URL): Promise<HTMLImageElement> {
  const img = new Image();
  img.src = String(src);
  await img.decode();
  return img;
}

function canvasOf(source: CanvasImageSource & { width: number; height: number }): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = source.width;
  canvas.height = source.height;
  canvas.getContext('2d')!.drawImage(source, 0, 0);
  return canvas;
}

/** A video whose every frame is the picture, as a camera would give it. */
async function videoOf(canvas: HTMLCanvasElement): Promise<HTMLVideoElement> {
  const video = document.createElement('video');
  video.muted = true;
  video.srcObject = canvas.captureStream();
  const context = canvas.getContext('2d')!;
  const again = setInterval(() => context.drawImage(canvas, 0, 0), 30);
  document.body.append(video);
  const shown = new Promise((resolve) => video.requestVideoFrameCallback(resolve));
  await video.play();
  await shown;
  video.pause();
  clearInterval(again);
  return video;
}

let hydra: Promise<Hydra> | undefined;
let worker: Promise<RelievoWorker> | undefined;
const here = () => (hydra ??= Hydra.load({ backend: 'wasm', wasmBaseUrl }));
const there = () => (worker ??= createWorker({ backend: 'wasm', wasmBaseUrl }));

const tests = {
  /** Depth, bokeh in threads, and depth in a worker, with any policy that the page has. */
  async everything(backend?: Backend) {
    const options = { ...(backend && { backend }), wasmBaseUrl };
    const hydra = await Hydra.load(options);
    const photo = await hydra.open(await blob());
    const depth = await estimateDepth(photo, { hydra });
    const one = await applyBokeh(photo, depth, { focus: 0.7, aperture: 0.02, threads: 1 });
    const two = await applyBokeh(photo, depth, { focus: 0.7, aperture: 0.02, threads: 2 });
    hydra.close();
    const relievo = await createWorker(options);
    const other = await relievo.estimateDepth(await blob());
    const { backend: inWorker } = relievo;
    relievo.close();
    return {
      backends: [hydra.backend, inWorker],
      depth: [...[130 * 512 + 220, 20 * 512 + 20].map((i) => depth.data[i]!)],
      sameInWorker: apart(depth.data, other.data),
      sameInThreads: apart(one.data, two.data),
      violations,
    };
  },

  /** Depth by a Hydra of its own: the networks are loaded again. */
  async depth(options: { backend?: Backend } = {}) {
    const hydra = await Hydra.load({ backend: 'wasm', wasmBaseUrl, ...options });
    try {
      const depth = await estimateDepth({ width: 64, height: 48, data: stripes(64, 48) }, { hydra });
      return [...depth.data.subarray(0, 64)];
    } finally {
      hydra.close();
    }
  },

  failingDepth: () => failure(() => tests.depth()),

  /** A red pixel made darker, by a part of the library that is loaded with its first use. */
  async graded(): Promise<number> {
    const red = { width: 1, height: 1, data: Uint8ClampedArray.of(200, 0, 0, 255) };
    const near = { width: 1, height: 1, data: Float32Array.of(1) };
    return (await applyGrade(red, near, { ranges: [{ exposure: -1 }] })).data[0]!;
  },

  failingGrade: () => failure(() => tests.graded()),

  async cached() {
    const cache = await caches.open('relievo-models');
    return (await cache.keys()).length;
  },

  /** Every kind of input, on the page and in a worker: mean differences of pixels (of 255) and disparities. */
  async inputs() {
    const hydra = await here();
    const relievo = await there();
    const file = await blob();
    const reference = await hydra.open(file);
    const want = await estimateDepth(reference, { hydra });
    const img = await image(address);
    const canvas = canvasOf(img);
    const offscreen = new OffscreenCanvas(512, 512);
    offscreen.getContext('2d')!.drawImage(img, 0, 0);
    const context = canvas.getContext('2d')!;
    const kinds: Record<string, () => ImageInput | Promise<ImageInput>> = {
      Blob: () => file,
      File: () => new File([file], 'portrait.png'),
      ArrayBuffer: () => file.arrayBuffer(),
      Uint8Array: async () => new Uint8Array(await file.arrayBuffer()),
      URL: () => address,
      string: () => address.href,
      ImageData: () => context.getImageData(0, 0, 512, 512),
      ImageBitmap: () => createImageBitmap(file),
      img: () => img,
      canvas: () => canvas,
      OffscreenCanvas: () => offscreen,
      VideoFrame: () => new VideoFrame(canvas, { timestamp: 0 }),
      video: () => videoOf(canvas),
    };
    const found: Record<string, number[]> = {};
    for (const [name, make] of Object.entries(kinds)) {
      const given = await make();
      const pixels = apart((await hydra.open(given)).data, reference.data);
      const depth = await estimateDepth(given, { hydra });
      const inWorker = await relievo.estimateDepth(given);
      // The caller's own picture stays as it was.
      const again = given instanceof Blob ? 0 : apart((await hydra.open(given)).data, reference.data);
      found[name] = [pixels, apart(depth.data, want.data), apart(inWorker.data, want.data), again - pixels];
      if (given instanceof VideoFrame || given instanceof ImageBitmap) given.close();
    }
    return found;
  },

  /** Inputs without a picture in them. `foreign` is an image of another origin that allows nothing. */
  async badInputs(foreign: string) {
    const bitmap = await createImageBitmap(await blob());
    bitmap.close();
    const blank = new OffscreenCanvas(8, 8);
    blank.getContext('2d');
    const frame = new VideoFrame(blank, { timestamp: 0 });
    frame.close();
    const tainted = canvasOf(await image(foreign));
    const broken = new Image();
    broken.src = 'nowhere.png';
    await broken.decode().catch(() => {});
    const script = '<script>globalThis.executed = true</script>';
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8" onload="globalThis.executed = true">${script}</svg>`;
    const inputs: Record<string, unknown> = {
      bitmap,
      frame,
      tainted,
      foreign: await image(foreign),
      broken,
      unloaded: new Image(),
      video: document.createElement('video'),
      noPixels: new OffscreenCanvas(0, 0),
      missing: new URL('nowhere.png', document.baseURI),
      svg: new Blob([svg], { type: 'image/svg+xml' }),
      html: new Blob([`<!doctype html>${script}<img src=x onerror="globalThis.executed = true">`], {
        type: 'text/html',
      }),
      page: document.baseURI,
      nothing: undefined,
      number: 7,
      element: document.createElement('p'),
    };
    const hydra = await here();
    const relievo = await there();
    const found: Record<string, [string, string]> = {};
    for (const [name, input] of Object.entries(inputs))
      found[name] = [
        await failure(() => estimateDepth(input as ImageInput, { hydra })),
        await failure(() => relievo.estimateDepth(input as ImageInput)),
      ];
    await new Promise((done) => setTimeout(done, 200));
    return { found, executed: 'executed' in globalThis };
  },

  /** A closed photo, a photo of another worker, something that cannot be sent, and a worker that dies. */
  async workerFaults() {
    const small = { width: 64, height: 48, data: stripes(64, 48) };
    const own = new Worker(new URL('./dying-worker.ts', import.meta.url), { type: 'module' });
    const relievo = await createWorker({ worker: own, backend: 'wasm', wasmBaseUrl });
    const photo = await relievo.open(small);
    const depth = await relievo.estimateDepth(photo);
    const elsewhere = await failure(() => there().then((r) => r.estimateDepth(photo)));
    photo.close();
    const closed = await failure(() => relievo.estimateDepth(photo));
    const { image } = await relievo.run([{ op: 'haze', amount: 0.5 }], small, depth);
    const unsendable = await failure(() => relievo.estimateDepth(small, { matte: (() => {}) as never }));
    const running = failure(() => relievo.applyBokeh({ width: 900, height: 900, data: stripes(900, 900) }, depth));
    own.postMessage('die');
    const died = await running;
    const after = await failure(() => relievo.open(small));
    relievo.close();
    const disposed = await failure(() => relievo.open(small));
    const missing = await failure(() => createWorker({ worker: new Worker(new URL('gone.js', document.baseURI)) }));
    // The page goes on with a new one.
    const next = await createWorker({ backend: 'wasm', wasmBaseUrl });
    const again = await next.estimateDepth(small);
    next.close();
    return {
      ...{ elsewhere, closed, unsendable, died, after, disposed, missing },
      hazed: image.width,
      same: apart(again.data, depth.data),
    };
  },

  /** A recipe that names addresses, and one that tries to run something, leave the page alone. */
  async recipe() {
    const photo = { width: 8, height: 8, data: stripes(8, 8) };
    const depth = { width: 8, height: 8, data: new Float32Array(64) };
    const sticker = (image: string) =>
      failure(() => pipeline([{ op: 'sticker', image, at: { x: 4, y: 4 }, disparity: 1 }]).run(photo, depth));
    const svg = `data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><script>globalThis.executed = true</script></svg>`;
    return {
      address: await sticker(new URL('secret.png', document.baseURI).href),
      svg: await sticker(svg),
      executed: 'executed' in globalThis,
    };
  },
};

function stripes(width: number, height: number): Uint8ClampedArray {
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i++) data[i * 4] = data[i * 4 + 1] = (i % width) & 16 ? 40 : 200;
  return data;
}

declare global {
  interface Window {
    runtime: typeof tests;
  }
}
window.runtime = tests;
