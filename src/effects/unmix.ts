import { SRGB_TO_LINEAR } from '../image/colour.js';
import type { ImageDataLike } from '../image/image-data.js';

/** Samples each way, at strides of 1, 2, 4, … until both sides are known. */
const TAPS = 2;
const LARGEST_STRIDE = 64;
/** A sample counts as one side from this share on. */
const PURE = 0.95;

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

  /** @param share of the near side, per pixel, 0..1. */
  constructor(image: ImageDataLike, share: Float32Array) {
    this.#image = image;
    this.#share = share;
  }

  at(x: number, y: number): void {
    const { width, height, data } = this.#image;
    const { near, far } = this;
    const i = y * width + x;
    const share = this.#share[i]!;
    const sums = [0, 0];
    near.fill(0);
    far.fill(0);
    for (let stride = 1; stride <= LARGEST_STRIDE && (sums[0] === 0 || sums[1] === 0); stride *= 2) {
      const missing = [sums[0] === 0, sums[1] === 0];
      for (let dy = -TAPS; dy <= TAPS; dy++) {
        const sy = y + dy * stride;
        if (sy < 0 || sy >= height) continue;
        for (let dx = -TAPS; dx <= TAPS; dx++) {
          const sx = x + dx * stride;
          if (sx < 0 || sx >= width) continue;
          const q = sy * width + sx;
          const s = this.#share[q]!;
          const side = s >= PURE ? 0 : s <= 1 - PURE ? 1 : -1;
          if (side < 0 || !missing[side]) continue;
          const weight = 1 / (dx * dx + dy * dy + 1);
          sums[side]! += weight;
          const sum = side === 0 ? near : far;
          for (let c = 0; c < 3; c++) sum[c] = sum[c]! + weight * SRGB_TO_LINEAR[data[q * 4 + c]!]!;
        }
      }
    }
    const norm = share * share + (1 - share) * (1 - share);
    for (let c = 0; c < 3; c++) {
      const own = SRGB_TO_LINEAR[data[i * 4 + c]!]!;
      const n = sums[0] ? near[c]! / sums[0]! : own;
      const f = sums[1] ? far[c]! / sums[1]! : own;
      const rest = (own - share * n - (1 - share) * f) / norm;
      near[c] = clamp(n + share * rest);
      far[c] = clamp(f + (1 - share) * rest);
    }
  }
}

function clamp(v: number): number {
  return v < 0 ? 0 : v > 1 ? 1 : v;
}
