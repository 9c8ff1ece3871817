import { randomBytes } from 'node:crypto';
import { link, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { RelievoError } from '../core/errors.js';
import { invalid, numbers, readOptions, type NumberTable } from '../core/params.js';
import { checkDepth, type DepthMap } from '../depth/depth-map.js';
import { checkImage, isArrayOf, MAX_PIXELS, type ImageDataLike } from '../image/image-data.js';
import { profileKind } from './icc.js';
import { checkPath } from './read.js';
import { loadSharp } from './sharp.js';
import { notAFile, whyNotWritten } from './system-errors.js';

/** What every writer takes. */
export interface FileOptions {
  /** False: an existing file is left as it is, and the call fails. Default: true. */
  overwrite?: boolean | undefined;
  /** Name of the program that made the picture, for EXIF's `Software`. Default: the photo's own, if it has one. */
  software?: string | undefined;
  /** Stops the writing: nothing is left behind. Without one it runs to its end. */
  signal?: AbortSignal | undefined;
}

export interface WriteOptions extends FileOptions {
  /** JPEG, WebP and AVIF quality, 1..100 points. Default: 92. */
  quality?: number | undefined;
  /**
   * Bytes of the photo this was made from: its EXIF is kept, with the orientation reset, since the pixels are upright, and
   * its colour profile. Default: none, and the profile of the pixels' colour space.
   */
  metadataFrom?: Uint8Array | undefined;
}

/**
 * What every writer takes, read once.
 *
 * @param more names of options beside those of {@link FileOptions}.
 * @throws RelievoError `INVALID_PARAM`.
 */
export function checkWriting<T extends FileOptions>(
  owner: string,
  given: T,
  more: readonly string[] = ['quality', 'metadataFrom'],
): T {
  const options = readOptions(owner, given, ['overwrite', 'software', 'signal', ...more]);
  const { overwrite, software, metadataFrom } = options as WriteOptions;
  if (overwrite !== undefined && typeof overwrite !== 'boolean')
    throw invalid(owner, 'overwrite', 'true or false', overwrite);
  if (software !== undefined && (typeof software !== 'string' || !software || software.length > LONGEST_NAME))
    throw invalid(owner, 'software', `a text of 1 to ${LONGEST_NAME} characters`, software);
  if (metadataFrom !== undefined && !(isArrayOf(metadataFrom, 'Uint8Array') && metadataFrom.length > 0))
    throw invalid(owner, 'metadataFrom', "the bytes of the photo's file", metadataFrom);
  return options;
}

/** EXIF goes into a segment of 64 kB of a JPEG. */
const LONGEST_NAME = 1000;
/** Two photos beside each other, and as much again. */
const MAX_WRITTEN = 4 * MAX_PIXELS;

/** Numeric options: default, range and unit. */
export const WRITE_PARAMS = {
  quality: { default: 92, min: 1, max: 100, unit: 'points', doc: 'Quality of JPEG, WebP and AVIF.' },
} as const satisfies NumberTable;

/** File endings that can be written. */
export const WRITABLE = ['.png', '.jpg', '.jpeg', '.webp', '.avif', '.tif', '.tiff'] as const;

/** Most pixels a side that a format holds, or its encoder here. */
const LONGEST_SIDE: Readonly<Record<string, readonly [name: string, pixels: number]>> = {
  '.jpg': ['JPEG', 65535],
  '.jpeg': ['JPEG', 65535],
  '.webp': ['WebP', 16383],
  '.avif': ['AVIF', 16384],
  '.gif': ['GIF', 65535],
};

/** Whether a picture of that size can be written there. @throws RelievoError `IMAGE_TOO_LARGE`. */
export function checkFits(path: string, { width, height }: { readonly width: number; readonly height: number }): void {
  const [name, most] = LONGEST_SIDE[extname(path).toLowerCase()] ?? ['', Infinity];
  if (Math.max(width, height) <= most) return;
  throw new RelievoError(
    'IMAGE_TOO_LARGE',
    `${path}: ${name} holds up to ${most} pixels a side, the picture has ${width} × ${height}. Write a .png, or make it smaller.`,
  );
}

/**
 * Writes a picture in the format of the path's ending. JPEG has no alpha: transparent pixels are laid over white. A
 * Display P3 image gets its profile.
 * The file appears whole or not at all.
 *
 * @throws RelievoError `INVALID_PARAM` for an ending that cannot be written, `IMAGE_TOO_LARGE` for the format,
 *   `WRITE_FAILED`, `DEPENDENCY_MISSING`.
 */
export async function writeImage(path: string, image: ImageDataLike, options: WriteOptions = {}): Promise<void> {
  options = checkWriting('writeImage', options);
  await writeWhole(path, await encodeImage(path, image, options), options);
}

/** A picture as the bytes of a file of the path's ending. @throws RelievoError. */
export async function encodeImage(path: string, photo: ImageDataLike, options: WriteOptions = {}): Promise<Uint8Array> {
  options = checkWriting('writeImage', options);
  const { quality } = numbers('writeImage', WRITE_PARAMS, { quality: options.quality });
  const image = checkImage('writeImage', photo, MAX_WRITTEN);
  const ending = checkEnding(path);
  const sharp = await loadSharp();
  checkFits(path, image);
  const jpeg = ending === '.jpg' || ending === '.jpeg';
  const raw = { width: image.width, height: image.height, channels: 4 as const };
  const pixels = jpeg ? overWhite(image.data) : image.data;
  const carrier = await carrierFor(image.colorSpace ?? 'srgb', options.metadataFrom);
  // sharp cannot hand raw pixels a profile or an EXIF block, but keeps those of a picture whose pixels are all replaced.
  let out = carrier
    ? sharp(carrier, { ignoreIcc: true })
        .resize(image.width, image.height, { fit: 'fill', kernel: 'nearest' })
        .ensureAlpha()
        .composite([{ input: Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength), raw, blend: 'source' }])
        .keepExif()
        .keepIccProfile()
    : sharp(pixels, { raw, limitInputPixels: false });
  if (options.software !== undefined) out = out.withExifMerge({ IFD0: { Software: options.software } });
  if (ending === '.png') out = out.png();
  else if (ending === '.webp') out = out.webp({ quality });
  else if (ending === '.avif') out = out.avif({ quality });
  else if (ending.startsWith('.tif')) out = out.tiff({ compression: 'deflate' });
  else out = out.removeAlpha().jpeg({ quality, chromaSubsampling: '4:4:4' });
  return encoded(path, out);
}

/** @throws RelievoError `WRITE_FAILED`, where the encoder refuses. */
export async function encoded(path: string, picture: { toBuffer(): Promise<Uint8Array> }): Promise<Uint8Array> {
  return picture.toBuffer().catch((cause: Error) => {
    throw new RelievoError('WRITE_FAILED', `could not write ${path}: ${cause.message.split('\n')[0]}.`, { cause });
  });
}

/** One pixel with the metadata that the picture gets: EXIF of a photo, upright, and the profile of its pixels. */
async function carrierFor(space: PredefinedColorSpace, from: Uint8Array | undefined): Promise<Uint8Array | undefined> {
  const sharp = await loadSharp();
  if (!from) {
    if (space === 'srgb') return undefined; // what a file without a profile means
    const blank = { create: { width: 1, height: 1, channels: 3 as const, background: 'black' } };
    return sharp(blank).withIccProfile(PROFILES[space]).png().toBuffer();
  }
  const open = { limitInputPixels: false, pages: 1 };
  const { icc } = await sharp(from, open)
    .metadata()
    .catch((cause) => {
      throw new RelievoError('CORRUPT_IMAGE', "the photo that 'metadataFrom' holds cannot be read.", { cause });
    });
  const own = icc !== undefined && profileKind(icc) === space;
  const pixel = sharp(from, { ...open, ignoreIcc: own })
    .rotate() // by its EXIF orientation; sharp 0.33 has no autoOrient()
    .resize(1, 1, { fit: 'fill' })
    .keepExif();
  // A file without a profile stays without one while its pixels are sRGB.
  const profiled = own
    ? pixel.keepIccProfile()
    : icc || space !== 'srgb'
      ? pixel.withIccProfile(PROFILES[space])
      : pixel;
  return profiled
    .png()
    .toBuffer()
    .catch((cause) => {
      throw new RelievoError('CORRUPT_IMAGE', "the photo that 'metadataFrom' holds is damaged or cut off.", { cause });
    });
}

/** sharp's names of its own profiles. */
const PROFILES = { srgb: 'srgb', 'display-p3': 'p3' } as const;

/** JPEG has no alpha. */
function overWhite(data: ImageDataLike['data']): ImageDataLike['data'] {
  const out = Uint8ClampedArray.from(data);
  for (let i = 3; i < out.length; i += 4) {
    const a = out[i]!;
    if (a === 255) continue;
    for (let c = i - 3; c < i; c++) out[c] = Math.round((out[c]! * a + 255 * (255 - a)) / 255);
    out[i] = 255;
  }
  return out;
}

/** Writes a disparity map as a 16-bit grey PNG, 65535 = disparity 1. @throws RelievoError `WRITE_FAILED`. */
export async function writeDepth(path: string, depth: DepthMap, options: FileOptions = {}): Promise<void> {
  options = checkWriting('writeDepth', options, []);
  if (checkEnding(path) !== '.png') {
    throw new RelievoError('INVALID_PARAM', `depth is written as 16-bit PNG: end '${path}' in .png.`);
  }
  await writeWhole(path, await encodeDepth(depth, options), options);
}

/** A 16-bit grey PNG, 65535 = 1. */
export async function encodeDepth(map: DepthMap, { software }: FileOptions = {}): Promise<Uint8Array> {
  const depth = checkDepth('writeDepth', map);
  const sharp = await loadSharp();
  const values = new Uint16Array(depth.data.length);
  for (let i = 0; i < values.length; i++) values[i] = depth.data[i]! * 65535 + 0.5;
  const raw = { width: depth.width, height: depth.height, channels: 1 as const };
  const picture = sharp(values, { raw, limitInputPixels: false }).toColourspace('grey16').png();
  return encoded('the depth', software === undefined ? picture : picture.withExif({ IFD0: { Software: software } }));
}

/** @throws RelievoError `INVALID_PARAM`. */
function checkEnding(path: string): string {
  checkPath('write', path);
  const ending = extname(path).toLowerCase();
  if (!(WRITABLE as readonly string[]).includes(ending)) {
    throw new RelievoError('INVALID_PARAM', `cannot write '${path}': end it in ${WRITABLE.join(', ')}.`);
  }
  return ending;
}

/**
 * To a temporary name first, which then becomes the file's: an abort or a full disk leaves no half file, and the old one
 * in place.
 *
 * @throws RelievoError `WRITE_FAILED`.
 */
export async function writeWhole(
  path: string,
  bytes: Uint8Array,
  { overwrite = true, signal }: FileOptions = {},
): Promise<void> {
  const temporary = join(dirname(path), `.relievo-${randomBytes(8).toString('hex')}.part`);
  try {
    signal?.throwIfAborted();
    const there = await stat(path).catch(() => undefined);
    if (there && !there.isFile())
      throw new RelievoError('WRITE_FAILED', `could not write ${path}: it ${notAFile(there)}.`);
    if (there && !overwrite) throw existing(path);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(temporary, bytes, { signal });
    signal?.throwIfAborted();
    if (overwrite) await rename(temporary, path);
    else await renameAnew(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {});
    signal?.throwIfAborted();
    if (cause instanceof RelievoError) throw cause;
    throw new RelievoError('WRITE_FAILED', `could not write ${path}: ${whyNotWritten(cause)}.`, { cause });
  }
}

/** Unlike to rename, to link never replaces what came there meanwhile; but not every disk has links. */
async function renameAnew(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw existing(to);
    return rename(from, to);
  }
  await rm(from);
}

/** What a writer throws, rather than replace a file that it was not told to replace. */
export function existing(path: string): RelievoError {
  const error = new RelievoError('WRITE_FAILED', `${path} exists already and is left as it is.`);
  EXISTING.add(error);
  return error;
}

const EXISTING = new WeakSet<object>();

/** Whether to overwrite would have helped. */
export const isExisting = (error: unknown): boolean => EXISTING.has(error as object);
