/** A plane of interleaved values: row-major. */
interface Plane {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** Share of the darkest and brightest cells left out when the range is set, as for a single photo. */
const TAIL = 0.001;
/** Share of the way that the range goes towards that of the last frame: a thing that comes near may take half a minute. */
const RANGE_RATE = 0.02;
/** Difference of colour (encoded, 0..1) that is noise in any camera. */
const NOISE = 0.006;
/** Times the median difference, and three times that: from here on, and from there on wholly, a cell moves. */
const MOVES = 4;
/** Cells around what moves whose disparity follows it. */
const AROUND = 2;
/** Mean difference of colour from which a frame is another scene. */
const CUT = 0.15;
/** Least share of cells that stand still for the scale to be taken from them. */
const STILL = 0.1;
/** Rounds of weighing down what does not fit, and the misfit (in disparity) that halves a cell's say. */
const ROUNDS = 3;
const MISFIT = 0.04;
/** Gains of exposure between two frames that are believed. */
const MOST_GAIN = 1.25;

/**
 * Disparities of a film that do not swim. A network that sees one frame at a time answers each up to a scale and a shift
 * of its own, and camera noise moves both. Here every answer is first brought to the scale of what is known, by the
 * cells that stand still; then known and new are mixed, cell by cell: what stands still keeps what it had, what moves
 * takes the new (recursive filtering with a gain by motion, as in temporal noise reduction: Dubois & Sabri 1984). It
 * looks at no frame but the present one and its own memory.
 */
export class TemporalFilter {
  readonly #keep: number;
  #disparity: Plane | undefined;
  #colour = new Float32Array(0);
  #guide: Plane | undefined;
  #low = 0;
  #high = 1;

  /** @param smoothing share of what is known that a cell keeps while nothing moves there, 0..1. */
  constructor(smoothing: number) {
    this.#keep = smoothing;
  }

  reset(): void {
    this.#disparity = undefined;
    this.#guide = undefined;
  }

  /**
   * @param raw the network's answer, up to scale and shift.
   * @param colour of the same size: mean encoded RGB of each cell.
   * @param guide the frame at the size to which disparities are lifted: encoded RGB 0..1. It is written to: noise goes
   *   where nothing moves.
   * @returns disparities 0..1 of the size of `raw`.
   */
  next(raw: Plane, colour: Float32Array, guide: Plane): Float32Array {
    const before = this.#disparity;
    const same = before?.width === raw.width && before.height === raw.height && this.#guide?.width === guide.width;
    const moves = same ? this.#motion(raw, colour) : undefined;
    if (!before || !moves) {
      this.#start(raw, colour, guide);
      return this.#normalised();
    }
    const { scale, shift } = align(raw.data, before.data, moves);
    const { data } = before;
    for (let i = 0; i < data.length; i++) {
      const gain = 1 - this.#keep * (1 - moves[i]!);
      data[i] = data[i]! + gain * (scale * raw.data[i]! + shift - data[i]!);
      for (let c = i * 3; c < i * 3 + 3; c++)
        this.#colour[c] = this.#colour[c]! + gain * (colour[c]! - this.#colour[c]!);
    }
    this.#steady(guide, moves, raw);
    const [low, high] = range(data);
    this.#low += RANGE_RATE * (low - this.#low);
    this.#high += RANGE_RATE * (high - this.#high);
    return this.#normalised();
  }

  #start(raw: Plane, colour: Float32Array, guide: Plane): void {
    this.#disparity = { width: raw.width, height: raw.height, data: raw.data.slice() };
    this.#colour = colour.slice();
    this.#guide = { width: guide.width, height: guide.height, data: guide.data.slice() };
    [this.#low, this.#high] = range(raw.data);
  }

  #normalised(): Float32Array {
    const span = this.#high - this.#low;
    if (span < 1e-6) return new Float32Array(this.#disparity!.data.length).fill(0.5);
    return this.#disparity!.data.map((v) => Math.min(1, Math.max(0, (v - this.#low) / span)));
  }

  /** Per cell 0 = stands still .. 1 = moves; undefined for another scene. */
  #motion({ width, height }: Plane, colour: Float32Array): Float32Array | undefined {
    const known = this.#colour;
    const gain = [0, 1, 2].map((c) => exposure(colour, known, c));
    const n = width * height;
    const apart = new Float32Array(n);
    let sum = 0;
    for (let i = 0, p = 0; i < n; i++, p += 3) {
      let d = 0;
      for (let c = 0; c < 3; c++) d += Math.abs(gain[c]! * colour[p + c]! - known[p + c]!);
      apart[i] = d / 3;
      sum += apart[i]!;
    }
    if (sum / n > CUT) return undefined;
    const noise = Math.max(NOISE, quantile(apart, 0.5));
    const moves = apart.map((d) => smooth((d / noise - MOVES) / (2 * MOVES)));
    return widest(moves, width, height, AROUND);
  }

  /** Puts the guide's noise to rest where nothing moves: edges of the depth stay where they are. */
  #steady(guide: Plane, moves: Float32Array, cells: Plane): void {
    const known = this.#guide!.data;
    const { width, height, data } = guide;
    // A pixel has more noise than a cell, which is a mean of many.
    const pixels = (width * height) / (cells.width * cells.height);
    const limit = MOVES * NOISE * Math.max(1, Math.sqrt(pixels));
    for (let y = 0, p = 0; y < height; y++) {
      const row = Math.floor((y * cells.height) / height) * cells.width;
      for (let x = 0; x < width; x++, p += 3) {
        const moving = moves[row + Math.floor((x * cells.width) / width)]!;
        const d =
          Math.abs(data[p]! - known[p]!) +
          Math.abs(data[p + 1]! - known[p + 1]!) +
          Math.abs(data[p + 2]! - known[p + 2]!);
        const gain = 1 - this.#keep * (1 - Math.max(moving, smooth(d / 3 / limit - 1)));
        for (let c = p; c < p + 3; c++) data[c] = known[c] = known[c]! + gain * (data[c]! - known[c]!);
      }
    }
  }
}

/**
 * Scale and shift that bring `from` to `to` over what stands still. The ratio of the spreads, not the slope of a
 * regression: noise makes a slope too small, and from frame to frame the scene would become flat.
 */
function align(
  from: Float32Array,
  to: Float32Array,
  moves: Float32Array,
): { readonly scale: number; readonly shift: number } {
  const n = from.length;
  const still = moves.reduce((sum, m) => sum + 1 - m, 0);
  const weight = moves.map((m) => (still < STILL * n ? 1 : 1 - m));
  let scale = 1;
  let shift = 0;
  for (let round = 0; round < ROUNDS; round++) {
    let [total, meanFrom, meanTo] = [0, 0, 0];
    for (let i = 0; i < n; i++) {
      let w = weight[i]!;
      if (round > 0) w /= 1 + ((scale * from[i]! + shift - to[i]!) / MISFIT) ** 2;
      total += w;
      meanFrom += w * from[i]!;
      meanTo += w * to[i]!;
    }
    meanFrom /= total;
    meanTo /= total;
    let [spreadFrom, spreadTo] = [0, 0];
    for (let i = 0; i < n; i++) {
      let w = weight[i]!;
      if (round > 0) w /= 1 + ((scale * from[i]! + shift - to[i]!) / MISFIT) ** 2;
      spreadFrom += w * (from[i]! - meanFrom) ** 2;
      spreadTo += w * (to[i]! - meanTo) ** 2;
    }
    // Nothing to tell a scale by: the shift alone.
    scale = spreadFrom > 1e-9 * total && spreadTo > 1e-9 * total ? Math.sqrt(spreadTo / spreadFrom) : 1;
    shift = meanTo - scale * meanFrom;
  }
  return { scale, shift };
}

/** Gain of a channel by which two frames are equally exposed, by their medians. */
function exposure(now: Float32Array, known: Float32Array, channel: number): number {
  const pick = (plane: Float32Array) =>
    quantile(
      Float32Array.from({ length: plane.length / 3 }, (_, i) => plane[i * 3 + channel]!),
      0.5,
    );
  const gain = pick(known) / Math.max(1e-3, pick(now));
  return gain < MOST_GAIN && gain > 1 / MOST_GAIN ? gain : 1;
}

function range(data: Float32Array): [low: number, high: number] {
  const sorted = data.slice().sort();
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!;
  return [at(TAIL), at(1 - TAIL)];
}

function quantile(data: Float32Array, share: number): number {
  return data.slice().sort()[Math.round(share * (data.length - 1))]!;
}

function smooth(v: number): number {
  return v <= 0 ? 0 : v >= 1 ? 1 : v * v * (3 - 2 * v);
}

/** The largest within `reach` cells each way. */
function widest(plane: Float32Array, width: number, height: number, reach: number): Float32Array {
  const across = plane.map((_, i) => {
    const x = i % width;
    let most = 0;
    for (let k = Math.max(0, x - reach); k <= Math.min(width - 1, x + reach); k++)
      most = Math.max(most, plane[i - x + k]!);
    return most;
  });
  return across.map((_, i) => {
    const x = i % width;
    const y = (i - x) / width;
    let most = 0;
    for (let k = Math.max(0, y - reach); k <= Math.min(height - 1, y + reach); k++)
      most = Math.max(most, across[k * width + x]!);
    return most;
  });
}
