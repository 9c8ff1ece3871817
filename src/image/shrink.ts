import { numbers, readOptions, TASK, type NumberTable } from '../core/params.js';
import type { TaskOptions } from '../core/task.js';
import { checkImage, createImage, type ImageDataLike, type OutputImage } from './image-data.js';
import { resizeImage } from './resize.js';

export interface ShrinkOptions {
  /** Most pixels of the result, 1..64,000,000. Default: 1,000,000. */
  maxPixels?: number | undefined;
}

const SHRINK_PARAMS = {
  maxPixels: { default: 1_000_000, min: 1, max: 64_000_000, unit: 'pixels', doc: 'Most pixels of the result.' },
} as const satisfies NumberTable;

/**
 * The image with no more than so many pixels, its sides in the same ratio: for the screen. Area-averaged in linear
 * light; of one that is small enough already, a copy.
 *
 * @throws RelievoError `INVALID_PARAM`, `UNSUPPORTED_IMAGE`, `IMAGE_TOO_LARGE`; or the signal's reason.
 */
export async function shrinkImage(
  image: ImageDataLike,
  options: ShrinkOptions & TaskOptions = {},
): Promise<OutputImage> {
  options = readOptions('shrink', options, ['maxPixels', ...TASK]);
  image = checkImage('shrink', image);
  const { maxPixels } = numbers('shrink', SHRINK_PARAMS, { maxPixels: options.maxPixels });
  const { width, height, data, colorSpace } = image;
  const scale = Math.sqrt(maxPixels / (width * height));
  if (scale >= 1) {
    const copy = createImage(width, height, colorSpace);
    copy.data.set(data);
    return copy;
  }
  const side = (n: number) => Math.max(1, Math.round(n * scale));
  return resizeImage(image, side(width), side(height), options);
}
