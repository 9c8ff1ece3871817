import { invalid, knownKeys, numbers, type NumberTable } from '../core/params.js';
import { breathe, forRows, part, type TaskOptions } from '../core/task.js';
import { checkImage, type ImageDataLike } from '../image/image-data.js';
import { resizeToTensor } from '../image/resize.js';
import { checkDepth, createDepthMap, disparityAt, type DepthMap } from './depth-map.js';

/**
 * One stroke of the depth brush. Plain JSON: a list of strokes is what an app saves, and undo is to leave the last out.
 *
 * - `'nearer'`, `'farther'`: changes the disparity by `amount`;
 * - `'same'`: gives what is painted the disparity of where the stroke began, on the depth as it was before the stroke.
 */
export interface Stroke {
  readonly kind: 'nearer' | 'farther' | 'same';
  /** Where the brush went, in pixels of the photo. */
  readonly points: readonly { readonly x: number; readonly y: number }[];
  /** Half the brush's width as a share of the long side, 0.001..0.5. Default: 0.03. */
  readonly radius?: number | undefined;
  /** Change of the disparity at full strength, 0..1. Default: 0.1. */
  readonly amount?: number | undefined;
  /** How strictly the brush keeps to one side of the photo's edges: 0 = paints over them. 0..1. Default: 0.7. */
  readonly snap?: number | undefined;
}

/** Numeric options: default, range and unit. */
export const STROKE_PARAMS = {
  radius: { default: 0.03, min: 0.001, max: 0.5, unit: 'share of the long side', doc: 'Half the width of the brush.' },
  amount: { default: 0.1, min: 0, max: 1, unit: 'disparity', doc: 'Change at full strength.' },
  snap: { default: 0.7, min: 0, max: 1, unit: 'share', doc: 'How strictly it keeps to the edges.' },
} as const satisfies NumberTable;

/** Long side of the grid on which the brush spreads. */
const WORK_SIDE = 640;
const MOST_STROKES = 1000;
const MOST_POINTS = 10_000;
/** Brush widths that one full step of colour (black to white) costs at snap 1. */
const COLOUR_COST = 30;
/** Share of the radius in which the brush is at full strength. */
const CORE = 0.4;

/**
 * Corrects a depth map by strokes that keep to the photo's edges. The strength of a stroke falls with the geodesic
 * distance from it, which counts colour as well as space (Criminisi et al. 2008): it spreads over a cheek and stops at
 * its rim.
 *
 * ```ts
 * const strokes: Stroke[] = [{ kind: 'nearer', points: [{ x: 300, y: 200 }, { x: 340, y: 260 }] }];
 * const better = await applyStrokes(photo, depth, strokes);
 * const undone = await applyStrokes(photo, depth, strokes.slice(0, -1));
 * ```
 *
 * @param depth of the size of the image; not written to.
 * @throws RelievoError `INVALID_PARAM`, `INVALID_DEPTH`, `UNSUPPORTED_IMAGE`; or the signal's reason.
 */
export async function applyStrokes(
  image: ImageDataLike,
  depth: DepthMap,
  strokes: readonly Stroke[],
  options: TaskOptions = {},
): Promise<DepthMap> {
  options.signal?.throwIfAborted();
  checkImage('strokes', image);
  checkDepth('strokes', depth);
  if (depth.width !== image.width || depth.height !== image.height)
    throw invalid(
      'strokes',
      'depth',
      `of the image's size, ${image.width} × ${image.height}`,
      `${depth.width} × ${depth.height}`,
    );
  const checked = checkStrokes(strokes);
  const out = createDepthMap(depth.width, depth.height, depth.data.slice());
  if (checked.length === 0) return out;
  const brush = new Brush(image);
  for (const [k, stroke] of checked.entries())
    await brush.apply(out, stroke, part(options, k / checked.length, (k + 1) / checked.length));
  return out;
}

type Checked = Required<Omit<Stroke, 'radius' | 'amount' | 'snap'>> & { radius: number; amount: number; snap: number };

function checkStrokes(strokes: readonly Stroke[]): Checked[] {
  if (!Array.isArray(strokes) || strokes.length > MOST_STROKES)
    throw invalid('strokes', 'strokes', `a list of up to ${MOST_STROKES}`, strokes);
  return (strokes as readonly Stroke[]).map((stroke, i) => {
    const owner = `strokes[${i}]`;
    if (typeof stroke !== 'object' || stroke === null)
      throw invalid('strokes', `[${i}]`, '{ kind, points, … }', stroke);
    knownKeys(owner, stroke, ['kind', 'points', 'radius', 'amount', 'snap']);
    if (!['nearer', 'farther', 'same'].includes(stroke.kind))
      throw invalid(owner, 'kind', "'nearer', 'farther' or 'same'", stroke.kind);
    const { points } = stroke;
    if (!Array.isArray(points) || points.length === 0 || points.length > MOST_POINTS)
      throw invalid(owner, 'points', `1 to ${MOST_POINTS} points`, points);
    for (const p of points as Stroke['points'])
      if (!Number.isFinite(p?.x) || !Number.isFinite(p?.y)) throw invalid(owner, 'points', '{ x, y } in pixels', p);
    const { radius, amount, snap } = stroke;
    return { kind: stroke.kind, points, ...numbers(owner, STROKE_PARAMS, { radius, amount, snap }) };
  });
}

/** The photo on the working grid, and room for distances. */
class Brush {
  readonly #image: ImageDataLike;
  readonly #width: number;
  readonly #height: number;
  readonly #scale: number;
  readonly #rgb: Float32Array;
  readonly #cost: Float32Array;

  constructor(image: ImageDataLike) {
    this.#image = image;
    this.#scale = Math.min(1, WORK_SIDE / Math.max(image.width, image.height));
    this.#width = Math.max(1, Math.round(image.width * this.#scale));
    this.#height = Math.max(1, Math.round(image.height * this.#scale));
    this.#rgb = resizeToTensor(image, this.#width, this.#height);
    this.#cost = new Float32Array(this.#width * this.#height);
  }

  async apply(depth: DepthMap, { kind, points, radius, amount, snap }: Checked, options: TaskOptions): Promise<void> {
    const { width, height } = this.#image;
    const reach = radius * Math.max(this.#width, this.#height);
    const target = kind === 'same' ? disparityAt(depth, points[0]!.x, points[0]!.y) : 0;
    const box = await this.#spread(points, reach, snap, options.signal);
    const full = (v: number, n: number) => Math.min(n, Math.max(0, v));
    const x0 = full(Math.floor(box.x0 / this.#scale), width);
    const x1 = full(Math.ceil(box.x1 / this.#scale), width);
    const y0 = full(Math.floor(box.y0 / this.#scale), height);
    const y1 = full(Math.ceil(box.y1 / this.#scale), height);
    await forRows(Math.max(0, y1 - y0), 8, options, (from, to) => {
      for (let y = y0 + from; y < y0 + to; y++) {
        for (let x = x0, i = y * width + x0; x < x1; x++, i++) {
          const w = this.#strength(x, y, reach, snap);
          if (w === 0) continue;
          const d = depth.data[i]!;
          const wanted = kind === 'same' ? target : d + (kind === 'nearer' ? amount : -amount);
          depth.data[i] = Math.min(1, Math.max(0, d + w * (wanted - d)));
        }
      }
    });
  }

  /** Strength at a full-size pixel: of the cells around it, those of its own colour count. */
  #strength(x: number, y: number, reach: number, snap: number): number {
    const u = (x + 0.5) * this.#scale - 0.5;
    const v = (y + 0.5) * this.#scale - 0.5;
    const xa = Math.floor(u);
    const ya = Math.floor(v);
    const { data, width } = this.#image;
    const p = (y * width + x) * 4;
    let sum = 0;
    let total = 1e-9;
    for (let j = 0; j < 4; j++) {
      const cx = Math.min(this.#width - 1, Math.max(0, xa + (j & 1)));
      const cy = Math.min(this.#height - 1, Math.max(0, ya + (j >> 1)));
      const q = cy * this.#width + cx;
      let difference = 0;
      for (let c = 0; c < 3; c++) difference += Math.abs(this.#rgb[q * 3 + c]! - data[p + c]! / 255);
      const near = Math.abs(1 - (j & 1) - (u - xa)) * Math.abs(1 - (j >> 1) - (v - ya));
      const w = (near + 0.001) * Math.exp(-snap * 12 * difference);
      sum += w * falloff(this.#cost[q]! / reach);
      total += w;
    }
    return sum / total;
  }

  /** Geodesic distances from the stroke up to `reach` (Dijkstra with buckets); returns the cells that it came to. */
  async #spread(points: Stroke['points'], reach: number, snap: number, signal: AbortSignal | undefined) {
    const w = this.#width;
    const h = this.#height;
    const cost = this.#cost.fill(Infinity);
    const price = (snap * COLOUR_COST * reach) / 10;
    const buckets: number[][] = [];
    const box = { x0: w, x1: 0, y0: h, y1: 0 };
    const offer = (x: number, y: number, c: number) => {
      if (x < 0 || y < 0 || x >= w || y >= h || c > reach) return;
      const q = y * w + x;
      if (c >= cost[q]!) return;
      cost[q] = c;
      (buckets[Math.floor(c * 4)] ??= []).push(q);
      box.x0 = Math.min(box.x0, x - 1);
      box.x1 = Math.max(box.x1, x + 2);
      box.y0 = Math.min(box.y0, y - 1);
      box.y1 = Math.max(box.y1, y + 2);
    };
    for (const [k, p] of points.entries()) {
      const next = points[k + 1] ?? p;
      const steps = Math.min(10_000, Math.max(1, Math.ceil(Math.hypot(next.x - p.x, next.y - p.y) * this.#scale)));
      for (let s = 0; s <= steps; s++) {
        const t = s / steps;
        offer(
          Math.floor((p.x + t * (next.x - p.x)) * this.#scale),
          Math.floor((p.y + t * (next.y - p.y)) * this.#scale),
          0,
        );
      }
    }
    let last = performance.now();
    for (let b = 0; b < buckets.length; b++) {
      const bucket = buckets[b];
      for (let k = 0; bucket && k < bucket.length; k++) {
        const q = bucket[k]!;
        const c = cost[q]!;
        if (Math.floor(c * 4) < b) continue; // reached more cheaply since
        const x = q % w;
        const y = (q - x) / w;
        for (let dy = -1; dy <= 1; dy++) {
          for (let dx = -1; dx <= 1; dx++) {
            if ((dx === 0 && dy === 0) || x + dx < 0 || x + dx >= w || y + dy < 0 || y + dy >= h) continue;
            const n = (q + dy * w + dx) * 3;
            let difference = 0;
            for (let e = 0; e < 3; e++) difference += Math.abs(this.#rgb[q * 3 + e]! - this.#rgb[n + e]!);
            offer(x + dx, y + dy, c + Math.hypot(dx, dy) + (price * difference) / 3);
          }
        }
        if ((k & 255) === 0 && performance.now() - last > 20) {
          await breathe(signal);
          last = performance.now();
        }
      }
    }
    return box;
  }
}

/** 1 in the core, 0 at the reach, smooth between. */
function falloff(t: number): number {
  if (t <= CORE) return 1;
  if (!(t < 1)) return 0;
  const s = (1 - t) / (1 - CORE);
  return s * s * (3 - 2 * s);
}
