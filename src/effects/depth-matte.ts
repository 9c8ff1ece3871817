import { forRows, part, type TaskOptions } from '../core/task.js';
import { SRGB_TO_LINEAR } from '../image/colour.js';
import type { ImageDataLike } from '../image/image-data.js';
import type { Matte } from '../image/matte.js';
import { otsuSplit } from './split.js';

/** Half the width of the band about the split's contour in which colour decides, as a share of the long side. */
const BAND = 1 / 160;
/** Samples each way in which the colours of the two sides are looked for. */
const TAPS = 4;
/** Difference of the two sides' colours, in linear light, from which their mixture can be told. */
const NOISE = 0.02;
/** How much a colour off the line between the two sides' counts against it being their mixture. */
const OFF_LINE = 8;

/** What `matteFromDepth` does: loaded with its first use. */
export async function depthMatte(
  image: ImageDataLike,
  depth: { readonly width: number; readonly height: number; readonly data: Float32Array },
  options: { split?: number | undefined } & TaskOptions = {},
): Promise<Matte> {
  const { width, height, data: pixels } = image;
  const split = options.split ?? otsuSplit(depth);
  const near = new Uint8Array(width * height);
  await forRows(height, 32, { signal: options.signal }, (y0, y1) => {
    for (let i = y0 * width; i < y1 * width; i++) near[i] = depth.data[i]! >= split ? 1 : 0;
  });
  const reach = Math.max(1, Math.round(Math.max(width, height) * BAND));
  const band = await contour(near, width, height, reach, part(options, 0, 0.3));
  const out = Float32Array.from(near);
  const cell = Math.max(1, reach >> 1);
  const columns = Math.ceil(width / cell);
  const sides = new Map<number, Float32Array>();
  await forRows(height, 4, part(options, 0.3, 1), (y0, y1) => {
    for (let y = y0; y < y1; y++) {
      for (let x = 0, i = y * width; x < width; x++, i++) {
        if (!band[i]) continue;
        const key = Math.floor(y / cell) * columns + Math.floor(x / cell);
        let both = sides.get(key);
        if (!both) sides.set(key, (both = learn(Math.floor(x / cell), Math.floor(y / cell))));
        out[i] = shareAt(both, i);
      }
    }
  });
  return { width, height, data: await smoothed(out, band, width, height, options.signal) };

  /** Mean colour and weight of the far side, then of the near side, around a cell, from pixels outside the band. */
  function learn(column: number, row: number): Float32Array {
    const both = new Float32Array(8);
    const stride = Math.max(1, Math.ceil((2 * reach) / TAPS));
    const x = Math.min(width - 1, Math.floor((column + 0.5) * cell));
    const y = Math.min(height - 1, Math.floor((row + 0.5) * cell));
    for (let dy = -TAPS; dy <= TAPS; dy++) {
      const sy = y + dy * stride;
      if (sy < 0 || sy >= height) continue;
      for (let dx = -TAPS; dx <= TAPS; dx++) {
        const sx = x + dx * stride;
        if (sx < 0 || sx >= width) continue;
        const q = sy * width + sx;
        if (band[q]) continue;
        const o = near[q] ? 4 : 0;
        const weight = 1 / (1 + dx * dx + dy * dy);
        for (let c = 0; c < 3; c++) both[o + c]! += weight * SRGB_TO_LINEAR[pixels[q * 4 + c]!]!;
        both[o + 3]! += weight;
      }
    }
    for (const o of [0, 4]) if (both[o + 3]! > 0) for (let c = 0; c < 3; c++) both[o + c]! /= both[o + 3]!;
    return both;
  }

  function shareAt(both: Float32Array, i: number): number {
    const byDepth = near[i]!;
    if (both[3] === 0 || both[7] === 0) return byDepth;
    let along = 0;
    let apart = 0;
    for (let c = 0; c < 3; c++) {
      const difference = both[4 + c]! - both[c]!;
      along += difference * (SRGB_TO_LINEAR[pixels[i * 4 + c]!]! - both[c]!);
      apart += difference * difference;
    }
    const byColour = apart > 0 ? Math.min(1, Math.max(0, along / apart)) : byDepth;
    let off = NOISE * NOISE;
    for (let c = 0; c < 3; c++)
      off += (SRGB_TO_LINEAR[pixels[i * 4 + c]!]! - both[c]! - byColour * (both[4 + c]! - both[c]!)) ** 2;
    return byDepth + (byColour - byDepth) * (apart / (apart + OFF_LINE * off));
  }
}

/** 1 within `reach` pixels (a square) of a change of `near`. */
async function contour(
  near: Uint8Array,
  width: number,
  height: number,
  reach: number,
  options: TaskOptions,
): Promise<Uint8Array> {
  const rows = new Uint8Array(near.length);
  const mark = (line: Uint8Array, at: (k: number) => number, n: number) => {
    for (let k = 1; k < n; k++) {
      if (near[at(k)] === near[at(k - 1)]) continue;
      for (let j = Math.max(0, k - reach); j < Math.min(n, k + reach); j++) line[at(j)] = 1;
    }
  };
  await forRows(height, 16, options, (y0, y1) => {
    for (let y = y0; y < y1; y++) mark(rows, (k) => y * width + k, width);
  });
  await forRows(width, 16, options, (x0, x1) => {
    for (let x = x0; x < x1; x++) mark(rows, (k) => k * width + x, height);
  });
  return rows;
}

/** Binomial mean of 3 × 3 within the band: each pixel was judged alone, by a noisy colour. */
async function smoothed(
  share: Float32Array,
  band: Uint8Array,
  width: number,
  height: number,
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  const out = share.slice();
  await forRows(height, 16, { signal }, (y0, y1) => {
    for (let y = Math.max(1, y0); y < Math.min(height - 1, y1); y++) {
      for (let x = 1, i = y * width + 1; x < width - 1; x++, i++) {
        if (!band[i]) continue;
        let sum = 0;
        for (let q = i - width; q <= i + width; q += width)
          sum += (q === i ? 2 : 1) * (share[q - 1]! + 2 * share[q]! + share[q + 1]!);
        out[i] = sum / 16;
      }
    }
  });
  return out;
}
