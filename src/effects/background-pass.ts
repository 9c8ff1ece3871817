import type { TaskOptions } from '../core/task.js';
import type { DepthMap } from '../depth/depth-map.js';
import { isOpaque, type ImageDataLike } from '../image/image-data.js';
import type { Frame } from './operator.js';
import { planBehind } from './paint-behind.js';
import type { ReplaceBackgroundOptions } from './replace-background.js';
import { unmixReach } from './unmix.js';

export interface BackgroundPass {
  readonly op: 'background';
  /** Share of the subject, of the photo's size. */
  readonly share: Float32Array;
  /** What is put behind it, of the photo's size or of one pixel; undefined: nothing. */
  readonly behind: ImageDataLike | undefined;
  /** After it. */
  readonly depth: DepthMap;
  /** The result lets nothing through. */
  readonly opaque: boolean;
  /** Pixels around a part of the photo that its colours depend on. */
  readonly margin: number;
}

/**
 * What another background does to a photo whose pixels may lie on the GPU: those are read only for a matte by colour and
 * for the photo's own background, blurred.
 */
export async function backgroundPass(
  { image, depth, matte, memo }: Frame,
  options: Pick<ReplaceBackgroundOptions, 'background' | 'split'>,
  task: TaskOptions,
): Promise<BackgroundPass> {
  const plan = await planBehind(image, depth, { ...options, matte }, task, memo);
  const { behind } = plan;
  return {
    op: 'background',
    share: plan.matte.data,
    behind,
    depth: plan.depth,
    opaque: behind !== undefined && isOpaque(behind.data),
    margin: unmixReach(depth),
  };
}
