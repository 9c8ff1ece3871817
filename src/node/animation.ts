import { extname } from 'node:path';
import { RelievoError } from '../core/errors.js';
import { numbers, type NumberTable } from '../core/params.js';
import { checkFrames, checkImage, checkSize, MAX_PIXELS, type ImageDataLike } from '../image/image-data.js';
import { toSpace } from '../image/colour-space.js';
import { checkPath } from './read.js';
import { loadSharp } from './sharp.js';
import { checkFits, checkWriting, encoded, writeWhole, type FileOptions } from './write.js';

export interface AnimationOptions extends FileOptions {
  /** Frames per second, 1..50. Default: 15. GIF counts in hundredths of a second. */
  fps?: number | undefined;
  /** WebP quality, 1..100 points. Default: 80. */
  quality?: number | undefined;
  /** Most pixels of all frames together, which are held at once, 1..Infinity. Default: 64,000,000. */
  maxPixels?: number | undefined;
}

/** Numeric options: default, range and unit. */
export const ANIMATION_PARAMS = {
  fps: { default: 15, min: 1, max: 50, unit: 'frames per second', doc: 'Speed of the animation.' },
  quality: { default: 80, min: 1, max: 100, unit: 'points', doc: 'Quality of WebP.' },
  maxPixels: { default: MAX_PIXELS, min: 1, max: Infinity, unit: 'pixels', doc: 'Most pixels of all frames together.' },
} as const satisfies NumberTable;
const ANIMATION_NAMES = Object.keys(ANIMATION_PARAMS);

/**
 * Writes frames as an endless animated GIF or WebP, by the path's ending.
 *
 * ```ts
 * await writeAnimation('wiggle.gif', parallaxFrames(photo, depth, { motion: 'wiggle' }));
 * ```
 *
 * @throws RelievoError `INVALID_PARAM`, `IMAGE_TOO_LARGE`, `WRITE_FAILED`, `DEPENDENCY_MISSING`; or the signal's reason.
 */
export async function writeAnimation(
  path: string,
  frames: AsyncIterable<ImageDataLike> | Iterable<ImageDataLike>,
  options: AnimationOptions = {},
): Promise<{ width: number; height: number; frames: number }> {
  options = checkWriting('writeAnimation', options, ANIMATION_NAMES);
  const { bytes, ...size } = await encodeAnimation(path, frames, options);
  await writeWhole(path, bytes, options);
  return size;
}

/** The same as the bytes of a file of the path's ending. */
export async function encodeAnimation(
  path: string,
  frames: AsyncIterable<ImageDataLike> | Iterable<ImageDataLike>,
  options: AnimationOptions = {},
): Promise<{ bytes: Uint8Array; width: number; height: number; frames: number }> {
  const ending = checkAnimationEnding(path);
  const { signal, software, ...rest } = checkWriting('writeAnimation', options, ANIMATION_NAMES);
  const { fps, quality, maxPixels } = numbers('writeAnimation', ANIMATION_PARAMS, rest as Record<string, unknown>);
  checkFrames('writeAnimation', frames);
  const sharp = await loadSharp();
  const held: Uint8Array[] = [];
  let size: { width: number; height: number } | undefined;
  for await (const given of frames) {
    signal?.throwIfAborted();
    const frame = checkImage('writeAnimation', given);
    if (!size) checkFits(path, frame);
    size ??= { width: frame.width, height: frame.height };
    if (frame.width !== size.width || frame.height !== size.height)
      throw new RelievoError('INVALID_PARAM', 'the frames of an animation must all be of one size.');
    checkSize('animation', size.width, size.height * (held.length + 1), maxPixels);
    // GIF has no profiles.
    held.push(Uint8Array.from((await toSpace(frame, 'srgb', { signal })).data));
  }
  if (!size) throw new RelievoError('INVALID_PARAM', 'an animation needs at least one frame.');
  const { width, height } = size;
  const raw = { width, height: height * held.length, channels: 4 as const, pageHeight: height };
  const delay = held.map(() => Math.round(1000 / fps));
  const film = sharp(Buffer.concat(held), { raw, limitInputPixels: false });
  const marked = software === undefined ? film : film.withExif({ IFD0: { Software: software } });
  const bytes = await encoded(
    path,
    ending === '.gif' ? film.gif({ loop: 0, delay }) : marked.webp({ loop: 0, delay, quality }),
  );
  const file = ending === '.gif' && software !== undefined ? withComment(bytes, software) : bytes;
  return { bytes: file, width, height, frames: held.length };
}

/** @throws RelievoError `INVALID_PARAM`. */
function checkAnimationEnding(path: string): '.gif' | '.webp' {
  checkPath('writeAnimation', path);
  const ending = extname(path).toLowerCase();
  if (ending === '.gif' || ending === '.webp') return ending;
  throw new RelievoError('INVALID_PARAM', `an animation is a GIF or WebP: end '${path}' in .gif or .webp.`);
}

/** GIF has no EXIF, but comments (GIF89a, 24), which sharp does not write: one before the trailer. */
function withComment(gif: Uint8Array, text: string): Uint8Array {
  const body = Buffer.from(text, 'latin1').subarray(0, 255);
  return Buffer.concat([gif.subarray(0, -1), Buffer.of(0x21, 0xfe, body.length), body, Buffer.of(0, 0x3b)]);
}
