import { CLIPPED_LIGHT, channelClipped } from './clipped.js';
import { profile, rasterise, type Kernel, type Outline, type Profile } from './aperture.js';

/** Disparities are looked up at this resolution (the one of a 16-bit depth file). */
export const DEPTH_STEPS = 65535;

/** What the layers are cut from. */
export interface LayerImage {
  readonly width: number;
  readonly height: number;
  /** Longer side of the photo, of which this may be some rows. */
  readonly longSide: number;
  /** RGBA bytes. */
  readonly pixels: Uint8ClampedArray | Uint8Array;
  /** Byte -> linear light. */
  readonly linear: Float32Array;
  /** Per pixel the light of the channel that is clipped in it, see CLIPPED_LIGHT in clipped.ts; undefined: white. */
  readonly clipped: Uint8Array | undefined;
  /** 3: opaque, red, green, blue. 4: alpha as well. Colours are premultiplied. */
  readonly channels: 3 | 4;
  /** Disparity per pixel. */
  readonly depth: Float32Array;
  /** Disparity in DEPTH_STEPS -> layer coordinate, see {@link planLayers}. */
  readonly layers: Float32Array;
}

/** Layers that follow each other in depth and are computed on the same grid. */
export interface Group {
  /** Cells of 2^level pixels. */
  readonly level: number;
  /** First and last layer, both included. */
  readonly first: number;
  readonly last: number;
  /** One per layer; undefined where the layer is sharp. */
  readonly kernels: readonly (Kernel | undefined)[];
  /** Cells that the widest kernel reaches. */
  readonly reach: number;
}

export interface LayerPlan {
  /** Disparity in DEPTH_STEPS -> layer coordinate: 0 = the nearest layer; between i and i + 1 a pixel is shared. */
  readonly layers: Float32Array;
  /** From near to far: groups before `sharp` are near and ever finer, those after it far and ever coarser. */
  readonly groups: readonly Group[];
  /** Index of the group of level 0. */
  readonly sharp: number;
}

/**
 * Blur radius in pixels at which each level starts, and the distance of its layers. A level's smallest disc has a radius of
 * three to ten cells: smaller ones are visibly soft-edged, larger ones cost more than they show.
 */
const LEVEL_FROM = [0, 5, 16, 44, 120, 330, 900, 2400] as const;
const LEVEL_STEP = [1, 2, 4, 8, 24, 64, 160, 480] as const;

/**
 * Variance, in cells², that the grid itself adds to a disc: averaging pixels into cells, the anti-aliased edge, and
 * the bilinear way back. The disc is shrunk by as much (a disc's variance is a quarter of its radius squared).
 */
const GRID_VARIANCE = [0.083, 0.2] as const;

/**
 * Cuts the range of blur radii into layers and decides on what grid each is computed.
 *
 * @param radius signed blur radius in pixels by disparity: above 0 nearer than the focus.
 * @param ring brightness of the disc's rim, see {@link profile}.
 */
export function planLayers(radius: (disparity: number) => number, shape: Outline, ring = 0): LayerPlan {
  const light = profile(ring);
  const nearest = Math.max(0, radius(1));
  const farthest = Math.max(0, -radius(0));
  const near = stops(nearest);
  const far = stops(farthest);

  const groups: Group[] = [];
  const add = (level: number, radii: readonly number[], first: number) => {
    const kernels = radii.map((r) => kernelAt(shape, light, r, level));
    const reach = Math.max(0, ...kernels.map((k) => k?.reach ?? 0));
    groups.push({ level, first, last: first + radii.length - 1, kernels, reach });
  };
  let first = 0;
  for (let level = near.length - 1; level >= 1; level--) {
    add(level, [...near[level]!].reverse(), first);
    first += near[level]!.length;
  }
  const sharp = groups.length;
  const centre = first + near[0]!.length - 1;
  add(0, [...near[0]!.slice(1).reverse(), ...far[0]!.map((r) => -r)], first);
  first = centre + far[0]!.length;
  for (let level = 1; level < far.length; level++) {
    add(
      level,
      far[level]!.map((r) => -r),
      first,
    );
    first += far[level]!.length;
  }

  const flatNear = near.flat();
  const flatFar = far.flat();
  const layers = new Float32Array(DEPTH_STEPS + 1);
  for (let i = 0; i <= DEPTH_STEPS; i++) {
    const r = radius(i / DEPTH_STEPS);
    layers[i] = r >= 0 ? centre - position(flatNear, r) : centre + position(flatFar, -r);
  }
  return { layers, groups, sharp };
}

/** Radii of the layers by level, from 0 up to the first that is not below `largest`. */
function stops(largest: number): number[][] {
  const levels: number[][] = [];
  for (let level = 0; level < LEVEL_FROM.length; level++) {
    const end = LEVEL_FROM[level + 1] ?? Infinity;
    const radii: number[] = [];
    levels.push(radii);
    for (let r = LEVEL_FROM[level]!; r < end; r += LEVEL_STEP[level]!) {
      radii.push(r);
      if (r >= largest) return levels;
    }
  }
  return levels;
}

/** Fractional index in ascending radii; the share is such that the variance of the mixed discs is right. */
function position(radii: readonly number[], r: number): number {
  let i = 0;
  while (i < radii.length - 2 && radii[i + 1]! <= r) i++;
  if (radii.length < 2) return 0;
  const a = radii[i]! ** 2;
  const b = radii[i + 1]! ** 2;
  return i + Math.min(1, (r * r - a) / (b - a));
}

function kernelAt(shape: Outline, light: Profile, radius: number, level: number): Kernel | undefined {
  if (radius === 0) return undefined;
  const cells = Math.abs(radius) / 2 ** level;
  const variance = GRID_VARIANCE[level === 0 ? 0 : 1];
  return rasterise(shape, Math.sqrt(Math.max(0.1, cells * cells - 4 * variance)), radius < 0, light);
}

/** Puts the linear premultiplied colour of pixel q into `out`: red, green, blue, alpha. */
export function readLight({ pixels, linear, channels, clipped }: LayerImage, q: number, out: Float32Array): void {
  const p = q * 4;
  const a = channels === 4 ? pixels[p + 3]! / 255 : 1;
  out[0] = linear[pixels[p]!]! * a;
  out[1] = linear[pixels[p + 1]!]! * a;
  out[2] = linear[pixels[p + 2]!]! * a;
  out[3] = a;
  const brighter = clipped === undefined ? 0 : clipped[q]!;
  if (brighter !== 0) {
    const c = channelClipped(pixels, p);
    out[c] = CLIPPED_LIGHT[brighter]! * a;
  }
}
