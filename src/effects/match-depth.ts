import { lazy } from '../core/lazy.js';
import type { TaskOptions } from '../core/task.js';
import { checkDepth, type DepthMap } from '../depth/depth-map.js';
import type { ImageDataLike } from '../image/image-data.js';

/**
 * The depth at the size of an image: every operator calls it first. A map of that size is returned as it is. A larger
 * one is read at the pixels' centres (a mean would invent depths between two things). A smaller one is lifted along the
 * image's edges, as the network's own is. The aspect ratio may differ; the map is stretched over the whole image.
 *
 * @throws RelievoError `INVALID_DEPTH`.
 */
export async function matchDepth(
  owner: string,
  given: DepthMap,
  image: ImageDataLike,
  options: TaskOptions = {},
): Promise<DepthMap> {
  const depth = checkDepth(owner, given);
  const { width, height } = image;
  if (depth.width === width && depth.height === height) return depth;
  if (depth.width < width || depth.height < height) {
    const { refine } = await lazy(() => import('../depth/refine.js'));
    return { width, height, data: await refine(depth, image, options) };
  }
  const data = new Float32Array(width * height);
  for (let y = 0, i = 0; y < height; y++) {
    const row = Math.floor(((y + 0.5) * depth.height) / height) * depth.width;
    for (let x = 0; x < width; x++, i++) data[i] = depth.data[row + Math.floor(((x + 0.5) * depth.width) / width)]!;
  }
  return { width, height, data };
}
