import { extname } from 'node:path';
import { RelievoError } from '../core/errors.js';
import { checkSize, MAX_PIXELS, type ImageDataLike } from '../image/image-data.js';
import { toSpace } from '../image/colour-space.js';
import { loadSharp } from './sharp.js';
import { writeWhole } from './write.js';

export interface AnimationOptions {
  /** Frames per second, 1..50. Default: 15. GIF counts in hundredths of a second. */
  fps?: number;
  /** WebP quality, 1 to 100. Default: 80. */
  quality?: number;
  /** Most pixels of all frames together, which are held at once. Default: 64,000,000. */
  maxPixels?: number;
  signal?: AbortSignal | undefined;
}

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
  const ending = extname(path).toLowerCase();
  if (ending !== '.gif' && ending !== '.webp')
    throw new RelievoError('INVALID_PARAM', `an animation is a GIF or WebP: end '${path}' in .gif or .webp.`);
  const { fps = 15, quality = 80, maxPixels = MAX_PIXELS, signal } = options;
  if (!(fps >= 1 && fps <= 50)) throw new RelievoError('INVALID_PARAM', `fps: expected 1 to 50, received ${fps}.`);
  const sharp = await loadSharp();
  const held: Uint8Array[] = [];
  let size: { width: number; height: number } | undefined;
  for await (const frame of frames) {
    signal?.throwIfAborted();
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
  const bytes = await (
    ending === '.gif' ? film.gif({ loop: 0, delay }) : film.webp({ loop: 0, delay, quality })
  ).toBuffer();
  await writeWhole(path, bytes, signal);
  return { width, height, frames: held.length };
}
