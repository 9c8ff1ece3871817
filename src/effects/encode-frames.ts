import { RelievoError } from '../core/errors.js';
import { lazy } from '../core/lazy.js';
import { within, type TaskOptions } from '../core/task.js';
import { toSpace } from '../image/colour-space.js';
import { lumaOf } from '../image/colour.js';
import { checkImage, type ImageDataLike } from '../image/image-data.js';
import type { Video } from './video.js';

/** In the order of how many players and small files speak for them. */
const CODECS = { webm: ['vp9', 'vp8', 'av1'], mp4: ['avc', 'hevc', 'vp9', 'av1'] } as const;

type Codec = (typeof CODECS)[keyof typeof CODECS][number];

/** A browser that has not answered by then will not encode either. */
const PROBE_MS = 10_000;

/** What `videoCodec` does once its options are read. */
export async function codecFor(format: 'webm' | 'mp4', size: Size): Promise<Codec | undefined> {
  if (typeof VideoEncoder !== 'function') return undefined;
  const { getFirstEncodableVideoCodec } = await mediabunny();
  const probe = async () => {
    // WebKitGTK 2.50 crashes where it is asked for an encoder before anything else of media has been used.
    const contentType = 'video/webm;codecs="vp8"';
    const any = { contentType, ...size, bitrate: 1_000_000, framerate: 24 };
    await navigator.mediaCapabilities?.decodingInfo({ type: 'file', video: any }).catch(() => {});
    return getFirstEncodableVideoCodec([...CODECS[format]], size);
  };
  return ((await within(PROBE_MS, probe())) as Codec | null | undefined) ?? undefined;
}

function mediabunny() {
  return lazy(() => import('../vendor/mediabunny.js'));
}

/** What `encodeVideo` does once its options are read. */
export async function encodeFrames(
  frames: AsyncIterable<ImageDataLike> | Iterable<ImageDataLike>,
  format: 'webm' | 'mp4',
  fps: number,
  { signal, onProgress }: TaskOptions,
): Promise<Video> {
  signal?.throwIfAborted();
  const media = await mediabunny();
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
      const { width, height } = even(frame);
      const sample = new media.VideoSample(planes(data, frame.width, width, height), {
        format: 'I420',
        codedWidth: width,
        codedHeight: height,
        colorSpace: COLOUR_SPACE,
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
    const codec = await codecFor(format, size);
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

export interface Size {
  readonly width: number;
  readonly height: number;
}

export function even({ width, height }: Size): Size {
  return { width: width & ~1, height: height & ~1 };
}

/** WebKitGTK 2.50 shows other colours where the transfer is sRGB's. */
const COLOUR_SPACE = { primaries: 'bt709', transfer: 'bt709', matrix: 'bt709', fullRange: false } as const;

/**
 * What video encoders take: luma, and blue and red differences at half the size, of BT.709's matrix and limited range.
 * Not left to the browser: Firefox 153 converts by BT.601 and writes BT.709 on the file.
 *
 * @param data RGBA, rows of `stride` pixels; of them `width` and `height`, both even, are taken.
 */
export function planes(
  data: Uint8ClampedArray | Uint8Array,
  stride: number,
  width: number,
  height: number,
): Uint8Array<ArrayBuffer> {
  const [r, g, b] = lumaOf('srgb');
  const size = width * height;
  const out = new Uint8Array(size + size / 2);
  const blue = 112 / (255 * (1 - b));
  const red = 112 / (255 * (1 - r));
  for (let y = 0, c = size; y < height; y += 2) {
    for (let x = 0; x < width; x += 2, c++) {
      let sumR = 0;
      let sumB = 0;
      let sumY = 0;
      for (let k = 0; k < 4; k++) {
        const u = x + (k & 1);
        const v = y + (k >> 1);
        const p = 4 * (v * stride + u);
        const luma = r * data[p]! + g * data[p + 1]! + b * data[p + 2]!;
        out[v * width + u] = 16.5 + (219 / 255) * luma;
        sumR += data[p]!;
        sumB += data[p + 2]!;
        sumY += luma;
      }
      out[c] = 128.5 + (blue * (sumB - sumY)) / 4;
      out[c + size / 4] = 128.5 + (red * (sumR - sumY)) / 4;
    }
  }
  return out;
}
