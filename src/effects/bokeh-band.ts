import { forSteps, part, type TaskOptions } from '../core/task.js';
import { encodeSrgb8, SRGB_TO_LINEAR } from '../image/colour.js';
import type { Region } from '../image/region.js';
import { outline } from './aperture.js';
import { emptyLevel, Level1Colours, pullBehind, pushBehind, type BehindLevel, type VisibleDepth } from './behind.js';
import { barrelOf } from './cats-eye.js';
import { LARGEST, TileRenderer, type Buffers } from './composite.js';
import { edgeReach, splitEdges, type EdgePixels } from './edges.js';
import { planLayers, type LayerImage, type LayerPlan } from './layers.js';
import { Ranges } from './ranges.js';

/** All that decides how a photo is blurred, as numbers: it can be sent to a thread. */
export interface Lens {
  /** Disparities from far to near that stay sharp. */
  readonly near: number;
  readonly far: number;
  /** Blur radius in pixels at a disparity difference of 1. */
  readonly strength: number;
  /** Disparities that occur. */
  readonly low: number;
  readonly high: number;
  /** 0 = a disc. */
  readonly blades: number;
  readonly rotation: number;
  readonly roundness: number;
  readonly squeeze: number;
  readonly ring: number;
  readonly catsEye: number;
  readonly falloff: number;
  readonly highlights: number;
}

/** Rows of a picture to blur, with as many around them as can matter. It can be sent to a thread. */
export interface BandJob {
  /** Size of the picture: of the photo, or of a part of it with all around that matters. */
  readonly width: number;
  readonly height: number;
  /** Size of the photo, and where in it the picture begins. */
  readonly photo: Region;
  /** Rows to blur: from .. to - 1. */
  readonly from: number;
  readonly to: number;
  /** Columns to blur: left .. right - 1. */
  readonly left: number;
  readonly right: number;
  /** Rows that `pixels` and `depth` hold: top .. bottom - 1. */
  readonly top: number;
  readonly bottom: number;
  readonly pixels: Uint8ClampedArray | Uint8Array;
  readonly depth: Float32Array;
  /** See LayerImage. */
  readonly clipped: Uint8Array | undefined;
  readonly channels: 3 | 4;
  readonly lens: Lens;
}

/** Least pixels of rows that are rendered together: those around them are worked out twice. */
const STRIP = 4e6;

/** Rows of a photo that are rendered together, as those of a {@link BandJob}. */
type Strip = Pick<BandJob, 'from' | 'to' | 'top' | 'bottom'>;

/** Difference of blur radius, in pixels, below which nothing is an edge. */
export const EDGE_PIXELS = 1;

/** Share of a band's time that {@link Band.look} takes. */
export const LOOK = 0.2;

/** Signed blur radius in pixels: above 0 nearer than the focus. */
function blurRadius({ near, far, strength }: Lens, disparity: number): number {
  return strength * (disparity > near ? disparity - near : disparity < far ? disparity - far : 0);
}

/** The widest blur radius that occurs, in pixels. */
export function widestRadius(lens: Lens): number {
  return Math.max(Math.abs(blurRadius(lens, lens.low)), Math.abs(blurRadius(lens, lens.high)));
}

export function planOf(lens: Lens): LayerPlan {
  const { low, high, blades, rotation, roundness, squeeze, ring } = lens;
  const shape = outline(blades, rotation, roundness, squeeze);
  return planLayers((d) => blurRadius(lens, Math.min(high, Math.max(low, d))), shape, ring);
}

/**
 * Rows of the photo that blurring from .. to - 1 depends on. They start on a cell of every grid, so that a band gives
 * the same bytes as the whole photo.
 */
export function rowsAround(
  plan: LayerPlan,
  { photo, height }: Pick<BandJob, 'photo' | 'height'>,
  from: number,
  to: number,
): { top: number; bottom: number } {
  const margin = marginOf(plan, Math.max(photo.width, photo.height));
  const cell = 2 ** Math.max(2, ...plan.groups.map(({ level }) => level));
  return {
    top: Math.max(0, Math.floor((from - margin) / cell) * cell),
    bottom: Math.min(height, Math.ceil((to + margin) / cell) * cell),
  };
}

/** Per group its discs, the cells around a tile, and those that interpolation takes; then what splits an edge, and what
 * level 2 sees behind. */
function marginOf({ groups }: LayerPlan, longSide: number): number {
  const discs = Math.max(...groups.map(({ reach, level }) => (reach + 3) * 2 ** level));
  return discs + 5 * edgeReach(longSide) + 16;
}

/**
 * Pixels around a part of a picture that its blur depends on: the discs, those of what is hidden, and what is guessed
 * behind it. `cell`: what is cut out has to begin on a multiple of it.
 */
export function bokehMargin(lens: Lens, longSide: number): { margin: number; cell: number } {
  const plan = planOf(lens);
  const top = pyramidLevels(widestRadius(lens));
  const cell = 2 ** Math.max(top, ...plan.groups.map(({ level }) => level));
  return { margin: marginOf(plan, longSide) + 1.5 * 2 ** top, cell };
}

/** Levels of the pyramid for discs of that radius: see completeBehind. */
export function pyramidLevels(radius: number): number {
  return Math.max(1, Math.ceil(Math.log2(radius + 1)) + 1);
}

/** Blurs rows of a picture in two steps; between them somebody has to look at level 2 of all bands. */
export class Band {
  readonly #job: BandJob;
  readonly #plan: LayerPlan;
  readonly #image: LayerImage;
  #edges: EdgePixels | undefined;
  #level1: VisibleDepth | undefined;
  readonly #buffers: Buffers = new Map();

  constructor(job: BandJob) {
    const { width, photo, top, bottom, channels, pixels, depth, clipped } = job;
    this.#job = job;
    this.#plan = planOf(job.lens);
    this.#image = {
      width,
      height: bottom - top,
      longSide: Math.max(photo.width, photo.height),
      channels,
      pixels,
      linear: SRGB_TO_LINEAR,
      depth,
      clipped,
      layers: this.#plan.layers,
    };
  }

  /** Splits edges and pulls what is behind. Returns level 2 of rows top .. bottom - 1. */
  async look(options: TaskOptions): Promise<BehindLevel> {
    this.#edges = await splitEdges(this.#image, EDGE_PIXELS / this.#job.lens.strength, part(options, 0, 0.5));
    const { level1, level2 } = await pullBehind(this.#image, this.#edges, part(options, 0.5, 1));
    this.#level1 = level1;
    return level2;
  }

  /**
   * Renders some hundred rows after the other: of level 1 only those about them are there.
   *
   * @param level2 of rows top .. bottom - 1, completed.
   * @param output RGBA of the rows and columns to blur.
   */
  async render(level2: BehindLevel, output: Uint8ClampedArray, options: TaskOptions): Promise<void> {
    const { photo, from, to, channels, lens } = this.#job;
    const vignette = cosineFourth(lens.falloff, photo);
    const strips: Strip[] = [];
    for (let y = from; y < to; y = strips.at(-1)!.to) strips.push(this.#strip(y));
    const most = Math.max(...strips.map(({ top, bottom }) => Math.ceil((bottom - top) / 2)));
    const room = emptyLevel(this.#level1!.width, most, channels);
    for (const strip of strips) {
      const share = (y: number) => (y - from) / (to - from);
      const task = part(options, share(strip.from), share(strip.to));
      await this.#renderStrip(strip, level2, room, output, vignette, task);
      room.sure.fill(0);
      room.hiddenT.fill(0);
    }
  }

  /** The rows from `from` on up to where the largest blocks of tiles end, and those around them. */
  #strip(from: number): Strip {
    const { width, top, bottom } = this.#job;
    const blocks = Math.max(1, Math.round(STRIP / (width * LARGEST)));
    const to = Math.min(this.#job.to, (Math.floor(from / LARGEST) + blocks) * LARGEST);
    const around = rowsAround(this.#plan, this.#job, from, to);
    return { from, to, top: Math.max(top, around.top), bottom: Math.min(bottom, around.bottom) };
  }

  /** @param room level 1 for the strip's rows, nothing hidden in it; its `t` is not used. */
  async #renderStrip(
    { from, to, top, bottom }: Strip,
    level2: BehindLevel,
    room: BehindLevel,
    output: Uint8ClampedArray,
    vignette: ReturnType<typeof cosineFourth>,
    options: TaskOptions,
  ): Promise<void> {
    const { width, photo, left, right, channels, lens } = this.#job;
    const [first, last] = [top - this.#job.top, bottom - this.#job.top];
    const whole = this.#image;
    const image: LayerImage = {
      ...whole,
      height: bottom - top,
      pixels: whole.pixels.subarray(first * width * 4, last * width * 4),
      depth: whole.depth.subarray(first * width, last * width),
      clipped: whole.clipped?.subarray(first * width, last * width),
    };
    const edges = { ...this.#edges!, starts: this.#edges!.starts.subarray(first, last + 1) };
    const { t, width: cells } = this.#level1!;
    const rows = Math.ceil((bottom - top) / 2);
    const level1 = { ...room, height: rows, t: t.subarray((first / 2) * cells, (first / 2 + rows) * cells) };
    const above = rowsOf(level2, channels, first / 4, Math.ceil(last / 4));
    await pushBehind(level1, above, channels, part(options, 0, 0.1));
    const depth = { width, height: image.height, data: image.depth };
    const visible = await Ranges.of(depth, { signal: options.signal });
    const hidden = await Ranges.of({ ...level1, data: level1.hiddenT }, { signal: options.signal }, level1.sure);
    const look = { highlights: lens.highlights, barrel: barrelOf(lens, photo, top) };
    const colours = new Level1Colours(image, edges, level1);
    const wanted = { top, from: from - top, to: to - top, left, right };
    const renderer = new TileRenderer(
      image,
      this.#plan,
      level1,
      colours,
      edges,
      { visible, hidden },
      wanted,
      look,
      this.#buffers,
    );
    const tiles = renderer.run((linear, tile) => this.#encode(linear, { ...tile, y: tile.y + top }, output, vignette));
    await forSteps(part(options, 0.1, 1), tiles);
  }

  #encode(
    linear: Float32Array,
    tile: { x: number; y: number; width: number; height: number },
    output: Uint8ClampedArray,
    vignette: ((x: number, y: number) => number) | undefined,
  ): void {
    const { from, top, left, right } = this.#job;
    const { channels, width, pixels } = this.#image;
    for (let y = tile.y, p = 0; y < tile.y + tile.height; y++) {
      let o = ((y - from) * (right - left) + tile.x - left) * 4;
      let i = ((y - top) * width + tile.x) * 4;
      for (let x = tile.x; x < tile.x + tile.width; x++, o += 4, i += 4, p += channels + 1) {
        // Light that no layer claimed is shared among those that did.
        const known = 1 - linear[p + channels]!;
        const alpha = channels === 4 ? linear[p + 3]! : known;
        if (known < 1e-4) {
          for (let c = 0; c < 4; c++) output[o + c] = pixels[i + c]!;
        } else if (alpha > 0) {
          const scale = (vignette ? vignette(x, y) : 1) / alpha;
          output[o] = encodeSrgb8(linear[p]! * scale);
          output[o + 1] = encodeSrgb8(linear[p + 1]! * scale);
          output[o + 2] = encodeSrgb8(linear[p + 2]! * scale);
          output[o + 3] = channels === 4 ? Math.round((alpha / known) * 255) : 255;
        }
      }
    }
  }
}

/**
 * Share of the light that arrives at a pixel: the fourth power of the cosine of the angle to the axis ("natural
 * vignetting"), at the angle at which the corner loses `lost`.
 */
function cosineFourth(lost: number, photo: Region): ((x: number, y: number) => number) | undefined {
  if (lost === 0) return undefined;
  const { width, height } = photo;
  const perPixel = tangentSquared(lost, width, height);
  const [cx, cy] = [width / 2 - photo.x - 0.5, height / 2 - photo.y - 0.5];
  return (x, y) => (1 + perPixel * ((x - cx) ** 2 + (y - cy) ** 2)) ** -2;
}

/** Square of the angle's tangent a pixel off the axis, when the corner loses `lost`. */
export function tangentSquared(lost: number, width: number, height: number): number {
  return ((1 - lost) ** -0.5 - 1) / ((width / 2) ** 2 + (height / 2) ** 2);
}

/** Some rows of a level; not a copy. */
export function rowsOf(level: BehindLevel, channels: number, from: number, to: number): BehindLevel {
  const rows = (plane: Float32Array, perCell = 1) =>
    plane.subarray(from * level.width * perCell, to * level.width * perCell);
  return {
    width: level.width,
    height: to - from,
    t: rows(level.t),
    colour: rows(level.colour, channels),
    sure: rows(level.sure),
    hiddenT: rows(level.hiddenT),
    hiddenColour: rows(level.hiddenColour, channels),
  };
}
