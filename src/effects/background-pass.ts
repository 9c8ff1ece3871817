import { lazy } from '../core/lazy.js';
import type { TaskOptions } from '../core/task.js';
import { isOpaque, type ImageDataLike } from '../image/image-data.js';
import type { Frame, GpuPass } from './operator.js';
import { planBehind } from './paint-behind.js';
import type { ReplaceBackgroundOptions } from './replace-background.js';
import { unmixReach } from './unmix.js';

/** For the GPU. */
export interface BackgroundPlan {
  /** Share of the subject, of the photo's size. */
  readonly share: Float32Array;
  /** What is put behind it, of the photo's size or of one pixel; undefined: nothing. */
  readonly behind: ImageDataLike | undefined;
}

/**
 * What another background does to a photo whose pixels may lie on the GPU: those are read only for a matte by colour and
 * for the photo's own background, blurred.
 */
export async function backgroundPass(
  { image, depth, matte, memo }: Frame,
  options: Pick<ReplaceBackgroundOptions, 'background' | 'split'>,
  task: TaskOptions,
): Promise<GpuPass> {
  const plan = await planBehind(image, depth, { ...options, matte }, task, memo);
  const { behind } = plan;
  const { drawBackground } = await lazy(() => import('./composing-gpu.js'));
  const share = plan.matte.data;
  return {
    tiling: () => ({ margin: unmixReach(depth) }),
    opaque: behind !== undefined && isOpaque(behind.data),
    depthAfter: plan.depth,
    draw: (device, tile, from, to) => drawBackground(device, { share, behind }, tile, from, to),
  };
}
