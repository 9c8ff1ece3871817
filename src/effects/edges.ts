import { forRows, type TaskOptions } from '../core/task.js';
import { DEPTH_STEPS, readLight, type LayerImage } from './layers.js';

/**
 * Pixels across which an edge of depth runs: part near, part far. Sorted; those of row y are entries
 * starts[y] .. starts[y + 1].
 */
export interface EdgePixels {
  readonly starts: Int32Array;
  readonly x: Int32Array;
  /** Per entry: share of the near part, its layer, the far part's layer, near colour, far colour (premultiplied). */
  readonly parts: Float32Array;
}

/** Layers that two things differ by at least for an edge. */
export const STEP = 1.5;
/** Samples each way around an edge pixel, from which the colours of the two sides are learnt. */
export const TAPS = 3;
/** Say of a sample that is itself on an edge: it counts where there is no other. */
export const MIXED = 0.002;
/** Difference of the two sides' colours, in linear light, from which their mixture can be told. */
export const NOISE = 0.015;
/** How much a colour off the line between the two sides' colours counts against it being their mixture. */
export const OFF_LINE = 16;
/** Whether depth steps around a pixel. */
const EVEN = 1;
const STEPS = 2;
/** Long side of an image, in pixels, per pixel of the width of an edge (lens, demosaicing, the depth map's own error). */
const SIDE_PER_PIXEL = 900;

/**
 * Splits edge pixels into what is near and what is far by their colour between the colours of the two sides, as matting
 * does (two-colour model: Mishima 1993). Without it a mixed pixel is blurred as a whole, which draws a seam of the
 * subject's colour into the background and leaves the subject's rim jagged.
 *
 * @param disparityStep difference in disparity below which nothing is an edge.
 */
export async function splitEdges(image: LayerImage, disparityStep: number, options: TaskOptions): Promise<EdgePixels> {
  const { width, height, channels } = image;
  const stride = 3 + 2 * channels;
  const starts = new Int32Array(height + 1);
  let x = new Int32Array(1024);
  let parts = new Float32Array(x.length * stride);
  let count = 0;
  const split = new Splitter(image);
  const d = image.depth;
  const s = split.reach;
  await forRows(height, 16, options, (y0, y1) => {
    for (let y = y0; y < y1; y++) {
      starts[y] = count;
      const up = Math.max(0, y - s) * width;
      const down = Math.min(height - 1, y + s) * width;
      for (let i = 0, p = y * width; i < width; i++, p++) {
        const left = i < s ? p - i : p - s;
        const right = i + s >= width ? p + width - 1 - i : p + s;
        const step = Math.max(Math.abs(d[left]! - d[right]!), Math.abs(d[up + i]! - d[down + i]!));
        if (step < disparityStep || !split.at(i, y)) continue;
        if (count === x.length) {
          x = grown(x, new Int32Array(count * 2));
          parts = grown(parts, new Float32Array(count * 2 * stride));
        }
        x[count] = i;
        parts.set(split.parts, count * stride);
        count++;
      }
    }
  });
  starts[height] = count;
  return { starts, x, parts };
}

function grown<T extends Int32Array | Float32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** Pixels by which an edge may miss its step of depth. A pixel is split by what lies within four times as far. */
export function edgeReach(longSide: number): number {
  return Math.max(1, Math.round(longSide / SIDE_PER_PIXEL));
}

class Splitter {
  /** {@link edgeReach} */
  readonly reach: number;
  /** What the last call of {@link at} found. */
  readonly parts: Float32Array;
  readonly #image: LayerImage;
  /** Sum of weights, of layers, and of the colour, for the near and the far side. */
  readonly #near = new Float64Array(6);
  readonly #far = new Float64Array(6);
  readonly #colour = new Float32Array(4);
  readonly #range = new Float64Array(2);
  /** By pixel: 0 = not looked at yet, else as {@link #stepsAt} says. A pixel is a sample of up to 49 others. */
  readonly #steps: Uint8Array;

  constructor(image: LayerImage) {
    this.#image = image;
    this.#steps = new Uint8Array(image.width * image.height);
    this.reach = edgeReach(image.longSide);
    this.parts = new Float32Array(3 + 2 * image.channels);
  }

  /** True when the pixel is a mixture that its depth alone does not tell. */
  at(x: number, y: number): boolean {
    const { width, height, channels: C, depth, layers } = this.#image;
    const near = this.#near.fill(0);
    const far = this.#far.fill(0);
    if (!this.#stepsAt(x, y)) return false;
    const front = this.#range[0]!;
    const back = this.#range[1]!;
    const middle = (front + back) / 2;
    for (let j = -TAPS; j <= TAPS; j++) {
      const sy = y + j * this.reach;
      if (sy < 0 || sy >= height) continue;
      for (let i = -TAPS; i <= TAPS; i++) {
        const sx = x + i * this.reach;
        if (sx < 0 || sx >= width) continue;
        const q = sy * width + sx;
        const t = layers[(depth[q]! * DEPTH_STEPS + 0.5) | 0]!;
        const isNear = t < middle;
        if (Math.abs(t - (isNear ? front : back)) > middle - front) continue;
        const steps = (this.#steps[q] ||= this.#stepsAt(sx, sy) ? STEPS : EVEN);
        const weight = (steps === STEPS ? MIXED : 1) / (1 + i * i + j * j);
        readLight(this.#image, q, this.#colour);
        const side = isNear ? near : far;
        side[0] = side[0]! + weight;
        side[1] = side[1]! + weight * t;
        for (let c = 0; c < C; c++) side[2 + c] = side[2 + c]! + weight * this.#colour[c]!;
      }
    }
    return near[0]! >= MIXED && far[0]! >= MIXED && this.#solve(y * width + x, middle);
  }

  #solve(p: number, middle: number): boolean {
    const { channels: C, depth, layers } = this.#image;
    const near = this.#near;
    const far = this.#far;
    readLight(this.#image, p, this.#colour);
    let along = 0;
    let apart = 0;
    for (let c = 0; c < C; c++) {
      near[2 + c] = near[2 + c]! / near[0]!;
      far[2 + c] = far[2 + c]! / far[0]!;
      const difference = near[2 + c]! - far[2 + c]!;
      along += difference * (this.#colour[c]! - far[2 + c]!);
      apart += difference * difference;
    }
    const t = layers[(depth[p]! * DEPTH_STEPS + 0.5) | 0]!;
    const byDepth = t < middle ? 1 : 0;
    const byColour = apart > 0 ? Math.min(1, Math.max(0, along / apart)) : byDepth;
    let off = NOISE * NOISE;
    for (let c = 0; c < C; c++) off += (this.#colour[c]! - far[2 + c]! - byColour * (near[2 + c]! - far[2 + c]!)) ** 2;
    const share = byDepth + (byColour - byDepth) * (apart / (apart + OFF_LINE * off));
    if (Math.abs(share - byDepth) < 0.02) return false;
    const out = this.parts;
    out[0] = share;
    out[1] = byDepth ? t : near[1]! / near[0]!;
    out[2] = byDepth ? far[1]! / far[0]! : t;
    // Mixed again, the parts give the pixel's colour: the larger part takes up what differs from the sides' means.
    const nearIsMore = share > 0.5;
    const less = nearIsMore ? far : near;
    const lessShare = nearIsMore ? 1 - share : share;
    const [lessAt, moreAt] = nearIsMore ? [3 + C, 3] : [3, 3 + C];
    for (let c = 0; c < C; c++) {
      const part = Math.min(less[2 + c]!, this.#colour[c]! / lessShare);
      out[lessAt + c] = part;
      out[moreAt + c] = (this.#colour[c]! - lessShare * part) / (1 - lessShare);
    }
    return true;
  }

  /** Whether depth steps around a pixel; leaves the nearest and the farthest layer there in #range. */
  #stepsAt(x: number, y: number): boolean {
    const { width, height, depth, layers } = this.#image;
    const s = this.reach;
    let high = 0;
    let low = 1;
    for (let j = -1; j <= 1; j++) {
      const row = Math.min(height - 1, Math.max(0, y + j * s)) * width;
      for (let i = -1; i <= 1; i++) {
        const d = depth[row + Math.min(width - 1, Math.max(0, x + i * s))]!;
        if (d > high) high = d;
        if (d < low) low = d;
      }
    }
    this.#range[0] = layers[(high * DEPTH_STEPS + 0.5) | 0]!;
    this.#range[1] = layers[(low * DEPTH_STEPS + 0.5) | 0]!;
    return this.#range[1] - this.#range[0] >= STEP;
  }
}
