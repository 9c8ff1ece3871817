import { forRows, type TaskOptions } from '../core/task.js';
import type { Region } from './aperture.js';

/** Side of a block. */
export const RANGE_BLOCK = 64;
const BLOCK = RANGE_BLOCK;

/** Smallest and largest value of a plane by blocks of 64 × 64, to tell soon what a window cannot hold. */
export class Ranges {
  readonly #columns: number;
  readonly #rows: number;
  /** By block, see {@link at}. */
  readonly low: Float32Array;
  readonly high: Float32Array;

  private constructor(columns: number, rows: number) {
    this.#columns = columns;
    this.#rows = rows;
    this.low = new Float32Array(columns * rows).fill(Infinity);
    this.high = new Float32Array(columns * rows).fill(-Infinity);
  }

  /** @param where leaves out the cells where it is 0. */
  static async of(
    plane: { readonly width: number; readonly height: number; readonly data: Float32Array },
    options: TaskOptions,
    where?: Float32Array,
  ): Promise<Ranges> {
    const { width, height, data } = plane;
    const ranges = new Ranges(Math.ceil(width / BLOCK), Math.ceil(height / BLOCK));
    await forRows(height, BLOCK, options, (y0, y1) => {
      for (let y = y0; y < y1; y++) {
        for (let x = 0, b = (y0 / BLOCK) * ranges.#columns; x < width; x += BLOCK, b++) {
          let low = ranges.low[b]!;
          let high = ranges.high[b]!;
          for (let i = y * width + x, end = y * width + Math.min(width, x + BLOCK); i < end; i++) {
            if (where && where[i] === 0) continue;
            const v = data[i]!;
            if (v < low) low = v;
            if (v > high) high = v;
          }
          ranges.low[b] = low;
          ranges.high[b] = high;
        }
      }
    });
    return ranges;
  }

  /** The block that holds a cell. */
  at(x: number, y: number): number {
    return ((y / BLOCK) | 0) * this.#columns + ((x / BLOCK) | 0);
  }

  /** Smallest and largest value that a window may hold; [Infinity, -Infinity] when it holds none. */
  within(window: Region): [low: number, high: number] {
    let low = Infinity;
    let high = -Infinity;
    const block = (v: number, n: number) => Math.min(n - 1, Math.max(0, Math.floor(v / BLOCK)));
    const x1 = block(window.x + window.width - 1, this.#columns);
    const y1 = block(window.y + window.height - 1, this.#rows);
    for (let y = block(window.y, this.#rows); y <= y1; y++) {
      for (let x = block(window.x, this.#columns); x <= x1; x++) {
        low = Math.min(low, this.low[y * this.#columns + x]!);
        high = Math.max(high, this.high[y * this.#columns + x]!);
      }
    }
    return [low, high];
  }
}
