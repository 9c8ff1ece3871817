import { DISPOSE, type Closable } from '../core/closable.js';
import { RelievoError } from '../core/errors.js';
import { lazy } from '../core/lazy.js';
import { numbers, readOptions, type NumberTable } from '../core/params.js';
import type { TaskOptions } from '../core/task.js';
import type { Hydra } from '../hydra/hydra.js';
import { decode, type ImageInput } from '../image/decode.js';
import { isPixels, checkImage, type ImageDataLike } from '../image/image-data.js';
import { resizeImage, resizeToTensor, toPixels } from '../image/resize.js';
import { createDepthMap, type DepthMap } from './depth-map.js';
import { defaultHydra } from './estimate.js';
import { TemporalFilter } from './temporal.js';

export interface DepthStreamOptions {
  /** The Hydra to use. Default: the one that all calls share, loaded with the first frame. */
  hydra?: Hydra | undefined;
  /** Long side of the depth maps in pixels, 64..2048: frames are made as small. Default: 512. */
  longSide?: number | undefined;
  /** Share of what is known that stays from frame to frame where nothing moves, 0..0.98. 0: each frame by itself. Default: 0.9. */
  smoothing?: number | undefined;
}

/** Numeric options: default, range and unit. */
export const STREAM_PARAMS = {
  longSide: { default: 512, min: 64, max: 2048, unit: 'pixels', doc: 'Long side of the depth maps.' },
  smoothing: { default: 0.9, min: 0, max: 0.98, unit: 'share', doc: 'What stays where nothing moves.' },
} as const satisfies NumberTable;

/**
 * Depth of a video or a webcam, frame by frame, that does not swim: what stands still keeps its disparity, what moves
 * takes the new one at once. It looks at no later frame, and of the frames that wait only the newest is taken: what it
 * answers is never more than one frame behind.
 *
 * ```ts
 * const stream = new DepthStream();
 * const onFrame = async () => {
 *   const depth = await stream.next(video); // undefined: a newer frame came before this one's turn
 *   if (depth) show(video, depth);
 *   video.requestVideoFrameCallback(onFrame);
 * };
 * video.requestVideoFrameCallback(onFrame);
 * ```
 *
 * Give one stream the frames of one camera or film, in their order. Another scene is noticed and begun anew.
 */
export class DepthStream implements Closable {
  readonly #hydra: Hydra | undefined;
  readonly #longSide: number;
  readonly #filter: TemporalFilter;
  #last: Promise<unknown> = Promise.resolve();
  #waiting: (() => void) | undefined;
  #closed = false;

  /** @throws RelievoError `INVALID_PARAM`. */
  constructor(options: DepthStreamOptions = {}) {
    const { hydra, ...rest } = readOptions('depthStream', options, ['hydra', 'longSide', 'smoothing']);
    const values = numbers('depthStream', STREAM_PARAMS, rest);
    this.#hydra = hydra;
    this.#longSide = Math.round(values.longSide);
    this.#filter = new TemporalFilter(values.smoothing);
  }

  /**
   * Depth of the next frame. The frame is read at once: it may be closed, and the video may go on.
   *
   * @param frame a VideoFrame, video element, ImageBitmap, canvas, pixels, or a file of one picture.
   * @returns a map of the frame's proportions, {@link DepthStreamOptions.longSide} long; undefined where a newer frame
   *   came before this one's turn.
   * @throws RelievoError as `estimateDepth`, `DISPOSED`; the signal's reason.
   */
  async next(frame: ImageInput, options: Pick<TaskOptions, 'signal'> = {}): Promise<DepthMap | undefined> {
    this.#alive();
    const { signal } = readOptions('depthStream', options, ['signal']);
    signal?.throwIfAborted();
    this.#waiting?.();
    let superseded = false;
    const skip = () => (superseded = true);
    this.#waiting = skip;
    const reading = this.#read(frame, signal);
    const mine = this.#last.then(async () => {
      const small = await reading;
      if (this.#waiting === skip) this.#waiting = undefined;
      this.#alive();
      signal?.throwIfAborted();
      return superseded ? undefined : this.#estimate(small, signal);
    });
    this.#last = mine.catch(() => {});
    reading.catch(() => {}); // told by `mine`
    return mine;
  }

  /** Forgets what is known: the next frame is the first. */
  reset(): void {
    this.#filter.reset();
  }

  /** Calls under way end with `DISPOSED`. A Hydra that was given stays. */
  close(): void {
    this.#closed = true;
    this.#filter.reset();
  }

  [DISPOSE](): void {
    this.close();
  }

  async #read(frame: ImageInput, signal: AbortSignal | undefined): Promise<ImageDataLike> {
    if (!isPixels(frame)) return decode(frame, { longSide: this.#longSide, signal });
    const image = checkImage('depthStream', frame);
    const scale = this.#longSide / Math.max(image.width, image.height);
    if (scale >= 1) return image;
    const side = (n: number) => Math.max(1, Math.round(n * scale));
    return resizeImage(image, side(image.width), side(image.height), { signal });
  }

  async #estimate(frame: ImageDataLike, signal: AbortSignal | undefined): Promise<DepthMap> {
    const hydra = this.#hydra ?? (await defaultHydra({ signal }));
    const { disparity } = await hydra.run('depth', frame, { signal });
    if (!disparity) throw new RelievoError('MODEL_CONTRACT', `the depth head has no output named 'disparity'.`);
    this.#alive();
    const { width, height } = frame;
    const cells = resizeToTensor(frame, disparity.width, disparity.height);
    const guide = { width, height, data: resizeToTensor(frame, width, height) };
    const low = this.#filter.next(disparity, cells, guide);
    const steady = toPixels(guide.data, width, height);
    const { refine } = await lazy(() => import('./refine.js'));
    const data = await refine({ ...disparity, data: low }, steady, { signal });
    this.#alive();
    return createDepthMap(width, height, data);
  }

  #alive(): void {
    if (this.#closed) throw new RelievoError('DISPOSED', 'this DepthStream was closed: create another one.');
  }
}
