import type { DepthMap, ImageDataLike } from '../src/index.js';

/** A photo with its depth, at one size. */
export interface Layer {
  readonly image: ImageDataLike;
  readonly depth: DepthMap;
}

/** The photo and its depth scaled down to at most `pixels`; as they are when they are smaller. */
export async function shrink({ image, depth }: Layer, pixels: number): Promise<Layer> {
  const small = await shrinkImage(image, pixels);
  return { image: small, depth: shrinkDepth(depth, small.width, small.height) };
}

export async function shrinkImage(image: ImageDataLike, pixels: number): Promise<ImageDataLike> {
  const scale = Math.sqrt(pixels / (image.width * image.height));
  if (scale >= 1) return image;
  const width = Math.max(1, Math.round(image.width * scale));
  const height = Math.max(1, Math.round(image.height * scale));
  const bitmap = await createImageBitmap(toImageData(image), {
    resizeWidth: width,
    resizeHeight: height,
    resizeQuality: 'high',
  });
  const context = newCanvas(width, height).getContext('2d', { colorSpace: image.colorSpace ?? 'srgb' })!;
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return context.getImageData(0, 0, width, height);
}

/** Mean of the samples that each smaller one covers. */
function shrinkDepth(depth: DepthMap, width: number, height: number): DepthMap {
  if (depth.width === width && depth.height === height) return depth;
  const data = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const y0 = Math.floor((y * depth.height) / height);
    const y1 = Math.max(y0 + 1, Math.floor(((y + 1) * depth.height) / height));
    for (let x = 0; x < width; x++) {
      const x0 = Math.floor((x * depth.width) / width);
      const x1 = Math.max(x0 + 1, Math.floor(((x + 1) * depth.width) / width));
      let sum = 0;
      for (let v = y0; v < y1; v++) for (let u = x0; u < x1; u++) sum += depth.data[v * depth.width + u]!;
      data[y * width + x] = Math.min(1, sum / ((y1 - y0) * (x1 - x0)));
    }
  }
  return { width, height, data };
}

/** Half of the width of the band that {@link markPlane} paints, in disparity. */
const BAND = 0.008;

/** Paints what lies on the focal plane white into a picture of the depth. */
export function markPlane(picture: ImageDataLike, depth: DepthMap, focus: number): ImageData {
  const out = new ImageData(new Uint8ClampedArray(picture.data), picture.width, picture.height);
  for (let i = 0, p = 0; i < depth.data.length; i++, p += 4) {
    const w = 0.85 * Math.min(1, Math.max(0, 2 - Math.abs(depth.data[i]! - focus) / BAND));
    if (w === 0) continue;
    for (let c = p; c < p + 3; c++) out.data[c] = out.data[c]! + w * (255 - out.data[c]!);
  }
  return out;
}

/** Draws an image over the whole canvas, enlarging it where it is smaller. */
export function draw(canvas: HTMLCanvasElement, image: ImageDataLike): void {
  const context = canvas.getContext('2d')!;
  if (image.width === canvas.width && image.height === canvas.height) {
    context.putImageData(toImageData(image), 0, 0);
    return;
  }
  const source = newCanvas(image.width, image.height);
  source.getContext('2d')!.putImageData(toImageData(image), 0, 0);
  context.imageSmoothingQuality = 'high';
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
}

/** Encodes at full resolution. A type that the browser cannot write comes out as PNG. */
export async function encode(image: ImageDataLike, type: string): Promise<Blob> {
  const canvas = newCanvas(image.width, image.height);
  canvas.getContext('2d', { colorSpace: image.colorSpace ?? 'srgb' })!.putImageData(toImageData(image), 0, 0);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, type, 0.95));
  if (!blob) throw new Error(`this browser cannot write ${image.width} × ${image.height} pixels.`);
  return blob;
}

export function isOpaque({ data }: ImageDataLike): boolean {
  for (let i = 3; i < data.length; i += 4) if (data[i] !== 255) return false;
  return true;
}

function toImageData(image: ImageDataLike): ImageData {
  if (image instanceof ImageData) return image;
  const { data, width, height, colorSpace = 'srgb' } = image;
  const bytes = new Uint8ClampedArray(data.buffer as ArrayBuffer, data.byteOffset, data.length);
  return new ImageData(bytes, width, height, { colorSpace });
}

function newCanvas(width: number, height: number): HTMLCanvasElement {
  return Object.assign(document.createElement('canvas'), { width, height });
}

/** A preview that takes longer than this gets a draft before it, in milliseconds. */
const PATIENCE = 90;

export interface LiveOptions<T> {
  /** Fast and rough. Runs to its end, or nothing would appear during a drag. */
  draft(wish: T): Promise<void>;
  /** What stays on the screen. */
  preview(wish: T, signal: AbortSignal): Promise<void>;
  onBusy(busy: boolean): void;
  onError(error: unknown): void;
}

/** Renders the latest wish: one at a time, drafts while wishes keep coming, and drops a slow preview for a newer wish. */
export class Live<T> {
  readonly #options: LiveOptions<T>;
  #wish: T | undefined;
  #slow: AbortController | undefined;
  #running = false;
  #lastMs = 0;

  constructor(options: LiveOptions<T>) {
    this.#options = options;
  }

  ask(wish: T): void {
    this.#wish = wish;
    this.#slow?.abort();
    if (!this.#running) void this.#run();
  }

  /** Forgets what was asked. */
  stop(): void {
    this.#wish = undefined;
    this.#slow?.abort();
  }

  async #run(): Promise<void> {
    this.#running = true;
    this.#options.onBusy(true);
    while (this.#wish !== undefined) {
      const wish = this.#wish;
      this.#wish = undefined;
      const stop = new AbortController();
      try {
        if (this.#lastMs > PATIENCE) {
          await this.#options.draft(wish);
          if (this.#wish !== undefined) continue;
          this.#slow = stop;
        }
        const start = performance.now();
        await this.#options.preview(wish, stop.signal);
        this.#lastMs = performance.now() - start;
      } catch (error) {
        if (!stop.signal.aborted) this.#options.onError(error);
      } finally {
        this.#slow = undefined;
      }
    }
    this.#running = false;
    this.#options.onBusy(false);
  }
}
