import { at, readFields, type Fields } from '../core/schema.js';
import { forRows, part, type TaskOptions } from '../core/task.js';
import { encodeRow, SRGB_TO_LINEAR } from '../image/colour.js';
import { checkImage, createImage, type OutputImage } from '../image/image-data.js';
import { EdgeParts, type MixedPixel } from './edge-parts.js';
import { matchDepth } from './match-depth.js';
import type { Frame, PointKernel, PointOperator, Strip } from './operator.js';

/** Pixels decoded at once: their planes stay in the processor's second-level cache. */
const STRIP = 8192;

/**
 * Runs kernels one after the other over each strip of pixels, in one pass over the image. Between two of them light is
 * clipped to 0..1, as it would be had the first one written its picture.
 *
 * A pixel about a step of depth is taken apart first ({@link EdgeParts}): its near and its far part go through the
 * kernels as two more pixels of the strip, and what they changed is added up by their shares.
 *
 * @returns a new image; alpha and colour space are kept.
 */
export async function runPoints(
  { image, depth }: Frame,
  kernels: readonly PointKernel[],
  task: TaskOptions = {},
): Promise<OutputImage> {
  const { width, height, data } = image;
  const output = createImage(width, height, image.colorSpace);
  output.data.set(data);
  if (kernels.length === 0) {
    task.onProgress?.(1);
    return output;
  }
  const edges = new EdgeParts(image, depth);
  const rows = Math.max(1, Math.floor(STRIP / width));
  // Every pixel may be a mixed one, which takes two more places.
  const places = rows * width * 3;
  const [r, g, b, d] = Array.from({ length: 4 }, () => new Float32Array(places)) as Planes;
  const strip = { count: 0, r, g, b, depth: d, index: new Int32Array(places) };
  const mixed = new MixedPixels(strip, edges);
  await forRows(height, rows, task, (y0, y1) => {
    const from = y0 * width;
    const count = (y1 - y0) * width;
    d.set(depth.data.subarray(from, from + count));
    for (let i = 0, p = from * 4; i < count; i++, p += 4) {
      r[i] = SRGB_TO_LINEAR[data[p]!]!;
      g[i] = SRGB_TO_LINEAR[data[p + 1]!]!;
      b[i] = SRGB_TO_LINEAR[data[p + 2]!]!;
      strip.index[i] = from + i;
    }
    strip.count = count;
    mixed.split(y0, y1, width);
    kernels.forEach((kernel, k) => {
      if (k > 0) clip(strip);
      kernel(strip);
    });
    if (strip.count > count) mixed.join();
    encodeRow(r, g, b, count, output.data, from * 4);
  });
  return output;
}
/**
 * One point operator as a call: reads its options, plans and runs it.
 *
 * @throws RelievoError `INVALID_PARAM`, `INVALID_DEPTH`, `UNSUPPORTED_IMAGE`, `IMAGE_TOO_LARGE`; or the signal's reason.
 */
export async function applyPoint<F extends Fields>(
  name: string,
  operator: PointOperator<F>,
  options: unknown,
  { image, depth, ...rest }: Frame,
  task: TaskOptions,
): Promise<OutputImage> {
  task.signal?.throwIfAborted();
  const values = readFields(operator.options, options, at(name));
  checkImage(name, image);
  const frame = { image, depth: await matchDepth(name, depth, image, part(task, 0, 0.3)), ...rest };
  const kernel = await operator.plan(values, frame, { signal: task.signal });
  return runPoints(frame, kernel ? [kernel] : [], part(task, 0.3, 1));
}

type Planes = [Float32Array, Float32Array, Float32Array, Float32Array];

/** The mixed pixels of a strip: their parts follow the strip's own pixels, near and far in turn. */
class MixedPixels {
  readonly #strip: Strip & { count: number };
  readonly #edges: EdgeParts;
  readonly #xs: Int32Array;
  /** Per mixed pixel its place in the strip, and its own colour and those of its parts before the kernels. */
  readonly #places: Int32Array;
  readonly #shares: Float32Array;
  readonly #before: Float32Array;
  #first = 0;
  #count = 0;

  constructor(strip: Strip & { count: number }, edges: EdgeParts) {
    this.#strip = strip;
    this.#edges = edges;
    const most = strip.r.length / 3;
    this.#xs = new Int32Array(most);
    this.#places = new Int32Array(most);
    this.#shares = new Float32Array(most);
    this.#before = new Float32Array(most * 9);
  }

  split(y0: number, y1: number, width: number): void {
    this.#first = this.#strip.count;
    this.#count = 0;
    for (let y = y0; y < y1; y++) {
      const n = this.#edges.row(y, this.#xs);
      for (let k = 0; k < n; k++) {
        const x = this.#xs[k]!;
        if (this.#edges.at(x, y)) this.#add((y - y0) * width + x, this.#edges.parts);
      }
    }
  }

  #add(place: number, { share, near, far, nearDepth, farDepth }: MixedPixel): void {
    const { r, g, b, depth, index, count } = this.#strip;
    const k = this.#count++;
    const before = this.#before;
    this.#places[k] = place;
    this.#shares[k] = share;
    before[k * 9] = r[place]!;
    before[k * 9 + 1] = g[place]!;
    before[k * 9 + 2] = b[place]!;
    for (let c = 0; c < 3; c++) {
      before[k * 9 + 3 + c] = near[c]!;
      before[k * 9 + 6 + c] = far[c]!;
    }
    for (let side = 0; side < 2; side++) {
      r[count + side] = before[k * 9 + 3 + 3 * side]!;
      g[count + side] = before[k * 9 + 4 + 3 * side]!;
      b[count + side] = before[k * 9 + 5 + 3 * side]!;
      depth[count + side] = side === 0 ? nearDepth : farDepth;
      index[count + side] = index[place]!;
    }
    this.#strip.count += 2;
  }

  /** What the kernels changed of the parts, by their shares; a pixel whose parts are as before keeps its colour. */
  join(): void {
    const planes = [this.#strip.r, this.#strip.g, this.#strip.b];
    for (let k = 0, part = this.#first; k < this.#count; k++, part += 2) {
      const share = this.#shares[k]!;
      for (let c = 0; c < 3; c++) {
        const plane = planes[c]!;
        const near = unit(plane[part]!) - this.#before[k * 9 + 3 + c]!;
        const far = unit(plane[part + 1]!) - this.#before[k * 9 + 6 + c]!;
        plane[this.#places[k]!] = this.#before[k * 9 + c]! + share * near + (1 - share) * far;
      }
    }
  }
}

function unit(v: number): number {
  return v > 1 ? 1 : v > 0 ? v : 0;
}

function clip({ count, r, g, b }: Strip): void {
  for (const plane of [r, g, b]) {
    for (let i = 0; i < count; i++) {
      plane[i] = unit(plane[i]!);
    }
  }
}
