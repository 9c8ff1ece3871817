/** One run of a shape's rows: it adds source columns x - right .. x - left to each of the rows y + dy. */
interface Run {
  /** Horizontal extent in cells, from the centre; left < right. */
  readonly left: number;
  readonly right: number;
  /** How bright it is; the runs of a profile lie over each other and add up. */
  readonly weight: number;
  /** Rows, from the centre, that have this extent. */
  readonly rows: readonly number[];
}

/** A blur shape rasterised on a grid, as horizontal runs with fractional ends. */
export interface Kernel {
  readonly runs: readonly Run[];
  /** Sum of the weights before normalisation, in cells. */
  readonly area: number;
  /** Radius in cells of the disc of the same area; below 0 behind the focus, where the lens shows it upside down. */
  readonly radius: number;
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

/** Brightness of a disc from its middle to its rim, as shapes of these sizes that lie over each other and add up. */
export type Profile = readonly { readonly size: number; readonly weight: number }[];

const EVEN: Profile = [{ size: 1, weight: 1 }];
/** Radii at which a ring profile steps. The widest disc spans some eight cells: a step is less than one. */
const RING_STEPS = [0.9, 0.8, 0.7, 0.6, 0.5] as const;
/** The least light that a profile leaves, of its brightest. */
const RING_FLOOR = 0.15;

/**
 * Profile of a lens whose discs are not evenly lit. Spherical aberration bends the rays of the rim too far or too
 * little, so that one side of the focus shows a bright rim ("soap bubbles"), the other a soft one (Nasse, "Depth of
 * Field and Bokeh", Zeiss 2010); an apodised lens darkens the rim with a grey filter.
 *
 * @param ring 0 = even, 1 = a bright rim around a middle of {@link RING_FLOOR}, -1 = the rim fades to that.
 */
export function profile(ring: number): Profile {
  if (ring === 0) return EVEN;
  const step = (Math.abs(ring) * (1 - RING_FLOOR)) / RING_STEPS.length;
  const rim = ring > 0 ? 1 : 1 - (1 - RING_FLOOR) * -ring;
  return [{ size: 1, weight: rim }, ...RING_STEPS.map((size) => ({ size, weight: ring > 0 ? -step : step }))];
}

const SUBROWS = 16;

/**
 * Rasterises an outline. A row stands for 16 lines: its run has their light and their mean square width, so that the
 * edge is anti-aliased also where a row is filled in part.
 *
 * @param radius in cells, above 0.
 * @param flip true for what lies behind the focus: the lens shows it upside down.
 */
export function rasterise(shape: Outline, radius: number, flip: boolean, light: Profile = EVEN): Kernel {
  const runs: Run[] = [];
  const sign = flip ? -1 : 1;
  let area = 0;
  let reach = 0;
  for (const { size, weight } of light) {
    const layer = runsOf(shape, radius * size, sign, weight);
    runs.push(...layer.runs);
    area += weight * layer.area;
    reach = Math.max(reach, layer.reach);
  }
  return { runs, area, radius: sign * radius, reach };
}

function runsOf(shape: Outline, radius: number, sign: number, weight: number) {
  const byExtent = new Map<string, { left: number; right: number; weight: number; rows: number[] }>();
  let area = 0;
  let reach = 0;
  for (let row = 0, empty = false; !empty; row++) {
    empty = true;
    for (const dy of row === 0 ? [0] : [-row, row]) {
      let length = 0;
      let moment = 0;
      let cubes = 0;
      for (let k = 0; k < SUBROWS; k++) {
        const extent = shape((sign * (dy - 0.5 + (k + 0.5) / SUBROWS)) / radius);
        if (!extent) continue;
        const width = radius * (extent[1] - extent[0]);
        length += width / SUBROWS;
        moment += (width * sign * radius * (extent[0] + extent[1])) / (2 * SUBROWS);
        cubes += width ** 3 / SUBROWS;
      }
      if (length < 1e-3) continue;
      empty = false;
      const centre = Math.round((moment / length) * 1e6) / 1e6 + 0;
      const width = Math.sqrt(cubes / length);
      const left = centre - width / 2;
      const right = centre + width / 2;
      const key = `${left.toFixed(6)},${right.toFixed(6)}`;
      const run = byExtent.get(key);
      if (run) run.rows.push(dy);
      else byExtent.set(key, { left, right, weight: (weight * length) / width, rows: [dy] });
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
 * Adds `source`, spread by `kernel` and normalised to a sum of 1, to `target`, where the first channel reaches; beyond
 * that the other channels are not complete. Each source row is summed once; a run is then the difference of two
 * entries, whatever its length (Crow 1984, in one dimension).
 *
 * The value of a cell does not depend on where the windows end, to the last bit.
 *
 * @param source planes over `from`, one per channel.
 * @param target planes over `to`, which lies inside `from` by at least the reach of the kernel.
 * @param channels how many of the planes are spread.
 * @param sums room for a row, see {@link createSums}.
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
  const shiftX = to.x - from.x;
  const shiftY = to.y - from.y;
  const { needed, read } = columnsInReach(source, from, to, kernel.reach);
  const stride = from.width + 3;
  const plane = to.width * to.height;
  for (let y = 0; y < from.height; y++) {
    if (read[2 * y]! >= read[2 * y + 1]!) continue;
    sumRow(source, y, from, channels, sums);

    for (const { left, right, weight, rows } of kernel.runs) {
      const scale = weight / kernel.area;
      // The cell at column x spreads to x + 0.5 + left .. x + 0.5 + right; turned round, an output at x collects from
      // x + 0.5 - right to x + 0.5 - left.
      const i0 = Math.floor(0.5 - right);
      const i1 = Math.floor(0.5 - left);
      const f0 = 0.5 - right - i0;
      const f1 = 0.5 - left - i1;
      let waiting = -1;
      for (let k = 0; k <= rows.length; k++) {
        const outY = k < rows.length ? y + rows[k]! - shiftY : -1;
        const wanted = outY >= 0 && outY < to.height && needed[2 * outY]! < needed[2 * outY + 1]!;
        // Two rows at once, because reading the sums costs more than writing.
        if (wanted && waiting < 0) {
          waiting = outY;
          continue;
        }
        if (waiting < 0 || (!wanted && k < rows.length)) continue;
        const first = Math.min(needed[2 * waiting]!, wanted ? needed[2 * outY]! : Infinity);
        const last = Math.max(needed[2 * waiting + 1]!, wanted ? needed[2 * outY + 1]! : 0);
        const end = waiting * to.width + last;
        const toOther = (outY - waiting) * to.width;
        for (let c = 0; c < channels; c++) {
          let p0 = c * stride + first + shiftX + i0;
          let p1 = c * stride + first + shiftX + i1;
          let a = sums[p0]!;
          let b = sums[p1]!;
          for (let o = c * plane + waiting * to.width + first, n = c * plane + end; o < n; o++) {
            const nextA = sums[++p0]!;
            const nextB = sums[++p1]!;
            const v = (b - a + f1 * (nextB - b) - f0 * (nextA - a)) * scale;
            a = nextA;
            b = nextB;
            target[o] = target[o]! + v;
            if (wanted) target[o + toOther] = target[o + toOther]! + v;
          }
        }
        waiting = -1;
      }
    }
  }
}

/**
 * sums[c * (width + 3) + x] = the first x cells of row y in plane c; the last sum is repeated twice beyond them.
 */
export function sumRow(
  source: Float32Array,
  y: number,
  { width, height }: Region,
  channels: number,
  sums: Float64Array,
): void {
  for (let c = 0; c < channels; c++) {
    let s = c * (width + 3);
    let sum = 0;
    sums[s++] = 0;
    for (let i = (c * height + y) * width, end = i + width; i < end; i++) {
      sum += source[i]!;
      sums[s++] = sum;
    }
    sums[s] = sum;
    sums[s + 1] = sum;
  }
}

/**
 * By row of `to` the columns that get anything from a source whose first plane is not 0 everywhere, and by row of
 * `from` the columns of `to` that need it: [first, end) each.
 */
export function columnsInReach(
  source: Float32Array,
  from: Region,
  to: Region,
  reach: number,
): { needed: Int32Array; read: Int32Array } {
  const shift = { x: to.x - from.x, y: to.y - from.y };
  const filled = filledColumns(source, from);
  const needed = reached(filled, to.height, shift, { x: reach, y: reach }, to.width);
  return { needed, read: reached(needed, from.height, { x: 0, y: -shift.y }, { x: 0, y: reach }, to.width) };
}

/** Per row the columns first .. end - 1 outside of which a plane is 0. */
export function filledColumns(plane: Float32Array, { width, height }: Region): Int32Array {
  const out = new Int32Array(2 * height);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    let first = 0;
    let end = width;
    while (first < end && plane[row + first] === 0) first++;
    while (first < end && plane[row + end - 1] === 0) end--;
    out[2 * y] = first;
    out[2 * y + 1] = end;
  }
  return out;
}

/** Ranges of columns, [first, end) by row, that ranges of another window reach; clipped to 0..width. */
function reached(
  ranges: Int32Array,
  rows: number,
  shift: { readonly x: number; readonly y: number },
  reach: { readonly x: number; readonly y: number },
  width: number,
): Int32Array {
  const out = new Int32Array(2 * rows);
  const count = ranges.length / 2;
  for (let y = 0; y < rows; y++) {
    let first = Infinity;
    let end = -Infinity;
    for (let r = Math.max(0, y + shift.y - reach.y); r <= Math.min(count - 1, y + shift.y + reach.y); r++) {
      if (ranges[2 * r]! >= ranges[2 * r + 1]!) continue;
      first = Math.min(first, ranges[2 * r]!);
      end = Math.max(end, ranges[2 * r + 1]!);
    }
    if (first >= end) continue;
    out[2 * y] = Math.max(0, first - shift.x - reach.x);
    out[2 * y + 1] = Math.min(width, end - shift.x + reach.x);
  }
  return out;
}

/** Room for the running sums of one row. */
export function createSums(width: number, channels: number): Float64Array {
  return new Float64Array((width + 3) * channels);
}
