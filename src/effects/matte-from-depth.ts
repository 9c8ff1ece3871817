import { lazy } from '../core/lazy.js';
import { invalid, numbers, readOptions, TASK } from '../core/params.js';
import type { TaskOptions } from '../core/task.js';
import { checkDepth, type DepthMap } from '../depth/depth-map.js';
import { checkImage, type ImageDataLike } from '../image/image-data.js';
import type { Matte } from '../image/matte.js';

export const SPLIT_PARAMS = {
  split: { default: 0.5, min: 0, max: 1, unit: 'disparity', doc: 'Disparity from which a pixel is near.' },
} as const;

/**
 * A matte of everything nearer than a disparity: sharp by depth, and along its contour by where the pixel's colour lies
 * between the colours of the two sides (two-colour model: Mishima 1993). A trained matte is better at hair; this one
 * costs nothing.
 *
 * @param depth of the size of the image.
 * @throws RelievoError `INVALID_PARAM`, `INVALID_DEPTH`, `UNSUPPORTED_IMAGE`, `IMAGE_TOO_LARGE`; or the signal's reason.
 */
export async function matteFromDepth(
  image: ImageDataLike,
  depth: DepthMap,
  options: {
    /** Disparity from which things are the subject, 0..1. Default: Otsu's threshold of the depth. */
    split?: number | undefined;
  } & TaskOptions = {},
): Promise<Matte> {
  options = readOptions('matteFromDepth', options, ['split', ...TASK]);
  if (options.split !== undefined) numbers('matteFromDepth', SPLIT_PARAMS, { split: options.split });
  image = checkImage('matteFromDepth', image);
  const map = checkDepth('matteFromDepth', depth);
  const { width, height } = map;
  if (width !== image.width || height !== image.height)
    throw invalid(
      'matteFromDepth',
      'depth',
      `of the image's size, ${image.width} × ${image.height}`,
      `${width} × ${height}`,
    );
  const { depthMatte } = await lazy(() => import('./depth-matte.js'));
  return depthMatte(image, map, options);
}
