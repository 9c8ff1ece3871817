import { forRows, type TaskOptions } from '../core/task.js';
import type { EdgePixels } from './edges.js';
import { DEPTH_STEPS, readLight, type LayerImage } from './layers.js';

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
 * {@link completeBehind} needs the whole of level 2, {@link pushBehind} a part of it again.
 */
export async function pullBehind(
  image: LayerImage,
  edges: EdgePixels,
  options: TaskOptions,
): Promise<{ level1: BehindLevel; level2: BehindLevel }> {
  const level1 = emptyLevel((image.width + 1) >> 1, (image.height + 1) >> 1, image.channels);
  await forRows(level1.height, 8, options, (y0, y1) => pullPixels(image, edges, level1, y0, y1));
  return { level1, level2: await pull(level1, image.channels, options.signal) };
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
  await forRows(level.height, 8, options, (y0, y1) => {
    for (let y = y0; y < y1; y++) {
      for (let x = 0, i = y * level.width; x < level.width; x++, i++) {
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
  await forRows(level.height, 8, { signal }, (y0, y1) => pullCells(below, level, channels, y0, y1));
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
  const s = (nearer / SAME) ** 2;
  return 1 / (1 + s * s);
}

function pullPixels(image: LayerImage, edges: EdgePixels, to: BehindLevel, y0: number, y1: number): void {
  const { width, height, channels: C, depth, layers } = image;
  const light = new Float32Array(4);
  const { starts, x: edgeX, parts } = edges;
  const ts = new Float64Array(4);
  const weights = new Float64Array(4);
  const colours = new Float64Array(16);
  const edge = new Int32Array(2);
  const sum = new Float64Array(4);
  for (let y = y0; y < y1; y++) {
    const rows = [2 * y, Math.min(height - 1, 2 * y + 1)] as const;
    edge[0] = starts[rows[0]]!;
    edge[1] = starts[rows[1]]!;
    for (let x = 0, o = y * to.width; x < to.width; x++, o++) {
      let far = 0;
      for (let k = 0; k < 4; k++) {
        const row = rows[k >> 1]!;
        const px = Math.min(width - 1, 2 * x + (k & 1));
        const e = edge[k >> 1]!;
        if (e < starts[row + 1]! && edgeX[e] === px) {
          // Of a pixel on an edge only its far part: the rest is the subject's colour.
          const at = e * (3 + 2 * C);
          edge[k >> 1] = e + 1;
          ts[k] = parts[at + 2]!;
          weights[k] = 1.001 - parts[at]!;
          for (let c = 0; c < C; c++) colours[k * 4 + c] = parts[at + 3 + C + c]!;
        } else {
          const q = row * width + px;
          readLight(image, q, light);
          ts[k] = layers[(depth[q]! * DEPTH_STEPS + 0.5) | 0]!;
          weights[k] = 1;
          for (let c = 0; c < 4; c++) colours[k * 4 + c] = light[c]!;
        }
        if (ts[k]! > far) far = ts[k]!;
      }
      let total = 0;
      let t = 0;
      sum.fill(0);
      for (let k = 0; k < 4; k++) {
        const w = weights[k]! * farWeight(far - ts[k]!);
        total += w;
        t += w * ts[k]!;
        for (let c = 0; c < C; c++) sum[c] = sum[c]! + w * colours[k * 4 + c]!;
      }
      to.t[o] = t / total;
      for (let c = 0; c < C; c++) to.colour[o * C + c] = sum[c]! / total;
    }
  }
}

function pullCells(from: BehindLevel, to: BehindLevel, channels: number, y0: number, y1: number): void {
  const at = new Int32Array(4);
  for (let y = y0; y < y1; y++) {
    const rowA = 2 * y * from.width;
    const rowB = Math.min(from.height - 1, 2 * y + 1) * from.width;
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
