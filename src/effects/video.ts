import { lazy } from '../core/lazy.js';
import { invalid, numbers, readOptions, TASK, type NumberTable } from '../core/params.js';
import type { TaskOptions } from '../core/task.js';
import { checkFrames, type ImageDataLike } from '../image/image-data.js';

export interface VideoOptions {
  /** Container: `'webm'` (VP9, VP8 or AV1) or `'mp4'` (H.264, HEVC, VP9 or AV1): the first that the browser encodes. Default: 'webm'. */
  format?: 'webm' | 'mp4' | undefined;
  /** Frames per second, 1..120. Default: 24. */
  fps?: number | undefined;
}

export interface Video {
  /** The file, of type video/webm or video/mp4. */
  readonly file: Blob;
  /** Of the frames; an odd last column or row is left out, for encoders halve the colour's resolution. */
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  /** `'vp9'`, `'avc'`, … */
  readonly codec: string;
}

/** Numeric options: default, range and unit. */
export const VIDEO_PARAMS = {
  fps: { default: 24, min: 1, max: 120, unit: 'frames per second', doc: 'Speed.' },
} as const satisfies NumberTable;

const SIDE = { default: NaN, min: 1, max: 1e6, unit: 'pixels', doc: '' } as const;
const SIZE_PARAMS = { width: SIDE, height: SIDE };

/**
 * Frames as a video, through the browser's WebCodecs and mediabunny, which is loaded only here. In Node use
 * `writeAnimation` of relievo/node. One frame is held at a time.
 *
 * ```ts
 * const { file } = await encodeVideo(parallaxFrames(photo, depth, { motion: 'orbit' }), { format: 'mp4' });
 * ```
 *
 * @param frames of one size, at least 2 × 2; alpha is dropped, Display P3 becomes sRGB, which players expect.
 * @throws RelievoError `DEPENDENCY_MISSING`; `BACKEND_UNAVAILABLE` where the browser encodes no codec of the format;
 *   `INVALID_PARAM`, `UNSUPPORTED_IMAGE`; what the frames' source throws; or the signal's reason.
 */
export async function encodeVideo(
  frames: AsyncIterable<ImageDataLike> | Iterable<ImageDataLike>,
  options: VideoOptions & TaskOptions = {},
): Promise<Video> {
  options = readOptions('video', options, ['format', 'fps', ...TASK]);
  checkFrames('video', frames);
  const { format = 'webm', signal } = options;
  if (format !== 'webm' && format !== 'mp4') throw invalid('video', 'format', "'webm' or 'mp4'", format);
  const { fps } = numbers('video', VIDEO_PARAMS, { fps: options.fps });
  signal?.throwIfAborted();
  const { encodeFrames } = await lazy(() => import('./encode-frames.js'));
  return encodeFrames(frames, format, fps, options);
}

/**
 * The codec that {@link encodeVideo} would write, found by asking the browser; undefined where it encodes none of the
 * format at that size: the other format may do.
 *
 * @param size in pixels, of the frames.
 * @throws RelievoError `DEPENDENCY_MISSING`, `INVALID_PARAM`.
 */
export async function videoCodec(
  format: 'webm' | 'mp4',
  size: { readonly width: number; readonly height: number },
): Promise<Video['codec'] | undefined> {
  if (format !== 'webm' && format !== 'mp4') throw invalid('video', 'format', "'webm' or 'mp4'", format);
  // Anything with a size: frames have more than that, and an ImageData has it from its prototype.
  if (typeof size !== 'object' || size === null) throw invalid('video', 'size', '{ width, height } in pixels', size);
  const { width, height } = numbers('video', SIZE_PARAMS, { width: size.width, height: size.height });
  const { codecFor, even } = await lazy(() => import('./encode-frames.js'));
  return codecFor(format, even({ width, height }));
}
