import { forRows, part, type TaskOptions } from '../core/task.js';
import type { ImageDataLike } from '../image/image-data.js';
import { resizePlane, resizeToTensor } from '../image/resize.js';

/** A plane of disparities at any size. */
interface Disparities {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** Long side of the grid on which edges are decided; above it the fast guided filter only follows. Tried: 512 loses hair, 1024 doubles the time for nothing that the scores see. */
const WORK_SIDE = 640;
/** Joint bilateral: reach in cells of the network's output, spatial sigma in cells, range sigma in units of RGB 0..1. */
const REACH = 2;
const SIGMA_SPACE = 1.1;
const SIGMA_RANGE = 0.09;
/** Guided filter: window radius in work pixels, regularisation in units of luma² (0..1). */
const GUIDE_RADIUS = 2;
const GUIDE_EPSILON = 1e-4;

/**
 * Lifts the network's disparities to the photo's resolution so that steps follow the photo's edges. Joint bilateral
 * upsampling (Kopf et al. 2007) up to a working size, then the fast guided filter (He & Sun 2015), whose cost per full
 * pixel is one multiplication and one addition.
 *
 * @returns row-major disparities, photo.width × photo.height, in the range of the input.
 */
export async function refine(
  low: Disparities,
  photo: ImageDataLike,
  options: TaskOptions = {},
): Promise<Float32Array<ArrayBuffer>> {
  const scale = Math.min(1, WORK_SIDE / Math.max(photo.width, photo.height));
  const width = Math.max(1, Math.round(photo.width * scale));
  const height = Math.max(1, Math.round(photo.height * scale));
  const guide = resizeToTensor(photo, width, height);
  options.signal?.throwIfAborted();
  const work = { width, height, data: await jointBilateral(low, guide, width, height, part(options, 0, 0.5)) };
  if (scale === 1) return work.data;
  return guidedUpsample(work, guide, photo, part(options, 0.5, 1));
}

async function jointBilateral(
  low: Disparities,
  guide: Float32Array,
  width: number,
  height: number,
  options: TaskOptions,
): Promise<Float32Array<ArrayBuffer>> {
  if (width <= low.width && height <= low.height) return resizePlane(low.data, low, width, height);
  const out = new Float32Array(width * height);
  const cells = shrinkGuide(guide, width, height, low.width, low.height);
  const sx = low.width / width;
  const sy = low.height / height;
  const range = -1 / (2 * SIGMA_RANGE * SIGMA_RANGE);
  const space = -1 / (2 * SIGMA_SPACE * SIGMA_SPACE);
  const taps = 2 * REACH + 1;
  const wx = new Float32Array(width * taps);
  const centre = new Int32Array(width);
  for (let x = 0; x < width; x++) {
    const cx = (x + 0.5) * sx - 0.5;
    centre[x] = Math.round(cx);
    for (let k = 0; k < taps; k++) {
      const qx = centre[x]! + k - REACH;
      wx[x * taps + k] = qx < 0 || qx >= low.width ? 0 : Math.exp(space * (qx - cx) ** 2);
    }
  }
  await forRows(height, 8, options, (y0, y1) => {
    for (let y = y0; y < y1; y++) {
      const cy = (y + 0.5) * sy - 0.5;
      const qy0 = Math.max(0, Math.round(cy) - REACH);
      const qy1 = Math.min(low.height - 1, Math.round(cy) + REACH);
      for (let x = 0; x < width; x++) {
        const g = (y * width + x) * 3;
        const r0 = guide[g]!;
        const g0 = guide[g + 1]!;
        const b0 = guide[g + 2]!;
        let sum = 0;
        let total = 1e-12;
        for (let qy = qy0; qy <= qy1; qy++) {
          const wy = space * (qy - cy) ** 2;
          for (let k = 0; k < taps; k++) {
            const ws = wx[x * taps + k]!;
            if (ws === 0) continue;
            const q = qy * low.width + centre[x]! + k - REACH;
            const dr = cells[q * 3]! - r0;
            const dg = cells[q * 3 + 1]! - g0;
            const db = cells[q * 3 + 2]! - b0;
            const w = ws * Math.exp(range * (dr * dr + dg * dg + db * db) + wy);
            sum += w * low.data[q]!;
            total += w;
          }
        }
        out[y * width + x] = sum / total;
      }
    }
  });
  return out;
}

/** Interleaved RGB averaged onto the cells of the network's output. */
function shrinkGuide(guide: Float32Array, width: number, height: number, w: number, h: number): Float32Array {
  const out = new Float32Array(w * h * 3);
  const plane = new Float32Array(width * height);
  for (let c = 0; c < 3; c++) {
    for (let i = 0; i < plane.length; i++) plane[i] = guide[i * 3 + c]!;
    const small = resizePlane(plane, { width, height }, w, h);
    for (let i = 0; i < small.length; i++) out[i * 3 + c] = small[i]!;
  }
  return out;
}

/** d = a · luma + b with a, b fitted in small windows at working size, interpolated, applied at full size. */
async function guidedUpsample(
  work: Disparities,
  guide: Float32Array,
  photo: ImageDataLike,
  options: TaskOptions,
): Promise<Float32Array<ArrayBuffer>> {
  const { width, height, data } = work;
  const n = width * height;
  const luma = new Float32Array(n);
  for (let i = 0; i < n; i++) luma[i] = 0.299 * guide[i * 3]! + 0.587 * guide[i * 3 + 1]! + 0.114 * guide[i * 3 + 2]!;
  const box = (p: Float32Array) => boxMean(p, width, height, GUIDE_RADIUS);
  const mul = (p: Float32Array, q: Float32Array) => Float32Array.from(p, (v, i) => v * q[i]!);
  const meanI = box(luma);
  const meanP = box(data);
  const corrI = box(mul(luma, luma));
  const corrIP = box(mul(luma, data));
  const a = new Float32Array(n);
  const b = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    const variance = corrI[i]! - meanI[i]! ** 2;
    a[i] = (corrIP[i]! - meanI[i]! * meanP[i]!) / (variance + GUIDE_EPSILON);
    b[i] = meanP[i]! - a[i]! * meanI[i]!;
  }
  const smoothA = box(a);
  const smoothB = box(b);

  const W = photo.width;
  const H = photo.height;
  const pixels = photo.data;
  const out = new Float32Array(W * H);
  const x0 = new Int32Array(W);
  const tx = new Float32Array(W);
  for (let x = 0; x < W; x++) {
    const c = Math.min(width - 1, Math.max(0, ((x + 0.5) * width) / W - 0.5));
    x0[x] = Math.min(width - 2, Math.floor(c));
    tx[x] = c - x0[x]!;
  }
  const rowA = new Float32Array(width);
  const rowB = new Float32Array(width);
  await forRows(H, 32, options, (y0, y1) => {
    for (let y = y0; y < y1; y++) {
      const c = Math.min(height - 1, Math.max(0, ((y + 0.5) * height) / H - 0.5));
      const k = Math.min(height - 2, Math.floor(c));
      const t = c - k;
      for (let i = 0, p = k * width; i < width; i++, p++) {
        rowA[i] = smoothA[p]! + t * (smoothA[p + width]! - smoothA[p]!);
        rowB[i] = smoothB[p]! + t * (smoothB[p + width]! - smoothB[p]!);
      }
      for (let x = 0, o = y * W, p = y * W * 4; x < W; x++, o++, p += 4) {
        const i = x0[x]!;
        const u = tx[x]!;
        const l = (0.299 * pixels[p]! + 0.587 * pixels[p + 1]! + 0.114 * pixels[p + 2]!) / 255;
        const v = (rowA[i]! + u * (rowA[i + 1]! - rowA[i]!)) * l + rowB[i]! + u * (rowB[i + 1]! - rowB[i]!);
        out[o] = v < 0 ? 0 : v > 1 ? 1 : v;
      }
    }
  });
  return out;
}

/** Mean over a (2r + 1)² window clipped at the border, by running sums. */
function boxMean(p: Float32Array, width: number, height: number, r: number): Float32Array {
  const tmp = new Float32Array(p.length);
  const out = new Float32Array(p.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0, o = y * width; x < width; x++) {
      const a = Math.max(0, x - r);
      const b = Math.min(width - 1, x + r);
      let s = 0;
      for (let i = a; i <= b; i++) s += p[o + i]!;
      tmp[o + x] = s / (b - a + 1);
    }
  }
  for (let y = 0; y < height; y++) {
    const a = Math.max(0, y - r);
    const b = Math.min(height - 1, y + r);
    for (let x = 0; x < width; x++) {
      let s = 0;
      for (let i = a; i <= b; i++) s += tmp[i * width + x]!;
      out[y * width + x] = s / (b - a + 1);
    }
  }
  return out;
}
