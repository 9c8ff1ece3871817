import { RelievoError } from '../core/errors.js';

/**
 * Pixels: row-major RGBA, 8 bits, straight alpha, sRGB or display-p3, origin top-left. A DOM `ImageData` is one;
 * where there is no DOM (Node) a plain object of this shape serves.
 */
export interface ImageDataLike {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray | Uint8Array;
  readonly colorSpace?: PredefinedColorSpace;
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
  const image = new ImageData(data, width, height, { colorSpace });
  // Firefox 153 has no colour spaces: there it neither takes one nor tells one.
  if (image.colorSpace !== colorSpace) Object.defineProperty(image, 'colorSpace', { value: colorSpace });
  return image;
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
 * Checks that `image` has the shape of an `ImageData`.
 *
 * @throws RelievoError `UNSUPPORTED_IMAGE`, or `IMAGE_TOO_LARGE` above `maxPixels`.
 */
export function checkImage(owner: string, image: ImageDataLike, maxPixels: number = MAX_PIXELS): void {
  const i = image as Partial<ImageDataLike> | null | undefined;
  if (!i || !isSide(i.width) || !isSide(i.height) || !ArrayBuffer.isView(i.data)) {
    throw new RelievoError(
      'UNSUPPORTED_IMAGE',
      `${owner}: expected an ImageData ({ width, height, data: RGBA bytes }).`,
    );
  }
  checkSize(owner, i.width, i.height, maxPixels);
  if (i.data.length !== i.width * i.height * 4) {
    throw new RelievoError(
      'UNSUPPORTED_IMAGE',
      `${owner}: ${i.width} × ${i.height} RGBA pixels need ${i.width * i.height * 4} bytes, data has ${i.data.length}.`,
    );
  }
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
