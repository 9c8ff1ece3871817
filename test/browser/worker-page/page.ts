import {
  applyBokeh,
  DepthStream,
  detectFaces,
  estimateDepth,
  Hydra,
  isRelievoError,
  type DepthMap,
} from '../../../src/index.js';
import { createWorker, type RelievoWorker } from '../../../src/worker/index.js';

const wasmBaseUrl = new URL('wasm/', document.baseURI).href;
const address = new URL('../../../assets/astronaut.png', import.meta.url);
const options = { backend: 'wasm', wasmBaseUrl } as const;

const worst = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  let most = a.length === b.length ? 0 : Infinity;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]! - b[i]!));
  return most;
};

/** What an expression throws, as the test can read it. */
const failure = (work: () => Promise<unknown>) =>
  work().then(
    () => 'nothing thrown',
    (e: unknown) => (isRelievoError(e) ? `${e.code}: ${e.message}` : `${(e as Error).name}: ${(e as Error).message}`),
  );

let started: Promise<RelievoWorker> | undefined;
const relievo = () => (started ??= createWorker({ ...options, modules: ['depth', 'matte', 'faces'] }));
const blob = async () => (await fetch(address)).blob();
const blur = { focus: 0.7, aperture: 0.02 } as const;

const tests = {
  /** The same results as on the page's own thread. */
  async same() {
    const hydra = await Hydra.load({ ...options, modules: ['depth', 'matte', 'faces'] });
    const here = await hydra.open(await blob());
    const depthHere = await estimateDepth(here, { hydra });
    const blurredHere = await applyBokeh(here, depthHere, blur);
    const r = await relievo();
    const photo = await r.open(await blob());
    const progress: number[] = [];
    const depth = await r.estimateDepth(photo, { onProgress: (p) => progress.push(p) });
    const blurred = await r.applyBokeh(photo, depth, blur);
    const { image } = await r.run([{ op: 'bokeh', ...blur }], photo, depth);
    const faces = await r.detectFaces(photo);
    const { foreground, matte } = await r.cutOut(photo);
    // Pixels and a map of the page's own are taken, too, and stay usable.
    const own = { width: 8, height: 8, data: new Uint8ClampedArray(256).fill(255) };
    const ownDepth: DepthMap = { width: 8, height: 8, data: new Float32Array(64).fill(0.5) };
    const hazed = await r.applyHaze(own, ownDepth, { amount: 0.5 });
    hydra.close();
    return {
      backend: r.backend,
      size: [photo.width, photo.height, depth.width, depth.height],
      depth: worst(depth.data, depthHere.data),
      bokeh: worst(blurred.data, blurredHere.data),
      recipe: worst(image.data, blurredHere.data),
      isImageData: blurred instanceof ImageData && foreground instanceof ImageData && hazed instanceof ImageData,
      faces: faces.length,
      matte: [matte.width, matte.height],
      rising: progress.every((p, i) => i === 0 || p >= progress[i - 1]!) && progress.length > 1,
      kept: [own.data.length, ownDepth.data.length, depth.data.length],
    };
  },

  /** With nothing said, in the three ways that there are: how far apart the maps are, and the size of one. */
  async defaults() {
    const small = await createImageBitmap(await blob(), { resizeWidth: 192, resizeHeight: 192 });
    const canvas = new OffscreenCanvas(192, 192);
    canvas.getContext('2d')!.drawImage(small, 0, 0);
    const photo = canvas.getContext('2d')!.getImageData(0, 0, 192, 192);
    const hydra = await Hydra.load(options);
    const given = await estimateDepth(photo, { hydra });
    const alone = await estimateDepth(photo);
    const plain = await estimateDepth(photo, { matte: false });
    const r = await createWorker(options);
    const there = await r.estimateDepth(photo);
    // Neither was asked for faces before.
    const faces = [(await detectFaces(photo, { hydra })).length, (await r.detectFaces(photo)).length];
    hydra.close();
    r.close();
    return {
      size: alone.data.length,
      outlined: worst(alone.data, plain.data) > 0.05,
      given: worst(alone.data, given.data),
      there: worst(alone.data, there.data),
      faces,
    };
  },

  /** An image element is read on the page. */
  async element() {
    const img = new Image();
    img.src = address.href;
    await img.decode();
    const photo = await (await relievo()).open(img);
    return [photo.width, photo.height];
  },

  /** What the photo's file carries, by its bytes; null when that is nothing. */
  async embedded(base64: string) {
    const bytes = await (await fetch(`data:image/jpeg;base64,${base64}`)).arrayBuffer();
    const r = await relievo();
    const photo = await r.open(bytes);
    const found = await Promise.all([r.readEmbeddedDepth(photo, new Blob([bytes])), r.readEmbeddedDepth(photo, bytes)]);
    const [depth, again] = found;
    if (!depth || !again) return null;
    // It lies in the worker and serves there.
    const { image } = await r.run([{ op: 'visualise' }], photo, depth);
    return {
      size: [depth.width, depth.height, image.width, image.height],
      apart: worst(depth.data, again.data),
      data: [...depth.data],
    };
  },

  /** A host's operator, from a script of its own, in a worker of its own. */
  async own() {
    const script = `export default {
      kind: 'point', name: 'dim', doc: 'Half the light.', options: {},
      plan: async () => ({ kernel: ({ count, r, g, b }) => { for (let i = 0; i < count; i++) { r[i] /= 2; g[i] /= 2; b[i] /= 2; } } }),
    }`;
    const address = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
    const r = await createWorker({ modules: [], operators: [address] });
    const image = new ImageData(new Uint8ClampedArray(16).fill(255), 2, 2);
    const depth = { width: 2, height: 2, data: new Float32Array(4) };
    const dimmed = await r.run([{ op: 'dim' } as never], image, depth);
    r.close();
    const missing = await failure(() => createWorker({ modules: [], operators: ['/nowhere.js'] }));
    return { light: dimmed.image.data[0], missing };
  },

  async abort() {
    const r = await relievo();
    const photo = await r.open(await blob());
    const depth = await r.estimateDepth(photo);
    const controller = new AbortController();
    const work = failure(() => r.applyBokeh(photo, depth, { focus: 0.2, aperture: 0.1, signal: controller.signal }));
    await new Promise((done) => setTimeout(done, 30));
    controller.abort();
    const thrown = await work;
    // The worker is free again, and none the worse.
    const after = await r.applyHaze(photo, depth, { amount: 0.5 });
    return { thrown, after: after.width };
  },

  /** A film of three frames, each of another kind: in the worker, and on the page. */
  async film() {
    const r = await relievo();
    const bitmap = await createImageBitmap(await blob());
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const context = canvas.getContext('2d')!;
    context.drawImage(bitmap, 0, 0);
    const frame = new VideoFrame(canvas, { timestamp: 0 });
    context.filter = 'brightness(0.9)';
    context.drawImage(bitmap, 0, 0);
    const pixels = context.getImageData(0, 0, bitmap.width, bitmap.height);
    const frames = [bitmap, frame, pixels];
    const settings = { longSide: 128, smoothing: 0.8 };
    const hydra = await Hydra.load({ ...options, modules: ['depth'] });
    const here = new DepthStream({ ...settings, hydra });
    const there = await r.createDepthStream(settings);
    const apart: number[] = [];
    const sizes: number[] = [];
    for (const f of frames) {
      const [a, b] = [(await here.next(f))!, (await there.next(f))!];
      apart.push(worst(a.data, b.data));
      sizes.push(b.width);
    }
    // The caller's are as they were.
    const open = [bitmap.width, frame.codedWidth, pixels.data.byteLength];
    // Of frames that wait the newest is taken; a frame may be closed as soon as it was given.
    const passing = frame.clone();
    const waiting = [there.next(passing), there.next(bitmap), there.next(pixels)];
    passing.close();
    const answered = (await Promise.all(waiting)).map((d) => d?.width);
    const first = new DepthStream({ ...settings, hydra });
    there.reset();
    const anew = worst((await first.next(frame))!.data, (await there.next(frame))!.data);
    const controller = new AbortController();
    const aborted = failure(() => there.next(frame, { signal: controller.signal }));
    controller.abort();
    const closed = await failure(() => there.next(passing));
    const after = (await there.next(frame))!.width;
    const running = failure(() => there.next(frame));
    await new Promise((done) => setTimeout(done)); // it is on its way
    there.close();
    const disposed = [await running, await failure(() => there.next(frame))];
    const param = await failure(() => r.createDepthStream({ smoothing: 2 }));
    hydra.close();
    frame.close();
    return { apart, sizes, open, answered, anew, aborted: await aborted, closed, after, disposed, param };
  },

  async errors() {
    const r = await relievo();
    const photo = await r.open(await blob());
    const depth = await r.estimateDepth(photo);
    const found = {
      param: await failure(() => r.applyBokeh(photo, depth, { focus: 0.5, aperture: -1 })),
      file: await failure(() => r.open(new Blob(['no picture']))),
      cause: await failure(() => r.open(new Blob(['no picture'])).catch((e: Error) => Promise.reject(e.cause))),
      recipe: await failure(() => r.run([{ op: 'nonsense' }] as never, photo, depth)),
      hydra: await failure(() => r.estimateDepth(photo, { hydra: {} as never })),
      backend: await failure(() => createWorker({ backend: 'nonsense' as never })),
      script: await failure(() => createWorker({ worker: new Worker(new URL('nowhere.js', document.baseURI)) })),
    };
    photo[Symbol.dispose](); // as `using` does
    const closed = await failure(() => r.applyBokeh(photo, depth, blur));
    const running = failure(() =>
      r.applyBokeh({ width: 900, height: 900, data: new Uint8ClampedArray(3240000) }, depth, blur),
    );
    r[Symbol.dispose]();
    return { ...found, closed, running: await running, disposed: await failure(() => r.open(new Blob([]))) };
  },
};

declare global {
  interface Window {
    tests: typeof tests;
  }
}
window.tests = tests;
