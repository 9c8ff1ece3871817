import { DISPOSE, type Closable } from '../core/closable.js';
import { RelievoError } from '../core/errors.js';
import { knownKeys } from '../core/params.js';
import type { TaskOptions } from '../core/task.js';
import type { DepthMap } from '../depth/depth-map.js';
import { Context, type Device } from '../gpu/index.js';
import { checkImage, type ImageDataLike, type OutputImage } from '../image/image-data.js';
import type { Face } from '../image/face.js';
import { resizeImage } from '../image/resize.js';
import { BOKEH_PARAMS, resolveLens, type BokehOptions, type ResolvedLens } from './bokeh.js';
import { BokehPasses } from './bokeh-gpu.js';
import type { BokehPreviewCost, BokehPreviewOptions } from './bokeh-preview.js';
import { recoverClipped } from './clipped.js';
import type { Focus } from './focus.js';
import { matchDepth } from './match-depth.js';

const KEYS = [...Object.keys(BOKEH_PARAMS), 'focus', 'faces', 'shape', 'threads'];

interface Photo {
  readonly image: ImageDataLike;
  readonly depth: DepthMap;
  /** All that can be put back of the light of clipped pixels. */
  readonly clipped: Uint8Array | undefined;
  /** Pixels of the preview per pixel of the photo. */
  readonly scale: { readonly x: number; readonly y: number };
}

export class BokehPreview implements Closable {
  readonly #maxPixels: number;
  readonly #context: Context;
  #renderer: { readonly device: Device; readonly passes: BokehPasses } | undefined;
  #photo: Photo | undefined;
  #shown: BokehOptions | undefined;
  #cost: BokehPreviewCost = { passes: 0, reads: 0, bytes: 0 };

  /** @hidden Use {@link createBokehPreview}. */
  constructor({ canvas, precision }: BokehPreviewOptions, maxPixels: number) {
    this.#maxPixels = maxPixels;
    const onRestored = () => {
      // A canvas that comes back is empty: the last picture is drawn again.
      if (this.#shown) this.render(this.#shown).catch(() => {});
    };
    this.#context = new Context({ canvas, precision, onRestored });
  }

  /** Where the pictures are. One of the preview's own is another one after its context was lost. */
  get canvas(): HTMLCanvasElement | OffscreenCanvas {
    return this.#context.canvas;
  }

  /** True when shaders run on the CPU, as far as the browser tells. */
  get software(): boolean {
    return this.#context.device.software;
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
    const clipped = await recoverClipped(small, 1, { signal: options.signal });
    options.signal?.throwIfAborted();
    this.#alive();
    this.#photo = { image: small, depth: map, clipped, scale: { x: width / image.width, y: height / image.height } };
    this.#shown = undefined;
    this.#drop();
    await this.#attempt((device) => void this.#ready(device));
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
    await this.#attempt((device) => void this.#draw(device, lens, 'canvas'));
  }

  /** As {@link render}, but returns the picture as pixels of the preview's size, with straight alpha. */
  async toImage(options: BokehOptions = {}): Promise<OutputImage> {
    const lens = this.#lens(options);
    return this.#attempt((device) => this.#draw(device, lens, 'pixels').read());
  }

  /** Frees the GPU's memory. */
  close(): void {
    this.#context.dispose();
    this.#renderer = undefined;
    this.#photo = undefined;
  }

  [DISPOSE](): void {
    this.close();
  }

  #sizeOf({ width, height }: ImageDataLike): { width: number; height: number } {
    const { maxSize } = this.#context.device;
    const scale = Math.min(1, Math.sqrt(this.#maxPixels / (width * height)), maxSize / Math.max(width, height));
    const side = (n: number) => Math.max(1, Math.min(maxSize, Math.round(n * scale)));
    return scale === 1 ? { width, height } : { width: side(width), height: side(height) };
  }

  /** The options of applyBokeh, resolved; undefined when nothing is blurred. */
  #lens(options: BokehOptions): ResolvedLens | undefined {
    this.#alive();
    if (!this.#photo) throw new RelievoError('INVALID_PARAM', `bokehPreview: call setPhoto before a picture is made.`);
    knownKeys('bokehPreview', options, KEYS);
    const { depth, scale } = this.#photo;
    return resolveLens('bokehPreview', depth, {
      ...options,
      focus: scaled(options.focus ?? 'subject', scale),
      faces: options.faces?.map((face) => scaledFace(face, scale)),
    });
  }

  #draw(device: Device, lens: ResolvedLens | undefined, to: 'canvas' | 'pixels'): BokehPasses {
    const renderer = this.#ready(device);
    const { draws, reads } = device;
    renderer.render(lens, to);
    const pixels = this.#photo!.image.width * this.#photo!.image.height;
    this.#cost = {
      passes: device.draws - draws,
      reads: (device.reads - reads) / pixels,
      bytes: device.bytes / pixels,
    };
    return renderer;
  }

  /** The photo on the GPU. */
  #ready(device: Device): BokehPasses {
    if (this.#renderer?.device === device) return this.#renderer.passes;
    const { image, depth, clipped } = this.#photo!;
    device.resize(image.width, image.height, image.colorSpace ?? 'srgb');
    const passes = BokehPasses.ofPhoto(device, image, depth, clipped);
    this.#renderer = { device, passes };
    return passes;
  }

  #drop(): void {
    this.#renderer?.passes.dispose();
    this.#renderer = undefined;
  }

  #attempt<T>(draw: (device: Device) => T): Promise<T> {
    return this.#context.attempt(async (device) => {
      this.#alive();
      const result = draw(device);
      await device.done();
      return result;
    });
  }

  #alive(): void {
    if (this.#context.disposed) throw new RelievoError('DISPOSED', 'bokehPreview: it was closed; create another one.');
  }
}

function scaled(focus: Focus, { x, y }: Photo['scale']): Focus {
  return typeof focus === 'object' && 'x' in focus ? { x: focus.x * x, y: focus.y * y } : focus;
}

function scaledFace(face: Face, { x, y }: Photo['scale']): Face {
  const { box } = face;
  return { ...face, box: { x: box.x * x, y: box.y * y, width: box.width * x, height: box.height * y } };
}
