import { lazy } from '../core/lazy.js';
import { invalid, numbers, readOptions, TASK, type NumberTable } from '../core/params.js';
import { part, type TaskOptions } from '../core/task.js';
import type { DepthMap } from '../depth/depth-map.js';
import { checkMatte, type Matte } from '../image/matte.js';
import { checkImage, type ImageDataLike, type OutputImage } from '../image/image-data.js';
import { checkFaces, type Face } from '../image/face.js';
import { resolveFocus, type Focus } from './focus.js';
import { matchDepth } from './match-depth.js';
import type { View } from './view-scene.js';

export interface ParallaxOptions {
  /**
   * Move of the camera to the right: shift of the picture at a disparity difference of 1 from the pivot, as a share of the
   * long side, -0.1..0.1. Default: 0.
   */
  x?: number | undefined;
  /** Move of the camera down, as `x`: share of the long side, -0.1..0.1. Default: 0. */
  y?: number | undefined;
  /**
   * Move forwards in distances of the nearest thing (disparity 1), with a zoom that keeps the pivot's size (the dolly
   * zoom), -0.6..0.6. Default: 0.
   */
  z?: number | undefined;
  /** What stays in place, as for bokeh's focus. Default: 'subject'. */
  pivot?: Focus | undefined;
  /** Enlargement that hides what lies beyond the photo's border, 1..2 times. Default: as little as the move needs. */
  crop?: number | undefined;
  /** The subject's matte, of any size: its edge is cut there instead of where the depth steps. The view has its own. Default: none. */
  matte?: Matte | undefined;
  /** Faces in the image, for a pivot on them: what `detectFaces` returns. The view has them where they moved to. Default: none. */
  faces?: readonly Face[] | undefined;
}

export interface ParallaxFramesOptions {
  /**
   * `'wiggle'`: left and right; `'orbit'`: round about; `'dolly'`: forwards and back with the pivot's size kept.
   * Default: 'wiggle'. All end where they began, so that they loop.
   */
  motion?: 'wiggle' | 'orbit' | 'dolly' | undefined;
  /**
   * Size of the move, share of the long side, 0..0.1: for wiggle and orbit as `x` of {@link ParallaxOptions}; for dolly ten
   * times it is `z`. Default: 0.02.
   */
  amount?: number | undefined;
  /** Frames of one round, 2..600. Default: 24. */
  frames?: number | undefined;
  /** What stays in place, as for bokeh's focus. Default: 'subject'. */
  pivot?: Focus | undefined;
  /** The subject's matte, as for {@link ParallaxOptions}. Default: none. */
  matte?: Matte | undefined;
  /** Faces in the image, for a pivot on them: what `detectFaces` returns. Default: none. */
  faces?: readonly Face[] | undefined;
}

/** Numeric options: default, range and unit. */
export const PARALLAX_PARAMS = {
  x: { default: 0, min: -0.1, max: 0.1, unit: 'share of the long side', doc: 'Move to the right.' },
  y: { default: 0, min: -0.1, max: 0.1, unit: 'share of the long side', doc: 'Move down.' },
  z: { default: 0, min: -0.6, max: 0.6, unit: 'distances of the nearest thing', doc: 'Move forwards.' },
} as const satisfies NumberTable;

export const PARALLAX_FRAMES_PARAMS = {
  amount: { default: 0.02, min: 0, max: 0.1, unit: 'share of the long side', doc: 'Size of the move.' },
  frames: { default: 24, min: 2, max: 600, unit: 'frames', doc: 'Frames of one round.' },
} as const satisfies NumberTable;

export const CROP_PARAMS = {
  crop: { default: 1, min: 1, max: 2, unit: 'times', doc: 'Enlargement.' },
} as const satisfies NumberTable;

/**
 * The photo from another place nearby. What comes into sight behind near things is made up from what surrounds it.
 *
 * ```ts
 * const { image } = await applyParallax(photo, depth, { x: 0.02 });
 * ```
 *
 * @param image RGBA, any size; not written to.
 * @param depth disparities 0..1; of another size it is lifted along the image's edges.
 * @returns the view, its depth and, where faces or a matte were given, where they are in it.
 * @throws RelievoError `INVALID_PARAM`, `INVALID_DEPTH`, `UNSUPPORTED_IMAGE`, `IMAGE_TOO_LARGE`; or the signal's reason.
 */
export async function applyParallax(
  image: ImageDataLike,
  depth: DepthMap,
  options: ParallaxOptions & TaskOptions = {},
): Promise<View> {
  options = readOptions('parallax', options, ['x', 'y', 'z', 'pivot', 'crop', 'matte', 'faces', ...TASK]);
  const { x, y, z } = numbers('parallax', PARALLAX_PARAMS, { x: options.x, y: options.y, z: options.z });
  image = checkImage('parallax', image);
  const map = await prepare('parallax', image, depth, options, part(options, 0, 0.2));
  const camera = { x, y, z, pivot: pivotOf('parallax', options.pivot, map, options.faces), crop: 1 };
  const crop = options.crop === undefined ? undefined : numbers('parallax', CROP_PARAMS, { crop: options.crop }).crop;
  const { viewFrom } = await lazy(() => import('./camera-moves.js'));
  return viewFrom(image, map, camera, crop, options, part(options, 0.2, 1));
}

/**
 * The frames of a camera's move, one by one: the scene is prepared once, and only one frame is held.
 *
 * ```ts
 * for await (const frame of parallaxFrames(photo, depth, { motion: 'orbit' })) encoder.add(frame);
 * ```
 *
 * @throws as {@link applyParallax}.
 */
export async function* parallaxFrames(
  image: ImageDataLike,
  depth: DepthMap,
  options: ParallaxFramesOptions & TaskOptions = {},
): AsyncGenerator<OutputImage, void, undefined> {
  options = readOptions('parallax', options, ['motion', 'amount', 'frames', 'pivot', 'matte', 'faces', ...TASK]);
  const { motion = 'wiggle' } = options;
  if (!['wiggle', 'orbit', 'dolly'].includes(motion))
    throw invalid('parallax', 'motion', "'wiggle', 'orbit' or 'dolly'", motion);
  const { amount, frames } = numbers('parallax', PARALLAX_FRAMES_PARAMS, {
    amount: options.amount,
    frames: options.frames,
  });
  if (!Number.isInteger(frames)) throw invalid('parallax', 'frames', 'a whole number', frames);
  image = checkImage('parallax', image);
  const map = await prepare('parallax', image, depth, options, part(options, 0, 0.1));
  const pivot = pivotOf('parallax', options.pivot, map, options.faces);
  const { viewsAlong } = await lazy(() => import('./camera-moves.js'));
  yield* viewsAlong(image, map, { motion, amount, frames, pivot, matte: options.matte }, part(options, 0.1, 1));
}

/** Checks matte and faces, which get read, and brings the depth to the image's size. */
export async function prepare(
  owner: string,
  image: ImageDataLike,
  depth: DepthMap,
  about: { matte?: Matte | undefined; faces?: readonly Face[] | undefined },
  task: TaskOptions,
): Promise<DepthMap> {
  task.signal?.throwIfAborted();
  if (about.matte !== undefined) about.matte = checkMatte(owner, about.matte);
  if (about.faces !== undefined) about.faces = checkFaces(owner, about.faces);
  return matchDepth(owner, depth, image, task);
}

/** Middle of the disparities that stay in place. */
export function pivotOf(owner: string, pivot: Focus = 'subject', map: DepthMap, faces?: readonly Face[]): number {
  const { near, far } = resolveFocus(owner, pivot, map, { faces });
  return (near + far) / 2;
}
