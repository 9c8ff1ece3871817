import { RelievoError } from '../core/errors.js';
import { describe, hasMethods, holds, invalid } from '../core/params.js';

/**
 * Pixels: row-major RGBA, 8 bits, straight alpha, sRGB or display-p3, origin top-left. A DOM `ImageData` is one;
 * where there is no DOM (Node) a plain object of this shape serves.
 */
export interface ImageDataLike {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray | Uint8Array;
  /** Default: `'srgb'`. */
  readonly colorSpace?: PredefinedColorSpace | undefined;
}

/** What the operators return: a real `ImageData` where the runtime has one. */
export interface OutputImage extends ImageDataLike {
  readonly data: Uint8ClampedArray<ArrayBuffer>;
  readonly colorSpace: PredefinedColorSpace;
}

/** Default bound on width × height of any image that is decoded or processed. */
export const MAX_PIXELS = 64_000_000;

/** Two photos beside each other, and as much again. */
const MOST_MADE = 4 * MAX_PIXELS;

/**
 * A new image, transparent black unless `data` (kept, not copied) is given.
 *
 * @throws RelievoError `UNSUPPORTED_IMAGE`, `IMAGE_TOO_LARGE`.
 */
export function createImage(
  width: number,
  height: number,
  colorSpace: PredefinedColorSpace = 'srgb',
  data?: Uint8ClampedArray<ArrayBuffer>,
): OutputImage {
  if (data !== undefined && !isArrayOf(data, 'Uint8ClampedArray'))
    throw invalid('createImage', 'data', 'a Uint8ClampedArray', data);
  const fits = isSide(width) && isSide(height);
  if (fits) checkSize('createImage', width, height, MOST_MADE);
  data ??= new Uint8ClampedArray(fits ? width * height * 4 : 0);
  checkImage('createImage', { width, height, data, colorSpace }, MOST_MADE);
  if (typeof ImageData !== 'function') return { width, height, data, colorSpace };
  return tell(new ImageData(data, width, height, { colorSpace }), colorSpace);
}

/** Firefox 153 has no colour spaces: there an ImageData neither takes one nor tells one. */
function tell(image: ImageData, colorSpace: PredefinedColorSpace): ImageData {
  if (image.colorSpace !== colorSpace) Object.defineProperty(image, 'colorSpace', { value: colorSpace });
  return image;
}

/** {@link createImage} as a class, for images that are more: its bytes are kept, not copied, where an ImageData takes them. */
export const Pixels: new (image: ImageDataLike) => OutputImage =
  typeof ImageData === 'function'
    ? class Pixels extends ImageData {
        constructor({ width, height, data, colorSpace = 'srgb' }: ImageDataLike) {
          super(clamped(data), width, height, { colorSpace });
          tell(this, colorSpace);
        }
      }
    : class Pixels implements OutputImage {
        readonly width: number;
        readonly height: number;
        readonly data: Uint8ClampedArray<ArrayBuffer>;
        readonly colorSpace: PredefinedColorSpace;
        constructor({ width, height, data, colorSpace = 'srgb' }: ImageDataLike) {
          this.width = width;
          this.height = height;
          this.data = clamped(data);
          this.colorSpace = colorSpace;
        }
      };

/** The same memory as an ImageData takes it: memory that threads share it does not, and that is copied. */
function clamped(data: Uint8ClampedArray | Uint8Array): Uint8ClampedArray<ArrayBuffer> {
  const { buffer, byteOffset, length } = data;
  if (typeof SharedArrayBuffer === 'function' && buffer instanceof SharedArrayBuffer)
    return new Uint8ClampedArray(data);
  if (data instanceof Uint8ClampedArray) return data as Uint8ClampedArray<ArrayBuffer>;
  return new Uint8ClampedArray(buffer as ArrayBuffer, byteOffset, length);
}

/** True for pixels, false for anything that has to be decoded or drawn. */
export function isPixels(input: unknown): input is ImageDataLike {
  const i = input as Partial<ImageDataLike>;
  return holds(() => typeof i === 'object' && ArrayBuffer.isView(i.data) && typeof i.width === 'number');
}

/** Whether something can be gone through, now or by and by. @throws RelievoError `INVALID_PARAM`. */
export function checkFrames(owner: string, frames: unknown): void {
  if (![Symbol.asyncIterator, Symbol.iterator].some((s) => hasMethods(frames, [s])))
    throw invalid(owner, 'frames', 'an iterable of ImageData', frames);
}

/** Whether no pixel of RGBA bytes lets anything through. */
export function isOpaque(data: Uint8ClampedArray | Uint8Array): boolean {
  for (let i = 3; i < data.length; i += 4) if (data[i] !== 255) return false;
  return true;
}

const SPACES: readonly PredefinedColorSpace[] = ['srgb', 'display-p3'];

/** Kind of a typed array, of whichever realm: `'Uint8Array'`. Undefined for anything else, also for what feigns to be one. */
const kindOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)!
  .get as () => string | undefined;

export function isArrayOf(value: unknown, ...kinds: readonly string[]): boolean {
  return kinds.includes(kindOf.call(value)!);
}

/** Whatever has sides and data. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly data: ArrayBufferView & ArrayLike<number>;
  readonly colorSpace?: unknown;
}

/**
 * Sides, data and colour space of a value of any origin, each read once: what is checked is what is used.
 *
 * @returns what is wrong with it, in words, if it is not `kinds` of data on whole sides.
 */
export function readRaster(value: unknown, kinds: readonly string[], perPixel: number): Raster | string {
  let read: Raster;
  try {
    const { width, height, data, colorSpace } = value as Raster;
    read = { width, height, data, colorSpace };
  } catch {
    return `received ${describe(value)}`;
  }
  const { width, height, data } = read;
  if (!isArrayOf(data, ...kinds)) return `received ${describe(data === undefined ? value : data)}`;
  if (!isSide(width) || !isSide(height)) return `received ${describe(width)} × ${describe(height)}`;
  if (data.length === width * height * perPixel) return read;
  return `${width} × ${height} need ${width * height * perPixel} values, received ${data.length}`;
}

/**
 * Checks that `image` has the shape of an `ImageData`, and is no photo that was closed: every public function's door.
 *
 * @returns its sides, data and colour space as they were read.
 * @throws RelievoError `UNSUPPORTED_IMAGE`, `DISPOSED`, or `IMAGE_TOO_LARGE` above `maxPixels`.
 */
export function checkImage(owner: string, image: ImageDataLike, maxPixels: number = MAX_PIXELS): ImageDataLike {
  const read = readRaster(image, ['Uint8ClampedArray', 'Uint8Array'], 4);
  const { colorSpace = 'srgb' } = read as ImageDataLike;
  const why =
    typeof read === 'string'
      ? read
      : SPACES.includes(colorSpace)
        ? undefined
        : `colorSpace ${SPACES.join(' or ')}, received ${describe(colorSpace)}`;
  if (why !== undefined)
    throw new RelievoError(
      'UNSUPPORTED_IMAGE',
      `${owner}: expected an ImageData ({ width, height, data: RGBA bytes }), ${why}.`,
    );
  const { width, height, data } = read as ImageDataLike;
  refuseClosed(owner, image);
  checkSize(owner, width, height, maxPixels);
  return { width, height, data, colorSpace };
}

/** @throws RelievoError `DISPOSED` for an opened photo that was closed since. */
export function refuseClosed(owner: string, image: object): void {
  if ('closed' in image && image.closed === true)
    throw new RelievoError('DISPOSED', `${owner}: this photo was closed: open it again.`);
}

/** @throws RelievoError `IMAGE_TOO_LARGE` with the size in its message. */
export function checkSize(owner: string, width: number, height: number, maxPixels: number = MAX_PIXELS): void {
  if (width * height > maxPixels) {
    throw new RelievoError(
      'IMAGE_TOO_LARGE',
      `${owner}: ${width} × ${height} is ${((width * height) / 1e6).toFixed(1)} megapixels, the limit is ${(maxPixels / 1e6).toFixed(1)}. ` +
        `Scale the photo down, or raise 'maxPixels'.`,
    );
  }
}

function isSide(v: unknown): v is number {
  return Number.isInteger(v) && (v as number) > 0;
}
