import { forRows, type TaskOptions } from '../core/task.js';
import { decodeRow, encodeRow } from '../image/colour.js';
import { createImage, type OutputImage } from '../image/image-data.js';
import type { Region } from '../image/region.js';
import { EdgeParts, type MixedPixel } from './edge-parts.js';
import type { Frame, PointKernel, Strip } from './operator.js';

/** Pixels decoded at once: their planes stay in the processor's second-level cache. */
const STRIP = 8192;

/**
 * Runs kernels one after the other over each strip of pixels, in one pass over the image. Between two of them light is
 * clipped to 0..1, as it would be had the first one written its picture.
 *
 * A pixel about a step of depth is taken apart first ({@link EdgeParts}): its near and its far part go through the
 * kernels as two more pixels of the strip, and what they changed is added up by their shares.
 *
 * @returns a new image; alpha and colour space are kept. Of a part of it nothing else is made.
 */
export async function runPoints(
  { image, depth, part }: Frame,
  kernels: readonly PointKernel[],
  task: TaskOptions = {},
): Promise<OutputImage> {
  const { width, height, data } = image;
  const output = createImage(width, height, image.colorSpace);
  const inside = part ?? { x: 0, y: 0, width, height };
  for (let y = inside.y; y < inside.y + inside.height; y++) {
    const from = (y * width + inside.x) * 4;
    output.data.set(data.subarray(from, from + inside.width * 4), from);
  }
  if (kernels.length === 0) {
    task.onProgress?.(1);
    return output;
  }
  const edges = new EdgeParts(image, depth);
  const rows = Math.max(1, Math.floor(STRIP / inside.width));
  const strip = new Pixels(rows * inside.width, inside);
  const mixed = new MixedPixels(strip, edges, inside);
  const { r, g, b } = strip;
  const n = inside.width;
  await forRows(inside.height, rows, task, (first, end) => {
    const [y0, y1] = [inside.y + first, inside.y + end];
    const count = (y1 - y0) * n;
    for (let y = y0, at = 0; y < y1; y++, at += n) {
      const from = y * width + inside.x;
      strip.depth.set(depth.data.subarray(from, from + n), at);
      strip.y.fill(y, at, at + n);
      decodeRow(data, from * 4, n, r.subarray(at), g.subarray(at), b.subarray(at));
    }
    strip.count = count;
    mixed.split(y0, y1);
    kernels.forEach((kernel, k) => {
      if (k > 0) clip(strip);
      kernel(strip);
    });
    if (strip.count > count) mixed.join();
    for (let y = y0, at = 0; y < y1; y++, at += n)
      encodeRow(r.subarray(at), g.subarray(at), b.subarray(at), n, output.data, (y * width + inside.x) * 4);
  });
  return output;
}

/** Rows of an image, or of a part of one, and behind them room for the parts of their mixed pixels: every pixel may be one. */
class Pixels implements Strip {
  count = 0;
  readonly r: Float32Array;
  readonly g: Float32Array;
  readonly b: Float32Array;
  readonly depth: Float32Array;
  readonly x: Int32Array;
  readonly y: Int32Array;

  constructor(
    readonly pixels: number,
    { x, width }: Region,
  ) {
    const places = pixels * 3;
    this.r = new Float32Array(places);
    this.g = new Float32Array(places);
    this.b = new Float32Array(places);
    this.depth = new Float32Array(places);
    this.x = Int32Array.from({ length: places }, (_, i) => x + (i % width));
    this.y = new Int32Array(places);
  }
}

/** Per mixed pixel its colour and those of its parts before the kernels. */
const BEFORE = 9;

/** The mixed pixels of a strip: their parts follow the strip's own pixels, near and far in turn. */
class MixedPixels {
  readonly #strip: Pixels;
  readonly #edges: EdgeParts;
  readonly #inside: Region;
  readonly #xs: Int32Array;
  /** Per mixed pixel its place in the strip. */
  readonly #places: Int32Array;
  readonly #shares: Float32Array;
  readonly #before: Float32Array;
  #first = 0;
  #count = 0;

  constructor(strip: Pixels, edges: EdgeParts, inside: Region) {
    this.#strip = strip;
    this.#edges = edges;
    this.#inside = inside;
    this.#xs = new Int32Array(strip.pixels);
    this.#places = new Int32Array(strip.pixels);
    this.#shares = new Float32Array(strip.pixels);
    this.#before = new Float32Array(strip.pixels * BEFORE);
  }

  split(y0: number, y1: number): void {
    const edges = this.#edges;
    const xs = this.#xs;
    const { x: x0, width } = this.#inside;
    this.#first = this.#strip.count;
    this.#count = 0;
    for (let y = y0; y < y1; y++) {
      const n = edges.row(y, x0, x0 + width, xs);
      for (let k = 0; k < n; k++) {
        const x = xs[k]!;
        if (edges.at(x, y)) this.#add((y - y0) * width + x - x0, x, y, edges.parts);
      }
    }
  }

  #add(place: number, x: number, y: number, parts: MixedPixel): void {
    const strip = this.#strip;
    const before = this.#before;
    const { near, far } = parts;
    const k = this.#count++;
    const p = k * BEFORE;
    const n = strip.count;
    const f = n + 1;
    this.#places[k] = place;
    this.#shares[k] = parts.share;
    before[p] = strip.r[place]!;
    before[p + 1] = strip.g[place]!;
    before[p + 2] = strip.b[place]!;
    before[p + 3] = strip.r[n] = near[0]!;
    before[p + 4] = strip.g[n] = near[1]!;
    before[p + 5] = strip.b[n] = near[2]!;
    before[p + 6] = strip.r[f] = far[0]!;
    before[p + 7] = strip.g[f] = far[1]!;
    before[p + 8] = strip.b[f] = far[2]!;
    strip.depth[n] = parts.nearDepth;
    strip.depth[f] = parts.farDepth;
    strip.x[n] = strip.x[f] = x;
    strip.y[n] = strip.y[f] = y;
    strip.count += 2;
  }

  /** What the kernels changed of the parts, by their shares; a pixel whose parts are as before keeps its colour. */
  join(): void {
    const { r, g, b } = this.#strip;
    this.#joinPlane(r, 0);
    this.#joinPlane(g, 1);
    this.#joinPlane(b, 2);
  }

  #joinPlane(plane: Float32Array, c: number): void {
    const before = this.#before;
    for (let k = 0, part = this.#first, p = c; k < this.#count; k++, part += 2, p += BEFORE) {
      const share = this.#shares[k]!;
      const near = unit(plane[part]!) - before[p + 3]!;
      const far = unit(plane[part + 1]!) - before[p + 6]!;
      plane[this.#places[k]!] = before[p]! + share * near + (1 - share) * far;
    }
  }
}

function unit(v: number): number {
  return v > 1 ? 1 : v > 0 ? v : 0;
}

function clip({ count, r, g, b }: Strip): void {
  clipPlane(r, count);
  clipPlane(g, count);
  clipPlane(b, count);
}

function clipPlane(plane: Float32Array, count: number): void {
  for (let i = 0; i < count; i++) plane[i] = unit(plane[i]!);
}
