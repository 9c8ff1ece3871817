import { createHash } from 'node:crypto';
import { access } from 'node:fs/promises';
import { extname } from 'node:path';
import { RelievoError } from '../core/errors.js';
import { checkDepth, type DepthMap } from '../depth/depth-map.js';
import { findEmbeddedDepth, uprightDepth } from '../depth/embedded.js';
import type { EmbeddedDepth } from '../depth/embedded-kinds.js';
import { embedGDepth } from '../depth/gdepth.js';
import { checkSize, type ImageDataLike } from '../image/image-data.js';
import { readDepth } from './depth-file.js';
import { checkBytes, checkFormat, checkPath, checkReading, readBytes, type ReadOptions } from './read.js';
import { loadSharp } from './sharp.js';
import { checkWriting, encodeDepth, encoded, encodeImage, existing, writeWhole, type WriteOptions } from './write.js';

/** Depth that came with a photo. */
export interface PhotoDepth {
  /** Upright, of its own size: the operators bring it to the photo's. */
  readonly depth: DepthMap;
  readonly kind: EmbeddedDepth['kind'] | 'pair';
  /** Distances of disparity 1 and 0, where the file says them; metres unless it says otherwise. */
  readonly near?: number | undefined;
  readonly far?: number | undefined;
}

/**
 * The depth that a photo's file carries (GDepth, XDM, Dynamic Depth, Apple's JPEG), turned upright like the photo.
 *
 * @returns undefined when it carries none.
 * @throws RelievoError `CORRUPT_IMAGE`, `INVALID_DEPTH`, `IMAGE_TOO_LARGE`, `DEPENDENCY_MISSING`.
 */
export async function readEmbeddedDepth(bytes: Uint8Array, options: ReadOptions = {}): Promise<PhotoDepth | undefined> {
  options = checkReading('readEmbeddedDepth', options);
  checkBytes('readEmbeddedDepth', bytes);
  const found = await findEmbeddedDepth(bytes, { signal: options.signal });
  if (!found) return undefined;
  const sharp = await loadSharp();
  options.signal?.throwIfAborted();
  try {
    const open = () => sharp(found.file, { limitInputPixels: false, failOn: 'error' });
    const meta = await open().metadata();
    checkFormat(meta.format, "the photo's own depth map");
    checkSize("the photo's own depth map", meta.width, meta.height, options.maxPixels);
    const wide = meta.depth === 'ushort';
    const { data, info } = await open()
      .removeAlpha()
      .extractChannel(0)
      .toColourspace(wide ? 'grey16' : 'b-w')
      .raw({ depth: wide ? 'ushort' : 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const values = wide ? new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2) : data;
    const stored = { width: info.width, height: info.height, at: (i: number) => values[i]! / (wide ? 65535 : 255) };
    const { orientation } = await sharp(bytes, { limitInputPixels: false }).metadata();
    const depth = uprightDepth(found, stored, orientation);
    return { depth, kind: found.kind, near: found.near, far: found.far };
  } catch (cause) {
    if (cause instanceof RelievoError) throw cause;
    throw new RelievoError('CORRUPT_IMAGE', "the photo's own depth map is damaged.", { cause });
  }
}

/**
 * The depth beside a photo, as Facebook's 3D photos take it: NAME_depth.png or NAME_depth.jpg, white = near, already
 * upright.
 *
 * @returns undefined when there is no such file.
 * @throws RelievoError as `readDepth`.
 */
export async function readDepthPair(photo: string, options: ReadOptions = {}): Promise<PhotoDepth | undefined> {
  options = checkReading('readDepthPair', options);
  checkPath('readDepthPair', photo);
  for (const ending of ['.png', '.jpg', '.jpeg']) {
    const path = pairOf(photo, ending);
    if (await isThere(path)) return { depth: await readDepth(path, options), kind: 'pair' };
  }
  return undefined;
}

/** Embedded depth, or else a file beside the photo. @throws RelievoError as the two. */
export async function readPhotoDepth(path: string, options: ReadOptions = {}): Promise<PhotoDepth | undefined> {
  options = checkReading('readPhotoDepth', options);
  const bytes = await readBytes(path, options.signal);
  return (await readEmbeddedDepth(bytes, options)) ?? readDepthPair(path, options);
}

/**
 * Writes a JPEG that carries its depth as GDepth XMP, 16 bits. Other XMP of the photo is not kept.
 *
 * @throws RelievoError `INVALID_PARAM` for an ending other than .jpg, `WRITE_FAILED`, `DEPENDENCY_MISSING`.
 */
export async function writeGDepth(
  path: string,
  image: ImageDataLike,
  depth: DepthMap,
  options: WriteOptions = {},
): Promise<void> {
  options = checkWriting('writeGDepth', options);
  await writeWhole(path, await encodeGDepth(path, image, depth, options), options);
}

/** The same as bytes. */
export async function encodeGDepth(
  path: string,
  image: ImageDataLike,
  map: DepthMap,
  options: WriteOptions = {},
): Promise<Uint8Array> {
  checkPath('writeGDepth', path);
  const depth = checkDepth('writeGDepth', map);
  if (!['.jpg', '.jpeg'].includes(extname(path).toLowerCase()))
    throw new RelievoError('INVALID_PARAM', `a photo with GDepth is a JPEG: end '${path}' in .jpg.`);
  const inverse = new Float32Array(depth.data.length);
  for (let i = 0; i < inverse.length; i++) inverse[i] = 1 - depth.data[i]!;
  const png = await encodeDepth({ ...depth, data: inverse });
  const jpeg = await encodeImage(path, image, options);
  const md5 = (text: string) => createHash('md5').update(text).digest('hex');
  return embedGDepth(jpeg, png, md5);
}

/**
 * Writes a photo and, beside it, NAME_depth.png (8 bits, as readers of such pairs expect). With `overwrite: false`
 * neither of the two is replaced, nor the other written without it.
 *
 * @throws RelievoError.
 */
export async function writeDepthPair(
  path: string,
  image: ImageDataLike,
  map: DepthMap,
  options: WriteOptions = {},
): Promise<void> {
  options = checkWriting('writeDepthPair', options);
  checkPath('writeDepthPair', path);
  const depth = checkDepth('writeDepthPair', map);
  const sharp = await loadSharp();
  const beside = pairOf(path, '.png');
  const grey = new Uint8Array(depth.data.length);
  for (let i = 0; i < grey.length; i++) grey[i] = depth.data[i]! * 255 + 0.5;
  const raw = { width: depth.width, height: depth.height, channels: 1 as const };
  const picture = sharp(grey, { raw, limitInputPixels: false }).toColourspace('b-w').png();
  const { software } = options;
  const png = await encoded(
    beside,
    software === undefined ? picture : picture.withExif({ IFD0: { Software: software } }),
  );
  const photo = await encodeImage(path, image, options);
  if (options.overwrite === false) for (const file of [path, beside]) if (await isThere(file)) throw existing(file);
  await writeWhole(beside, png, options);
  await writeWhole(path, photo, options);
}

const isThere = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

/** Name of the depth beside a photo. */
export function pairOf(photo: string, ending: string): string {
  return `${photo.slice(0, photo.length - extname(photo).length)}_depth${ending}`;
}
