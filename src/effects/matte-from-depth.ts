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

/**
 * A matte of everything nearer than a disparity: sharp by depth, and along its contour by where the pixel's colour lies
 * between the colours of the two sides (two-colour model: Mishima 1993). A trained matte is better at hair; this one
 * costs nothing.
 *
 * @param depth of the size of the image.
 */
export async function matteFromDepth(
  image: ImageDataLike,
  depth: { readonly width: number; readonly height: number; readonly data: Float32Array },
  options: { split?: number | undefined } & TaskOptions = {},
): Promise<Matte> {
  const { width, height, data: pixels } = image;
  const split = options.split ?? otsuSplit(depth);
  const near = new Uint8Array(width * height);
  for (let i = 0; i < near.length; i++) near[i] = depth.data[i]! >= split ? 1 : 0;
  const reach = Math.max(1, Math.round(Math.max(width, height) * BAND));
  const band = await contour(near, width, height, reach, part(options, 0, 0.3));
  const out = Float32Array.from(near);
  const stride = Math.max(1, Math.ceil((2 * reach) / TAPS));
  const sides = [new Float64Array(4), new Float64Array(4)] as const;
  await forRows(height, 8, part(options, 0.3, 1), (y0, y1) => {
    for (let y = y0; y < y1; y++)
      for (let x = 0, i = y * width; x < width; x++, i++) if (band[i]) out[i] = shareAt(x, y, i);
  });
  return { width, height, data: smoothed(out, band, width, height) };

  function shareAt(x: number, y: number, i: number): number {
    sides[0].fill(0);
    sides[1].fill(0);
    for (let dy = -TAPS; dy <= TAPS; dy++) {
      const sy = y + dy * stride;
      if (sy < 0 || sy >= height) continue;
      for (let dx = -TAPS; dx <= TAPS; dx++) {
        const sx = x + dx * stride;
        if (sx < 0 || sx >= width) continue;
        const q = sy * width + sx;
        if (band[q]) continue;
        const side = sides[near[q] ? 1 : 0];
        const weight = 1 / (1 + dx * dx + dy * dy);
        for (let c = 0; c < 3; c++) side[c] = side[c]! + weight * SRGB_TO_LINEAR[pixels[q * 4 + c]!]!;
        side[3] = side[3]! + weight;
      }
    }
    const [far, close] = sides;
    if (far[3] === 0 || close[3] === 0) return near[i]!;
    let along = 0;
    let apart = 0;
    for (let c = 0; c < 3; c++) {
      const f = far[c]! / far[3]!;
      const difference = close[c]! / close[3]! - f;
      along += difference * (SRGB_TO_LINEAR[pixels[i * 4 + c]!]! - f);
      apart += difference * difference;
    }
    const byColour = apart > 0 ? Math.min(1, Math.max(0, along / apart)) : near[i]!;
    let off = NOISE * NOISE;
    for (let c = 0; c < 3; c++) {
      const f = far[c]! / far[3]!;
      off += (SRGB_TO_LINEAR[pixels[i * 4 + c]!]! - f - byColour * (close[c]! / close[3]! - f)) ** 2;
    }
    return near[i]! + (byColour - near[i]!) * (apart / (apart + OFF_LINE * off));
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
function smoothed(share: Float32Array, band: Uint8Array, width: number, height: number): Float32Array {
  const out = share.slice();
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1, i = y * width + 1; x < width - 1; x++, i++) {
      if (!band[i]) continue;
      let sum = 0;
      for (let q = i - width; q <= i + width; q += width)
        sum += (q === i ? 2 : 1) * (share[q - 1]! + 2 * share[q]! + share[q + 1]!);
      out[i] = sum / 16;
    }
  }
  return out;
}
