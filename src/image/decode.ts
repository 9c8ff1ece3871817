import { lazy } from '../core/lazy.js';
import { RelievoError } from '../core/errors.js';
import { drawableSize, unreadable } from './drawable.js';
import { isPixels, checkImage, checkSize, createImage, MAX_PIXELS, type ImageDataLike } from './image-data.js';

/**
 * What a photo can be given as in a page. Bytes and Blobs are encoded files: JPEG, PNG, WebP, AVIF, GIF (first frame). A
 * string or URL is the address of one.
 */
export type ImageInput = ImageDataLike | Blob | ArrayBuffer | Uint8Array | CanvasImageSource | string | URL;

/** Turns encoded bytes into upright pixels. `relievo/node` has one built on sharp. */
export type Decoder = (bytes: Uint8Array, options: { maxPixels: number }) => Promise<ImageDataLike>;

/**
 * Upright pixels of anything a page can show. Encoded files are turned by their EXIF orientation; the size is read
 * from the header before anything is allocated.
 *
 * @param decoder decodes files where the runtime cannot (Node).
 * @throws RelievoError `UNSUPPORTED_IMAGE`, `CORRUPT_IMAGE`, `IMAGE_TOO_LARGE`; `FILE_NOT_FOUND` when nothing is at an
 *   address; the signal's reason.
 */
export async function decode(
  input: ImageInput,
  options: {
    maxPixels?: number | undefined;
    decoder?: Decoder | undefined;
    /** Gets what an address stands for. Default: the global `fetch`. */
    fetch?: ((url: string, init: { signal: AbortSignal | null }) => Promise<Response>) | undefined;
    signal?: AbortSignal | undefined;
  } = {},
): Promise<ImageDataLike> {
  const maxPixels = options.maxPixels ?? MAX_PIXELS;
  if (isPixels(input)) {
    checkImage('open', input, maxPixels);
    return input;
  }
  const bytes =
    typeof input === 'string' || input instanceof URL ? await download(input, options) : await encodedBytes(input);
  if (bytes) {
    await checkHeader(bytes, maxPixels);
    if (options.decoder) return options.decoder(bytes, { maxPixels });
    if (typeof createImageBitmap !== 'function') {
      throw new RelievoError(
        'UNSUPPORTED_IMAGE',
        `this runtime cannot decode files. In Node use 'readImage' of relievo/node, or pass it to Hydra.load as 'decoder'.`,
      );
    }
    // The type is left empty on purpose: the browser sniffs the bytes, and never runs a script in them.
    const bitmap = await createImageBitmap(new Blob([bytes]), { imageOrientation: 'from-image' }).catch((cause) => {
      throw new RelievoError(
        'CORRUPT_IMAGE',
        'this file cannot be decoded: it is damaged, or of a kind this browser does not know. Try a JPEG or PNG.',
        { cause },
      );
    });
    try {
      return draw(bitmap, bitmap.width, bitmap.height, maxPixels);
    } finally {
      bitmap.close();
    }
  }
  const size = drawableSize(input);
  if (!size)
    throw new RelievoError(
      'UNSUPPORTED_IMAGE',
      'open: expected ImageData, a Blob or bytes of an image file, its address, or something a canvas can draw.',
    );
  return draw(input as CanvasImageSource, size.width, size.height, maxPixels);
}

async function download(
  address: string | URL,
  options: NonNullable<Parameters<typeof decode>[1]>,
): Promise<Uint8Array<ArrayBuffer>> {
  const { fetch = globalThis.fetch, signal } = options;
  let why: string;
  let cause: unknown;
  try {
    const url = new URL(address, typeof document === 'object' ? document.baseURI : undefined);
    const response = await fetch(url.href, { signal: signal ?? null });
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
    why = `HTTP ${response.status}`;
  } catch (error) {
    signal?.throwIfAborted();
    cause = error;
    why = error instanceof Error ? error.message : String(error);
  }
  const short = String(address).slice(0, 200);
  const hint =
    typeof document === 'object' || 'WorkerGlobalScope' in globalThis
      ? ''
      : " Of a file, give what 'readImageFile' of relievo/node returns.";
  throw new RelievoError('FILE_NOT_FOUND', `open: could not get ${short}: ${why}.${hint}`, { cause });
}

async function encodedBytes(input: ImageInput): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (typeof Blob === 'function' && input instanceof Blob) return new Uint8Array(await input.arrayBuffer());
  if (input instanceof ArrayBuffer) return new Uint8Array(input);
  // A copy that also turns a SharedArrayBuffer's view into one that a Blob accepts.
  if (ArrayBuffer.isView(input)) return Uint8Array.from(input as Uint8Array);
  return undefined;
}

/** @throws RelievoError before a pixel is allocated. */
export async function checkHeader(bytes: Uint8Array, maxPixels: number): Promise<void> {
  if (bytes.byteLength === 0) throw new RelievoError('CORRUPT_IMAGE', 'this file is empty (0 bytes).');
  const { imageDimensionsFromData } = await lazy(() => import('image-dimensions'));
  let size: { width: number; height: number } | undefined;
  try {
    size = imageDimensionsFromData(bytes);
  } catch {
    return; // a header the reader trips over is for the decoder to judge
  }
  if (size) checkSize('open', size.width, size.height, maxPixels);
}

function draw(source: CanvasImageSource, width: number, height: number, maxPixels: number): ImageDataLike {
  checkSize('open', width, height, maxPixels);
  if (typeof OffscreenCanvas !== 'function' && typeof document !== 'object') return readCanvas(source);
  const canvas =
    typeof OffscreenCanvas === 'function'
      ? new OffscreenCanvas(width, height)
      : Object.assign(document.createElement('canvas'), { width, height });
  const context = canvas.getContext('2d', { willReadFrequently: true }) as
    OffscreenCanvasRenderingContext2D | CanvasRenderingContext2D | null;
  if (!context)
    throw new RelievoError(
      'IMAGE_TOO_LARGE',
      `open: no canvas of ${width} × ${height} can be had here. Scale the photo down.`,
    );
  let pixels: ImageData;
  try {
    context.drawImage(source, 0, 0, width, height);
    pixels = context.getImageData(0, 0, width, height);
  } catch (cause) {
    throw unreadable(cause);
  }
  return typeof ImageData === 'function'
    ? pixels
    : createImage(width, height, 'srgb', pixels.data as Uint8ClampedArray<ArrayBuffer>);
}

/** In Node a canvas of the `canvas` package reads itself: it has no page to be drawn on. */
function readCanvas(source: unknown): ImageDataLike {
  const canvas = source as Partial<HTMLCanvasElement>;
  const context = typeof canvas.getContext === 'function' ? canvas.getContext('2d') : null;
  if (!context) {
    throw new RelievoError(
      'UNSUPPORTED_IMAGE',
      'open: in Node give pixels, bytes with a decoder, or a canvas with a 2D context.',
    );
  }
  return context.getImageData(0, 0, canvas.width!, canvas.height!);
}
