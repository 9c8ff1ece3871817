import { breathe, forRows, type TaskOptions } from '../core/task.js';
import type { ImageDataLike } from '../image/image-data.js';
import { resizeToTensor } from '../image/resize.js';
import { disparityAt, type DepthMap } from './depth-map.js';
import type { Stroke } from './strokes.js';

/** Long side of the grid on which the brush spreads. */
const WORK_SIDE = 640;
/** Brush widths that one full step of colour (black to white) costs at snap 1. */
const COLOUR_COST = 30;
/** Share of the radius in which the brush is at full strength. */
const CORE = 0.4;

export type CheckedStroke = Required<Omit<Stroke, 'radius' | 'amount' | 'snap'>> & {
  radius: number;
  amount: number;
  snap: number;
};

/** The photo on the working grid, and room for distances. */
export class Brush {
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

  async apply(
    depth: DepthMap,
    { kind, points, radius, amount, snap }: CheckedStroke,
    options: TaskOptions,
  ): Promise<void> {
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
