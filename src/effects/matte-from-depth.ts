import { lazy } from '../core/lazy.js';
import type { TaskOptions } from '../core/task.js';
import type { ImageDataLike } from '../image/image-data.js';
import type { Matte } from '../image/matte.js';

/**
 * A matte of everything nearer than a disparity: sharp by depth, and along its contour by where the pixel's colour lies
 * between the colours of the two sides (two-colour model: Mishima 1993). A trained matte is better at hair; this one
 * costs nothing.
 *
 * @param depth of the size of the image.
 */
export async function matteFromDepth(
  image: ImageDataLike,
  depth: { readonly width: number; readonly height: number; readonly data: Float32Array },
  options: {
    /** Disparity from which things are the subject, 0..1. Default: Otsu's threshold of the depth. */
    split?: number | undefined;
  } & TaskOptions = {},
): Promise<Matte> {
  const { depthMatte } = await lazy(() => import('./depth-matte.js'));
  return depthMatte(image, depth, options);
}
