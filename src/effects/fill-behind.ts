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

/** What is known of a hole that opens at a step in depth. */
export interface Opening {
  /** Per hidden pixel, the pixel of the far side where the hole that it lies in opens; -1 for none. */
  readonly origin: Int32Array;
  /** Disparities there. */
  readonly depth: Float32Array;
}

/** States of a pixel. */
export const KNOWN_PIXEL = 0;
export const HIDDEN_PIXEL = 1;
/** Neither made up nor looked at: what stands before the hole. */
export const BARRED_PIXEL = 2;

/** Cells on the long side of the grid on which the way out of a hole is known. */
const WAYS_SIDE = 256;
/** Share of the long side over which what is mirrored gives way to the smooth guess. */
const FADE_FROM = 0.03;
const FADE_TO = 0.08;

/** What is this much nearer than the far side of a step is not what lies behind it. */
const SAME = 0.05;

/**
 * Fills hidden pixels from those around them. A smooth guess by pull-push (Gortler et al. 1996): averages of what is
 * known, from fine grids to coarse ones, then interpolated back where nothing was known. Given an `opening`, what lies
 * as far beyond the step as a pixel lies inside is put before it, as in a mirror, softer with the distance: close to
 * the edge, where a hole opens first, lines and textures run on; and the disparity is that of the step's far side.
 *
 * @param state per pixel, see above. Where no pixel is known the photo is returned as it is.
 */
export async function fillBehind(
  image: ImageDataLike,
  depth: Float32Array,
  state: Uint8Array,
  options: TaskOptions & { opening?: Opening } = {},
): Promise<Behind> {
  const { width, height, data } = image;
  const output = createImage(width, height, image.colorSpace);
  const outDepth = depth.slice();
  output.data.set(data);
  const levels = await pyramid(image, depth, state, part(options, 0, 0.7));
  const coarse = levels[0];
  if (!coarse || levels.at(-1)!.cells[KNOWN] === 0) return { image: output, depth: outDepth };
  const { opening } = options;
  const ways = opening && (await waysOut(opening, state, width, height, options.signal));
  const side = Math.max(width, height);
  const cell = new Float32Array(STRIDE);
  const seen = new Float32Array(STRIDE);
  const pixel = new Float64Array(STRIDE);
  const way = new Float32Array(3);
  await forRows(height, 16, part(options, 0.8, 1), (y0, y1) => {
    for (let y = y0; y < y1; y++) {
      for (let x = 0, i = y * width; x < width; x++, i++) {
        if (state[i] !== HIDDEN_PIXEL) continue;
        sample(coarse, (x + 0.5) / 2, (y + 0.5) / 2, cell);
        if (ways?.at(x, y, way)) {
          cell[3] = way[2]!;
          mirror(x, y, way[0]!, way[1]!, way[2]! + SAME);
        }
        outDepth[i] = cell[3]!;
        for (let c = 0; c < 3; c++) output.data[i * 4 + c] = encodeSrgb8(cell[c]!);
        output.data[i * 4 + 3] = 255;
      }
    }
  });
  return { image: output, depth: outDepth };

  /** Mixes into `cell` what is seen in the mirror at the end of the way out. */
  function mirror(x: number, y: number, dx: number, dy: number, nearest: number): void {
    const far = Math.hypot(dx, dy);
    const keep = Math.min(1, Math.max(0, (FADE_TO - far / side) / (FADE_TO - FADE_FROM)));
    if (keep === 0) return;
    // Twice as far as the step. The band along it is hidden too: where that is met, look a little beyond.
    for (let more = 0; more < 4; more++) {
      const times = 2 + (more * side * BEYOND) / Math.max(1, far);
      const u = x + 0.5 + times * dx;
      const v = y + 0.5 + times * dy;
      if (u < 0 || v < 0 || u >= width || v >= height) return;
      const q = Math.floor(v) * width + Math.floor(u);
      if (state[q] === HIDDEN_PIXEL || depth[q]! > nearest) continue;
      const level = Math.log2(1 + (far / side) * SOFTER) - 1;
      // A coarse cell is a mean of known pixels only: what is barred there is read as it is.
      if (level < 0 || state[q] !== KNOWN_PIXEL) {
        addPixel(image, depth, q, pixel.fill(0));
        if (pixel[KNOWN] === 0) continue;
        for (let c = 0; c < 3; c++) seen[c] = pixel[c]! / pixel[KNOWN]!;
      } else {
        const l = Math.min(levels.length - 1, Math.floor(level));
        sample(levels[l]!, u / 2 ** (l + 1), v / 2 ** (l + 1), seen);
      }
      for (let c = 0; c < 3; c++) cell[c] = cell[c]! + keep * (seen[c]! - cell[c]!);
      return;
    }
  }
}

/** Length of a look beyond the mirrored place, share of the long side. */
const BEYOND = 1 / 100;
/** How fast what is mirrored gets softer: levels of the pyramid by the logarithm of this times the distance. */
const SOFTER = 200;

/** For places in a hole, the way to where it opens, and how far the far side is there. */
interface Ways {
  /** Leaves the way in pixels and the disparity in `out`; false where there is none. */
  at(x: number, y: number, out: Float32Array): boolean;
}

/** Per cell: way right and down, disparity, number. */
const WAY = 4;

/** The ways out on a grid, evened out: a ragged edge would give streaks. */
async function waysOut(
  { origin, depth }: Opening,
  state: Uint8Array,
  width: number,
  height: number,
  signal: AbortSignal | undefined,
): Promise<Ways> {
  const size = Math.max(1, Math.round(Math.max(width, height) / WAYS_SIDE));
  const w = Math.ceil(width / size);
  const h = Math.ceil(height / size);
  let ways = new Float32Array(w * h * WAY);
  await forRows(height, 16, { signal }, (y0, y1) => {
    for (let y = y0; y < y1; y++) {
      const row = Math.floor(y / size) * w;
      for (let x = 0, i = y * width; x < width; x++, i++) {
        if (state[i] !== HIDDEN_PIXEL || origin[i]! < 0) continue;
        const o = origin[i]!;
        const oy = Math.floor(o / width);
        const q = (row + Math.floor(x / size)) * WAY;
        ways[q] = ways[q]! + o - oy * width - x;
        ways[q + 1] = ways[q + 1]! + oy - y;
        ways[q + 2] = ways[q + 2]! + depth[o]!;
        ways[q + 3] = ways[q + 3]! + 1;
      }
    }
  });
  for (let q = 0; q < ways.length; q += WAY) {
    const n = ways[q + 3]!;
    if (n > 0) for (let c = 0; c < WAY; c++) ways[q + c] = ways[q + c]! / n;
  }
  for (let pass = 0; pass < 3; pass++) ways = evened(ways, w, h);
  return {
    at(x, y, out) {
      const u = (x + 0.5) / size - 0.5;
      const v = (y + 0.5) / size - 0.5;
      const xa = Math.floor(u);
      const ya = Math.floor(v);
      let total = 0;
      out.fill(0);
      for (let j = 0; j < 4; j++) {
        const cx = xa + (j & 1);
        const cy = ya + (j >> 1);
        if (cx < 0 || cy < 0 || cx >= w || cy >= h) continue;
        const q = (cy * w + cx) * WAY;
        const share = Math.abs(1 - (j & 1) - (u - xa)) * Math.abs(1 - (j >> 1) - (v - ya)) * ways[q + 3]!;
        for (let c = 0; c < 3; c++) out[c] = out[c]! + share * ways[q + c]!;
        total += share;
      }
      if (total === 0) return false;
      for (let c = 0; c < 3; c++) out[c] = out[c]! / total;
      return true;
    },
  };
}

/** Mean of the ways in 3 × 3 cells, of those that lead to about the same depth. */
function evened(ways: Float32Array, w: number, h: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(ways.length);
  for (let y = 0, i = 0; y < h; y++) {
    for (let x = 0; x < w; x++, i += WAY) {
      if (ways[i + 3] === 0) continue;
      let n = 0;
      for (let cy = Math.max(0, y - 1); cy <= Math.min(h - 1, y + 1); cy++) {
        for (let cx = Math.max(0, x - 1); cx <= Math.min(w - 1, x + 1); cx++) {
          const q = (cy * w + cx) * WAY;
          if (ways[q + 3] === 0 || Math.abs(ways[q + 2]! - ways[i + 2]!) > SAME) continue;
          for (let c = 0; c < 3; c++) out[i + c] = out[i + c]! + ways[q + c]!;
          n++;
        }
      }
      for (let c = 0; c < 3; c++) out[i + c] = out[i + c]! / n;
      out[i + 3] = 1;
    }
  }
  return out;
}

/** Grids of half the size each, filled down to the finest. Level 0 has cells of 2 × 2 pixels. */
async function pyramid(
  image: ImageDataLike,
  depth: Float32Array,
  state: Uint8Array,
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
            else if (state[q] === KNOWN_PIXEL) addPixel(image, depth, q, sum);
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
