import { breathe, forRows, isDue, part, type TaskOptions } from '../core/task.js';
import type { DepthMap } from '../depth/depth-map.js';
import { encodeSrgb8, SRGB_TO_LINEAR } from '../image/colour.js';
import { createImage, type ImageDataLike, type OutputImage } from '../image/image-data.js';
import { alignToMatte } from './align-depth.js';
import type { Face } from '../image/face.js';
import type { Matte } from '../image/matte.js';
import { extremes, greatest, least } from '../image/extremes.js';
import { BARRED_PIXEL, fillBehind, HIDDEN_PIXEL } from './fill-behind.js';

/** Where the camera went, seen from where the photo was taken. */
export interface Camera {
  /** To the right, and down: shift of the picture as a share of its long side at a disparity difference of 1. */
  readonly x: number;
  readonly y: number;
  /** Forwards, in distances of the nearest thing (disparity 1), zooming so that the pivot keeps its size; below 1. */
  readonly z: number;
  /** Disparity that stays in place. */
  readonly pivot: number;
  /** The picture's middle is enlarged by this, so that nothing beyond the photo's border shows. */
  readonly crop: number;
}

export interface View {
  readonly image: OutputImage;
  readonly depth: DepthMap;
  /** Where they are in it now, where faces were given. */
  readonly faces?: readonly Face[] | undefined;
  /** The subject's in it, where its matte was given. */
  readonly matte?: Matte | undefined;
}

/** Difference in disparity from which two neighbours are two things, with a gap between them. */
const STEP = 0.05;
/** The same inside the subject, which is one body: a nose, a chin, folds are slopes, a hand held far out is not. */
const STEP_WITHIN = 0.2;
/** The same where no matte says what is one body. */
const STEP_BLIND = 0.1;
/** Half the width over which a map may smear a step, as a share of the long side. */
const SMEAR = 1 / 200;
/** Half the width of the band in which colour says to which side of a step a pixel belongs. */
const MIXED = 1 / 128;
/** Width of a rim in which near pixels mix with what is behind them. */
const RIM = 1 / 600;
/** Length of a step of the search, in pixels. */
const STRIDE = 0.75;
const TILE = 16;
/** Samples each way from which the colours of an edge's two sides are learnt, and their spacing in bands. */
const TAPS = 3;
/** Difference of two colours, in linear light, from which their mixture can be told; and what counts against it. */
const NOISE = 0.04;
const OFF_LINE = 16;

/**
 * A photo made ready for new views: in front what it shows, cut along the steps of its depth, with soft edges; behind
 * it what may be uncovered. Each pixel of a view looks along its line, from near to far, for the first surface that
 * lies on it (a ray cast over two height fields: Policarpo et al. 2005; the layers after Shade et al. 1998, "Layered
 * depth images"). Nothing is stretched over a step: where the line passes under an edge, what is behind shows.
 */
export class ViewScene {
  readonly width: number;
  readonly height: number;
  readonly #space: PredefinedColorSpace;
  /** What the photo shows: colours (edges freed of what is behind them), disparities, opacity as bytes. */
  readonly #front: Uint8ClampedArray;
  readonly #frontDepth: Float32Array;
  readonly #frontShare: Uint8Array;
  readonly #back: Uint8ClampedArray;
  readonly #backDepth: Float32Array;
  readonly #photo: ImageDataLike;
  readonly #photoDepth: DepthMap;
  readonly #matte: Matte | undefined;
  readonly #blocks: Blocks;

  private constructor(
    image: ImageDataLike,
    depth: DepthMap,
    matte: Matte | undefined,
    front: Front,
    back: { image: OutputImage; depth: Float32Array },
    blocks: Blocks,
  ) {
    this.width = image.width;
    this.height = image.height;
    this.#space = image.colorSpace ?? 'srgb';
    this.#front = front.colours;
    this.#frontDepth = front.depth;
    this.#frontShare = front.share;
    this.#back = back.image.data;
    this.#backDepth = back.depth;
    this.#photo = image;
    this.#photoDepth = depth;
    this.#matte = matte;
    this.#blocks = blocks;
  }

  /**
   * @param depth of the size of the image.
   * @param reach how far, in pixels, something may move against what is behind it.
   * @param matte of the subject, of the size of the image: the depth's step is moved to its contour.
   */
  static async open(
    image: ImageDataLike,
    depth: DepthMap,
    reach: number,
    options: TaskOptions & { matte?: Matte | undefined } = {},
  ): Promise<ViewScene> {
    const { width, height } = image;
    const side = Math.max(width, height);
    const smear = Math.max(2, Math.round(side * SMEAR));
    const { matte } = options;
    const aligned = matte ? await alignToMatte(depth.data, matte, { signal: options.signal }) : depth.data;
    const sharp = await closePores(aligned, width, height, smear, part(options, 0, 0.08));
    const body = matte && (await insideOf(matte, options.signal));
    await sharpenSteps(sharp, width, height, smear, body, part(options, 0.08, 0.15));
    const radius = Math.max(2, Math.round(side * MIXED));
    const band = await findSteps(sharp, width, height, smear, radius, body, part(options, 0.15, 0.2));
    const front = await splitFront(image, sharp, band, radius, matte, part(options, 0.2, 0.5));
    const { state, origin } = await uncoverable(
      front,
      width,
      height,
      Math.ceil(reach) + 2 * radius + 1,
      options.signal,
    );
    const opening = { origin, depth: front.depth };
    const back = await fillBehind(image, front.far, state, { ...part(options, 0.5, 1), opening });
    const blocks = await Blocks.of(width, height, front.depth, back.depth, options.signal);
    return new ViewScene(image, depth, matte, front, back, blocks);
  }

  /** The photo as seen by another camera, of the same size. */
  async render(camera: Camera, options: TaskOptions = {}): Promise<View> {
    const { width, height } = this;
    const image = createImage(width, height, this.#space);
    if (camera.x === 0 && camera.y === 0 && camera.z === 0 && camera.crop === 1) {
      // From where it was taken the photo is its own view, to the byte.
      image.data.set(this.#photo.data);
      return { image, depth: this.#photoDepth, ...(this.#matte && { matte: this.#matte }) };
    }
    const depth = new Float32Array(width * height);
    const matte = this.#matte && new Float32Array(width * height);
    const rays = new Rays(camera, width, height);
    await forRows(Math.ceil(height / TILE), 1, options, (row) => {
      for (let x0 = 0; x0 < width; x0 += TILE) this.#renderTile(x0, row * TILE, rays, image.data, depth, matte);
    });
    return { image, depth: { width, height, data: depth }, ...(matte && { matte: { width, height, data: matte } }) };
  }

  #renderTile(
    x0: number,
    y0: number,
    rays: Rays,
    out: Uint8ClampedArray,
    outDepth: Float32Array,
    outMatte: Float32Array | undefined,
  ): void {
    const { width, height } = this;
    const x1 = Math.min(width, x0 + TILE);
    const y1 = Math.min(height, y0 + TILE);
    // Which disparities can lie on the tile's lines? Each answer narrows the window of the next question.
    let lo = 0;
    let hi = 1;
    for (let k = 0; k < 3; k++) [lo, hi] = this.#blocks.range(rays.window(x0, y0, x1, y1, lo, hi));
    for (let y = y0; y < y1; y++) for (let x = x0; x < x1; x++) this.#look(x, y, lo, hi, rays, out, outDepth, outMatte);
  }

  #look(
    x: number,
    y: number,
    lo: number,
    hi: number,
    rays: Rays,
    out: Uint8ClampedArray,
    outDepth: Float32Array,
    outMatte: Float32Array | undefined,
  ): void {
    const { width, height } = this;
    const front = this.#frontDepth;
    const back = this.#backDepth;
    const ax = rays.startX(x);
    const ay = rays.startY(y);
    const bx = rays.slopeX(x);
    const by = rays.slopeY(y);
    const length = Math.max(Math.abs(bx), Math.abs(by)) * (hi - lo);
    const steps = Math.max(1, Math.ceil(length / STRIDE));
    const step = (hi - lo) / steps;
    const slack = STEP + step;
    let [r, g, b, alpha, subject, through] = [0, 0, 0, 0, 0, 1];
    let seen = -1;
    let before = -1; // how far the front's surface lies above the line at the last sample; below 0: not yet reached
    let held = -1; // pixel of the last sample
    for (let k = 0; k <= steps && through > 0.004; k++) {
      const d = k === steps ? lo : hi - k * step;
      const px = clampTo(Math.floor(ax + bx * d), width);
      const py = clampTo(Math.floor(ay + by * d), height);
      const q = py * width + px;
      const above = front[q]! - d;
      if (above >= 0 && before < 0 && (above <= slack || q === held)) {
        const at = k === 0 ? d : d + step * (above / (above - before));
        const u = ax + bx * at;
        const v = ay + by * at;
        this.#sampleFront(u, v, front[q]!);
        const share = through * this.#sum[3]!;
        if (share > 0) {
          r += through * this.#sum[0]!;
          g += through * this.#sum[1]!;
          b += through * this.#sum[2]!;
          alpha += through * this.#sum[4]!;
          subject += through * this.#sum[5]!;
          if (seen < 0 && this.#sum[3]! >= 0.5) seen = front[q]!;
          through -= share;
        }
      }
      before = above;
      held = q;
      if (through <= 0.004) break;
      if (back[q]! >= d || k === steps) {
        this.#sampleBack(ax + bx * d, ay + by * d);
        r += through * this.#sum[0]!;
        g += through * this.#sum[1]!;
        b += through * this.#sum[2]!;
        alpha += through * this.#sum[4]!;
        if (seen < 0) seen = back[q]!;
        through = 0;
      }
    }
    const i = y * width + x;
    const p = i * 4;
    const norm = 1 / (1 - through);
    // Colours of a photo with alpha are weighted by it only here: both layers carry straight colours.
    out[p] = encodeSrgb8(r * norm);
    out[p + 1] = encodeSrgb8(g * norm);
    out[p + 2] = encodeSrgb8(b * norm);
    out[p + 3] = Math.round(alpha * norm * 255);
    outDepth[i] = Math.max(0, seen);
    if (outMatte) outMatte[i] = subject * norm;
  }

  /** Red, green, blue times opacity; opacity; alpha times opacity; the subject's share of it. */
  readonly #sum = new Float64Array(6);

  /** Bilinear over those neighbours that lie on the same surface; the others let through what is behind. */
  #sampleFront(u: number, v: number, surface: number): void {
    const { width, height } = this;
    const sum = this.#sum.fill(0);
    const x = u - 0.5;
    const y = v - 0.5;
    const xa = Math.floor(x);
    const ya = Math.floor(y);
    for (let j = 0; j < 4; j++) {
      const w = Math.abs(1 - (j & 1) - (x - xa)) * Math.abs(1 - (j >> 1) - (y - ya));
      if (w === 0) continue;
      const q = clampTo(ya + (j >> 1), height) * width + clampTo(xa + (j & 1), width);
      if (Math.abs(this.#frontDepth[q]! - surface) > STEP) continue;
      const share = (w * this.#frontShare[q]!) / 255;
      const p = q * 4;
      for (let c = 0; c < 3; c++) sum[c] = sum[c]! + share * SRGB_TO_LINEAR[this.#front[p + c]!]!;
      sum[3] = sum[3]! + share;
      sum[4] = sum[4]! + (share * this.#photo.data[p + 3]!) / 255;
      // At an edge the opacity and the matte are two guesses of one coverage: it does not count twice.
      if (this.#matte) sum[5] = sum[5]! + Math.min(share, w * this.#matte.data[q]!);
    }
  }

  #sampleBack(u: number, v: number): void {
    const { width, height } = this;
    const sum = this.#sum.fill(0);
    const x = u - 0.5;
    const y = v - 0.5;
    const xa = Math.floor(x);
    const ya = Math.floor(y);
    for (let j = 0; j < 4; j++) {
      const w = Math.abs(1 - (j & 1) - (x - xa)) * Math.abs(1 - (j >> 1) - (y - ya));
      const p = (clampTo(ya + (j >> 1), height) * width + clampTo(xa + (j & 1), width)) * 4;
      for (let c = 0; c < 3; c++) sum[c] = sum[c]! + w * SRGB_TO_LINEAR[this.#back[p + c]!]!;
      sum[4] = sum[4]! + (w * this.#back[p + 3]!) / 255;
    }
  }
}

function clampTo(v: number, n: number): number {
  return v < 0 ? 0 : v >= n ? n - 1 : v;
}

/** The line of places in the photo that a pixel of the view may show, by disparity: start + slope · disparity. */
class Rays {
  readonly #camera: Camera;
  readonly #middleX: number;
  readonly #middleY: number;
  readonly #side: number;
  /** 1 / (1 - z · pivot) / crop */
  readonly #scale: number;

  constructor(camera: Camera, width: number, height: number) {
    this.#camera = camera;
    this.#middleX = width / 2;
    this.#middleY = height / 2;
    this.#side = Math.max(width, height);
    this.#scale = 1 / ((1 - camera.z * camera.pivot) * camera.crop);
  }

  startX(x: number): number {
    return this.#middleX + (x + 0.5 - this.#middleX) * this.#scale - this.#camera.x * this.#side * this.#camera.pivot;
  }
  startY(y: number): number {
    return this.#middleY + (y + 0.5 - this.#middleY) * this.#scale - this.#camera.y * this.#side * this.#camera.pivot;
  }
  slopeX(x: number): number {
    return this.#camera.x * this.#side - (x + 0.5 - this.#middleX) * this.#scale * this.#camera.z;
  }
  slopeY(y: number): number {
    return this.#camera.y * this.#side - (y + 0.5 - this.#middleY) * this.#scale * this.#camera.z;
  }

  /** Everything in the photo that the tile's lines pass between two disparities. */
  window(x0: number, y0: number, x1: number, y1: number, lo: number, hi: number): [number, number, number, number] {
    const box: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity];
    for (const d of [lo, hi]) {
      for (const x of [x0, x1 - 1]) {
        const u = this.startX(x) + this.slopeX(x) * d;
        box[0] = Math.min(box[0], u);
        box[2] = Math.max(box[2], u);
      }
      for (const y of [y0, y1 - 1]) {
        const v = this.startY(y) + this.slopeY(y) * d;
        box[1] = Math.min(box[1], v);
        box[3] = Math.max(box[3], v);
      }
    }
    return box;
  }
}

/** Where a camera sees a point of the photo (pixels, centres at .5) at a disparity: the inverse of {@link Rays}. */
export function seenAt(
  point: { readonly x: number; readonly y: number },
  disparity: number,
  { x, y, z, pivot, crop }: Camera,
  { width, height }: { readonly width: number; readonly height: number },
): { x: number; y: number } {
  const shift = Math.max(width, height) * (pivot - disparity);
  const scale = (crop * (1 - z * pivot)) / (1 - z * disparity);
  return {
    x: width / 2 + (point.x - width / 2 + x * shift) * scale,
    y: height / 2 + (point.y - height / 2 + y * shift) * scale,
  };
}

/** Least and greatest disparity of both layers by blocks of 16 × 16. */
class Blocks {
  readonly #columns: number;
  readonly #rows: number;
  readonly #low: Float32Array;
  readonly #high: Float32Array;

  private constructor(width: number, height: number) {
    this.#columns = Math.ceil(width / TILE);
    this.#rows = Math.ceil(height / TILE);
    this.#low = new Float32Array(this.#columns * this.#rows).fill(1);
    this.#high = new Float32Array(this.#columns * this.#rows);
  }

  static async of(
    width: number,
    height: number,
    front: Float32Array,
    back: Float32Array,
    signal: AbortSignal | undefined,
  ): Promise<Blocks> {
    const blocks = new Blocks(width, height);
    const low = blocks.#low;
    const high = blocks.#high;
    await forRows(height, TILE, { signal }, (y0, y1) => {
      for (let y = y0, i = y0 * width; y < y1; y++) {
        const row = Math.floor(y / TILE) * blocks.#columns;
        for (let x = 0; x < width; x++, i++) {
          const b = row + ((x / TILE) | 0);
          if (back[i]! < low[b]!) low[b] = back[i]!;
          if (front[i]! < low[b]!) low[b] = front[i]!;
          if (front[i]! > high[b]!) high[b] = front[i]!;
        }
      }
    });
    return blocks;
  }

  range([x0, y0, x1, y1]: readonly [number, number, number, number]): [lo: number, hi: number] {
    let lo = 1;
    let hi = 0;
    const column = (v: number) => clampTo(Math.floor(v / TILE), this.#columns);
    const row = (v: number) => clampTo(Math.floor(v / TILE), this.#rows);
    const last = column(x1 + 1);
    for (let y = row(y0 - 1), end = row(y1 + 1); y <= end; y++) {
      for (let b = y * this.#columns + column(x0 - 1), stop = y * this.#columns + last; b <= stop; b++) {
        if (this.#low[b]! < lo) lo = this.#low[b]!;
        if (this.#high[b]! > hi) hi = this.#high[b]!;
      }
    }
    return [Math.min(lo, hi), hi];
  }
}

/**
 * Fills far pores in near things: a highlight in the hair that the map took for the wall behind. Closing: the least of
 * the greatest (Serra 1982).
 */
async function closePores(
  depth: Float32Array,
  width: number,
  height: number,
  radius: number,
  options: TaskOptions,
): Promise<Float32Array> {
  const high = await greatest(depth, width, height, radius, part(options, 0, 0.5));
  const closed = await least(high, width, height, radius, part(options, 0.5, 1));
  await forRows(height, 32, { signal: options.signal }, (y0, y1) => {
    for (let i = y0 * width; i < y1 * width; i++) if (closed[i]! - depth[i]! < STEP) closed[i] = depth[i]!;
  });
  return closed;
}

/** 1 where the subject is. */
async function insideOf({ width, height, data }: Matte, signal: AbortSignal | undefined): Promise<Float32Array> {
  const inside = new Float32Array(width * height);
  await forRows(height, 32, { signal }, (y0, y1) => {
    for (let i = y0 * width; i < y1 * width; i++) inside[i] = data[i]! >= 0.5 ? 1 : 0;
  });
  return inside;
}

/**
 * 1 in the band along steps: jumps from a pixel to the next. Smaller jumps are made slopes (in place), so that what is
 * no step has no gap either.
 */
async function findSteps(
  depth: Float32Array,
  width: number,
  height: number,
  smear: number,
  radius: number,
  body: Float32Array | undefined,
  options: TaskOptions,
): Promise<Uint8Array> {
  const steps = new Float32Array(width * height);
  const slight = new Float32Array(width * height);
  const compare = (i: number, q: number) => {
    const jump = Math.abs(depth[i]! - depth[q]!);
    if (jump < STEP / 2) return;
    const kind = jump < leastStep(body, i, q) ? slight : steps;
    kind[i] = 1;
    kind[q] = 1;
  };
  await forRows(height, 16, part(options, 0, 0.2), (y0, y1) => {
    for (let y = y0, i = y0 * width; y < y1; y++) {
      for (let x = 0; x < width; x++, i++) {
        if (x + 1 < width) compare(i, i + 1);
        if (y + 1 < height) compare(i, i + width);
      }
    }
  });
  // Both pixels of a jump are marked: a window of `radius` around a pixel of the band sees both sides.
  const near = await greatest(steps, width, height, radius - 1, part(options, 0.2, 0.5));
  const rough = await greatest(slight, width, height, smear, part(options, 0.5, 0.7));
  const mean = await windowMean(depth, width, height, smear, part(options, 0.7, 0.9));
  const band = new Uint8Array(width * height);
  await forRows(height, 32, part(options, 0.9, 1), (y0, y1) => {
    for (let i = y0 * width; i < y1 * width; i++) {
      if (near[i]) band[i] = 1;
      else if (rough[i]) depth[i] = mean[i]!;
    }
  });
  return band;
}

function leastStep(body: Float32Array | undefined, i: number, q: number): number {
  return body ? (body[i] && body[q] ? STEP_WITHIN : STEP) : STEP_BLIND;
}

/**
 * Makes a smeared step sharp again: a pixel between two things goes to the one that it is closer to. A slope is left
 * alone: what it spans keeps growing with the window, a step's does not. In place.
 */
async function sharpenSteps(
  depth: Float32Array,
  width: number,
  height: number,
  radius: number,
  body: Float32Array | undefined,
  options: TaskOptions,
): Promise<void> {
  const deep = body && (await least(body, width, height, radius, { signal: options.signal }));
  const [lo, hi] = await extremes(depth, width, height, radius, part(options, 0, 0.4));
  const [lower, higher] = await extremes(depth, width, height, 2 * radius, part(options, 0.4, 0.8));
  await forRows(height, 32, part(options, 0.8, 1), (y0, y1) => {
    for (let i = y0 * width; i < y1 * width; i++) {
      const span = hi[i]! - lo[i]!;
      if (span < leastStep(deep, i, i) || higher[i]! - lower[i]! > 1.5 * span) continue;
      depth[i] = depth[i]! - lo[i]! < hi[i]! - depth[i]! ? lo[i]! : hi[i]!;
    }
  });
}

interface Front {
  readonly colours: Uint8ClampedArray;
  readonly depth: Float32Array;
  readonly share: Uint8Array;
  /** Disparities with every edge band at its far side. */
  readonly far: Float32Array;
  /** 1 in the band along steps. */
  readonly band: Uint8Array;
}

/**
 * Takes the pixels along steps apart. To which side one belongs, and how much, its colour says (two-colour model:
 * Mishima 1993), the less the farther it is from the step: depth maps miss edges by a few pixels. The near side goes to
 * the front with its own colour and opacity; what is all far stays an opaque pixel of the surface behind.
 */
async function splitFront(
  image: ImageDataLike,
  depth: Float32Array,
  band: Uint8Array,
  radius: number,
  matte: Matte | undefined,
  options: TaskOptions,
): Promise<Front> {
  const { width, height, data } = image;
  const [lo, hi] = await extremes(depth, width, height, radius, part(options, 0, 0.3));
  const mean = await windowMean(depth, width, height, radius, part(options, 0.3, 0.4));
  const judged = new Uint8Array(width * height).fill(255);
  const near = new Float64Array(4);
  const back = new Float64Array(4);
  const nine = new Uint8Array(9);
  // Neighbours have about the same surroundings: they are looked at once per cell.
  const cell = Math.max(1, radius >> 1);
  const columns = Math.ceil(width / cell);
  const sides = new Map<number, Float32Array>();
  const inner = Math.max(width, height) * RIM;
  await forRows(height, 8, part(options, 0.4, 0.7), (y0, y1) => {
    for (let y = y0; y < y1; y++)
      for (let x = 0, i = y * width; x < width; x++, i++)
        if (band[i]) judged[i] = Math.round((byMatte(i) ? matte!.data[i]! : shareAt(x, y, i)) * 255);
  });

  const colours = new Uint8ClampedArray(data);
  const front = depth.slice();
  const far = depth.slice();
  const share = new Uint8Array(width * height).fill(255);
  await forRows(height, 8, part(options, 0.7, 1), (y0, y1) => {
    for (let y = y0; y < y1; y++) {
      for (let x = 0, i = y * width; x < width; x++, i++) {
        if (!band[i]) continue;
        const byDepth = isNear(i);
        const s = smoothed(x, y, i) / 255;
        far[i] = byDepth ? lo[i]! : depth[i]!;
        if (s < 0.03) {
          front[i] = far[i]!;
          continue;
        }
        front[i] = byDepth ? depth[i]! : hi[i]!;
        if (s > 0.97) continue;
        share[i] = Math.round(s * 255);
        learnSides(x, y, i);
        if (near[3] === 0 || back[3] === 0) continue;
        const norm = s * s + (1 - s) * (1 - s);
        for (let c = 0; c < 3; c++) {
          const own = SRGB_TO_LINEAR[data[i * 4 + c]!]!;
          const rest = (own - s * near[c]! - (1 - s) * back[c]!) / norm;
          colours[i * 4 + c] = encodeSrgb8(near[c]! + s * rest);
        }
      }
    }
  });
  return { colours, depth: front, share, far, band };

  /** The step is the matte's own where the two agree on which side is near; a matte of only 0 and 1 has no say. */
  function byMatte(i: number): boolean {
    if (!matte || matte.data[i]! < 0.02 || matte.data[i]! > 0.98) return false;
    return matte.data[i]! >= 0.5 === isNear(i);
  }

  function isNear(i: number): boolean {
    return depth[i]! > (hi[i]! + lo[i]!) / 2;
  }

  /** Median of 3 × 3: each pixel was judged alone, by a noisy colour; an edge stays as it is, a speck goes. */
  function smoothed(x: number, y: number, i: number): number {
    if (x === 0 || y === 0 || x === width - 1 || y === height - 1) return judged[i]!;
    for (let j = 0; j < 9; j++) {
      const q = i + ((j / 3) | 0) * width - width + (j % 3) - 1;
      // Beyond the band the depth is right, and nothing was judged.
      nine[j] = band[q] ? judged[q]! : depth[q]! > (hi[i]! + lo[i]!) / 2 ? 255 : 0;
    }
    return nine.sort()[4]!;
  }

  /** Share of the near side by colour. */
  function shareAt(x: number, y: number, i: number): number {
    const byDepth = isNear(i) ? 1 : 0;
    learnSides(x, y, i);
    if (near[3] === 0 || back[3] === 0) return byDepth;
    let along = 0;
    let apart = 0;
    for (let c = 0; c < 3; c++) {
      const difference = near[c]! - back[c]!;
      along += difference * (SRGB_TO_LINEAR[data[i * 4 + c]!]! - back[c]!);
      apart += difference * difference;
    }
    const byColour = apart > 0 ? Math.min(1, Math.max(0, along / apart)) : byDepth;
    let off = NOISE * NOISE;
    for (let c = 0; c < 3; c++)
      off += (SRGB_TO_LINEAR[data[i * 4 + c]!]! - back[c]! - byColour * (near[c]! - back[c]!)) ** 2;
    // 1 at the step, falling to the ends of the band; on the near side soon, for a hole in the subject is worse than a
    // rim of background that goes with it.
    const nearness = hi[i]! > lo[i]! ? (mean[i]! - lo[i]!) / (hi[i]! - lo[i]!) : 0.5;
    const beyond = (nearness - 0.5) * (2 * radius + 1);
    const open = Math.max(0, Math.min(1, byDepth ? 1.5 - beyond / inner : 2 + (2 * beyond) / radius));
    return byDepth + (byColour - byDepth) * open * (apart / (apart + OFF_LINE * off));
  }

  /** Mean colours of the two sides around a pixel of the band, from pixels outside it. */
  function learnSides(x: number, y: number, i: number): void {
    const key = Math.floor(y / cell) * columns + Math.floor(x / cell);
    const known = sides.get(key);
    if (known) {
      near.set(known.subarray(0, 4));
      back.set(known.subarray(4));
      return;
    }
    const middle = (hi[i]! + lo[i]!) / 2;
    near.fill(0);
    back.fill(0);
    for (let dy = -TAPS; dy <= TAPS; dy++) {
      const sy = y + dy * radius;
      if (sy < 0 || sy >= height) continue;
      for (let dx = -TAPS; dx <= TAPS; dx++) {
        const sx = x + dx * radius;
        if (sx < 0 || sx >= width) continue;
        const q = sy * width + sx;
        if (band[q]) continue;
        const side = depth[q]! > middle ? near : back;
        const w = 1 / (1 + dx * dx + dy * dy);
        for (let c = 0; c < 3; c++) side[c] = side[c]! + w * SRGB_TO_LINEAR[data[q * 4 + c]!]!;
        side[3] = side[3]! + w;
      }
    }
    for (const side of [near, back]) if (side[3]! > 0) for (let c = 0; c < 3; c++) side[c] = side[c]! / side[3]!;
    sides.set(key, Float32Array.of(...near, ...back));
  }
}

/** Mean over the window around each pixel; the border's values go on beyond it. */
async function windowMean(
  plane: Float32Array,
  width: number,
  height: number,
  radius: number,
  options: TaskOptions,
): Promise<Float32Array> {
  const out = new Float32Array(width * height);
  const columns = new Float64Array(width);
  const add = (y: number, sign: number) => {
    const row = clampTo(y, height) * width;
    for (let x = 0; x < width; x++) columns[x] = columns[x]! + sign * plane[row + x]!;
  };
  for (let y = -radius; y < radius; y++) add(y, 1);
  const area = (2 * radius + 1) ** 2;
  await forRows(height, 1, options, (y) => {
    add(y + radius, 1);
    let sum = 0;
    for (let x = -radius; x < radius; x++) sum += columns[clampTo(x, width)]!;
    for (let x = 0, i = y * width; x < width; x++, i++) {
      sum += columns[clampTo(x + radius, width)]!;
      out[i] = sum / area;
      sum -= columns[clampTo(x - radius, width)]!;
    }
    add(y - radius, -1);
  });
  return out;
}

/**
 * What may come into sight: the band along every step, and the near side up to `reach` pixels from it. It spreads like
 * fire through grass from the far side's pixels at the band's edge, each pixel knowing where its fire started.
 */
async function uncoverable(
  front: Front,
  width: number,
  height: number,
  reach: number,
  signal: AbortSignal | undefined,
): Promise<{ state: Uint8Array; origin: Int32Array }> {
  const { band, depth, far } = front;
  const state = band.slice();
  const origin = new Int32Array(band.length).fill(-1);
  const next: number[] = [];
  const neighbours = (i: number, count: number, visit: (q: number) => void) => {
    const x = i % width;
    for (let k = 0; k < count; k++) {
      const q = i + DY[k]! * width + DX[k]!;
      if (x + DX[k]! >= 0 && x + DX[k]! < width && q >= 0 && q < band.length) visit(q);
    }
  };
  await forRows(height, 16, { signal }, (y0, y1) => {
    for (let i = y0 * width; i < y1 * width; i++) {
      if (!band[i]) continue;
      neighbours(i, 4, (q) => {
        if (band[q] || origin[i]! >= 0 || depth[q]! > far[i]! + STEP / 2) return;
        origin[i] = q;
        next.push(i);
      });
    }
  });
  // Beyond the reach nothing is made up, but what is near must not be taken for background either.
  let rim = next.slice();
  for (let ring = 0; ring < 3 * reach && rim.length > 0; ring++) {
    next.length = 0;
    for (const i of rim) {
      const from = origin[i]!;
      // Four neighbours and, every other ring, eight: an octagon, near enough to a circle.
      neighbours(i, ring & 1 ? 8 : 4, (q) => {
        if (origin[q]! >= 0 || q === from) return;
        if (!band[q] && depth[q]! < depth[from]! + STEP) return; // the surface behind, or farther
        if (!band[q]) state[q] = ring < reach ? HIDDEN_PIXEL : BARRED_PIXEL;
        origin[q] = from;
        next.push(q);
      });
    }
    rim = next.slice();
    if (isDue()) await breathe(signal);
  }
  return { state, origin };
}

const DX = [1, -1, 0, 0, 1, 1, -1, -1] as const;
const DY = [0, 0, 1, -1, 1, -1, 1, -1] as const;
