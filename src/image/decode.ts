import { lazy } from '../core/lazy.js';
import { RelievoError } from '../core/errors.js';
import { drawableSize, unreadable } from './drawable.js';
import { isHevc } from './hevc.js';
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
 * @param longSide what is drawn on a canvas anyway is drawn so small, where it is larger.
 * @param plain numbers as they are stored, whatever colours a file says that they are.
 * @throws RelievoError `UNSUPPORTED_IMAGE`, `CORRUPT_IMAGE`, `IMAGE_TOO_LARGE`; `FILE_NOT_FOUND` when nothing is at an
 *   address; the signal's reason.
 */
export async function decode(
  input: ImageInput,
  options: {
    maxPixels?: number | undefined;
    longSide?: number | undefined;
    decoder?: Decoder | undefined;
    plain?: boolean | undefined;
    /** Gets what an address stands for. Default: the global `fetch`. */
    fetch?: ((url: string, init: { signal: AbortSignal | null }) => Promise<Response>) | undefined;
    signal?: AbortSignal | undefined;
  } = {},
): Promise<ImageDataLike> {
  const maxPixels = options.maxPixels ?? MAX_PIXELS;
  if (isPixels(input)) return checkImage('open', input, maxPixels);
  // What is drawn is drawn before anything waits: a video goes on, a VideoFrame may be closed.
  const bytes =
    typeof input === 'string' || input instanceof URL
      ? await download(input, options)
      : isEncoded(input)
        ? await encodedBytes(input)
        : undefined;
  if (bytes) {
    await checkHeader(bytes, maxPixels);
    if (options.decoder) return checkImage('decoder', await options.decoder(bytes, { maxPixels }), maxPixels);
    if (typeof createImageBitmap !== 'function') {
      throw new RelievoError(
        'UNSUPPORTED_IMAGE',
        `this runtime cannot decode files. In Node use 'readImage' of relievo/node, or pass it to Hydra.load as 'decoder'.`,
      );
    }
    // The type is left empty on purpose: the browser sniffs the bytes, and never runs a script in them.
    const bitmap = await createImageBitmap(new Blob([bytes]), {
      imageOrientation: 'from-image',
      colorSpaceConversion: options.plain ? 'none' : 'default',
    }).catch((cause) => {
      if (isHevc(bytes))
        throw new RelievoError(
          'UNSUPPORTED_IMAGE',
          "this photo is HEIC, which Safari decodes and this browser does not. Export it as JPEG, or set the iPhone's camera to 'Most Compatible'.",
          { cause },
        );
      throw new RelievoError(
        'CORRUPT_IMAGE',
        'this file cannot be decoded: it is damaged, or of a kind this browser does not know. Try a JPEG or PNG.',
        { cause },
      );
    });
    try {
      return draw(bitmap, bitmap, { ...options, maxPixels });
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
  return draw(input as CanvasImageSource, size, { ...options, maxPixels });
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

function isEncoded(input: unknown): input is Blob | ArrayBuffer | Uint8Array {
  return (
    (typeof Blob === 'function' && input instanceof Blob) || input instanceof ArrayBuffer || ArrayBuffer.isView(input)
  );
}

async function encodedBytes(input: Blob | ArrayBuffer | Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  if (input instanceof Blob) return new Uint8Array(await input.arrayBuffer());
  if (input instanceof ArrayBuffer) return new Uint8Array(input);
  // A copy that also turns a SharedArrayBuffer's view into one that a Blob accepts.
  return Uint8Array.from(input);
}

/** @throws RelievoError before a pixel is allocated. */
async function checkHeader(bytes: Uint8Array, maxPixels: number): Promise<void> {
  if (bytes.byteLength === 0) throw new RelievoError('CORRUPT_IMAGE', 'this file is empty (0 bytes).');
  const { imageDimensionsFromData } = await lazy(() => import('../vendor/image-dimensions.js'));
  let size: { width: number; height: number } | undefined;
  try {
    size = imageDimensionsFromData(bytes);
  } catch {
    return; // a header the reader trips over is for the decoder to judge
  }
  if (size) checkSize('open', size.width, size.height, maxPixels);
}

/** Largest canvas that all browsers have (Safari on phones); larger pictures are read in strips of this many pixels. */
const LARGEST_CANVAS = 16_777_216;
const STRIP = 4_194_304;

function draw(
  source: CanvasImageSource,
  size: { readonly width: number; readonly height: number },
  { maxPixels, longSide = Infinity }: { readonly maxPixels: number; readonly longSide?: number | undefined },
): ImageDataLike {
  checkSize('open', size.width, size.height, maxPixels);
  if (typeof OffscreenCanvas !== 'function' && typeof document !== 'object') return readCanvas(source);
  try {
    return readDrawn(source, size, longSide);
  } catch (cause) {
    throw cause instanceof RelievoError ? cause : unreadable(cause);
  }
}

function readDrawn(
  source: CanvasImageSource,
  size: { readonly width: number; readonly height: number },
  longSide: number,
): ImageDataLike {
  const scale = Math.min(1, longSide / Math.max(size.width, size.height));
  const width = Math.max(1, Math.round(size.width * scale));
  const height = Math.max(1, Math.round(size.height * scale));
  if (width * height <= LARGEST_CANVAS) {
    const context = contextOf(width, height);
    context.imageSmoothingQuality = 'high';
    context.drawImage(source, 0, 0, width, height);
    const pixels = context.getImageData(0, 0, width, height);
    return typeof ImageData === 'function'
      ? pixels
      : createImage(width, height, 'srgb', pixels.data as Uint8ClampedArray<ArrayBuffer>);
  }
  const out = createImage(width, height);
  const rows = Math.max(1, Math.floor(STRIP / width));
  const context = contextOf(width, Math.min(rows, height));
  for (let y = 0; y < height; y += rows) {
    const strip = Math.min(rows, height - y);
    context.clearRect(0, 0, width, strip);
    context.drawImage(source, 0, y / scale, size.width, strip / scale, 0, 0, width, strip);
    out.data.set(context.getImageData(0, 0, width, strip).data, y * width * 4);
  }
  return out;
}

function contextOf(width: number, height: number): OffscreenCanvasRenderingContext2D | CanvasRenderingContext2D {
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
  return context;
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
