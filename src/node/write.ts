import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, extname } from 'node:path';
import { RelievoError } from '../core/errors.js';
import type { ImageDataLike } from '../image/image-data.js';
import type { DepthMap } from '../depth/depth-map.js';
import { profileKind } from './icc.js';
import { loadSharp } from './sharp.js';

export interface WriteOptions {
  /** JPEG, WebP and AVIF quality, 1 to 100. Default: 92. */
  quality?: number;
  /**
   * Bytes of the photo this was made from: its EXIF is kept, with the orientation reset, since the pixels are upright, and
   * its colour profile.
   */
  metadataFrom?: Uint8Array | undefined;
  signal?: AbortSignal | undefined;
}

/** File endings that can be written. */
export const WRITABLE = ['.png', '.jpg', '.jpeg', '.webp', '.avif', '.tif', '.tiff'] as const;

/**
 * Writes a picture in the format of the path's ending. JPEG has no alpha: transparent pixels are laid over white. A
 * Display P3 image gets its profile.
 * The file appears whole or not at all.
 *
 * @throws RelievoError `INVALID_PARAM` for an ending that cannot be written, `WRITE_FAILED`, `DEPENDENCY_MISSING`.
 */
export async function writeImage(path: string, image: ImageDataLike, options: WriteOptions = {}): Promise<void> {
  await writeWhole(path, await encodeImage(path, image, options), options.signal);
}

/** A picture as the bytes of a file of the path's ending. @throws RelievoError. */
export async function encodeImage(path: string, image: ImageDataLike, options: WriteOptions = {}): Promise<Uint8Array> {
  const sharp = await loadSharp();
  const ending = checkEnding(path);
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
  const quality = options.quality ?? 92;
  if (ending === '.png') out = out.png();
  else if (ending === '.webp') out = out.webp({ quality });
  else if (ending === '.avif') out = out.avif({ quality });
  else if (ending.startsWith('.tif')) out = out.tiff({ compression: 'deflate' });
  else out = out.removeAlpha().jpeg({ quality, chromaSubsampling: '4:4:4' });
  return out.toBuffer();
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
  const { icc } = await sharp(from, open).metadata();
  const own = icc !== undefined && profileKind(icc) === space;
  const pixel = sharp(from, { ...open, ignoreIcc: own })
    .autoOrient()
    .resize(1, 1, { fit: 'fill' })
    .keepExif();
  // A file without a profile stays without one while its pixels are sRGB.
  const profiled = own
    ? pixel.keepIccProfile()
    : icc || space !== 'srgb'
      ? pixel.withIccProfile(PROFILES[space])
      : pixel;
  return profiled.png().toBuffer();
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
export async function writeDepth(
  path: string,
  depth: DepthMap,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<void> {
  if (checkEnding(path) !== '.png') {
    throw new RelievoError('INVALID_PARAM', `depth is written as 16-bit PNG: end '${path}' in .png.`);
  }
  await writeWhole(path, await encodeDepth(depth), options.signal);
}

/** A 16-bit grey PNG, 65535 = 1. */
export async function encodeDepth(depth: DepthMap): Promise<Uint8Array> {
  const sharp = await loadSharp();
  const values = new Uint16Array(depth.data.length);
  for (let i = 0; i < values.length; i++) values[i] = depth.data[i]! * 65535 + 0.5;
  const raw = { width: depth.width, height: depth.height, channels: 1 as const };
  return sharp(values, { raw, limitInputPixels: false }).toColourspace('grey16').png().toBuffer();
}

/** @throws RelievoError `INVALID_PARAM`. */
export function checkEnding(path: string): string {
  const ending = extname(path).toLowerCase();
  if (!(WRITABLE as readonly string[]).includes(ending)) {
    throw new RelievoError('INVALID_PARAM', `cannot write '${path}': end it in ${WRITABLE.join(', ')}.`);
  }
  return ending;
}

/** To a temporary name first, then renamed: an abort or a full disk leaves no half file, and the old one in place. */
export async function writeWhole(path: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
  const temporary = `${path}.${randomBytes(4).toString('hex')}.part`;
  try {
    signal?.throwIfAborted();
    await mkdir(dirname(path), { recursive: true });
    await writeFile(temporary, bytes, { signal });
    signal?.throwIfAborted();
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {});
    signal?.throwIfAborted();
    throw new RelievoError('WRITE_FAILED', `could not write ${path}: ${(cause as Error).message}.`, { cause });
  }
}
