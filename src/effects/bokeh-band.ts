import { forSteps, part, type TaskOptions } from '../core/task.js';
import { encodeSrgb8, SRGB_TO_LINEAR } from '../image/colour.js';
import { outline } from './aperture.js';
import { pullBehind, pushBehind, type BehindLevel } from './behind.js';
import { barrelOf } from './cats-eye.js';
import { TileRenderer } from './composite.js';
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

/** Rows of a photo to blur, with as many around them as can matter. It can be sent to a thread. */
export interface BandJob {
  /** Size of the whole photo. */
  readonly width: number;
  readonly height: number;
  /** Rows to blur: from .. to - 1. */
  readonly from: number;
  readonly to: number;
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

/** Difference of blur radius, in pixels, below which nothing is an edge. */
export const EDGE_PIXELS = 1;

/** Share of a band's time that {@link Band.look} takes. */
export const LOOK = 0.2;

/** Signed blur radius in pixels: above 0 nearer than the focus. */
export function blurRadius({ near, far, strength }: Lens, disparity: number): number {
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
  width: number,
  height: number,
  from: number,
  to: number,
): { top: number; bottom: number } {
  // Per group its discs, the cells around a tile, and those that interpolation takes; then what splits an edge, and
  // what level 2 sees behind.
  const discs = Math.max(...plan.groups.map(({ reach, level }) => (reach + 3) * 2 ** level));
  const margin = discs + 5 * edgeReach(Math.max(width, height)) + 16;
  const cell = 2 ** Math.max(2, ...plan.groups.map(({ level }) => level));
  return {
    top: Math.max(0, Math.floor((from - margin) / cell) * cell),
    bottom: Math.min(height, Math.ceil((to + margin) / cell) * cell),
  };
}

/** Blurs rows of a photo in two steps; between them somebody has to look at level 2 of all bands. */
export class Band {
  readonly #job: BandJob;
  readonly #plan: LayerPlan;
  readonly #image: LayerImage;
  #edges: EdgePixels | undefined;
  #level1: BehindLevel | undefined;

  constructor(job: BandJob) {
    const { width, height, top, bottom, channels, pixels, depth, clipped } = job;
    this.#job = job;
    this.#plan = planOf(job.lens);
    this.#image = {
      width,
      height: bottom - top,
      longSide: Math.max(width, height),
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
   * @param level2 of rows top .. bottom - 1, completed.
   * @param output RGBA of rows from .. to - 1.
   */
  async render(level2: BehindLevel, output: Uint8ClampedArray, options: TaskOptions): Promise<void> {
    const { width, height, from, to, top, channels, lens } = this.#job;
    const image = this.#image;
    const level1 = this.#level1!;
    await pushBehind(level1, level2, channels, part(options, 0, 0.1));
    const depth = { width, height: image.height, data: image.depth };
    const visible = await Ranges.of(depth, { signal: options.signal });
    const hidden = await Ranges.of({ ...level1, data: level1.hiddenT }, { signal: options.signal }, level1.sure);
    const barrel = barrelOf(lens, width, height, top);
    const look = { highlights: lens.highlights, barrel };
    const rows = { top, from: from - top, to: to - top };
    const renderer = new TileRenderer(image, this.#plan, level1, this.#edges!, { visible, hidden }, rows, look);
    const vignette = cosineFourth(lens.falloff, width, height);
    const tiles = renderer.run((linear, tile) => this.#encode(linear, { ...tile, y: tile.y + top }, output, vignette));
    await forSteps(part(options, 0.1, 1), tiles);
  }

  #encode(
    linear: Float32Array,
    tile: { x: number; y: number; width: number; height: number },
    output: Uint8ClampedArray,
    vignette: ((x: number, y: number) => number) | undefined,
  ): void {
    const { from, top } = this.#job;
    const { channels, width, pixels } = this.#image;
    for (let y = tile.y, p = 0; y < tile.y + tile.height; y++) {
      let o = ((y - from) * width + tile.x) * 4;
      const photo = (from - top) * width * 4;
      for (let x = tile.x; x < tile.x + tile.width; x++, o += 4, p += channels + 1) {
        // Light that no layer claimed is shared among those that did.
        const known = 1 - linear[p + channels]!;
        const alpha = channels === 4 ? linear[p + 3]! : known;
        if (known < 1e-4) {
          for (let c = 0; c < 4; c++) output[o + c] = pixels[photo + o + c]!;
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
function cosineFourth(lost: number, width: number, height: number): ((x: number, y: number) => number) | undefined {
  if (lost === 0) return undefined;
  const perPixel = tangentSquared(lost, width, height);
  return (x, y) => (1 + perPixel * ((x + 0.5 - width / 2) ** 2 + (y + 0.5 - height / 2) ** 2)) ** -2;
}

/** Square of the angle's tangent a pixel off the axis, when the corner loses `lost`. */
export function tangentSquared(lost: number, width: number, height: number): number {
  return ((1 - lost) ** -0.5 - 1) / ((width / 2) ** 2 + (height / 2) ** 2);
}
