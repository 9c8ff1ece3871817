import { constants, lstat, open, type FileHandle } from 'node:fs/promises';
import { RelievoError } from '../core/errors.js';
import { invalid, numbers, readOptions, type NumberTable } from '../core/params.js';
import { convert } from '../image/colour-space.js';
import { checkSize, createImage, isArrayOf, MAX_PIXELS, type OutputImage } from '../image/image-data.js';
import { profileKind, readWide } from './icc.js';
import { isHevc } from '../image/hevc.js';
import { loadSharp } from './sharp.js';
import { notAFile, whyNotRead } from './system-errors.js';

export interface ReadOptions {
  /** Largest picture, in pixels, checked in the header before anything is decoded. Default: 64,000,000. */
  maxPixels?: number | undefined;
  /** Stops the reading: it rejects with the signal's reason. Without one it runs to its end. */
  signal?: AbortSignal | undefined;
}

/** Decoded pixels and what the file said about itself. */
export interface NodeImage extends OutputImage {
  /** `jpeg`, `png`, `webp`, … */
  readonly format: string;
  /** EXIF orientation of the file, 1 to 8; the pixels are upright already. */
  readonly orientation: number;
  /** The file itself: `writeImage({ metadataFrom })` takes its EXIF and its colour profile over. */
  readonly file: Uint8Array;
  /** Frames or pages in the file; the pixels are the first. */
  readonly pages: number;
  /** Bits per channel in the file. */
  readonly depth: string;
}

/** What a format that sharp reads but nobody means as a photo would do: run a renderer on foreign markup. */
const REFUSED = new Set(['svg', 'pdf', 'magick', 'openslide']);

/**
 * Reads a picture into upright pixels with straight alpha: grey, CMYK, 16-bit, palette and animated files too (the first
 * frame). What its profile calls Display P3 keeps its bytes and is `display-p3`; other wide RGB (Adobe RGB, ProPhoto) is
 * converted to Display P3, everything else to sRGB.
 *
 * @param input path or bytes.
 * @throws RelievoError `FILE_NOT_FOUND`, `UNSUPPORTED_IMAGE`, `CORRUPT_IMAGE`, `IMAGE_TOO_LARGE`, `DEPENDENCY_MISSING`.
 */
export async function readImageFile(path: string, options: ReadOptions = {}): Promise<NodeImage> {
  options = checkReading('readImageFile', options);
  return readImage(await readBytes(path, options.signal), options, path);
}

/** {@link readImageFile} for bytes. `name` is what messages call them. Fits `Hydra.load({ decoder })`. */
export async function readImage(bytes: Uint8Array, options: ReadOptions = {}, name = 'the data'): Promise<NodeImage> {
  const { maxPixels, signal } = checkReading('readImage', options);
  checkBytes('readImage', bytes);
  if (typeof name !== 'string') throw invalid('readImage', 'name', 'what messages call the data', name);
  const sharp = await loadSharp();
  if (bytes.byteLength === 0) throw new RelievoError('CORRUPT_IMAGE', `${name} is empty (0 bytes).`);
  if (isHevc(bytes)) {
    throw new RelievoError(
      'UNSUPPORTED_IMAGE',
      `${name} is HEIC, whose pictures are HEVC video frames: the decoder in sharp's npm package has no HEVC. ` +
        `Export it as JPEG (in Photos: Export, JPEG; the depth goes with it), or set the iPhone to 'Most Compatible'.`,
    );
  }
  // The limit is ours to check, with the size in the message; sharp's own would only say "exceeds pixel limit".
  const decoder = (ignoreIcc = false) =>
    sharp(bytes, { limitInputPixels: false, failOn: 'error', pages: 1, ignoreIcc });
  const meta = await decoder()
    .metadata()
    .catch((cause) => {
      throw new RelievoError(
        'UNSUPPORTED_IMAGE',
        `${name} is not a picture that can be read: give a JPEG, PNG, WebP, AVIF, GIF or TIFF.`,
        { cause },
      );
    });
  checkFormat(meta.format, name);
  checkSize(name, meta.width, meta.height, maxPixels);
  signal?.throwIfAborted();
  const kind = meta.icc ? profileKind(meta.icc) : 'srgb';
  // sharp would take what is wide through sRGB.
  const { data, info } = await decoder(kind !== 'other')
    .rotate() // by its EXIF orientation; sharp 0.33 has no autoOrient()
    .toColourspace('srgb')
    .ensureAlpha()
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .catch((cause) => {
      throw new RelievoError(
        'CORRUPT_IMAGE',
        `${name} is damaged or cut off (${(cause as Error).message.split('\n')[0]}). Copy or export it again.`,
        { cause },
      );
    });
  signal?.throwIfAborted();
  const pixels = new Uint8ClampedArray(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  let image = createImage(info.width, info.height, kind === 'display-p3' ? kind : 'srgb', pixels);
  if (kind === 'wide') {
    const { curves, matrix } = readWide(meta.icc!);
    image = await convert(image, curves, matrix, 'display-p3', { signal });
  }
  return Object.assign(image, {
    format: meta.format!,
    orientation: meta.orientation ?? 1,
    pages: meta.pages ?? 1,
    depth: String(meta.depth),
    file: bytes,
  });
}

const READ_PARAMS = {
  maxPixels: { default: MAX_PIXELS, min: 1, max: Infinity, unit: 'pixels', doc: 'Largest picture.' },
} as const satisfies NumberTable;

/** What every reader takes, read once. @throws RelievoError `INVALID_PARAM`. */
export function checkReading(
  owner: string,
  options: ReadOptions,
): { maxPixels: number; signal: AbortSignal | undefined } {
  const { maxPixels, signal } = readOptions(owner, options, ['maxPixels', 'signal']);
  return { ...numbers(owner, READ_PARAMS, { maxPixels }), signal };
}

/** @throws RelievoError `INVALID_PARAM`. */
export function checkBytes(owner: string, bytes: Uint8Array): void {
  if (!isArrayOf(bytes, 'Uint8Array', 'Uint8ClampedArray')) throw invalid(owner, 'bytes', 'the bytes of a file', bytes);
}

/** @throws RelievoError `INVALID_PARAM`. */
export function checkPath(owner: string, path: string): void {
  if (typeof path !== 'string') throw invalid(owner, 'path', 'the path of a file', path);
}

/** @throws RelievoError `UNSUPPORTED_IMAGE` for markup that something would have to execute. */
export function checkFormat(format: string | undefined, name: string): void {
  if (format === undefined || !REFUSED.has(format)) return;
  throw new RelievoError('UNSUPPORTED_IMAGE', `${name} is ${format.toUpperCase()}: export it as PNG or JPEG first.`);
}

/**
 * The bytes of a regular file: a pipe might wait for ever, a device never end.
 *
 * @throws RelievoError `FILE_NOT_FOUND`.
 */
export async function readBytes(path: string, signal?: AbortSignal): Promise<Uint8Array> {
  checkPath('readBytes', path);
  signal?.throwIfAborted();
  let file: FileHandle | undefined;
  try {
    // Without O_NONBLOCK (which Windows has not) to open a pipe is to wait for its writer, where no signal is heard.
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const what = notAFile(await file.stat());
    if (what) throw new RelievoError('FILE_NOT_FOUND', `${path} ${what}.`);
    return await file.readFile({ signal });
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof RelievoError) throw cause;
    throw new RelievoError('FILE_NOT_FOUND', `${path} ${await whyNotThere(path, cause)}.`, { cause });
  } finally {
    await file?.close();
  }
}

async function whyNotThere(path: string, cause: unknown): Promise<string> {
  const link = (cause as NodeJS.ErrnoException).code === 'ENOENT' && (await lstat(path).catch(() => undefined));
  return link ? 'is a link to a file that does not exist' : whyNotRead(cause);
}
