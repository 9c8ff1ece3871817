import { forRows, type TaskOptions } from '../core/task.js';
import { checkDepth, type DepthMap } from '../depth/depth-map.js';
import type { ImageDataLike } from '../image/image-data.js';

/** Difference of colour, in codes of 0..255 over three channels, at which a cell's say falls to a half. */
const COLOUR_STEP = 24;

/**
 * The depth at the size of an image: every operator calls it first. A map of that size is returned as it is. A larger
 * one is read at the pixels' centres. A smaller one is lifted along the image's edges: of the four cells around a
 * pixel, those count most whose colour is the pixel's (joint bilateral upsampling, Kopf et al. 2007), so that a step
 * of depth falls on the step of colour. The aspect ratio may differ; the map is stretched over the whole image.
 *
 * @throws RelievoError `INVALID_DEPTH`.
 */
export async function matchDepth(
  owner: string,
  depth: DepthMap,
  image: ImageDataLike,
  options: TaskOptions = {},
): Promise<DepthMap> {
  checkDepth(owner, depth);
  const { width, height } = image;
  if (depth.width === width && depth.height === height) return depth;
  const data = new Float32Array(width * height);
  if (depth.width >= width && depth.height >= height) {
    await forRows(height, 32, options, (y0, y1) => {
      for (let y = y0; y < y1; y++) {
        const row = Math.floor(((y + 0.5) * depth.height) / height) * depth.width;
        for (let x = 0; x < width; x++)
          data[y * width + x] = depth.data[row + Math.floor(((x + 0.5) * depth.width) / width)]!;
      }
    });
  } else {
    const colours = cellColours(image, depth);
    await forRows(height, 16, options, (y0, y1) => lift(depth, colours, image, data, y0, y1));
  }
  return { width, height, data };
}

/** Mean RGB of the image under each cell of the map, codes 0..255, interleaved. */
function cellColours(image: ImageDataLike, depth: DepthMap): Float32Array {
  const { width, height, data } = image;
  const out = new Float32Array(depth.width * depth.height * 3);
  for (let cy = 0, o = 0; cy < depth.height; cy++) {
    const [y0, y1] = under(cy, depth.height, height);
    for (let cx = 0; cx < depth.width; cx++, o += 3) {
      const [x0, x1] = under(cx, depth.width, width);
      const n = (x1 - x0) * (y1 - y0);
      for (let y = y0; y < y1; y++) {
        for (let x = x0, p = (y * width + x0) * 4; x < x1; x++, p += 4) {
          out[o] = out[o]! + data[p]! / n;
          out[o + 1] = out[o + 1]! + data[p + 1]! / n;
          out[o + 2] = out[o + 2]! + data[p + 2]! / n;
        }
      }
    }
  }
  return out;
}

/** Pixels under a cell, at least one. */
function under(cell: number, cells: number, pixels: number): [number, number] {
  const from = Math.floor((cell * pixels) / cells);
  return [from, Math.max(from + 1, Math.floor(((cell + 1) * pixels) / cells))];
}

function lift(
  depth: DepthMap,
  colours: Float32Array,
  image: ImageDataLike,
  out: Float32Array,
  y0: number,
  y1: number,
): void {
  const { width, height, data } = image;
  const w = depth.width;
  const h = depth.height;
  for (let y = y0; y < y1; y++) {
    const cy = Math.min(h - 1, Math.max(0, ((y + 0.5) * h) / height - 0.5));
    const ya = Math.floor(cy);
    const yb = Math.min(h - 1, ya + 1);
    const fy = cy - ya;
    for (let x = 0, i = y * width; x < width; x++, i++) {
      const cx = Math.min(w - 1, Math.max(0, ((x + 0.5) * w) / width - 0.5));
      const xa = Math.floor(cx);
      const xb = Math.min(w - 1, xa + 1);
      const fx = cx - xa;
      let sum = 0;
      let total = 0;
      for (let k = 0; k < 4; k++) {
        const q = (k & 2 ? yb : ya) * w + (k & 1 ? xb : xa);
        const near = (k & 1 ? fx : 1 - fx) * (k & 2 ? fy : 1 - fy);
        const dr = data[i * 4]! - colours[q * 3]!;
        const dg = data[i * 4 + 1]! - colours[q * 3 + 1]!;
        const db = data[i * 4 + 2]! - colours[q * 3 + 2]!;
        const unlike = (dr * dr + dg * dg + db * db) / (COLOUR_STEP * COLOUR_STEP);
        const weight = (near + 1e-3) / (1 + unlike * unlike);
        sum += weight * depth.data[q]!;
        total += weight;
      }
      out[i] = Math.min(1, sum / total);
    }
  }
}
