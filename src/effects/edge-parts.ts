import { SRGB_TO_LINEAR } from '../image/colour.js';
import type { ImageDataLike } from '../image/image-data.js';
import type { DepthMap } from '../depth/depth-map.js';

/** Least difference in disparity between two things for their border to count. */
export const STEP = 0.1;
/** Long side of an image per pixel of a block; a step of depth may lie two blocks from the edge that one sees. */
const SIDE_PER_PIXEL = 400;
/** Blocks each way from which the colours of both sides are learnt. */
export const TAPS = 4;
/** Weight of a block that lies about a step itself. */
export const MIXED = 0.02;
/** Share of the step on either side of its middle where a block belongs to neither. */
export const BETWEEN = 0.2;
/** Pixels of a block, each way, that stand for it. */
export const SAMPLES = 4;
/** Per block: weight, red, green, blue, disparity, sum of the squares of the three. */
const SUMS = 6;
/** Variance of a side's colour in linear light that is there even where it is even: noise, compression. */
export const NOISE = 0.02 ** 2;
/** Variance of the share as depth tells it: at a step it is nearly a guess. */
export const DEPTH_VARIANCE = 0.12;
/** Share too small to divide by. */
export const SLIVER = 1e-3;
/** Say of colour below which a pixel is left as it is. */
export const LEAST_TRUST = 0.2;

/**
 * What a pixel about a step of depth is mixed of. Near and far are looked at apart and put together again by `share`;
 * treating the mixture as one thing draws a line along the subject: half-dark skin, or a rim of the old background.
 */
export interface MixedPixel {
  /** Of the near part, 0..1. */
  share: number;
  nearDepth: number;
  farDepth: number;
  /** Linear light. */
  readonly near: Float64Array;
  readonly far: Float64Array;
}

/** Places in a block, from its middle, where the two sides' sums are worked out; between them by parabolas. */
const NODES = [-0.5, 0, 0.5];
const AROUND = 2 * TAPS + 1;
/** Weight of a block by its place in those around, for each of the 3 × 3 nodes, row by row. */
const WEIGHTS = /* @__PURE__ */ NODES.flatMap((v) => NODES.map((u) => tapWeights(u, v)));
/** Sums of the near and of the far side. */
const SIDES = 2 * SUMS;

function tapWeights(u: number, v: number): Float32Array {
  return Float32Array.from({ length: AROUND * AROUND }, (_, k) => {
    const [dx, dy] = [(k % AROUND) - TAPS - u, Math.floor(k / AROUND) - TAPS - v];
    return 1 / (1 + dx * dx + dy * dy);
  });
}

/**
 * Takes the pixels about steps of depth apart by where their colour lies between those of the two sides (two-colour
 * model: Mishima 1993). The share by colour and the share by depth count by how sure each is; what the two colours do
 * not explain goes to the parts by their shares (as in Forte 2021).
 */
export class EdgeParts {
  readonly parts: MixedPixel = {
    share: 0,
    nearDepth: 0,
    farDepth: 0,
    near: new Float64Array(3),
    far: new Float64Array(3),
  };
  readonly #image: ImageDataLike;
  readonly #depth: Float32Array;
  readonly #block: number;
  readonly #columns: number;
  readonly #rows: number;
  /** Per block the farthest and the nearest disparity in it and two blocks around; a step where they differ enough. */
  readonly #low: Float32Array;
  readonly #high: Float32Array;
  /** Means of the blocks that were asked for; weight NaN: not yet. */
  readonly #blocks: Float32Array;
  /** Per block of a row of blocks the sums at its nodes, and the row of blocks that they are of. */
  readonly #nodes: Float32Array;
  readonly #nodesOf: Int32Array;
  /** Sums along a line of pixels through one block: 1, t and t² of each; and which block and line that is. */
  readonly #line = new Float64Array(SIDES * 3);
  #lineOf = -1;
  readonly #near = new Float64Array(SUMS);
  readonly #far = new Float64Array(SUMS);

  constructor(image: ImageDataLike, depth: DepthMap) {
    this.#image = image;
    this.#depth = depth.data;
    const { block, columns, rows, low, high } = blockSteps(depth);
    this.#block = block;
    this.#columns = columns;
    this.#rows = rows;
    this.#low = low;
    this.#high = high;
    this.#blocks = new Float32Array(low.length * SUMS).fill(NaN);
    this.#nodes = new Float32Array(this.#columns * WEIGHTS.length * SIDES);
    this.#nodesOf = new Int32Array(this.#columns).fill(-1);
  }

  /** Writes the x of row y's mixed pixels from x0 to x1 - 1 to `out`. @returns how many. */
  row(y: number, x0: number, x1: number, out: Int32Array): number {
    const block = this.#block;
    const first = Math.floor(x0 / block);
    let n = 0;
    for (let x = first * block, b = Math.floor(y / block) * this.#columns + first; x < x1; x += block, b++) {
      if (this.#high[b]! - this.#low[b]! < STEP) continue;
      for (let i = Math.max(x, x0); i < Math.min(x1, x + block); i++) out[n++] = i;
    }
    return n;
  }

  /** Finds the parts of a pixel that {@link row} named. @returns false where it is all one thing. */
  at(x: number, y: number): boolean {
    const block = this.#block;
    const bx = Math.floor(x / block);
    const by = Math.floor(y / block);
    const b = by * this.#columns + bx;
    const middle = (this.#low[b]! + this.#high[b]!) / 2;
    const between = BETWEEN * (this.#high[b]! - this.#low[b]!);
    const line = this.#line;
    if (this.#lineOf !== y * this.#columns + bx) this.#lineThrough(bx, by, y, middle, between);
    const near = this.#near;
    const far = this.#far;
    const t = (x + 0.5) / block - 0.5 - bx;
    for (let k = 0, p = 0; k < SUMS; k++, p += 3) {
      near[k] = line[p]! + t * (line[p + 1]! + t * line[p + 2]!);
      far[k] = line[p + SUMS * 3]! + t * (line[p + SUMS * 3 + 1]! + t * line[p + SUMS * 3 + 2]!);
    }
    if (near[0]! < 1e-6 || far[0]! < 1e-6) return false;
    return this.#solve(y * this.#image.width + x, middle, between);
  }

  /** The sums along row y in a block, from its nodes. */
  #lineThrough(bx: number, by: number, y: number, middle: number, between: number): void {
    if (this.#nodesOf[bx] !== by) this.#sumUp(bx, by, middle, between);
    this.#lineOf = y * this.#columns + bx;
    const s = (y + 0.5) / this.#block - 0.5 - by;
    const [above, here, below] = [2 * s * s - s, 1 - 4 * s * s, 2 * s * s + s];
    const nodes = this.#nodes;
    const first = bx * WEIGHTS.length * SIDES;
    for (let k = 0; k < SIDES; k++) {
      const p = first + k;
      const left = above * nodes[p]! + here * nodes[p + 3 * SIDES]! + below * nodes[p + 6 * SIDES]!;
      const centre = above * nodes[p + SIDES]! + here * nodes[p + 4 * SIDES]! + below * nodes[p + 7 * SIDES]!;
      const right = above * nodes[p + 2 * SIDES]! + here * nodes[p + 5 * SIDES]! + below * nodes[p + 8 * SIDES]!;
      this.#line[k * 3] = centre;
      this.#line[k * 3 + 1] = right - left;
      this.#line[k * 3 + 2] = 2 * (left + right - 2 * centre);
    }
  }

  /** The sums over the blocks around of the near and of the far side, as a pixel at each node sees them. */
  #sumUp(bx: number, by: number, middle: number, between: number): void {
    const nodes = this.#nodes;
    const blocks = this.#blocks;
    const first = bx * WEIGHTS.length * SIDES;
    nodes.fill(0, first, first + WEIGHTS.length * SIDES);
    this.#nodesOf[bx] = by;
    for (let j = Math.max(0, by - TAPS); j <= Math.min(this.#rows - 1, by + TAPS); j++) {
      for (let i = Math.max(0, bx - TAPS); i <= Math.min(this.#columns - 1, bx + TAPS); i++) {
        const p = (j * this.#columns + i) * SUMS;
        if (Number.isNaN(blocks[p]!)) this.#average(i, j);
        const d = blocks[p + 4]!;
        const side = d > middle + between ? 0 : d < middle - between ? SUMS : -1;
        if (side < 0) continue;
        const tap = (j - by + TAPS) * AROUND + i - bx + TAPS;
        for (let n = 0, q = first + side; n < WEIGHTS.length; n++, q += SIDES) {
          const w = blocks[p]! * WEIGHTS[n]![tap]!;
          nodes[q] = nodes[q]! + w;
          for (let k = 1; k < SUMS; k++) nodes[q + k] = nodes[q + k]! + w * blocks[p + k]!;
        }
      }
    }
  }

  #average(i: number, j: number): void {
    const { width, height, data } = this.#image;
    const block = this.#block;
    const first = (j * this.#columns + i) * SUMS;
    // Not through the view: what Firefox 153 compiles of `subarray(…).fill(0)` fills something else.
    this.#blocks.fill(0, first, first + SUMS);
    const sums = this.#blocks.subarray(first, first + SUMS);
    const step = Math.max(1, Math.floor(block / SAMPLES));
    let depth = 0;
    let n = 0;
    for (let y = j * block; y < Math.min(height, (j + 1) * block); y += step) {
      for (let x = i * block; x < Math.min(width, (i + 1) * block); x += step, n++) {
        const q = y * width + x;
        const a = data[q * 4 + 3]! / 255;
        depth += this.#depth[q]!;
        sums[0] = sums[0]! + a;
        for (let c = 0; c < 3; c++) {
          const v = SRGB_TO_LINEAR[data[q * 4 + c]!]!;
          sums[1 + c] = sums[1 + c]! + a * v;
          sums[5] = sums[5]! + a * v * v;
        }
      }
    }
    const w = Math.max(sums[0]!, 1e-9);
    for (const k of [1, 2, 3, 5]) sums[k] = sums[k]! / w;
    sums[4] = depth / n;
    const b = j * this.#columns + i;
    sums[0] = (sums[0]! / n) * (this.#high[b]! - this.#low[b]! >= STEP ? MIXED : 1);
  }

  #solve(i: number, middle: number, between: number): boolean {
    const { data } = this.#image;
    const { parts } = this;
    const near = mean(this.#near);
    const far = mean(this.#far);
    const p = i * 4;
    const d = this.#depth[i]!;
    let along = 0;
    let apart = 1e-9;
    for (let c = 0; c < 3; c++) {
      const difference = near[1 + c]! - far[1 + c]!;
      along += difference * (SRGB_TO_LINEAR[data[p + c]!]! - far[1 + c]!);
      apart += difference * difference;
    }
    const byColour = clamp(along / apart);
    const byDepth = clamp((d - middle) / (2 * between) + 0.5);
    let off = 0;
    for (let c = 0; c < 3; c++) {
      const expected = far[1 + c]! + byColour * (near[1 + c]! - far[1 + c]!);
      off += (SRGB_TO_LINEAR[data[p + c]!]! - expected) ** 2;
    }
    const colourVariance = (NOISE + (near[5]! + far[5]!) / 2 + off) / apart;
    const trust = DEPTH_VARIANCE / (DEPTH_VARIANCE + colourVariance);
    // Where the sides look alike nothing can be told, and nothing shows.
    if (trust < LEAST_TRUST) return false;
    const share = byDepth + trust * (byColour - byDepth);
    parts.share = share;
    // The pixel's own disparity, where it has one of the two sides: no seam to where no step is near.
    parts.nearDepth = d > middle + between ? d : near[4]!;
    parts.farDepth = d < middle - between ? d : far[4]!;
    const norm = share * share + (1 - share) * (1 - share);
    for (let c = 0; c < 3; c++) {
      const own = SRGB_TO_LINEAR[data[p + c]!]!;
      const rest = (own - share * near[1 + c]! - (1 - share) * far[1 + c]!) / norm;
      // Held to 0..1 one after the other, so that the mixture of the two is the pixel's own colour to the last bit of it.
      let n = clamp(near[1 + c]! + share * rest);
      const f = share < 1 - SLIVER ? clamp((own - share * n) / (1 - share)) : clamp(far[1 + c]!);
      if (share > SLIVER) n = clamp((own - (1 - share) * f) / share);
      parts.near[c] = n;
      parts.far[c] = f;
    }
    return true;
  }
}

/** Turns sums into means, and the squares into the variance over the channels. */
function mean(side: Float64Array): Float64Array {
  const w = side[0]!;
  for (let k = 1; k < SUMS; k++) side[k] = side[k]! / w;
  side[5] = Math.max(0, side[5]! - side[1]! ** 2 - side[2]! ** 2 - side[3]! ** 2);
  return side;
}

/** An image in blocks, with the disparities about each. */
export interface BlockSteps {
  /** Side of a block in pixels. */
  readonly block: number;
  readonly columns: number;
  readonly rows: number;
  /** Per block the farthest and the nearest disparity in it and two blocks around; a step where they differ enough. */
  readonly low: Float32Array;
  readonly high: Float32Array;
}

/** Pixels around a pixel of an image of that size that its parts depend on. */
export function partsReach(size: { readonly width: number; readonly height: number }): number {
  return (TAPS + 3) * blockOf(size);
}

function blockOf({ width, height }: { readonly width: number; readonly height: number }): number {
  return Math.max(2, Math.round(Math.max(width, height) / SIDE_PER_PIXEL));
}

export function blockSteps(depth: DepthMap): BlockSteps {
  const { width, height } = depth;
  const block = blockOf(depth);
  const columns = Math.ceil(width / block);
  const rows = Math.ceil(height / block);
  const { low, high } = blockRanges(depth, block, columns, rows);
  // The lowest is minus the highest of what is negated.
  negate(low);
  const lowest = spread(spread(low, columns), columns);
  negate(lowest);
  return { block, columns, rows, low: lowest, high: spread(spread(high, columns), columns) };
}

function blockRanges(
  { width, height, data }: DepthMap,
  block: number,
  columns: number,
  rows: number,
): { low: Float32Array; high: Float32Array } {
  const low = new Float32Array(columns * rows).fill(1);
  const high = new Float32Array(columns * rows);
  for (let y = 0; y < height; y++) {
    const row = Math.floor(y / block) * columns;
    for (let x0 = 0, b = row, i = y * width; x0 < width; x0 += block, b++) {
      let least = low[b]!;
      let most = high[b]!;
      for (const end = Math.min(i + block, (y + 1) * width); i < end; i++) {
        const d = data[i]!;
        if (d < least) least = d;
        if (d > most) most = d;
      }
      low[b] = least;
      high[b] = most;
    }
  }
  return { low, high };
}

/** The highest over the 3 × 3 blocks around each. */
export function spread(plane: Float32Array, columns: number): Float32Array {
  const across = plane.slice();
  const most = plane.length - 1;
  for (let b = 0, x = 0; b <= most; b++, x = x === columns - 1 ? 0 : x + 1) {
    if (x > 0 && plane[b - 1]! > across[b]!) across[b] = plane[b - 1]!;
    if (x < columns - 1 && plane[b + 1]! > across[b]!) across[b] = plane[b + 1]!;
  }
  const out = across.slice();
  for (let b = 0; b <= most; b++) {
    if (b >= columns && across[b - columns]! > out[b]!) out[b] = across[b - columns]!;
    if (b + columns <= most && across[b + columns]! > out[b]!) out[b] = across[b + columns]!;
  }
  return out;
}

function negate(plane: Float32Array): void {
  for (let i = 0; i < plane.length; i++) plane[i] = -plane[i]!;
}

function clamp(v: number): number {
  return v < 0 ? 0 : v > 1 ? 1 : v;
}
