import { RelievoError, isRelievoError } from '../core/errors.js';
import { lazy } from '../core/lazy.js';
import { knownKeys, numbers } from '../core/params.js';
import type { TaskOptions } from '../core/task.js';
import type { DepthMap } from '../depth/depth-map.js';
import { checkImage, type ImageDataLike, type OutputImage } from '../image/image-data.js';
import type { Face } from '../image/face.js';
import { resizeImage } from '../image/resize.js';
import { BOKEH_PARAMS, bladesOf, type BokehOptions } from './bokeh.js';
import type * as bokehGpu from './bokeh-gpu.js';
import { resolveFocus, type Focus } from './focus.js';
import { matchDepth } from './match-depth.js';

export interface BokehPreviewOptions {
  /** Where pictures appear; it takes the preview's size. Default: a canvas that is nowhere shown. */
  canvas?: HTMLCanvasElement | OffscreenCanvas | undefined;
  /** A larger photo is previewed at this many pixels. Default: 2,000,000; what the GPU can hold bounds it too. */
  maxPixels?: number | undefined;
  /**
   * Of the intermediate pictures: `'half'` or `'full'` floats. Default: what is faster, half on a GPU and full where
   * shaders run on the CPU.
   */
  precision?: 'half' | 'full' | undefined;
}

/** What a picture took. */
export interface BokehPreviewCost {
  /** Passes. */
  readonly passes: number;
  /** Texture reads per pixel of the preview, about. */
  readonly reads: number;
  /** Bytes of textures per pixel of the preview. */
  readonly bytes: number;
}

/** How long a lost context may stay away, in milliseconds. */
const RESTORE_MS = 3000;

/**
 * Depth of field on the GPU, to be looked at while a slider moves: what {@link applyBokeh} computes, as WebGL2 passes.
 * They differ by less than a code of 255 on average. Where there is no WebGL2 it throws `BACKEND_UNAVAILABLE`, and the
 * caller uses `applyBokeh`.
 *
 * ```ts
 * const preview = await createBokehPreview({ canvas });
 * await preview.setPhoto(photo, depth);
 * slider.oninput = () => preview.render({ focus: slider.valueAsNumber });
 * ```
 *
 * A graphics context that the browser takes away is made anew and the picture rendered again.
 *
 * @throws RelievoError `BACKEND_UNAVAILABLE`, `CONTEXT_LOST`.
 */
export async function createBokehPreview(options: BokehPreviewOptions = {}): Promise<BokehPreview> {
  knownKeys('bokehPreview', options, ['canvas', 'maxPixels', 'precision']);
  const { maxPixels } = numbers('bokehPreview', PREVIEW_PARAMS, { maxPixels: options.maxPixels });
  const passes = await lazy(() => import('./bokeh-gpu.js'));
  return new BokehPreview(passes, options.canvas, maxPixels, options.precision);
}

const PREVIEW_PARAMS = {
  maxPixels: { default: 2_000_000, min: 1, max: 64_000_000, unit: 'pixels', doc: 'Largest size of the preview.' },
} as const;

const KEYS = [...Object.keys(BOKEH_PARAMS), 'focus', 'faces', 'shape', 'threads'];

type Passes = typeof bokehGpu;
type Canvas = HTMLCanvasElement | OffscreenCanvas;
type Device = InstanceType<Passes['Device']>;
type BokehPasses = InstanceType<Passes['BokehPasses']>;

interface Photo {
  readonly image: ImageDataLike;
  readonly depth: DepthMap;
  /** All that can be put back of the light of clipped pixels. */
  readonly clipped: Uint8Array | undefined;
  /** Pixels of the preview per pixel of the photo. */
  readonly scale: { readonly x: number; readonly y: number };
}

export class BokehPreview {
  readonly #passes: Passes;
  readonly #ownCanvas: boolean;
  readonly #maxPixels: number;
  readonly #precision: 'half' | 'full' | undefined;
  #canvas: Canvas;
  #device: Device;
  #renderer: BokehPasses | undefined;
  #photo: Photo | undefined;
  #shown: BokehOptions | undefined;
  #cost: BokehPreviewCost = { passes: 0, reads: 0, bytes: 0 };
  #recovery: Promise<void> | undefined;
  #disposed = false;

  /** @hidden Use {@link createBokehPreview}. */
  constructor(passes: Passes, canvas: Canvas | undefined, maxPixels: number, precision: 'half' | 'full' | undefined) {
    this.#passes = passes;
    this.#ownCanvas = canvas === undefined;
    this.#maxPixels = maxPixels;
    this.#precision = precision;
    this.#canvas = canvas ?? newCanvas();
    this.#device = this.#newDevice();
    this.#canvas.addEventListener('webglcontextlost', this.#onLost);
    this.#canvas.addEventListener('webglcontextrestored', this.#onRestored);
  }

  /** Where the pictures are. One of the preview's own is another one after its context was lost. */
  get canvas(): Canvas {
    return this.#canvas;
  }

  /** True when shaders run on the CPU, as far as the browser tells. */
  get software(): boolean {
    return this.#device.software;
  }

  /** What the last picture took. */
  get cost(): BokehPreviewCost {
    return this.#cost;
  }

  /**
   * Takes another photo. Image and depth are kept, not copied: leave them as they are.
   *
   * @param depth of another size it is lifted along the image's edges, or read at the pixels' centres.
   * @throws RelievoError `UNSUPPORTED_IMAGE`, `IMAGE_TOO_LARGE`, `INVALID_DEPTH`, `CONTEXT_LOST`, `DISPOSED`.
   */
  async setPhoto(image: ImageDataLike, depth: DepthMap, options: TaskOptions = {}): Promise<void> {
    this.#alive();
    options.signal?.throwIfAborted();
    checkImage('bokehPreview', image);
    const { width, height } = this.#sizeOf(image);
    const smaller = width < image.width || height < image.height;
    const small = smaller ? await resizeImage(image, width, height, { signal: options.signal }) : image;
    const map = await matchDepth('bokehPreview', depth, small, options);
    const { recoverClipped } = await lazy(() => import('./clipped.js'));
    const clipped = await recoverClipped(small, 1, { signal: options.signal });
    options.signal?.throwIfAborted();
    this.#alive();
    this.#photo = { image: small, depth: map, clipped, scale: { x: width / image.width, y: height / image.height } };
    this.#shown = undefined;
    this.#drop();
    await this.#attempt(() => void this.#ready());
  }

  /**
   * Draws the photo with that focus and aperture on {@link canvas}; done when the picture is there.
   *
   * @param options those of applyBokeh. A point of focus is in pixels of the photo that was given; `threads` means
   *   nothing here.
   * @throws RelievoError `INVALID_PARAM`, `CONTEXT_LOST`, `DISPOSED`.
   */
  async render(options: BokehOptions = {}): Promise<void> {
    const lens = this.#lens(options);
    this.#shown = { ...options };
    await this.#attempt(() => this.#draw(lens, 'canvas'));
  }

  /** As {@link render}, but returns the picture as pixels of the preview's size, with straight alpha. */
  async toImage(options: BokehOptions = {}): Promise<OutputImage> {
    const lens = this.#lens(options);
    let image: OutputImage | undefined;
    await this.#attempt(() => {
      this.#draw(lens, 'pixels');
      image = this.#renderer!.read();
    });
    return image!;
  }

  /** Frees the GPU's memory. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#canvas.removeEventListener('webglcontextlost', this.#onLost);
    this.#canvas.removeEventListener('webglcontextrestored', this.#onRestored);
    this.#drop();
    this.#device.dispose(this.#ownCanvas);
    this.#photo = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #sizeOf({ width, height }: ImageDataLike): { width: number; height: number } {
    const { maxSize } = this.#device;
    const scale = Math.min(1, Math.sqrt(this.#maxPixels / (width * height)), maxSize / Math.max(width, height));
    const side = (n: number) => Math.max(1, Math.min(maxSize, Math.round(n * scale)));
    return scale === 1 ? { width, height } : { width: side(width), height: side(height) };
  }

  /** The options of applyBokeh, resolved; undefined when nothing is blurred. */
  #lens(options: BokehOptions): Parameters<BokehPasses['render']>[0] {
    this.#alive();
    if (!this.#photo) throw new RelievoError('INVALID_PARAM', `bokehPreview: call setPhoto before a picture is made.`);
    knownKeys('bokehPreview', options, KEYS);
    const { aperture, ...settings } = numbers('bokehPreview', BOKEH_PARAMS, options);
    const blades = bladesOf(options.shape ?? 'disc');
    const { image, depth, scale } = this.#photo;
    const { near, far } = resolveFocus('bokehPreview', scaled(options.focus ?? 'subject', scale), depth, {
      faces: options.faces?.map((face) => scaledFace(face, scale)),
      aperture,
    });
    if (aperture === 0) return undefined;
    const strength = aperture * Math.max(image.width, image.height);
    return { near, far, strength, blades, ...settings };
  }

  #draw(lens: Parameters<BokehPasses['render']>[0], to: 'canvas' | 'pixels'): void {
    const renderer = this.#ready();
    const { draws, reads } = this.#device;
    renderer.render(lens, to);
    const pixels = this.#photo!.image.width * this.#photo!.image.height;
    this.#cost = {
      passes: this.#device.draws - draws,
      reads: (this.#device.reads - reads) / pixels,
      bytes: this.#device.bytes / pixels,
    };
  }

  /** The photo on the GPU. */
  #ready(): BokehPasses {
    if (this.#renderer) return this.#renderer;
    const { image, depth, clipped } = this.#photo!;
    this.#device.resize(image.width, image.height, image.colorSpace ?? 'srgb');
    return (this.#renderer = new this.#passes.BokehPasses(this.#device, image, depth, clipped));
  }

  #drop(): void {
    this.#renderer?.dispose();
    this.#renderer = undefined;
  }

  #newDevice(): Device {
    return new this.#passes.Device(this.#canvas, this.#precision === undefined ? {} : { precision: this.#precision });
  }

  /** Runs what draws, and once more when the context is lost meanwhile. */
  async #attempt(draw: () => void): Promise<void> {
    try {
      await this.#recovery;
      this.#alive();
      draw();
      await this.#device.done();
    } catch (error) {
      if (this.#disposed || !isRelievoError(error, 'CONTEXT_LOST')) throw error;
      await (this.#recovery ??= this.#recover().finally(() => (this.#recovery = undefined)));
      this.#alive();
      draw();
      await this.#device.done();
    }
  }

  /** A device on a context that is there. */
  async #recover(): Promise<void> {
    this.#renderer = undefined;
    if (this.#ownCanvas) {
      this.#canvas = newCanvas();
    } else {
      const canvas = this.#canvas;
      const end = performance.now() + RESTORE_MS;
      // The context is not there yet when its event fires last; asking is what all browsers agree on.
      while (this.#device.lost && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
      if (this.#device.lost || this.#canvas !== canvas)
        throw new RelievoError('CONTEXT_LOST', 'bokehPreview: the browser took the graphics context away for good.');
    }
    this.#device = this.#newDevice();
  }

  /** Without this the browser would never give the context back. */
  readonly #onLost = (event: Event) => event.preventDefault();

  /** A canvas that comes back is empty: the last picture is drawn again. */
  readonly #onRestored = () => {
    if (this.#shown && !this.#disposed) this.render(this.#shown).catch(() => {});
  };

  #alive(): void {
    if (this.#disposed) throw new RelievoError('DISPOSED', 'bokehPreview: it was disposed of; create another one.');
  }
}

function newCanvas(): Canvas {
  if (typeof OffscreenCanvas === 'function') return new OffscreenCanvas(1, 1);
  if (typeof document === 'object') return document.createElement('canvas');
  throw new RelievoError('BACKEND_UNAVAILABLE', 'bokehPreview: there is no canvas here. Use applyBokeh instead.');
}

function scaled(focus: Focus, { x, y }: Photo['scale']): Focus {
  return typeof focus === 'object' && 'x' in focus ? { x: focus.x * x, y: focus.y * y } : focus;
}

function scaledFace(face: Face, { x, y }: Photo['scale']): Face {
  const { box } = face;
  return { ...face, box: { x: box.x * x, y: box.y * y, width: box.width * x, height: box.height * y } };
}
