/** One run of a shape's rows: it adds source columns x - right .. x - left to each of the rows y + dy. */
export interface Run {
  /** Horizontal extent in cells, from the centre; left < right. */
  readonly left: number;
  readonly right: number;
  /** Rows, from the centre, that have this extent. */
  readonly rows: readonly number[];
}

/** A blur shape rasterised on a grid, as horizontal runs with fractional ends. */
export interface Kernel {
  readonly runs: readonly Run[];
  /** Sum of the weights before normalisation, in cells. */
  readonly area: number;
  /** Rows or columns it reaches from its centre. */
  readonly reach: number;
}

/** Outline of an aperture of radius 1: the horizontal extent at height y, or undefined where it is empty. */
export type Outline = (y: number) => readonly [left: number, right: number] | undefined;

/**
 * Outline of a disc or of n blades, of the area of the unit disc, so that the shape does not change the strength.
 *
 * @param blades 0 for a disc, else the number of straight blades.
 * @param rotation turns the blades counter-clockwise, in degrees.
 * @param roundness 0 = straight blades, 1 = a disc.
 * @param squeeze height over width.
 */
export function outline(blades: number, rotation: number, roundness: number, squeeze: number): Outline {
  const sx = 1 / Math.sqrt(squeeze);
  const sy = Math.sqrt(squeeze);
  if (blades === 0) {
    return (y) => {
      const h = 1 - (y / sy) ** 2;
      return h > 0 ? [-sx * Math.sqrt(h), sx * Math.sqrt(h)] : undefined;
    };
  }
  const corners = roundedPolygon(blades, (rotation * Math.PI) / 180, roundness).map(([x, y]) => [x * sx, y * sy]);
  return (y) => {
    let left = Infinity;
    let right = -Infinity;
    for (let i = 0; i < corners.length; i++) {
      const [x0, y0] = corners[i]! as [number, number];
      const [x1, y1] = corners[(i + 1) % corners.length]! as [number, number];
      if (y0 <= y === y1 <= y) continue;
      const x = x0 + ((y - y0) / (y1 - y0)) * (x1 - x0);
      left = Math.min(left, x);
      right = Math.max(right, x);
    }
    return left < right ? [left, right] : undefined;
  };
}

/** Corners of a regular polygon whose sides bulge towards its circle, scaled to the area of the unit disc. */
function roundedPolygon(blades: number, rotation: number, roundness: number): [number, number][] {
  const perSide = roundness > 0 ? 16 : 1;
  const half = Math.PI / blades;
  const points: [number, number][] = [];
  for (let i = 0; i < blades * perSide; i++) {
    const angle = (i / perSide) * 2 * half;
    const fromMiddle = (angle % (2 * half)) - half;
    const straight = Math.cos(half) / Math.cos(fromMiddle);
    const radius = straight + (1 - straight) * roundness;
    points.push([radius * Math.sin(angle + rotation), -radius * Math.cos(angle + rotation)]);
  }
  let area = 0;
  points.forEach(([x0, y0], i) => {
    const [x1, y1] = points[(i + 1) % points.length]!;
    area += (x0 * y1 - x1 * y0) / 2;
  });
  const scale = Math.sqrt(Math.PI / Math.abs(area));
  return points.map(([x, y]) => [x * scale, y * scale]);
}

const SUBROWS = 16;

/**
 * Rasterises an outline. Row by row the extent is averaged over 16 lines, so that the edge is anti-aliased.
 *
 * @param radius in cells, above 0.
 * @param flip true for what lies behind the focus: the lens shows it upside down.
 */
export function rasterise(shape: Outline, radius: number, flip: boolean): Kernel {
  const byExtent = new Map<string, { left: number; right: number; rows: number[] }>();
  const sign = flip ? -1 : 1;
  let area = 0;
  let reach = 0;
  for (let row = 0, empty = false; !empty; row++) {
    empty = true;
    for (const dy of row === 0 ? [0] : [-row, row]) {
      let length = 0;
      let moment = 0;
      for (let k = 0; k < SUBROWS; k++) {
        const extent = shape((sign * (dy - 0.5 + (k + 0.5) / SUBROWS)) / radius);
        if (!extent) continue;
        const width = radius * (extent[1] - extent[0]);
        length += width / SUBROWS;
        moment += (width * sign * radius * (extent[0] + extent[1])) / (2 * SUBROWS);
      }
      if (length < 1e-3) continue;
      empty = false;
      const centre = Math.round((moment / length) * 1e6) / 1e6 + 0;
      const left = centre - length / 2;
      const right = centre + length / 2;
      const key = `${left.toFixed(6)},${right.toFixed(6)}`;
      const run = byExtent.get(key);
      if (run) run.rows.push(dy);
      else byExtent.set(key, { left, right, rows: [dy] });
      area += length;
      reach = Math.max(reach, row, Math.ceil(Math.max(-left, right) - 0.5));
    }
  }
  return { runs: [...byExtent.values()], area, reach };
}

/** A window of cells on an endless grid. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Adds `source`, spread by `kernel` and normalised to a sum of 1, to `target`. Each source row is summed once; a run
 * is then the difference of two entries, whatever its length (Crow 1984, in one dimension).
 *
 * @param source interleaved channels over `from`; the zeros at both ends of a row cost nothing.
 * @param target interleaved channels over `to`, which lies inside `from` by at least the reach of the kernel.
 */
export function spread(
  source: Float32Array,
  from: Region,
  target: Float32Array,
  to: Region,
  channels: number,
  kernel: Kernel,
  sums: Float64Array,
): void {
  const C = channels;
  const pad = 2 * kernel.reach + 2;
  const scale = 1 / kernel.area;
  const shift = to.x - from.x;
  for (let y = 0; y < from.height; y++) {
    const row = y * from.width * C;
    let first = row;
    let last = row + from.width * C - 1;
    while (first <= last && source[first] === 0) first++;
    if (first > last) continue;
    while (source[last] === 0) last--;
    const x0 = Math.floor((first - row) / C);
    const x1 = Math.floor((last - row) / C) + 1;

    // sums[(pad + x - x0) * C + c] = source summed over the columns x0 .. x - 1
    const width = x1 - x0;
    sums.fill(0, 0, (pad + 1) * C);
    const base = row + x0 * C;
    let s = (pad + 1) * C;
    for (let i = 0; i < width * C; i++, s++) sums[s] = sums[s - C]! + source[base + i]!;
    for (const end = (width + 2 * pad + 1) * C; s < end; s++) sums[s] = sums[s - C]!;

    const out0 = Math.max(0, x0 - kernel.reach - shift);
    const out1 = Math.min(to.width, x1 + kernel.reach - shift);
    const count = (out1 - out0) * C;
    if (count <= 0) continue;
    for (const { left, right, rows } of kernel.runs) {
      // The cell at column x spreads to x + 0.5 + left .. x + 0.5 + right; turned round, an output at x collects from
      // x + 0.5 - right to x + 0.5 - left.
      const i0 = Math.floor(0.5 - right);
      const i1 = Math.floor(0.5 - left);
      const f0 = 0.5 - right - i0;
      const f1 = 0.5 - left - i1;
      const p0 = (out0 + shift - x0 + pad + i0) * C;
      const p1 = (out0 + shift - x0 + pad + i1) * C;
      const targets = rows.map((dy) => from.y + y + dy - to.y).filter((r) => r >= 0 && r < to.height);
      for (let k = 0; k < targets.length; k += 2) {
        const o = (targets[k]! * to.width + out0) * C;
        // Two rows at once, because reading the sums costs more than writing.
        if (k + 1 < targets.length) {
          const o2 = (targets[k + 1]! * to.width + out0) * C;
          for (let i = 0; i < count; i++) {
            const a = sums[p0 + i]!;
            const b = sums[p1 + i]!;
            const v = (b - a + f1 * (sums[p1 + C + i]! - b) - f0 * (sums[p0 + C + i]! - a)) * scale;
            target[o + i] = target[o + i]! + v;
            target[o2 + i] = target[o2 + i]! + v;
          }
        } else {
          for (let i = 0; i < count; i++) {
            const a = sums[p0 + i]!;
            const b = sums[p1 + i]!;
            const v = (b - a + f1 * (sums[p1 + C + i]! - b) - f0 * (sums[p0 + C + i]! - a)) * scale;
            target[o + i] = target[o + i]! + v;
          }
        }
      }
    }
  }
}

/** Room for the running sums of one row. */
export function createSums(width: number, channels: number, reach: number): Float64Array {
  return new Float64Array((width + 4 * reach + 6) * channels);
}
