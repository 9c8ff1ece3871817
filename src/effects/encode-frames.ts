import { RelievoError } from '../core/errors.js';
import type { TaskOptions } from '../core/task.js';
import { toSpace } from '../image/colour-space.js';
import { checkImage, type ImageDataLike } from '../image/image-data.js';
import type { Video } from './video.js';

/** In the order of how many players and small files speak for them. */
const CODECS = { webm: ['vp9', 'vp8', 'av1'], mp4: ['avc', 'hevc', 'vp9', 'av1'] } as const;

/** What `encodeVideo` does once its options are read. */
export async function encodeFrames(
  frames: AsyncIterable<ImageDataLike> | Iterable<ImageDataLike>,
  format: 'webm' | 'mp4',
  fps: number,
  { signal, onProgress }: TaskOptions,
): Promise<Video> {
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
  onProgress?.(1);
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
