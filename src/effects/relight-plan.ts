import { breathe, isDue, type TaskOptions } from '../core/task.js';
import type { DepthMap } from '../depth/depth-map.js';
import { lumaOf, type Row } from '../image/colour.js';
import { lightOf } from '../image/colour-space.js';
import type { ImageDataLike } from '../image/image-data.js';
import { resizePlane, resizeToTensor } from '../image/resize.js';
import { glsl } from './colour-shaders.js';
import type { Frame, PointKernel, PointPlan } from './operator.js';
import { RELIGHT_PARAMS, RELIGHT_PRESETS, type RelightPreset, type RelightValues } from './relight.js';
import { otsuSplit } from './split.js';

/** Long side of the grid on which light is worked out: the same for a preview and the full photo. */
const GRID = 512;
/** Passes that smooth the depth within things, and the difference in disparity that they take for a border. */
const PASSES = 24;
const BORDER = 0.03;
/** Radius of the rounding, as a share of the long side; and its height, and the relief's, in long sides at relief 1. */
const ROUND = 0.08;
const ROUND_HEIGHT = 0.45;
const RELIEF_HEIGHT = 1.2;
/** Height of texture at detail 1, in long sides per unit of encoded light. */
const DETAIL_HEIGHT = 0.03;
/** Disparity beyond the border of near and far over which relief sets in. */
const NEAR_WIDTH = 0.1;
/** Difference in disparity over which a grid point stops counting for a pixel. */
export const SAME = 0.04;
/** Difference up to which it counts as the pixel's own thing wholly: its weight is within 0.2 %. */
const ALIKE = 0.2 * SAME;

/** What the light does to this photo. */
export async function planRelight(
  options: RelightValues,
  { image, depth, reduced, memo }: Frame,
  { signal }: TaskOptions,
): Promise<PointPlan> {
  const preset: RelightPreset = RELIGHT_PRESETS[options.preset ?? 'studio'];
  const given = Object.fromEntries(
    Object.keys(RELIGHT_PARAMS).flatMap((k) => {
      const v = options[k as keyof typeof RELIGHT_PARAMS];
      return v === undefined ? [] : [[k, v]];
    }),
  );
  const values = { ...preset.values, ...given };
  const at = options.at ?? { x: preset.at[0] * image.width, y: preset.at[1] * image.height };
  const colour = lightOf(options.colour ?? preset.colour, image.colorSpace ?? 'srgb');
  // A coloured lamp is as bright as a white one.
  const luma = lumaOf(image.colorSpace);
  const bright = Math.max(0.05, luma[0] * colour[0] + luma[1] * colour[1] + luma[2] * colour[2]);
  const long = Math.max(image.width, image.height);
  const scale = Math.min(1, GRID / long);
  const width = Math.max(1, Math.round(image.width * scale));
  const height = Math.max(1, Math.round(image.height * scale));
  let relief = memo?.get('relief') as Relief | undefined;
  relief ??= await reliefOf(reduced ? await reduced(width, height) : image, depth, width, height, signal);
  memo?.set('relief', relief);
  const { low } = relief;
  const surface = heights(relief, values);
  const shade = shading(low, surface, width, height, values, {
    x: at.x / long,
    y: at.y / long,
  });
  const lamp: Row = colour.map((c) => c / bright) as never;
  const { ambient } = values;
  return {
    kernel: shadeKernel(shade, low, width, height, image, ambient, lamp),
    glsl: (write) => {
      const base = write.table([shade, low]);
      const size = write.value('vec2', [width, height]);
      return `{
    vec2 place = clamp((vec2(at) + 0.5) * ${size} / ${write.value('vec2', [image.width, image.height])} - 0.5, vec2(0), ${size} - 1.0);
    ivec2 cell = ivec2(place);
    vec2 f = place - vec2(cell);
    ivec2 next = min(cell + 1, ivec2(${size}) - 1);
    int columns = int(${size}.x);
    vec4 grid[4] = vec4[4](
      entry(${base} + cell.y * columns + cell.x), entry(${base} + cell.y * columns + next.x),
      entry(${base} + next.y * columns + cell.x), entry(${base} + next.y * columns + next.x));
    vec4 weights = vec4((1.0 - f.x) * (1.0 - f.y), f.x * (1.0 - f.y), (1.0 - f.x) * f.y, f.x * f.y);
    float total = 0.0, lit = 0.0;
    for (int k = 0; k < 4; k++) {
      float strange = (grid[k].g - d) / ${glsl(SAME)};
      strange *= strange;
      float weight = weights[k] / (1.0 + strange * strange);
      total += weight;
      lit += weight * grid[k].r;
    }
    c *= ${write.value('float', ambient)} + lit / total * ${write.value('vec3', lamp)};
  }`;
    },
  };
}

type Values = { readonly [K in keyof typeof RELIGHT_PARAMS]: number };

/** What the surface is made of, on the grid. It does not depend on the options. */
interface Relief {
  readonly low: Float32Array;
  /** The depth smoothed within things, and its mean about each point. */
  readonly smooth: Float32Array;
  readonly round: Float32Array;
  /** Encoded light less its mean about each point. */
  readonly texture: Float32Array;
}

async function reliefOf(
  image: ImageDataLike,
  depth: DepthMap,
  width: number,
  height: number,
  signal: AbortSignal | undefined,
): Promise<Relief> {
  if (isDue()) await breathe(signal);
  const low = resizePlane(depth.data, depth, width, height);
  const smooth = diffuse(low, width, height);
  const r = Math.max(1, Math.round(ROUND * Math.max(width, height)));
  const round = blur(blur(smooth, width, height, r), width, height, r);
  if (isDue()) await breathe(signal);
  const rgb = resizeToTensor(image, width, height);
  if (isDue()) await breathe(signal);
  const light = new Float32Array(low.length);
  for (let i = 0; i < light.length; i++)
    light[i] = 0.299 * rgb[i * 3]! + 0.587 * rgb[i * 3 + 1]! + 0.114 * rgb[i * 3 + 2]!;
  const texture = blur(light, width, height, 2);
  for (let i = 0; i < light.length; i++) texture[i] = light[i]! - texture[i]!;
  return { low, smooth, round, texture };
}

/** The surface, in long sides. Rounding takes from a thing's rim; what is behind it stays flat. */
function heights({ smooth, round, texture }: Relief, values: Values): Float32Array {
  return smooth.map((s, i) => {
    const relief = RELIEF_HEIGHT * s + ROUND_HEIGHT * Math.min(round[i]!, s);
    return values.relief * relief + values.detail * DETAIL_HEIGHT * texture[i]!;
  });
}

/** Smooths within things: what differs by more than {@link BORDER} from its neighbour keeps its difference. */
function diffuse(plane: Float32Array, width: number, height: number): Float32Array {
  let from = plane.slice();
  let to = plane.slice();
  for (let pass = 0; pass < PASSES; pass++) {
    for (let y = 0, i = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        const v = from[i]!;
        let change = 0;
        if (x > 0) change += conducted(from[i - 1]! - v);
        if (x < width - 1) change += conducted(from[i + 1]! - v);
        if (y > 0) change += conducted(from[i - width]! - v);
        if (y < height - 1) change += conducted(from[i + width]! - v);
        to[i] = v + change * 0.24;
      }
    }
    [from, to] = [to, from];
  }
  return from;
}

function conducted(difference: number): number {
  const d = difference / BORDER;
  return difference / (1 + d * d);
}

/** Mean over a square of radius r, by running sums; the border's values go on beyond it. */
function blur(plane: Float32Array, width: number, height: number, r: number): Float32Array {
  const line = (from: Float32Array, to: Float32Array, start: number, stride: number, n: number) => {
    const at = (k: number) => from[start + Math.min(n - 1, Math.max(0, k)) * stride]!;
    let sum = 0;
    for (let k = -r; k <= r; k++) sum += at(k);
    for (let k = 0; k < n; k++) {
      to[start + k * stride] = sum / (2 * r + 1);
      sum += at(k + r + 1) - at(k - r);
    }
  };
  const rows = new Float32Array(plane.length);
  const out = new Float32Array(plane.length);
  for (let y = 0; y < height; y++) line(plane, rows, y * width, 1, width);
  for (let x = 0; x < width; x++) line(rows, out, x, width, height);
  return out;
}

/** Light from the lamp that each grid point gives back. */
function shading(
  depth: Float32Array,
  surface: Float32Array,
  width: number,
  height: number,
  { height: above, intensity, size, falloff, reach }: Values,
  at: { readonly x: number; readonly y: number },
): Float32Array {
  const cell = 1 / Math.max(width, height);
  // What is far is lit as if flat: its estimated relief is little but a slope up to the subject's outline, and would draw one.
  const border = otsuSplit({ data: depth });
  const out = new Float32Array(depth.length);
  /** Slope from the two neighbours; over a border the step on the other side alone. */
  const slope = (i: number, before: number, after: number) => {
    const relief = Math.min(1, Math.max(0, (depth[i]! - border) / NEAR_WIDTH));
    if (relief === 0) return 0;
    const a = Math.abs(depth[i]! - depth[before]!) > 2 * BORDER ? undefined : surface[i]! - surface[before]!;
    const b = Math.abs(depth[after]! - depth[i]!) > 2 * BORDER ? undefined : surface[after]! - surface[i]!;
    return (relief * ((a ?? b ?? 0) + (b ?? a ?? 0))) / 2 / cell;
  };
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const sx = slope(i, x > 0 ? i - 1 : i, x < width - 1 ? i + 1 : i);
      const sy = slope(i, y > 0 ? i - width : i, y < height - 1 ? i + width : i);
      const lx = at.x - (x + 0.5) * cell;
      const ly = at.y - (y + 0.5) * cell;
      const lz = above + (1 - depth[i]!) * reach;
      const distance = Math.sqrt(lx * lx + ly * ly + lz * lz);
      // Height grows towards the viewer, the image's y downwards: the normal leans against the slope.
      const cosine = (-sx * lx - sy * ly + lz) / (distance * Math.sqrt(sx * sx + sy * sy + 1));
      const lit = Math.max(0, (cosine + size) / (1 + size));
      out[i] = intensity * lit * (above / distance) ** (2 * falloff);
    }
  }
  return out;
}

/** Reads the light between grid points, from those of the pixel's own thing: it does not spill over outlines. */
function shadeKernel(
  shade: Float32Array,
  low: Float32Array,
  width: number,
  height: number,
  image: { readonly width: number; readonly height: number },
  ambient: number,
  [cr, cg, cb]: readonly [number, number, number],
): PointKernel {
  const { cells: columns, shares: across } = gridPlaces(image.width, width);
  const { cells: rows, shares: down } = gridPlaces(image.height, height);
  const { nearest, farthest } = cellRanges(low, width, height);
  return ({ count, r, g, b, depth, x, y }) => {
    for (let i = 0; i < count; i++) {
      const column = columns[x[i]!]!;
      const row = rows[y[i]!]!;
      const fx = across[x[i]!]!;
      const fy = down[y[i]!]!;
      const p = row * width + column;
      const right = column < width - 1 ? p + 1 : p;
      const under = row < height - 1 ? width : 0;
      const d = depth[i]!;
      let lamp;
      if (nearest[p]! - d < ALIKE && d - farthest[p]! < ALIKE) {
        const above = shade[p]! + fx * (shade[right]! - shade[p]!);
        lamp = above + fy * (shade[p + under]! + fx * (shade[right + under]! - shade[p + under]!) - above);
      } else {
        const q0 = strangeness(low[p]! - d);
        const q1 = strangeness(low[right]! - d);
        const q2 = strangeness(low[p + under]! - d);
        const q3 = strangeness(low[right + under]! - d);
        // Weights of 1 / q each, over a common denominator: one division in place of five.
        const w0 = (1 - fx) * (1 - fy) * (q1 * q2 * q3);
        const w1 = fx * (1 - fy) * (q0 * q2 * q3);
        const w2 = (1 - fx) * fy * (q0 * q1 * q3);
        const w3 = fx * fy * (q0 * q1 * q2);
        lamp =
          (w0 * shade[p]! + w1 * shade[right]! + w2 * shade[p + under]! + w3 * shade[right + under]!) /
          (w0 + w1 + w2 + w3);
      }
      r[i] = r[i]! * (ambient + lamp * cr);
      g[i] = g[i]! * (ambient + lamp * cg);
      b[i] = b[i]! * (ambient + lamp * cb);
    }
  };
}

/** Of each pixel along a side the grid point before it, and the share of the way from there to the next. */
function gridPlaces(pixels: number, points: number) {
  const cells = new Int32Array(pixels);
  const shares = new Float32Array(pixels);
  for (let i = 0; i < pixels; i++) {
    const u = Math.min(points - 1, Math.max(0, ((i + 0.5) * points) / pixels - 0.5));
    cells[i] = u;
    shares[i] = u - cells[i]!;
  }
  return { cells, shares };
}

/** Nearest and farthest disparity of the four grid points about each cell. */
function cellRanges(low: Float32Array, width: number, height: number) {
  const nearest = new Float32Array(low.length);
  const farthest = new Float32Array(low.length);
  for (let y = 0, p = 0; y < height; y++) {
    const under = y < height - 1 ? width : 0;
    for (let x = 0; x < width; x++, p++) {
      const right = x < width - 1 ? 1 : 0;
      const [a, b, c, d] = [low[p]!, low[p + right]!, low[p + under]!, low[p + right + under]!];
      nearest[p] = Math.max(a, b, c, d);
      farthest[p] = Math.min(a, b, c, d);
    }
  }
  return { nearest, farthest };
}

/** Reverse of a grid point's weight: 1 for the pixel's own thing, and so much more the farther it is in disparity. */
function strangeness(difference: number): number {
  const d = difference / SAME;
  return 1 + d * d * d * d;
}
