import {
  applyHaze,
  createGpu,
  createImage,
  createPreview,
  estimateDepth,
  Hydra,
  isRelievoError,
  pipeline,
  type DepthMap,
  type ImageDataLike,
  type Step,
} from '../../../../src/index.js';

const bytesOf = (text: string) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const base64 = (bytes: Uint8Array | Uint8ClampedArray) => {
  let binary = '';
  for (let i = 0; i < bytes.length; i += 8192) binary += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(binary);
};

const codeOf = (work: Promise<unknown>) => work.then(String, (e) => (isRelievoError(e) ? e.code : String(e)));

let portrait: { image: ImageDataLike; depth: DepthMap } | undefined;

const engine = {
  /** The portrait and its depth, as Node has them; base64. */
  setPortrait(pixels: string, disparities: string, width: number, height: number): void {
    window.setPortrait(pixels, disparities, width, height);
    portrait = {
      image: { width, height, data: new Uint8ClampedArray(bytesOf(pixels).buffer) },
      depth: { width, height, data: new Float32Array(bytesOf(disparities).buffer) },
    };
  },

  /** What a recipe makes of the portrait on the CPU, after so many rounds: loops that run long are compiled once more. */
  async run(steps: readonly Step[], rounds: number): Promise<string> {
    let made: ImageDataLike | undefined;
    for (let round = 0; round < rounds; round++)
      made = (await pipeline(steps).run(portrait!.image, portrait!.depth)).image;
    return base64(made!.data);
  },

  /** An opened photo: drawn as it is, cloned, its bytes as another image; and whether it is refused once it is closed. */
  async photo() {
    const hydra = await Hydra.load({ backend: 'wasm', wasmBaseUrl: new URL('wasm/', document.baseURI).href });
    const photo = await hydra.open(portrait!.image);
    const { width, height, data } = photo;
    const context = Object.assign(document.createElement('canvas'), { width, height }).getContext('2d')!;
    context.putImageData(photo, 0, 0);
    const copies = [
      context.getImageData(0, 0, width, height),
      createImage(width, height, photo.colorSpace, data),
      structuredClone(photo),
    ];
    const apart = copies.map((copy) => data.reduce((worst, v, i) => Math.max(worst, Math.abs(v - copy.data[i]!)), 0));
    const depth = await estimateDepth(photo, { hydra });
    const cached = [hydra.memory().cachedFeatures];
    photo.close();
    cached.push(hydra.memory().cachedFeatures);
    const codes = [estimateDepth(photo, { hydra }), applyHaze(photo, depth)].map(codeOf);
    const closed = await Promise.all(codes);
    hydra.close();
    return { isImageData: photo instanceof ImageData, apart, cached, closed };
  },

  /** The colour space of what is made of Display P3, whose pixels a canvas may not know. */
  async ofP3(): Promise<string> {
    const image = { width: 2, height: 2, data: new Uint8ClampedArray(16).fill(200), colorSpace: 'display-p3' } as const;
    const depth = { width: 2, height: 2, data: new Float32Array(4) };
    return (await pipeline([{ op: 'haze' }]).run(image, depth)).image.colorSpace;
  },

  /** What is left where nothing draws by WebGL: codes, the networks' backend, and whether the element still focuses. */
  async withoutWebGl() {
    const classes = [HTMLCanvasElement, OffscreenCanvas];
    const before = classes.map((c) => c.prototype.getContext);
    classes.forEach((c, i) => {
      c.prototype.getContext = function (this: never, kind: string, ...rest: unknown[]) {
        return /webgl/.test(kind) ? null : (before[i] as (...a: unknown[]) => unknown).call(this, kind, ...rest);
      } as never;
    });
    try {
      const hydra = await Hydra.load({ modules: [], wasmBaseUrl: new URL('wasm/', document.baseURI).href });
      const { near, far } = await window.elementTests.focus();
      return {
        preview: await codeOf(createPreview()),
        gpu: await codeOf(createGpu()),
        backend: hydra.backend,
        focused: near[0] > 240 && near[1] < 60 && far[0] < 60 && far[1] > 240,
      };
    } finally {
      classes.forEach((c, i) => (c.prototype.getContext = before[i] as never));
    }
  },
};

declare global {
  interface Window {
    engine: typeof engine;
  }
}
window.engine = engine;
