import { forRows, part, type TaskOptions } from '../core/task.js';

/** Lines taken together: of columns as many as a line of the processor's cache holds, and none waits for its own last. */
const STRIPE = 16;

/** Greatest value in a square window of `radius` around each pixel; the border's values go on beyond it. */
export function greatest(
  plane: Float32Array,
  width: number,
  height: number,
  radius: number,
  options: TaskOptions = {},
): Promise<Float32Array> {
  return extreme(plane, width, height, radius, 1, options);
}

/** Least value, as {@link greatest}. */
export function least(
  plane: Float32Array,
  width: number,
  height: number,
  radius: number,
  options: TaskOptions = {},
): Promise<Float32Array> {
  return extreme(plane, width, height, radius, -1, options);
}

/** Both. */
export async function extremes(
  plane: Float32Array,
  width: number,
  height: number,
  radius: number,
  options: TaskOptions = {},
): Promise<[least: Float32Array, greatest: Float32Array]> {
  return [
    await least(plane, width, height, radius, part(options, 0, 0.5)),
    await greatest(plane, width, height, radius, part(options, 0.5, 1)),
  ];
}

/** Rows, then columns, three comparisons each whatever the window (van Herk 1992); the least is that of minus values. */
async function extreme(
  plane: Float32Array,
  width: number,
  height: number,
  radius: number,
  sign: 1 | -1,
  options: TaskOptions,
): Promise<Float32Array> {
  const out = new Float32Array(plane.length);
  await along(plane, out, width, height, 1, width, radius, sign, 1, part(options, 0, 0.5));
  // A stripe is read as a whole before it is written: in place.
  await along(out, out, height, width, width, 1, radius, 1, sign, part(options, 0.5, 1));
  return out;
}

/** Place j of line k is at j · step + k · apart. */
async function along(
  from: Float32Array,
  to: Float32Array,
  length: number,
  count: number,
  step: number,
  apart: number,
  radius: number,
  signIn: number,
  signOut: number,
  options: TaskOptions,
): Promise<void> {
  const lines = new Lines(length, radius, STRIPE);
  await forRows(count, STRIPE, options, (k0, k1) => {
    lines.read(from, k0 * apart, step, apart, k1 - k0, signIn);
    greatestOf(lines);
    lines.write(to, k0 * apart, step, apart, k1 - k0, signOut);
  });
}

/** Lines side by side, prolonged at both ends so that windows and blocks of their size are whole. */
class Lines {
  readonly size: number;
  /** Place j of line c is at j · count + c. */
  readonly values: Float32Array;
  readonly backwards: Float32Array;

  constructor(
    readonly length: number,
    readonly radius: number,
    readonly count: number,
  ) {
    this.size = 2 * radius + 1;
    const places = Math.ceil((length + 2 * radius) / this.size) * this.size;
    this.values = new Float32Array(places * count);
    this.backwards = new Float32Array(places * count);
  }

  /** Reads `n` lines. */
  read(from: Float32Array, start: number, step: number, apart: number, n: number, sign: number): void {
    const { values, radius, length, count } = this;
    for (let j = 0, p = radius * count, q = start; j < length; j++, q += step, p += count) {
      for (let c = 0; c < n; c++) values[p + c] = sign * from[q + c * apart]!;
    }
    const first = radius * count;
    const end = first + length * count;
    for (let p = 0; p < first; p++) values[p] = values[first + (p % count)]!;
    for (let p = end; p < values.length; p++) values[p] = values[end - count + (p % count)]!;
  }

  write(to: Float32Array, start: number, step: number, apart: number, n: number, sign: number): void {
    const { values, backwards, length, count } = this;
    const ahead = (this.size - 1) * count;
    for (let j = 0, p = 0, q = start; j < length; j++, q += step, p += count) {
      for (let c = 0; c < n; c++) {
        const a = backwards[p + c]!;
        const b = values[p + c + ahead]!;
        to[q + c * apart] = sign * (a > b ? a : b);
      }
    }
  }
}

/** Makes the values the greatest since their block began, and `backwards` the greatest until it ends. */
function greatestOf({ values, backwards, size, count }: Lines): void {
  const block = size * count;
  for (let from = 0; from < values.length; from += block) {
    const to = from + block;
    for (let p = to - count; p < to; p++) backwards[p] = values[p]!;
    for (let p = to - count - 1; p >= from; p--) {
      const v = values[p]!;
      const after = backwards[p + count]!;
      backwards[p] = v > after ? v : after;
    }
    for (let p = from + count; p < to; p++) {
      const v = values[p]!;
      const before = values[p - count]!;
      if (before > v) values[p] = before;
    }
  }
}
