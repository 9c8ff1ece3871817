import { breathe, forRows, part, type TaskOptions } from '../core/task.js';
import type { ImageDataLike } from '../image/image-data.js';
import type { Matte } from '../image/matte.js';
import { extremes } from '../image/extremes.js';
import { refineMatte } from '../image/refine-matte.js';
import { resizePlane, resizeToTensor, toPixels } from '../image/resize.js';
import { boxMean, snapToOutline } from './outline.js';

/** A plane of disparities at any size. */
interface Disparities {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** Least long side of the grid on which edges are decided; above it the fast guided filter only follows. */
const WORK_SIDE = 640;
/** Joint bilateral: reach in cells of the network's output, spatial sigma in cells, range sigma in units of RGB 0..1. */
const REACH = 2;
const SIGMA_SPACE = 1.1;
const SIGMA_RANGE = 0.09;
/** Cells whose neighbourhood spans less disparity than this are interpolated: no edge to decide, a fifth of the time. */
const EDGE_SPAN = 0.015;
/** Exponent of the contrast curve that turns the network's ramps, some three cells wide, into steps of one. */
const STEEPNESS = 1.8;
/** Guided filter: window radius in work pixels, regularisation in units of luma² (0..1). */
const GUIDE_RADIUS = 2;
const GUIDE_EPSILON = 1e-4;

/**
 * Lifts a smaller map of disparities to the photo's resolution so that steps follow the photo's edges: ramps are made
 * steps, joint bilateral upsampling (Kopf et al. 2007) takes them to a working size, then the fast guided filter (He &
 * Sun 2015) to the photo's, at one multiplication and one addition per full pixel.
 *
 * @param matte coarse coverage by people: the step at their outline is put where it, made sharp, has it.
 * @param soft disparities 0..1.
 * @returns row-major disparities 0..1, photo.width × photo.height.
 */
export async function refine(
  soft: Disparities,
  photo: ImageDataLike,
  options: TaskOptions = {},
  matte?: Matte,
): Promise<Float32Array<ArrayBuffer>> {
  const around = await extremes(soft.data, soft.width, soft.height, REACH);
  const low = steepen(soft, around, await extremes(soft.data, soft.width, soft.height, 2 * REACH));
  const side = Math.max(WORK_SIDE, low.width, low.height); // a finer map keeps what it has
  const scale = Math.min(1, side / Math.max(photo.width, photo.height));
  const width = Math.max(1, Math.round(photo.width * scale));
  const height = Math.max(1, Math.round(photo.height * scale));
  const guide = resizeToTensor(photo, width, height);
  await breathe(options.signal);
  const work = {
    width,
    height,
    data: await jointBilateral(low, around, guide, width, height, part(options, 0, scale === 1 ? 1 : 0.5)),
  };
  if (matte) {
    const small = scale === 1 ? photo : toPixels(guide, width, height);
    work.data = snapToOutline(work, await refineMatte(matte, small, { signal: options.signal }), low.width);
  }
  // Means of ones, weighted in float32, come out at 1 + 1e-7 here and there.
  for (let i = 0; i < work.data.length; i++) work.data[i] = Math.min(1, Math.max(0, work.data[i]!));
  if (scale === 1) return work.data;
  await breathe(options.signal);
  // A line has no window to fit in.
  if (Math.min(width, height) < 2) return resizePlane(work.data, work, photo.width, photo.height);
  return guidedUpsample(work, guide, photo, part(options, 0.5, 1));
}

/** Least and greatest disparity in the window around each cell. */
type Extremes = readonly [least: Float32Array, greatest: Float32Array];

/**
 * Pushes disparities within a step towards its two sides, t → tᵞ / (tᵞ + (1 - t)ᵞ): a curve without plateaus, so that
 * the order of any two cells of a ramp stays. A step is told from a slope by looking twice as far: a slope spans twice
 * as much there, a step no more.
 */
function steepen(soft: Disparities, [min, max]: Extremes, wide: Extremes): Disparities {
  const data = Float32Array.from(soft.data, (v, i) => {
    const span = max[i]! - min[i]!;
    if (span < EDGE_SPAN) return v;
    const step = Math.min(1, Math.max(0, 1.5 * (2 - (wide[1][i]! - wide[0][i]!) / span)));
    const t = (v - min[i]!) / span;
    const near = t ** STEEPNESS;
    return v + step * (min[i]! + (span * near) / (near + (1 - t) ** STEEPNESS) - v);
  });
  return { width: soft.width, height: soft.height, data };
}

async function jointBilateral(
  low: Disparities,
  around: Extremes,
  guide: Float32Array,
  width: number,
  height: number,
  options: TaskOptions,
): Promise<Float32Array<ArrayBuffer>> {
  const out = resizePlane(low.data, low, width, height);
  if (width <= low.width && height <= low.height) return out;
  const cells = shrinkGuide(guide, width, height, low.width, low.height);
  const xs = axis(width, low.width);
  const ys = axis(height, low.height);
  const { data, width: lowWidth } = low;
  await forRows(height, 8, options, (y0, y1) => {
    for (let y = y0; y < y1; y++) {
      for (let x = 0; x < width; x++) {
        const cx = xs.centre[x]!;
        const cy = ys.centre[y]!;
        const cell = cy * lowWidth + cx;
        if (around[1][cell]! - around[0][cell]! <= EDGE_SPAN) continue;
        const g = (y * width + x) * 3;
        const r0 = guide[g]!;
        const g0 = guide[g + 1]!;
        const b0 = guide[g + 2]!;
        let sum = 0;
        let total = 1e-12;
        for (let j = 0; j < TAPS; j++) {
          const wy = ys.weight[y * TAPS + j]!;
          if (wy === 0) continue;
          let q = (cy + j - REACH) * lowWidth + cx - REACH;
          for (let k = 0; k < TAPS; k++, q++) {
            const wx = xs.weight[x * TAPS + k]!;
            if (wx === 0) continue;
            const dr = cells[q * 3]! - r0;
            const dg = cells[q * 3 + 1]! - g0;
            const db = cells[q * 3 + 2]! - b0;
            const w = wx * wy * RANGE_WEIGHT[((dr * dr + dg * dg + db * db) * RANGE_STEPS) | 0]!;
            sum += w * data[q]!;
            total += w;
          }
        }
        out[y * width + x] = sum / total;
      }
    }
  });
  return out;
}

const TAPS = 2 * REACH + 1;
/** exp(-d² / 2σ²) over squared colour distance d² in 0..3; the floor keeps a pixel unlike all cells from dividing by nothing. */
const RANGE_STEPS = 1024;
const RANGE_WEIGHT = /* @__PURE__ */ Float32Array.from(
  { length: 3 * RANGE_STEPS + 2 },
  (_, i) => Math.exp(-i / RANGE_STEPS / (2 * SIGMA_RANGE * SIGMA_RANGE)) + 1e-6,
);

/** Nearest cell and spatial weights of the cells around it for every sample along one axis; 0 beyond the border. */
function axis(size: number, cells: number): { centre: Int32Array; weight: Float32Array } {
  const centre = new Int32Array(size);
  const weight = new Float32Array(size * TAPS);
  for (let i = 0; i < size; i++) {
    const c = ((i + 0.5) * cells) / size - 0.5;
    centre[i] = Math.min(cells - 1, Math.max(0, Math.round(c)));
    for (let k = 0; k < TAPS; k++) {
      const q = centre[i]! + k - REACH;
      if (q >= 0 && q < cells) weight[i * TAPS + k] = Math.exp(-((q - c) ** 2) / (2 * SIGMA_SPACE * SIGMA_SPACE));
    }
  }
  return { centre, weight };
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
  const a = new Float32Array(n);
  const b = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    a[i] = luma[i]! * luma[i]!;
    b[i] = luma[i]! * data[i]!;
  }
  const meanI = box(luma);
  const meanP = box(data);
  const corrI = box(a);
  const corrIP = box(b);
  for (let i = 0; i < n; i++) {
    const variance = corrI[i]! - meanI[i]! ** 2;
    a[i] = (corrIP[i]! - meanI[i]! * meanP[i]!) / (variance + GUIDE_EPSILON);
    b[i] = meanP[i]! - a[i]! * meanI[i]!;
  }
  const smoothA = box(a);
  const smoothB = box(b);
  await breathe(options.signal);

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
