import { RelievoError } from '../core/errors.js';

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

/** A new image, transparent black unless `data` (kept, not copied) is given. */
export function createImage(
  width: number,
  height: number,
  colorSpace: PredefinedColorSpace = 'srgb',
  data: Uint8ClampedArray<ArrayBuffer> = new Uint8ClampedArray(width * height * 4),
): OutputImage {
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
  const i = input as Partial<ImageDataLike> | null;
  return typeof i === 'object' && i !== null && ArrayBuffer.isView(i.data) && typeof i.width === 'number';
}

/** Whether no pixel of RGBA bytes lets anything through. */
export function isOpaque(data: Uint8ClampedArray | Uint8Array): boolean {
  for (let i = 3; i < data.length; i += 4) if (data[i] !== 255) return false;
  return true;
}

/**
 * Checks that `image` has the shape of an `ImageData`, and is no photo that was closed.
 *
 * @throws RelievoError `UNSUPPORTED_IMAGE`, `DISPOSED`, or `IMAGE_TOO_LARGE` above `maxPixels`.
 */
export function checkImage(owner: string, image: ImageDataLike, maxPixels: number = MAX_PIXELS): void {
  const i = image as Partial<ImageDataLike> | null | undefined;
  if (!i || !isSide(i.width) || !isSide(i.height) || !ArrayBuffer.isView(i.data)) {
    throw new RelievoError(
      'UNSUPPORTED_IMAGE',
      `${owner}: expected an ImageData ({ width, height, data: RGBA bytes }).`,
    );
  }
  refuseClosed(owner, i);
  checkSize(owner, i.width, i.height, maxPixels);
  if (i.data.length !== i.width * i.height * 4) {
    throw new RelievoError(
      'UNSUPPORTED_IMAGE',
      `${owner}: ${i.width} × ${i.height} RGBA pixels need ${i.width * i.height * 4} bytes, data has ${i.data.length}.`,
    );
  }
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
