import { breathe, forRows, part, type TaskOptions } from '../core/task.js';
import { encodeSrgb8, SRGB_TO_LINEAR } from './colour.js';
import { createImage, type ImageDataLike, type OutputImage } from './image-data.js';
import type { Matte } from './matte.js';

/** Pixels of the finest grid that is solved whole; above it the photo is solved in strips. */
const WHOLE = 200_000;
/** Grids up to this many pixels are solved with many steps: they spread colour across the picture. */
const SMALL = 1024;
const STEPS_SMALL = 10;
const STEPS = 2;
/** How strongly a pixel's colours follow its neighbours': always a little, more where the coverage changes. */
const SMOOTH = 5e-3;
const EDGE = 0.1;
/** Rows of a strip. */
const STRIP = 64;

/** Foreground and background colours of a grid, linear light, interleaved [f r g b, b r g b]. */
interface Grid {
  readonly width: number;
  readonly height: number;
  readonly colours: Float32Array;
}

/**
 * The person's own colours: where a pixel mixes person and background, the background's share is taken out, so that a
 * cut-out has no fringe of where it was taken. Each pixel's foreground F and background B solve
 * `colour = a F + (1 - a) B` while following their neighbours, from coarse to fine (Germer, Uelwer, Conrad & Harmeling
 * 2020, "Fast Multi-Level Foreground Estimation"; the code is ours). In linear light, where mixing happens.
 *
 * @param matte of the photo's size.
 * @returns the photo's pixels where the matte is 1, with the matte as alpha (times the photo's own).
 */
export async function estimateForeground(
  photo: ImageDataLike,
  matte: Matte,
  options: TaskOptions = {},
): Promise<OutputImage> {
  const { width, height } = photo;
  const scale = Math.min(1, Math.sqrt(WHOLE / (width * height)));
  const finest = { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
  let grid: Grid | undefined;
  const levels = Math.ceil(Math.log2(Math.max(finest.width, finest.height)));
  for (let level = 0; level <= levels; level++) {
    // Sides grow from 1 to the finest, by the same factor along each.
    const w = Math.max(1, Math.round(finest.width ** (level / Math.max(1, levels))));
    const h = Math.max(1, Math.round(finest.height ** (level / Math.max(1, levels))));
    const sample = new Sampler(photo, matte, w, h);
    const colours = new Float32Array(w * h * 6);
    const alpha = new Float32Array(w * h);
    const mixed = new Float32Array(w * h * 3);
    sample.read(0, h, alpha, mixed);
    start(grid, w, h, 0, h, mixed, alpha, colours);
    const steps = w * h <= SMALL ? STEPS_SMALL : STEPS;
    for (let s = 0; s < steps; s++) relax(colours, alpha, mixed, w, 0, h);
    grid = { width: w, height: h, colours };
    options.onProgress?.((0.4 * (level + 1)) / (levels + 1));
    await breathe(options.signal);
  }

  const out = createImage(width, height, photo.colorSpace);
  const sample = new Sampler(photo, matte, width, height);
  const coarse = grid!;
  const rows = Math.min(height, STRIP + 2 * STEPS);
  const alpha = new Float32Array(rows * width);
  const mixed = new Float32Array(rows * width * 3);
  const colours = new Float32Array(rows * width * 6);
  await forRows(height, STRIP, part(options, 0.4, 1), (from, to) => {
    copySure(photo, matte, out, from, to);
    // What a step reads beyond the strip is solved with it.
    const y0 = Math.max(0, from - STEPS);
    const y1 = Math.min(height, to + STEPS);
    sample.alpha(y0, y1, alpha);
    const near = mixedCells(alpha, width, y1 - y0);
    if (!near) return;
    sample.read(y0, y1, alpha, mixed, near);
    start(coarse, width, height, y0, y1, mixed, alpha, colours, near);
    for (let s = 0; s < STEPS; s++) relax(colours, alpha, mixed, width, 0, y1 - y0, near);
    for (let i = (from - y0) * width, p = from * width * 4; p < to * width * 4; i++, p += 4) {
      const a = alpha[i]!;
      if (a === 0 || a === 1) continue;
      for (let c = 0; c < 3; c++) out.data[p + c] = encodeSrgb8(colours[i * 6 + c]!);
      out.data[p + 3] = Math.round(a * photo.data[p + 3]!);
    }
  });
  return out;
}

function copySure(photo: ImageDataLike, matte: Matte, out: OutputImage, from: number, to: number) {
  const { width, data } = photo;
  for (let i = from * width, p = i * 4; i < to * width; i++, p += 4) {
    if (matte.data[i] !== 1) continue;
    out.data[p] = data[p]!;
    out.data[p + 1] = data[p + 1]!;
    out.data[p + 2] = data[p + 2]!;
    out.data[p + 3] = data[p + 3]!;
  }
}

const READ = 1;
const SOLVED = 2;

/** The pixels that mix both sides, and those whose colours reach them: the rest of a strip is not looked at. */
function mixedCells(alpha: Float32Array, width: number, rows: number): Uint8Array | undefined {
  let out: Uint8Array | undefined;
  // In this order: what is solved is read as well.
  for (const [value, reach] of [
    [READ, STEPS + 1],
    [SOLVED, STEPS],
  ] as const) {
    for (let y = 0, i = 0; y < rows; y++) {
      for (let x = 0; x < width; x++, i++) {
        const a = alpha[i]!;
        if (a === 0 || a === 1) continue;
        out ??= new Uint8Array(width * rows);
        const [x0, x1] = [Math.max(0, x - reach), Math.min(width, x + reach + 1)];
        for (let v = Math.max(0, y - reach); v <= Math.min(rows - 1, y + reach); v++)
          out.fill(value, v * width + x0, v * width + x1);
      }
    }
  }
  return out;
}

/** Nearest samples of photo and matte on a smaller grid: an average would invent colours that mix both sides. */
class Sampler {
  readonly #photo: ImageDataLike;
  readonly #matte: Matte;
  readonly #xs: Int32Array;
  readonly #ys: Int32Array;

  constructor(photo: ImageDataLike, matte: Matte, width: number, height: number) {
    this.#photo = photo;
    this.#matte = matte;
    const middles = (n: number, of: number) =>
      Int32Array.from({ length: n }, (_, i) => Math.floor(((i + 0.5) * of) / n));
    this.#xs = middles(width, photo.width);
    this.#ys = middles(height, photo.height);
  }

  alpha(y0: number, y1: number, alpha: Float32Array): void {
    for (let y = y0, i = 0; y < y1; y++) {
      const row = this.#ys[y]! * this.#photo.width;
      for (let x = 0; x < this.#xs.length; x++, i++) alpha[i] = this.#matte.data[row + this.#xs[x]!]!;
    }
  }

  /** @param near only what is set is read. */
  read(y0: number, y1: number, alpha: Float32Array, mixed: Float32Array, near?: Uint8Array): void {
    this.alpha(y0, y1, alpha);
    const { data, width } = this.#photo;
    for (let y = y0, i = 0; y < y1; y++) {
      const row = this.#ys[y]! * width;
      for (let x = 0; x < this.#xs.length; x++) {
        const p = (row + this.#xs[x]!) * 4;
        if (near?.[i / 3] === 0) i += 3;
        else for (let c = 0; c < 3; c++, i++) mixed[i] = SRGB_TO_LINEAR[data[p + c]!]!;
      }
    }
  }
}

/** Rows y0..y1 of a grid of width × height begin with the coarser grid's colours; what is sure, with its own. */
function start(
  coarse: Grid | undefined,
  width: number,
  height: number,
  y0: number,
  y1: number,
  mixed: Float32Array,
  alpha: Float32Array,
  colours: Float32Array,
  near?: Uint8Array,
): void {
  for (let y = y0, i = 0; y < y1; y++) {
    const row = coarse ? Math.floor(((y + 0.5) * coarse.height) / height) * coarse.width : 0;
    for (let x = 0; x < width; x++, i++) {
      if (near?.[i] === 0) continue;
      const from = coarse ? (row + Math.floor(((x + 0.5) * coarse.width) / width)) * 6 : 0;
      for (let c = 0; c < 3; c++) {
        const own = mixed[i * 3 + c]!;
        colours[i * 6 + c] = alpha[i] === 1 || !coarse ? own : coarse.colours[from + c]!;
        colours[i * 6 + 3 + c] = alpha[i] === 0 || !coarse ? own : coarse.colours[from + 3 + c]!;
      }
    }
  }
}

/** One sweep: every pixel's F and B from its mixed colour and its four neighbours', in place. */
function relax(
  colours: Float32Array,
  alpha: Float32Array,
  mixed: Float32Array,
  width: number,
  y0: number,
  y1: number,
  near?: Uint8Array,
): void {
  const around = new Int32Array(4);
  for (let y = y0; y < y1; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      if (near && near[i] !== SOLVED) continue;
      const a = alpha[i]!;
      around[0] = x > 0 ? i - 1 : i;
      around[1] = x + 1 < width ? i + 1 : i;
      around[2] = y > y0 ? i - width : i;
      around[3] = y + 1 < y1 ? i + width : i;
      const b = 1 - a;
      // The 2 × 2 system of F and B: [a² + w, ab; ab, b² + w].
      let w = 0;
      let [fr, fg, fb, br, bg, bb] = [0, 0, 0, 0, 0, 0];
      for (let k = 0; k < 4; k++) {
        const j = around[k]!;
        const step = a - alpha[j]!;
        const d = SMOOTH + EDGE * (step < 0 ? -step : step);
        const q = j * 6;
        w += d;
        fr += d * colours[q]!;
        fg += d * colours[q + 1]!;
        fb += d * colours[q + 2]!;
        br += d * colours[q + 3]!;
        bg += d * colours[q + 4]!;
        bb += d * colours[q + 5]!;
      }
      const aa = a * a + w;
      const cc = b * b + w;
      const ab = a * b;
      const f = 1 / (aa * cc - ab * ab);
      const o = i * 6;
      const [r, g, l] = [mixed[i * 3]!, mixed[i * 3 + 1]!, mixed[i * 3 + 2]!];
      fr += a * r;
      fg += a * g;
      fb += a * l;
      br += b * r;
      bg += b * g;
      bb += b * l;
      colours[o] = unit((cc * fr - ab * br) * f);
      colours[o + 1] = unit((cc * fg - ab * bg) * f);
      colours[o + 2] = unit((cc * fb - ab * bb) * f);
      colours[o + 3] = unit((aa * br - ab * fr) * f);
      colours[o + 4] = unit((aa * bg - ab * fg) * f);
      colours[o + 5] = unit((aa * bb - ab * fb) * f);
    }
  }
}

function unit(v: number): number {
  return v < 0 ? 0 : v > 1 ? 1 : v;
}
