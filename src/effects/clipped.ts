import { forRows, type TaskOptions } from '../core/task.js';
import { SRGB_TO_LINEAR } from '../image/colour.js';
import type { ImageDataLike } from '../image/image-data.js';

/** Codes from here on are clipped: the light may have been any amount brighter. */
export const CLIPPED = 254;
/** Codes below are too noisy to tell a ratio. */
const DARK = 24;
/** The most light that is recovered, of white. */
const MOST = 4;
/** Parts of the picture by side, on the finest of the grids that are looked at. */
const PARTS = 16;
/** Say of a grid beside the one of half its cells. */
const COARSER = 0.1;
/** Ratios of two channels, in stops: RANGE either way, so many bins a stop. */
const RANGE = 4;
const PER_STOP = 4;
const BINS = 2 * RANGE * PER_STOP + 1;
/** Evidence, in samples of full brightness, that counts as much as the doubt. */
const DOUBT = 2;
/** Samples that are learnt from, about. */
const SAMPLES = 400_000;

/** Stops of light below white, by code. */
const LOG2 = /* @__PURE__ */ SRGB_TO_LINEAR.map(Math.log2);

/** Light of one clipped channel by byte: 0 = white, 255 = {@link MOST}; squared, so that small steps are fine ones. */
export const CLIPPED_LIGHT = /* @__PURE__ */ Float32Array.from(
  { length: 256 },
  (_, i) => 1 + (MOST - 1) * (i / 255) ** 2,
);

/**
 * How bright the pixels were in the one channel that is clipped in them: a byte each, see {@link CLIPPED_LIGHT}. Lamps,
 * lit skin and red cloth clip one channel first; blurred as they are, they come out dim and yellow.
 *
 * What the channel was follows from the other two and from pixels of the same ratio of these near by that are not
 * clipped: a thing keeps its chromaticity from shade to light. (Zhang & Brainard 2004 estimate a clipped channel from
 * the others by the picture's statistics; here by local ones, of pixels alike.)
 *
 * @param share of the light above white that is put back, 0..1.
 * @returns undefined when nothing is to recover.
 */
export async function recoverClipped(
  image: ImageDataLike,
  share: number,
  options: TaskOptions,
): Promise<Uint8Array | undefined> {
  const { width, height, data } = image;
  let any = share === 0 ? data.length : 0;
  while (any < data.length && channelClipped(data, any) < 0) any += 4;
  if (any >= data.length) return undefined;
  const clipped = new Uint8Array(width * height);
  const stride = Math.max(1, Math.floor(Math.sqrt((width * height) / SAMPLES)));
  const learnt = [0, 1, 2].map((c) => new Ratios(c));
  await forRows(Math.ceil(height / stride), 32, { signal: options.signal }, (y0, y1) => {
    for (let y = y0; y < y1; y++) {
      const row = y * stride * width;
      for (let x = 0; x < width; x += stride) {
        const p = (row + x) * 4;
        const [r, g, b] = [data[p]!, data[p + 1]!, data[p + 2]!];
        if (Math.max(r, g, b) >= CLIPPED || Math.min(r, g, b) < DARK || data[p + 3]! < 255) continue;
        for (const ratios of learnt) ratios.learn(x / width, (y * stride) / height, data, p);
      }
    }
  });
  for (const ratios of learnt) ratios.finish();
  await forRows(height, 32, options, (y0, y1) => {
    for (let y = y0; y < y1; y++) {
      for (let x = 0, i = y * width; x < width; x++, i++) {
        const p = i * 4;
        if (data[p]! < CLIPPED && data[p + 1]! < CLIPPED && data[p + 2]! < CLIPPED) continue;
        const c = channelClipped(data, p);
        if (c < 0) continue;
        const value = learnt[c]!.guess(x / width, y / height, data, i * 4);
        clipped[i] = Math.round(255 * Math.sqrt((share * (Math.min(MOST, value) - 1)) / (MOST - 1)));
      }
    }
  });
  return clipped;
}

/** The channel that is clipped while the others can tell something, or -1. */
export function channelClipped(data: ImageDataLike['data'], p: number): number {
  const c = data[p]! >= CLIPPED ? 0 : data[p + 1]! >= CLIPPED ? 1 : data[p + 2]! >= CLIPPED ? 2 : -1;
  if (c < 0) return c;
  const a = data[p + (c === 0 ? 1 : 0)]!;
  const b = data[p + (c === 2 ? 1 : 2)]!;
  return Math.max(a, b) < CLIPPED && Math.min(a, b) >= DARK ? c : -1;
}

/** What one channel is by the ratio of the other two, on grids from PARTS × PARTS cells to one. */
class Ratios {
  readonly #a: number;
  readonly #b: number;
  readonly #c: number;
  /** Per cell and bin: weight, and weighted stops above the mean of the other two. */
  readonly #grids: { side: number; cells: Float64Array }[] = [];

  constructor(channel: number) {
    this.#c = channel;
    this.#a = channel === 0 ? 1 : 0;
    this.#b = channel === 2 ? 1 : 2;
    for (let side = PARTS; side >= 1; side /= 2)
      this.#grids.push({ side, cells: new Float64Array(side * side * BINS * 2) });
  }

  learn(u: number, v: number, data: ImageDataLike['data'], p: number): void {
    const [a, b, c] = [data[p + this.#a]!, data[p + this.#b]!, data[p + this.#c]!];
    const [logA, logB] = [LOG2[a]!, LOG2[b]!];
    const bin = binOf(logA - logB);
    const k = Math.min(BINS - 2, Math.floor(bin));
    const weight = SRGB_TO_LINEAR[Math.max(a, b, c)]! ** 2;
    const stops = LOG2[c]! - (logA + logB) / 2;
    const { side, cells } = this.#grids[0]!;
    const at = ((Math.floor(v * side) * side + Math.floor(u * side)) * BINS + k) * 2;
    const f = bin - k;
    cells[at] = cells[at]! + weight * (1 - f);
    cells[at + 1] = cells[at + 1]! + weight * (1 - f) * stops;
    cells[at + 2] = cells[at + 2]! + weight * f;
    cells[at + 3] = cells[at + 3]! + weight * f * stops;
  }

  /** Sums the finest grid up. */
  finish(): void {
    for (let g = 1; g < this.#grids.length; g++) {
      const fine = this.#grids[g - 1]!;
      const { side, cells } = this.#grids[g]!;
      const n = BINS * 2;
      for (let y = 0; y < fine.side; y++)
        for (let x = 0; x < fine.side; x++)
          for (let k = 0, to = ((y >> 1) * side + (x >> 1)) * n, from = (y * fine.side + x) * n; k < n; k++)
            cells[to + k] = cells[to + k]! + fine.cells[from + k]!;
    }
  }

  /** The light of the clipped channel, 1 at least. */
  guess(u: number, v: number, data: ImageDataLike['data'], p: number): number {
    const [logA, logB] = [LOG2[data[p + this.#a]!]!, LOG2[data[p + this.#b]!]!];
    const bin = binOf(logA - logB);
    const k = Math.min(BINS - 2, Math.floor(bin));
    const f = bin - k;
    let weight = 0;
    let stops = 0;
    let evidence = 0; // however far away
    let say = 1;
    for (const { side, cells } of this.#grids) {
      // Bilinear, so that a surface has no steps where cells meet.
      const x = Math.min(side - 1, Math.max(0, u * side - 0.5));
      const y = Math.min(side - 1, Math.max(0, v * side - 0.5));
      const [xa, ya] = [Math.floor(x), Math.floor(y)];
      for (let j = 0; j < 4; j++) {
        const [dx, dy] = [j & 1, j >> 1];
        const near = (dx ? x - xa : 1 - x + xa) * (dy ? y - ya : 1 - y + ya);
        if (near === 0) continue;
        const at = (((ya + dy) * side + xa + dx) * BINS + k) * 2;
        const found = near * ((1 - f) * cells[at]! + f * cells[at + 2]!);
        evidence += found;
        weight += say * found;
        stops += say * near * ((1 - f) * cells[at + 1]! + f * cells[at + 3]!);
      }
      say *= COARSER;
    }
    if (weight === 0) return 1;
    const guessed = Math.max(1, 2 ** ((logA + logB) / 2 + stops / weight));
    return 1 + (guessed - 1) * (evidence / (evidence + DOUBT));
  }
}

/** @param ratio in stops. */
function binOf(ratio: number): number {
  return Math.min(BINS - 1, Math.max(0, (ratio + RANGE) * PER_STOP));
}
