import { forRows, type TaskOptions } from '../core/task.js';
import { encodeRow, SRGB_TO_LINEAR } from '../image/colour.js';
import { createImage, type OutputImage } from '../image/image-data.js';
import type { Frame, PointKernel, Strip } from './operator.js';

/** Pixels decoded at once: their planes stay in the processor's second-level cache. */
const STRIP = 8192;

/**
 * Runs kernels one after the other over each strip of pixels, in one pass over the image. Between two of them light is
 * clipped to 0..1, as it would be had the first one written its picture.
 *
 * @returns a new image; alpha and colour space are kept.
 */
export async function runPoints(
  { image, depth }: Frame,
  kernels: readonly PointKernel[],
  task: TaskOptions = {},
): Promise<OutputImage> {
  const { width, height, data } = image;
  const output = createImage(width, height, image.colorSpace);
  if (kernels.length === 0) {
    output.data.set(data);
    task.onProgress?.(1);
    return output;
  }
  const rows = Math.max(1, Math.floor(STRIP / width));
  const n = rows * width;
  const [r, g, b] = [new Float32Array(n), new Float32Array(n), new Float32Array(n)];
  const index = new Int32Array(n);
  await forRows(height, rows, task, (y0, y1) => {
    const from = y0 * width;
    const count = (y1 - y0) * width;
    for (let i = 0, p = from * 4; i < count; i++, p += 4) {
      r[i] = SRGB_TO_LINEAR[data[p]!]!;
      g[i] = SRGB_TO_LINEAR[data[p + 1]!]!;
      b[i] = SRGB_TO_LINEAR[data[p + 2]!]!;
      index[i] = from + i;
      output.data[p + 3] = data[p + 3]!;
    }
    const strip: Strip = { count, r, g, b, depth: depth.data.subarray(from, from + count), index };
    kernels.forEach((kernel, k) => {
      if (k > 0) clip(strip);
      kernel(strip);
    });
    encodeRow(r, g, b, count, output.data, from * 4);
  });
  return output;
}

function clip({ count, r, g, b }: Strip): void {
  for (const plane of [r, g, b]) {
    for (let i = 0; i < count; i++) {
      const v = plane[i]!;
      plane[i] = v > 1 ? 1 : v > 0 ? v : 0;
    }
  }
}
