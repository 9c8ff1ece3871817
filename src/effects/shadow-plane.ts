import { breathe, forRows, type TaskOptions } from '../core/task.js';

/** A grey plane over a part of the photo, on a grid as coarse as its softness allows. */
export interface ShadowPlane {
  readonly x0: number;
  readonly y0: number;
  readonly width: number;
  readonly height: number;
  /** Pixels per cell. */
  readonly cell: number;
  readonly data: Float32Array;
}

/** Height of a ground shadow over that of the sticker. */
export const GROUND_SQUASH = 0.12;

/**
 * Samples an outline on a grid and blurs it.
 *
 * @param box the outline's bounds in pixels of the photo.
 * @param radius of the blur, in pixels.
 * @param coverage of the outline at a point of the photo, 0..1.
 */
export async function shadowPlane(
  box: { readonly x0: number; readonly y0: number; readonly x1: number; readonly y1: number },
  radius: number,
  coverage: (x: number, y: number) => number,
  options: TaskOptions,
): Promise<ShadowPlane> {
  const cell = Math.max(1, radius / 4);
  const margin = radius * 1.5 + 2 * cell;
  const x0 = box.x0 - margin;
  const y0 = box.y0 - margin;
  const width = Math.ceil((box.x1 - box.x0 + 2 * margin) / cell);
  const height = Math.ceil((box.y1 - box.y0 + 2 * margin) / cell);
  let data = new Float32Array(width * height);
  await forRows(height, 8, options, (from, to) => {
    for (let y = from, i = from * width; y < to; y++)
      for (let x = 0; x < width; x++, i++) data[i] = coverage(x0 + (x + 0.5) * cell, y0 + (y + 0.5) * cell);
  });
  // Three boxes are close to a Gaussian (Wells 1986).
  const half = Math.max(0, Math.round(radius / cell / 2));
  for (let k = 0; half > 0 && k < 3; k++) {
    data = boxBlur(data, width, height, half);
    await breathe(options.signal);
  }
  return { x0, y0, width, height, cell, data };
}

/** Bilinear; 0 outside. */
export function shadowAt({ x0, y0, width, height, cell, data }: ShadowPlane, x: number, y: number): number {
  const u = (x - x0) / cell - 0.5;
  const v = (y - y0) / cell - 0.5;
  if (u < 0 || v < 0 || u >= width - 1 || v >= height - 1) return 0;
  const i = Math.floor(v) * width + Math.floor(u);
  const fx = u - Math.floor(u);
  const fy = v - Math.floor(v);
  const upper = data[i]! * (1 - fx) + data[i + 1]! * fx;
  const lower = data[i + width]! * (1 - fx) + data[i + width + 1]! * fx;
  return upper * (1 - fy) + lower * fy;
}

function boxBlur(plane: Float32Array, width: number, height: number, half: number): Float32Array<ArrayBuffer> {
  const pass = (from: Float32Array, n: number, lines: number, step: number, jump: number) => {
    const out = new Float32Array(from.length);
    for (let l = 0; l < lines; l++) {
      let sum = 0;
      const at = (k: number) => (k < 0 || k >= n ? 0 : from[l * jump + k * step]!);
      for (let k = -half; k < half; k++) sum += at(k);
      for (let k = 0; k < n; k++) {
        sum += at(k + half);
        out[l * jump + k * step] = sum / (2 * half + 1);
        sum -= at(k - half);
      }
    }
    return out;
  };
  return pass(pass(plane, width, height, 1, width), height, width, width, 1);
}
