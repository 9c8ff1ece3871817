import { lazy } from '../core/lazy.js';
import { invalid, numbers, readOptions, TASK, type NumberTable } from '../core/params.js';
import { part, type TaskOptions } from '../core/task.js';
import type { DepthMap } from '../depth/depth-map.js';
import type { Matte } from '../image/matte.js';
import { checkImage, type ImageDataLike, type OutputImage } from '../image/image-data.js';
import type { Focus } from './focus.js';
import { pivotOf, prepare } from './parallax.js';

export interface StereoOptions {
  /**
   * `'side-by-side'`: left eye's view on the left; `'cross-eyed'`: on the right; `'anaglyph'`: one picture for red-cyan
   * glasses. Default: 'anaglyph'.
   */
  layout?: 'side-by-side' | 'cross-eyed' | 'anaglyph' | undefined;
  /** Distance of the eyes: shift between the views at a disparity difference of 1, share of the long side, 0..0.1. Default: 0.03. */
  separation?: number | undefined;
  /** What appears at the screen; nearer things stand before it. Default: 'subject'. */
  pivot?: Focus | undefined;
  /** The subject's matte, of any size: its edge is cut there instead of where the depth steps. Default: none. */
  matte?: Matte | undefined;
}

/** Numeric options: default, range and unit. */
export const STEREO_PARAMS = {
  separation: { default: 0.03, min: 0, max: 0.1, unit: 'share of the long side', doc: 'Distance of the eyes.' },
} as const satisfies NumberTable;

/**
 * The photo for two eyes.
 *
 * ```ts
 * const red = await stereoPair(photo, depth, { layout: 'anaglyph' });
 * ```
 *
 * @throws RelievoError `INVALID_PARAM`, `INVALID_DEPTH`, `UNSUPPORTED_IMAGE`, `IMAGE_TOO_LARGE`; or the signal's reason.
 */
export async function stereoPair(
  image: ImageDataLike,
  depth: DepthMap,
  options: StereoOptions & TaskOptions = {},
): Promise<OutputImage> {
  options = readOptions('stereo', options, ['layout', 'separation', 'pivot', 'matte', ...TASK]);
  const { layout = 'anaglyph' } = options;
  if (!['side-by-side', 'cross-eyed', 'anaglyph'].includes(layout))
    throw invalid('stereo', 'layout', "'side-by-side', 'cross-eyed' or 'anaglyph'", layout);
  const { separation } = numbers('stereo', STEREO_PARAMS, { separation: options.separation });
  image = checkImage('stereo', image);
  const map = await prepare('stereo', image, depth, options, part(options, 0, 0.15));
  const pivot = pivotOf('stereo', options.pivot, map);
  const { twoEyes } = await lazy(() => import('./two-eyes.js'));
  return twoEyes(image, map, { layout, separation, pivot, matte: options.matte }, part(options, 0.15, 1));
}

/** Both eyes' views, of one size, in one picture for red-cyan glasses. */
export async function anaglyph(
  left: ImageDataLike,
  right: ImageDataLike,
  options: TaskOptions = {},
): Promise<OutputImage> {
  const task = readOptions('anaglyph', options, TASK);
  const eyes = [checkImage('anaglyph', left), checkImage('anaglyph', right)] as const;
  const { throughGlasses } = await lazy(() => import('./two-eyes.js'));
  return throughGlasses(...eyes, task);
}
