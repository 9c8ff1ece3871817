import { forRows, type TaskOptions } from '../core/task.js';
import type { EdgePixels } from './edges.js';
import { DEPTH_STEPS, readLight, type LayerImage } from './layers.js';
import { RANGE_BLOCK, Ranges } from './ranges.js';

/**
 * What is likely to lie behind the near parts of a photo, on a pyramid of grids. Level l has cells of 2^l pixels. Per
 * cell: the colour and the depth of the farthest thing visible in it,
 * and of the thing hidden behind that.
 */
export interface BehindLevel {
  readonly width: number;
  readonly height: number;
  /** Depth of what is visible: a layer coordinate, larger = farther. */
  readonly t: Float32Array;
  /** Its linear premultiplied colour, interleaved. */
  readonly colour: Float32Array;
  /** How sure it is that something is hidden behind it, 0..1. */
  readonly sure: Float32Array;
  readonly hiddenT: Float32Array;
  readonly hiddenColour: Float32Array;
}

/** Cells that differ by less than about this many layers are one surface. */
export const SAME = 0.7;
/** Something counts as behind from the first to the second of these distances in layers. */
export const BEHIND_FROM = 1;
export const BEHIND_TO = 2;

/**
 * The pyramid is built upwards, where each cell keeps the farthest of its four children, and then downwards: a cell
 * takes as hidden what its neighbourhood one level up shows behind it, and where that shows nothing, what is hidden
 * there. So the nearest visible background continues behind an object (pull-push: Gortler et al. 1996, with depth
 * deciding what is pulled).
 *
 * Levels 1 and 2 are pulled here. They need nothing from afar, so that a part of the photo can do it alone;
 * {@link completeBehind} needs the whole of level 2, {@link pushBehind} a part of it again. Of level 1, which is large,
 * only the depth is kept.
 */
export async function pullBehind(
  image: LayerImage,
  edges: EdgePixels,
  options: TaskOptions,
): Promise<{ level1: VisibleDepth; level2: BehindLevel }> {
  const { width, height, channels } = image;
  const level1 = { width: (width + 1) >> 1, height: (height + 1) >> 1 };
  const t = new Float32Array(level1.width * level1.height);
  const level2 = emptyLevel((level1.width + 1) >> 1, (level1.height + 1) >> 1, channels);
  const rows = 4;
  const colour = new Float32Array(2 * rows * level1.width * channels);
  await forRows(level2.height, rows, options, (y0, y1) => {
    const first = 2 * y0;
    const last = Math.min(level1.height, 2 * y1);
    const strip = { ...level1, t: t.subarray(first * level1.width, last * level1.width), colour, first };
    pullPixels(image, edges, strip, 0, level1.width, first, last);
    pullCells(strip, level2, channels, y0, y1);
  });
  return { level1: { ...level1, t }, level2 };
}

/** Depth of what is visible, as that of {@link BehindLevel}. */
export type VisibleDepth = Pick<BehindLevel, 'width' | 'height' | 't'>;

/** Rows from `first` on of the visible part of a level whose size is given. */
interface Visible extends Pick<BehindLevel, 'width' | 'height' | 't' | 'colour'> {
  readonly first: number;
}

/** Side in cells of the blocks of level 1 whose colours are pulled at once: that of {@link Ranges} in pixels. */
const COLOUR_BLOCK = RANGE_BLOCK / 2;

/**
 * Colours of level 1, which only what is in focus reads, and only before something farther: three quarters of the level's
 * visible part, so they are not kept but pulled again, block by block, where they are asked for.
 */
export class Level1Colours {
  readonly #image: LayerImage;
  readonly #edges: EdgePixels;
  readonly #level: Visible;
  readonly #columns: number;
  readonly #pulled: Uint8Array;

  constructor(image: LayerImage, edges: EdgePixels, level1: BehindLevel) {
    this.#image = image;
    this.#edges = edges;
    this.#level = { ...level1, first: 0 };
    this.#columns = Math.ceil(level1.width / COLOUR_BLOCK);
    this.#pulled = new Uint8Array(this.#columns * Math.ceil(level1.height / COLOUR_BLOCK));
  }

  /** Makes sure that the level has the colours of cells x0 .. x1 - 1 in rows y0 .. y1 - 1. */
  need(x0: number, y0: number, x1: number, y1: number): void {
    const { width, height } = this.#level;
    for (let y = Math.max(0, y0 - (y0 % COLOUR_BLOCK)); y < Math.min(height, y1); y += COLOUR_BLOCK) {
      for (let x = Math.max(0, x0 - (x0 % COLOUR_BLOCK)); x < Math.min(width, x1); x += COLOUR_BLOCK) {
        const block = (y / COLOUR_BLOCK) * this.#columns + x / COLOUR_BLOCK;
        if (this.#pulled[block]) continue;
        this.#pulled[block] = 1;
        const [right, bottom] = [Math.min(width, x + COLOUR_BLOCK), Math.min(height, y + COLOUR_BLOCK)];
        pullPixels(this.#image, this.#edges, this.#level, x, right, y, bottom);
      }
    }
  }
}

/**
 * Pulls the levels above level 2 and pushes what they see behind into it.
 *
 * @param reach how far behind an edge it must know, in pixels.
 */
export async function completeBehind(
  level2: BehindLevel,
  channels: number,
  reach: number,
  { signal }: TaskOptions,
): Promise<void> {
  const top = Math.ceil(Math.log2(reach + 1)) + 1;
  const levels = [level2];
  for (let l = 3; l <= top; l++) {
    const below = levels.at(-1)!;
    if (Math.max(below.width, below.height) < 2) break;
    levels.push(await pull(below, channels, signal));
  }
  for (let i = levels.length - 2; i >= 0; i--) await pushBehind(levels[i]!, levels[i + 1]!, channels, { signal });
}

/** Puts into a level what the level above sees behind its cells. */
export async function pushBehind(
  level: BehindLevel,
  above: BehindLevel,
  channels: number,
  options: TaskOptions,
): Promise<void> {
  const sampler = createSampler(above, channels);
  const found = new Float32Array(channels + 2);
  const here = await Ranges.of({ ...level, data: level.t }, { signal: options.signal });
  const visible = await Ranges.of({ ...above, data: above.t }, { signal: options.signal });
  const hidden = await Ranges.of({ ...above, data: above.hiddenT }, { signal: options.signal }, above.sure);
  const columns = Math.ceil(level.width / RANGE_BLOCK);
  const rows = Math.ceil(level.height / RANGE_BLOCK);
  await forRows(columns * rows, 1, options, (b) => {
    const x0 = (b % columns) * RANGE_BLOCK;
    const y0 = Math.floor(b / columns) * RANGE_BLOCK;
    const side = RANGE_BLOCK / 2 + 2;
    const seen = { x: x0 / 2 - 1, y: y0 / 2 - 1, width: side, height: side };
    const farthest = Math.max(visible.within(seen)[1], hidden.within(seen)[1]);
    if (farthest - here.low[b]! <= BEHIND_FROM) return;
    for (let y = y0; y < Math.min(level.height, y0 + RANGE_BLOCK); y++) {
      for (let x = x0, i = y * level.width + x0; x < Math.min(level.width, x0 + RANGE_BLOCK); x++, i++) {
        if (!sampler(x, y, level.t[i]!, found)) continue;
        level.sure[i] = found[0]!;
        level.hiddenT[i] = found[1]!;
        for (let c = 0; c < channels; c++) level.hiddenColour[i * channels + c] = found[2 + c]!;
      }
    }
  });
}

async function pull(below: BehindLevel, channels: number, signal: AbortSignal | undefined): Promise<BehindLevel> {
  const level = emptyLevel((below.width + 1) >> 1, (below.height + 1) >> 1, channels);
  const from = { ...below, first: 0 };
  await forRows(level.height, 8, { signal }, (y0, y1) => pullCells(from, level, channels, y0, y1));
  return level;
}

/**
 * Looks behind a cell one level below `level`: `find(x, y, t, found)` is true when something lies behind depth t, and
 * then found = [sureness, depth, colour…].
 */
export function createSampler(
  level: BehindLevel,
  channels: number,
): (x: number, y: number, t: number, found: Float32Array) => boolean {
  const { width, height, t: T, colour, sure, hiddenT, hiddenColour } = level;
  const columns = new Int32Array(2);
  const rows = new Int32Array(2);
  return (x, y, t, found) => {
    // Bilinear with weights 3/4 and 1/4: the parent and its neighbour on the child's side.
    const px = x >> 1;
    const py = y >> 1;
    columns[0] = px;
    columns[1] = Math.min(width - 1, Math.max(0, x & 1 ? px + 1 : px - 1));
    rows[0] = py * width;
    rows[1] = Math.min(height - 1, Math.max(0, y & 1 ? py + 1 : py - 1)) * width;
    const seen = t + BEHIND_FROM;
    let nothing = true;
    for (let k = 0; k < 4 && nothing; k++) {
      const q = rows[k >> 1]! + columns[k & 1]!;
      nothing = T[q]! <= seen && hiddenT[q]! <= seen;
    }
    if (nothing) return false;
    let total = 0;
    for (let k = 0; k < 4; k++) {
      const q = rows[k >> 1]! + columns[k & 1]!;
      const weight = (k & 1 ? 0.25 : 0.75) * (k >> 1 ? 0.25 : 0.75);
      const visible = weight * isBehind(T[q]! - t);
      const hidden = sure[q] === 0 ? 0 : (weight - visible) * sure[q]! * isBehind(hiddenT[q]! - t);
      if (visible + hidden === 0) continue;
      if (total === 0) found.fill(0);
      total += visible + hidden;
      found[1] = found[1]! + visible * T[q]! + hidden * hiddenT[q]!;
      for (let c = 0, j = q * channels; c < channels; c++, j++)
        found[2 + c] = found[2 + c]! + visible * colour[j]! + hidden * hiddenColour[j]!;
    }
    if (total < 0.02) return false;
    found[0] = Math.min(1, total * 1.5);
    for (let c = 1; c < channels + 2; c++) found[c] = found[c]! / total;
    return true;
  };
}

function isBehind(distance: number): number {
  if (distance <= BEHIND_FROM) return 0;
  if (distance >= BEHIND_TO) return 1;
  const s = (distance - BEHIND_FROM) / (BEHIND_TO - BEHIND_FROM);
  return s * s * (3 - 2 * s);
}

/** A level of which nothing is known. */
export function emptyLevel(width: number, height: number, channels: number): BehindLevel {
  const n = width * height;
  return {
    width,
    height,
    t: new Float32Array(n),
    colour: new Float32Array(n * channels),
    sure: new Float32Array(n),
    hiddenT: new Float32Array(n),
    hiddenColour: new Float32Array(n * channels),
  };
}

/** Weight of a cell in a mean over its group when the farthest of the group is `nearer` layers behind it. */
function farWeight(nearer: number): number {
  if (nearer === 0) return 1;
  const s = (nearer / SAME) ** 2;
  return 1 / (1 + s * s);
}

function pullPixels(
  image: LayerImage,
  edges: EdgePixels,
  to: Visible,
  x0: number,
  x1: number,
  y0: number,
  y1: number,
): void {
  const { width, height, channels: C, depth, layers } = image;
  const light = new Float32Array(4);
  const { starts, x: edgeX, parts } = edges;
  const ts = new Float64Array(4);
  const weights = new Float64Array(4);
  const colours = new Float64Array(16);
  for (let y = y0; y < y1; y++) {
    const rowA = 2 * y;
    const rowB = Math.min(height - 1, rowA + 1);
    const endA = starts[rowA + 1]!;
    const endB = starts[rowB + 1]!;
    let edgeA = firstFrom(edgeX, 2 * x0, starts[rowA]!, endA);
    let edgeB = firstFrom(edgeX, 2 * x0, starts[rowB]!, endB);
    for (let x = x0, o = (y - to.first) * to.width + x0; x < x1; x++, o++) {
      let far = 0;
      for (let k = 0; k < 4; k++) {
        const px = Math.min(width - 1, 2 * x + (k & 1));
        const e = k < 2 ? edgeA : edgeB;
        if (e < (k < 2 ? endA : endB) && edgeX[e] === px) {
          // Of a pixel on an edge only its far part: the rest is the subject's colour.
          const at = e * (3 + 2 * C);
          if (k < 2) edgeA++;
          else edgeB++;
          ts[k] = parts[at + 2]!;
          weights[k] = 1.001 - parts[at]!;
          for (let c = 0; c < C; c++) colours[k * 4 + c] = parts[at + 3 + C + c]!;
        } else {
          const q = (k < 2 ? rowA : rowB) * width + px;
          readLight(image, q, light);
          ts[k] = layers[(depth[q]! * DEPTH_STEPS + 0.5) | 0]!;
          weights[k] = 1;
          colours[k * 4] = light[0]!;
          colours[k * 4 + 1] = light[1]!;
          colours[k * 4 + 2] = light[2]!;
          if (C === 4) colours[k * 4 + 3] = light[3]!;
        }
        if (ts[k]! > far) far = ts[k]!;
      }
      let total = 0;
      let t = 0;
      for (let k = 0; k < 4; k++) {
        const w = weights[k]! * farWeight(far - ts[k]!);
        weights[k] = w;
        total += w;
        t += w * ts[k]!;
      }
      to.t[o] = t / total;
      for (let c = 0, at = o * C; c < C; c++, at++) {
        to.colour[at] =
          (weights[0]! * colours[c]! +
            weights[1]! * colours[c + 4]! +
            weights[2]! * colours[c + 8]! +
            weights[3]! * colours[c + 12]!) /
          total;
      }
    }
  }
}

/** First of the ascending entries from .. to - 1 that is not below v; `to` where there is none. */
function firstFrom(ascending: Int32Array, v: number, from: number, to: number): number {
  while (from < to) {
    const middle = (from + to) >> 1;
    if (ascending[middle]! < v) from = middle + 1;
    else to = middle;
  }
  return from;
}

function pullCells(from: Visible, to: BehindLevel, channels: number, y0: number, y1: number): void {
  const at = new Int32Array(4);
  for (let y = y0; y < y1; y++) {
    const rowA = (2 * y - from.first) * from.width;
    const rowB = (Math.min(from.height - 1, 2 * y + 1) - from.first) * from.width;
    for (let x = 0, o = y * to.width; x < to.width; x++, o++) {
      const xa = 2 * x;
      const xb = Math.min(from.width - 1, xa + 1);
      at[0] = rowA + xa;
      at[1] = rowA + xb;
      at[2] = rowB + xa;
      at[3] = rowB + xb;
      let far = 0;
      for (let k = 0; k < 4; k++) if (from.t[at[k]!]! > far) far = from.t[at[k]!]!;
      let sum = 0;
      for (let k = 0; k < 4; k++) {
        const q = at[k]!;
        const w = farWeight(far - from.t[q]!);
        sum += w;
        to.t[o] = to.t[o]! + w * from.t[q]!;
        for (let c = 0; c < channels; c++)
          to.colour[o * channels + c] = to.colour[o * channels + c]! + w * from.colour[q * channels + c]!;
      }
      to.t[o] = to.t[o]! / sum;
      for (let c = 0; c < channels; c++) to.colour[o * channels + c] = to.colour[o * channels + c]! / sum;
    }
  }
}
