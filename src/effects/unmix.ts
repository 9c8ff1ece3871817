import { SRGB_TO_LINEAR } from '../image/colour.js';
import type { ImageDataLike } from '../image/image-data.js';

/** Samples each way, at strides of 1, 2, 4, … cells until both sides are known. */
export const TAPS = 2;
/** Largest stride, in cells. */
export const LARGEST_STRIDE = 64;
/** A sample counts as one side from this share on. */
export const PURE = 0.95;
/** Cells along the long side: pixels of one cell share the colours of their surroundings. */
const CELLS = 1000;

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Pixels along a cell's side. */
export function unmixCell({ width, height }: Size): number {
  return Math.max(1, Math.round(Math.max(width, height) / CELLS));
}

/** How far from a mixed pixel its sides' colours may come from, in pixels. */
export function unmixReach(size: Size): number {
  return (TAPS * LARGEST_STRIDE + 1) * unmixCell(size);
}

/**
 * What a mixed pixel is mixed of: the colours of its two sides, in linear light, such that their mixture by the share
 * of the near one gives the pixel's own colour. First each side's mean over the nearest pure pixels, then what is left
 * of the pixel's colour is given to the sides in proportion to their shares (the last step of Forte 2021, "Approximate
 * fast foreground colour estimation", made exact).
 */
export class Unmixer {
  /** Linear RGB that the last call of {@link at} found. */
  readonly near = new Float64Array(3);
  readonly far = new Float64Array(3);
  readonly #image: ImageDataLike;
  readonly #share: Float32Array;
  readonly #cell: number;
  readonly #columns: number;
  /** By cell, once asked for: mean colour and weight of the near side, then of the far side. */
  readonly #sides = new Map<number, Float32Array>();

  /** @param share of the near side, per pixel, 0..1. */
  constructor(image: ImageDataLike, share: Float32Array) {
    this.#image = image;
    this.#share = share;
    this.#cell = unmixCell(image);
    this.#columns = Math.ceil(image.width / this.#cell);
  }

  at(x: number, y: number): void {
    const { width, data } = this.#image;
    const { near, far } = this;
    const i = y * width + x;
    const share = this.#share[i]!;
    const column = Math.floor(x / this.#cell);
    const row = Math.floor(y / this.#cell);
    const key = row * this.#columns + column;
    let sides = this.#sides.get(key);
    if (!sides) this.#sides.set(key, (sides = this.#learn(column, row)));
    const norm = share * share + (1 - share) * (1 - share);
    for (let c = 0; c < 3; c++) {
      const own = SRGB_TO_LINEAR[data[i * 4 + c]!]!;
      const n = sides[3]! ? sides[c]! : own;
      const f = sides[7]! ? sides[4 + c]! : own;
      const rest = (own - share * n - (1 - share) * f) / norm;
      near[c] = clamp(n + share * rest);
      far[c] = clamp(f + (1 - share) * rest);
    }
  }

  #learn(column: number, row: number): Float32Array {
    const { width, height, data } = this.#image;
    const x = Math.min(width - 1, Math.floor((column + 0.5) * this.#cell));
    const y = Math.min(height - 1, Math.floor((row + 0.5) * this.#cell));
    const sides = new Float32Array(8);
    for (let stride = 1; stride <= LARGEST_STRIDE && (sides[3] === 0 || sides[7] === 0); stride *= 2) {
      const missing = [sides[3] === 0, sides[7] === 0];
      for (let dy = -TAPS; dy <= TAPS; dy++) {
        const sy = y + dy * stride * this.#cell;
        if (sy < 0 || sy >= height) continue;
        for (let dx = -TAPS; dx <= TAPS; dx++) {
          const sx = x + dx * stride * this.#cell;
          if (sx < 0 || sx >= width) continue;
          const q = sy * width + sx;
          const s = this.#share[q]!;
          const side = s >= PURE ? 0 : s <= 1 - PURE ? 1 : -1;
          if (side < 0 || !missing[side]) continue;
          const weight = 1 / (dx * dx + dy * dy + 1);
          for (let c = 0; c < 3; c++) sides[side * 4 + c]! += weight * SRGB_TO_LINEAR[data[q * 4 + c]!]!;
          sides[side * 4 + 3]! += weight;
        }
      }
    }
    for (const o of [0, 4]) if (sides[o + 3]! > 0) for (let c = 0; c < 3; c++) sides[o + c]! /= sides[o + 3]!;
    return sides;
  }
}

function clamp(v: number): number {
  return v < 0 ? 0 : v > 1 ? 1 : v;
}
