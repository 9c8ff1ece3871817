import { RelievoError } from '../core/errors.js';
import { invalid, knownKeys, numbers, type NumberTable } from '../core/params.js';
import type { TaskOptions } from '../core/task.js';
import { toSpace } from '../image/colour-space.js';
import { checkImage, type ImageDataLike } from '../image/image-data.js';

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

/** In the order of how many players and small files speak for them. */
const CODECS = { webm: ['vp9', 'vp8', 'av1'], mp4: ['avc', 'hevc', 'vp9', 'av1'] } as const;

/**
 * Frames as a video, through the browser's WebCodecs and `mediabunny`, which is loaded only here. In Node use
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
  knownKeys('video', options, ['format', 'fps', 'signal', 'onProgress']);
  const { format = 'webm', signal } = options;
  if (format !== 'webm' && format !== 'mp4') throw invalid('video', 'format', "'webm' or 'mp4'", format);
  const { fps } = numbers('video', VIDEO_PARAMS, { fps: options.fps });
  signal?.throwIfAborted();
  const media = await import('mediabunny').catch((cause) => {
    throw new RelievoError('DEPENDENCY_MISSING', 'writing video needs: npm install mediabunny', { cause });
  });
  let film: { size: Size; codec: string; source: InstanceType<typeof media.VideoSampleSource> } | undefined;
  const target = new media.BufferTarget();
  const output = new media.Output({
    format: format === 'mp4' ? new media.Mp4OutputFormat() : new media.WebMOutputFormat(),
    target,
  });
  let count = 0;
  try {
    for await (const frame of frames) {
      signal?.throwIfAborted();
      checkImage('video', frame);
      film ??= await start(frame);
      if (frame.width !== film.size.width || frame.height !== film.size.height)
        throw new RelievoError('INVALID_PARAM', 'the frames of a video must all be of one size.');
      const { data } = await toSpace(frame, 'srgb', { signal });
      const sample = new media.VideoSample(data as Uint8ClampedArray<ArrayBuffer>, {
        format: 'RGBX',
        codedWidth: frame.width,
        codedHeight: frame.height,
        visibleRect: { left: 0, top: 0, ...even(frame) },
        timestamp: count / fps,
        duration: 1 / fps,
      });
      try {
        await film.source.add(sample); // waits while the encoder has enough to do
      } finally {
        sample.close();
      }
      count++;
    }
    if (!film) throw new RelievoError('INVALID_PARAM', 'a video needs at least one frame.');
    await output.finalize();
  } catch (error) {
    if (output.state !== 'finalized') await output.cancel().catch(() => {});
    throw error;
  }
  signal?.throwIfAborted();
  options.onProgress?.(1);
  const file = new Blob([target.buffer!], { type: `video/${format}` });
  return { file, ...even(film.size), frames: count, codec: film.codec };

  async function start({ width, height }: Size) {
    const size = even({ width, height });
    if (size.width === 0 || size.height === 0)
      throw new RelievoError('INVALID_PARAM', `video: frames of at least 2 × 2 pixels, received ${width} × ${height}.`);
    const codec =
      typeof VideoEncoder === 'function' ? await media.getFirstEncodableVideoCodec([...CODECS[format]], size) : null;
    if (!codec) {
      throw new RelievoError(
        'BACKEND_UNAVAILABLE',
        `this browser encodes no ${format} of ${size.width} × ${size.height} (tried ${CODECS[format].join(', ')}): ` +
          `try the other format, smaller frames, or writeAnimation of relievo/node.`,
      );
    }
    const source = new media.VideoSampleSource({ codec, quality: media.QUALITY_HIGH });
    output.addVideoTrack(source, { frameRate: fps });
    await output.start();
    return { size: { width, height }, codec, source };
  }
}

interface Size {
  readonly width: number;
  readonly height: number;
}

function even({ width, height }: Size): Size {
  return { width: width & ~1, height: height & ~1 };
}
