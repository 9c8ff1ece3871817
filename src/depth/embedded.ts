import { lazy } from '../core/lazy.js';
import { invalid, readOptions } from '../core/params.js';
import type { TaskOptions } from '../core/task.js';
import { isArrayOf } from '../image/image-data.js';
import { createDepthMap, type DepthMap } from './depth-map.js';
import type { EmbeddedDepth } from './embedded-kinds.js';

/**
 * Finds the depth map that a photo's file carries: JPEG with GDepth or XDM XMP, Dynamic Depth, or an Apple auxiliary
 * image. A HEIC's auxiliary images are HEVC, which neither browsers nor sharp decode.
 *
 * @returns undefined when there is none.
 * @throws RelievoError `CORRUPT_IMAGE` when the file announces one and it is damaged, `INVALID_DEPTH` when its range
 *   makes no sense; `INVALID_PARAM`; the signal's reason.
 */
export async function findEmbeddedDepth(
  bytes: Uint8Array,
  options: Pick<TaskOptions, 'signal'> = {},
): Promise<EmbeddedDepth | undefined> {
  const { signal } = readOptions('findEmbeddedDepth', options, ['signal']);
  signal?.throwIfAborted();
  if (!isArrayOf(bytes, 'Uint8Array', 'Uint8ClampedArray'))
    throw invalid('findEmbeddedDepth', 'bytes', 'the bytes of a file', bytes);
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return undefined;
  // Most photos carry none: for the others come the readers.
  const { searchFile } = await lazy(() => import('./embedded-kinds.js'));
  return searchFile(bytes, { signal });
}

/**
 * The map as it was decoded, as disparities and upright.
 *
 * @param at the stored value 0..1 of a pixel.
 * @param orientation the photo's, as EXIF has it (TIFF 6.0: what row 0 and column 0 are).
 */
export function uprightDepth(
  { toDisparity }: EmbeddedDepth,
  stored: { readonly width: number; readonly height: number; readonly at: (pixel: number) => number },
  orientation = 1,
): DepthMap {
  const turned = orientation >= 5 && orientation <= 8;
  const width = turned ? stored.height : stored.width;
  const height = turned ? stored.width : stored.height;
  const mirrorX = [2, 3, 7, 8].includes(orientation);
  const mirrorY = [3, 4, 6, 7].includes(orientation);
  const data = new Float32Array(width * height);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const [u, v] = turned ? [y, x] : [x, y];
      const sx = mirrorX ? stored.width - 1 - u : u;
      const sy = mirrorY ? stored.height - 1 - v : v;
      data[i] = Math.min(1, Math.max(0, toDisparity(stored.at(sy * stored.width + sx))));
    }
  }
  return createDepthMap(width, height, data);
}
