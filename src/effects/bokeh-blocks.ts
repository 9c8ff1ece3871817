import type { DepthMap } from '../depth/depth-map.js';
import type { Rect } from '../gpu/index.js';
import { TAPS } from './edges.js';

/** Side of a block in pixels. */
const BLOCK = 16;

/** One byte per block: 1 = in the set. */
export type Blocks = Uint8Array;

/**
 * A photo in blocks, with the disparities that each may hold: tells without looking at the pixels where a pass has
 * anything to do. Sets of blocks are never too small.
 */
export class BlockMap {
  readonly columns: number;
  readonly rows: number;
  /** Smallest and largest disparity in a block, and in what edge pixels there take from around it. */
  readonly low: Float32Array;
  readonly high: Float32Array;
  /** Largest difference of disparity across a pixel, as edges.ts looks for it. */
  readonly step: Float32Array;
  readonly #width: number;
  readonly #height: number;

  /** @param reach pixels by which an edge may miss its step of depth, see edges.ts. */
  constructor({ width, height, data }: DepthMap, reach: number) {
    this.#width = width;
    this.#height = height;
    this.columns = Math.ceil(width / BLOCK);
    this.rows = Math.ceil(height / BLOCK);
    const low = new Float32Array(this.columns * this.rows).fill(1);
    const high = new Float32Array(this.columns * this.rows);
    this.step = new Float32Array(low.length);
    for (let y = 0, i = 0; y < height; y++) {
      const row = Math.floor(y / BLOCK) * this.columns;
      const up = Math.max(0, y - reach) * width;
      const down = Math.min(height - 1, y + reach) * width;
      for (let x = 0; x < width; x++, i++) {
        const b = row + ((x / BLOCK) | 0);
        const d = data[i]!;
        if (d < low[b]!) low[b] = d;
        if (d > high[b]!) high[b] = d;
        const left = i - Math.min(x, reach);
        const right = i + Math.min(width - 1 - x, reach);
        const step = Math.max(Math.abs(data[left]! - data[right]!), Math.abs(data[up + x]! - data[down + x]!));
        if (step > this.step[b]!) this.step[b] = step;
      }
    }
    const around = (TAPS + 1) * reach;
    this.low = this.#extreme(low, around, Math.min);
    this.high = this.#extreme(high, around, Math.max);
  }

  where(test: (block: number) => boolean): Blocks {
    return Uint8Array.from(this.low, (_, i) => (test(i) ? 1 : 0));
  }

  /** Blocks of which nothing is within so many pixels of the frame. */
  inside(pixels: number): Blocks {
    return this.where((b) => {
      const x = (b % this.columns) * BLOCK;
      const y = Math.floor(b / this.columns) * BLOCK;
      return x >= pixels && y >= pixels && x + BLOCK + pixels <= this.#width && y + BLOCK + pixels <= this.#height;
    });
  }

  /** Every block that is within so many pixels of one in the set. */
  around(set: Blocks, pixels: number): Blocks {
    if (pixels <= 0 || !any(set)) return set;
    const r = Math.ceil(pixels / BLOCK);
    const { columns, rows } = this;
    const across = new Uint8Array(set.length);
    const out = new Uint8Array(set.length);
    spreadLine(set, across, rows, columns, columns, 1, r);
    spreadLine(across, out, columns, rows, 1, columns, r);
    return out;
  }

  /** The set as rectangles of cells of 2^level pixels that do not overlap, shifted by `pad` cells. */
  rects(set: Blocks, level: number, pad = 0): Rect[] {
    const size = 2 ** level;
    const right = Math.ceil(this.#width / size) + pad;
    const bottom = Math.ceil(this.#height / size) + pad;
    if (!any(set)) return [];
    // Blocks smaller than a cell would overlap; there are few such cells.
    if (size > BLOCK) return [[pad, pad, right, bottom]];
    const side = BLOCK / size;
    const out: Rect[] = [];
    /** Runs of the row above, by their ends, to be prolonged. */
    let open = new Map<string, number>();
    for (let y = 0; y < this.rows; y++) {
      const next = new Map<string, number>();
      const y1 = Math.min(bottom, (y + 1) * side + pad);
      for (let x = 0, i = y * this.columns; x < this.columns; x++) {
        if (!set[i + x]) continue;
        const first = x;
        while (x < this.columns && set[i + x]) x++;
        const key = `${first},${x}`;
        const above = open.get(key);
        if (above === undefined) {
          next.set(key, out.length);
          out.push([first * side + pad, y * side + pad, Math.min(right, x * side + pad), y1]);
        } else {
          next.set(key, above);
          const [x0, y0, x1] = out[above]!;
          out[above] = [x0, y0, x1, y1];
        }
      }
      open = next;
    }
    return out;
  }

  #extreme(from: Float32Array, pixels: number, pick: (a: number, b: number) => number): Float32Array {
    const r = Math.ceil(pixels / BLOCK);
    const { columns, rows } = this;
    return from.map((_, b) => {
      const x = b % columns;
      const y = Math.floor(b / columns);
      let v = from[b]!;
      for (let j = Math.max(0, y - r); j <= Math.min(rows - 1, y + r); j++)
        for (let i = Math.max(0, x - r); i <= Math.min(columns - 1, x + r); i++) v = pick(v, from[j * columns + i]!);
      return v;
    });
  }
}

export const any = (set: Blocks) => set.includes(1);
export const union = (a: Blocks, b: Blocks): Blocks => a.map((v, i) => v | b[i]!);
export const without = (a: Blocks, b: Blocks): Blocks => a.map((v, i) => v & ~b[i]!);
export const intersection = (a: Blocks, b: Blocks): Blocks => a.map((v, i) => v & b[i]!);

/** Spreads the set along lines by r blocks both ways. */
function spreadLine(
  from: Blocks,
  to: Blocks,
  lines: number,
  length: number,
  line: number,
  stride: number,
  r: number,
): void {
  for (let l = 0; l < lines; l++) {
    const start = l * line;
    let last = -Infinity;
    for (let i = 0; i < length; i++) {
      if (from[start + i * stride]) last = i;
      if (i - last <= r) to[start + i * stride] = 1;
    }
    last = Infinity;
    for (let i = length - 1; i >= 0; i--) {
      if (from[start + i * stride]) last = i;
      if (last - i <= r) to[start + i * stride] = 1;
    }
  }
}
