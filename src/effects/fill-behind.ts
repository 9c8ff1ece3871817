import { forRows, part, type TaskOptions } from '../core/task.js';
import { encodeSrgb8, SRGB_TO_LINEAR } from '../image/colour.js';
import { createImage, type ImageDataLike, type OutputImage } from '../image/image-data.js';

/** What a photo might show if its near parts were not there. */
export interface Behind {
  /** The photo, with the hidden pixels made up; opaque. */
  readonly image: OutputImage;
  /** Its disparities. */
  readonly depth: Float32Array;
}

/** Per cell: linear red, green, blue, disparity, and how much of it is known, interleaved. */
const STRIDE = 5;
const KNOWN = 4;

interface Level {
  readonly width: number;
  readonly height: number;
  readonly cells: Float32Array;
}

/** Detail copied into the hole is what is finer than this share of the long side. */
const DETAIL = 1 / 80;

/**
 * Fills hidden pixels from those around them. The coarse part by pull-push (Gortler et al. 1996): averages of what is
 * known, from fine grids to coarse ones, then interpolated back where nothing was known. The fine part is taken from
 * the other side of the hole's edge, as in a mirror, so that a lawn does not end in a smooth blur.
 *
 * @param hidden 1 where a pixel is to be made up. Where all are, the photo is returned as it is.
 */
export async function fillBehind(
  image: ImageDataLike,
  depth: Float32Array,
  hidden: Uint8Array,
  options: TaskOptions & { detail?: boolean } = {},
): Promise<Behind> {
  const { width, height, data } = image;
  const output = createImage(width, height, image.colorSpace);
  const outDepth = depth.slice();
  output.data.set(data);
  const levels = await pyramid(image, depth, hidden, part(options, 0, 0.6));
  const coarse = levels[0];
  if (!coarse || levels.at(-1)!.cells[KNOWN] === 0) return { image: output, depth: outDepth };
  const mirror =
    options.detail === false ? undefined : await nearestKnown(width, height, hidden, part(options, 0.6, 0.8));
  const fine = Math.min(levels.length - 1, Math.max(0, Math.round(Math.log2(Math.max(width, height) * DETAIL)) - 1));
  const cell = new Float32Array(STRIDE);
  const smooth = new Float32Array(STRIDE);
  await forRows(height, 16, part(options, 0.8, 1), (y0, y1) => {
    for (let y = y0; y < y1; y++) {
      for (let x = 0, i = y * width; x < width; x++, i++) {
        if (!hidden[i]) continue;
        sample(coarse, (x + 0.5) / 2, (y + 0.5) / 2, cell);
        const q = mirror ? mirrored(mirror, x, y, width, height, hidden) : -1;
        if (q >= 0)
          sample(
            levels[fine]!,
            ((q % width) + 0.5) / 2 ** (fine + 1),
            (Math.floor(q / width) + 0.5) / 2 ** (fine + 1),
            smooth,
          );
        for (let c = 0; c < 3; c++) {
          let v = cell[c]!;
          // As a ratio: a texture in the shade keeps its contrast, and nothing gets below black.
          if (q >= 0) v *= ratio(SRGB_TO_LINEAR[data[q * 4 + c]!]!, smooth[c]!);
          output.data[i * 4 + c] = encodeSrgb8(v);
        }
        output.data[i * 4 + 3] = 255;
        outDepth[i] = cell[3]!;
      }
    }
  });
  return { image: output, depth: outDepth };
}

function ratio(value: number, mean: number): number {
  return Math.min(2, Math.max(0.5, (value + 0.01) / (mean + 0.01)));
}

/** Grids of half the size each, filled down to the finest. Level 0 has cells of 2 × 2 pixels. */
async function pyramid(
  image: ImageDataLike,
  depth: Float32Array,
  hidden: Uint8Array,
  options: TaskOptions,
): Promise<Level[]> {
  const levels: Level[] = [];
  let { width, height } = image;
  while (levels.length === 0 || width > 1 || height > 1) {
    const below = levels.at(-1);
    const size = { width, height };
    [width, height] = [(width + 1) >> 1, (height + 1) >> 1];
    const level = { width, height, cells: new Float32Array(width * height * STRIDE) };
    const sum = new Float64Array(STRIDE);
    await forRows(height, 8, below ? { signal: options.signal } : part(options, 0, 0.8), (y0, y1) => {
      for (let y = y0; y < y1; y++) {
        for (let x = 0; x < width; x++) {
          sum.fill(0);
          let count = 0;
          for (let k = 0; k < 4; k++) {
            const sx = 2 * x + (k & 1);
            const sy = 2 * y + (k >> 1);
            if (sx >= size.width || sy >= size.height) continue;
            count++;
            const q = sy * size.width + sx;
            if (below) addCell(below.cells, q, sum);
            else if (!hidden[q]) addPixel(image, depth, q, sum);
          }
          const o = (y * width + x) * STRIDE;
          const known = sum[KNOWN]!;
          if (known === 0) continue;
          for (let c = 0; c < KNOWN; c++) level.cells[o + c] = sum[c]! / known;
          level.cells[o + KNOWN] = known / count;
        }
      }
    });
    levels.push(level);
  }
  const upper = new Float32Array(STRIDE);
  for (let l = levels.length - 2; l >= 0; l--) {
    const { width: w, height: h, cells } = levels[l]!;
    await forRows(h, 8, { signal: options.signal }, (y0, y1) => {
      for (let y = y0; y < y1; y++) {
        for (let x = 0; x < w; x++) {
          const o = (y * w + x) * STRIDE;
          const known = cells[o + KNOWN]!;
          if (known >= 1) continue;
          sample(levels[l + 1]!, (x + 0.5) / 2, (y + 0.5) / 2, upper);
          for (let c = 0; c < KNOWN; c++) cells[o + c] = known * cells[o + c]! + (1 - known) * upper[c]!;
          cells[o + KNOWN] = 1;
        }
      }
    });
  }
  options.onProgress?.(1);
  return levels;
}

function addCell(cells: Float32Array, q: number, sum: Float64Array): void {
  const known = cells[q * STRIDE + KNOWN]!;
  if (known === 0) return;
  for (let c = 0; c < KNOWN; c++) sum[c] = sum[c]! + known * cells[q * STRIDE + c]!;
  sum[KNOWN] = sum[KNOWN]! + known;
}

function addPixel(image: ImageDataLike, depth: Float32Array, q: number, sum: Float64Array): void {
  const a = image.data[q * 4 + 3]! / 255;
  for (let c = 0; c < 3; c++) sum[c] = sum[c]! + a * SRGB_TO_LINEAR[image.data[q * 4 + c]!]!;
  sum[3] = sum[3]! + a * depth[q]!;
  sum[KNOWN] = sum[KNOWN]! + a;
}

/** Bilinear, cell centres at .5. */
function sample({ width, height, cells }: Level, u: number, v: number, out: Float32Array): void {
  const x = Math.min(width - 1, Math.max(0, u - 0.5));
  const y = Math.min(height - 1, Math.max(0, v - 0.5));
  const xa = Math.floor(x);
  const ya = Math.floor(y);
  const fx = x - xa;
  const fy = y - ya;
  const p = (ya * width + xa) * STRIDE;
  const right = xa + 1 < width ? STRIDE : 0;
  const down = ya + 1 < height ? width * STRIDE : 0;
  for (let c = 0; c < STRIDE; c++) {
    const upper = cells[p + c]! * (1 - fx) + cells[p + right + c]! * fx;
    const lower = cells[p + down + c]! * (1 - fx) + cells[p + down + right + c]! * fx;
    out[c] = upper * (1 - fy) + lower * fy;
  }
}

/**
 * Index of about the nearest known pixel, for every hidden one: two sweeps that hand the neighbours' finds on
 * (Danielsson 1980). -1 where there is none.
 */
async function nearestKnown(
  width: number,
  height: number,
  hidden: Uint8Array,
  options: TaskOptions,
): Promise<Int32Array> {
  const nearest = new Int32Array(width * height).fill(-1);
  const offer = (i: number, x: number, y: number, from: number) => {
    const q = hidden[from] ? nearest[from]! : from;
    if (q < 0) return;
    const held = nearest[i]!;
    if (held >= 0 && distance(held, x, y) <= distance(q, x, y)) return;
    nearest[i] = q;
  };
  const distance = (q: number, x: number, y: number) => {
    const dy = Math.floor(q / width) - y;
    const dx = q - (dy + y) * width - x;
    return dx * dx + dy * dy;
  };
  for (const sign of [1, -1]) {
    await forRows(height, 8, part(options, sign > 0 ? 0 : 0.5, sign > 0 ? 0.5 : 1), (y0, y1) => {
      for (let row = y0; row < y1; row++) {
        const y = sign > 0 ? row : height - 1 - row;
        const above = y - sign;
        for (const turn of [sign, -sign]) {
          for (let k = 0; k < width; k++) {
            const x = turn > 0 ? k : width - 1 - k;
            const i = y * width + x;
            if (!hidden[i]) continue;
            if (turn === sign && above >= 0 && above < height) {
              for (let dx = -1; dx <= 1; dx++)
                if (x + dx >= 0 && x + dx < width) offer(i, x, y, above * width + x + dx);
            }
            if (x - turn >= 0 && x - turn < width) offer(i, x, y, i - turn);
          }
        }
      }
    });
  }
  return nearest;
}

/** The known pixel as far beyond the hole's edge as (x, y) is inside; -1 where there is none. */
function mirrored(
  nearest: Int32Array,
  x: number,
  y: number,
  width: number,
  height: number,
  hidden: Uint8Array,
): number {
  const q = nearest[y * width + x]!;
  if (q < 0) return -1;
  const qx = q % width;
  const qy = (q - qx) / width;
  const mx = 2 * qx - x;
  const my = 2 * qy - y;
  if (mx < 0 || mx >= width || my < 0 || my >= height) return -1;
  const m = my * width + mx;
  return hidden[m] ? -1 : m;
}
