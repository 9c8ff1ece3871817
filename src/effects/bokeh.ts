import { lazy } from '../core/lazy.js';
import { invalid, numbers, readOptions, TASK, type NumberTable } from '../core/params.js';
import { part, type TaskOptions } from '../core/task.js';
import type { DepthMap } from '../depth/depth-map.js';
import type { Face } from '../image/face.js';
import { checkImage, createImage, type ImageDataLike, type OutputImage } from '../image/image-data.js';
import type { Region } from '../image/region.js';
import type { Lens } from './bokeh-band.js';
import { APERTURE, resolveFocus, type Focus } from './focus.js';
import { matchDepth } from './match-depth.js';

export interface BokehOptions {
  /** What is sharp. A point is in pixels of the image. Default: `'subject'`. */
  focus?: Focus | undefined;
  /** Faces in the image, for `focus: 'faces'` and `{ face: i }`: what `detectFaces` returns. Default: none. */
  faces?: readonly Face[] | undefined;
  /** Radius of the blur disc at a disparity difference of 1, as a share of the image's long side: 0..0.2. Default: 0.03. */
  aperture?: number | undefined;
  /** `'disc'`, or the number of blades, 5..9. Default: `'disc'`. */
  shape?: 'disc' | 5 | 6 | 7 | 8 | 9 | undefined;
  /** Turns the blades, degrees counter-clockwise, -360..360. Default: 0. */
  rotation?: number | undefined;
  /** Share of a disc's roundness that the blades have: 0 = straight, 1 = a disc; 0..1. Default: 0.2. */
  roundness?: number | undefined;
  /** Height over width of the blur disc at equal area: 1 = round, 2 = a 2× anamorphic lens; 0.5..2. Default: 1. */
  squeeze?: number | undefined;
  /**
   * Share of the light that goes to the disc's rim: 1 = a bright rim around a dim middle ("soap bubbles"), 0 = even, -1 = a rim that fades
   * (an apodised lens); -1..1. Default: 0.
   */
  ring?: number | undefined;
  /** How far the lens barrel cuts into the disc at the picture's corners, in radii of the disc: 0..1. Default: 0. */
  catsEye?: number | undefined;
  /** Share of the light that is lost at the picture's corners: 0..0.9. Default: 0. */
  falloff?: number | undefined;
  /**
   * Where one channel is clipped (lit skin, lamps, red cloth), the share of its light above white that is put back
   * before it is blurred, as pixels alike near by tell it: 0..1. Default: 1.
   */
  recover?: number | undefined;
  /** How much brighter than white clipped lights are taken to be before they are blurred: 0..10 times. Default: 0. */
  highlights?: number | undefined;
  /**
   * Threads that share the work (Web Workers, in Node worker threads): 1..64. The result is the same. Default: as many
   * as there are cores, 4 at most; 1 for a small image, in a Web Worker, where a thread cannot be started, and above
   * 16 megapixels where 8 GB of memory are not known of.
   */
  threads?: number | undefined;
}

/** Numeric options: default, range and unit. */
export const BOKEH_PARAMS = {
  aperture: { ...APERTURE, doc: 'Blur radius at disparity difference 1.' },
  rotation: { default: 0, min: -360, max: 360, unit: 'degrees', doc: 'Turns the blades counter-clockwise.' },
  roundness: { default: 0.2, min: 0, max: 1, unit: 'share', doc: '0 = straight blades, 1 = a disc.' },
  squeeze: { default: 1, min: 0.5, max: 2, unit: 'height over width', doc: 'Anamorphic stretch of the disc.' },
  ring: { default: 0, min: -1, max: 1, unit: 'share', doc: 'Bright (above 0) or fading (below 0) rim of the disc.' },
  catsEye: { default: 0, min: 0, max: 1, unit: 'radii of the disc', doc: 'Cut of the lens barrel at the corners.' },
  falloff: { default: 0, min: 0, max: 0.9, unit: 'share', doc: 'Light lost at the corners.' },
  recover: { default: 1, min: 0, max: 1, unit: 'share', doc: 'Light put back where one channel is clipped.' },
  highlights: { default: 0, min: 0, max: 10, unit: 'times white', doc: 'Extra light of clipped pixels.' },
} as const satisfies NumberTable;

const SHAPES = ['disc', 5, 6, 7, 8, 9] as const;
const KEYS = [...Object.keys(BOKEH_PARAMS), 'focus', 'faces', 'shape', 'threads', ...TASK];

/**
 * Depth of field of a thin lens: everything blurs by `aperture · max(width, height) · |disparity - focus|` pixels.
 * Linear light, premultiplied; what is near hides what is far; a near blurred edge fades over a continued background.
 *
 * ```ts
 * const out = await applyBokeh(photo, depth, { focus: { x: 412, y: 288 }, aperture: 0.03 });
 * ```
 *
 * Layered scatter with the coverage of each layer normalised by what it can know; after Potmesil & Chakravarty 1981
 * (circle of confusion), Barron et al. 2015 and Wadhwa et al. 2018 (disparity layers), Peng et al. 2022 (MPIB, a
 * background that continues behind), Sheng et al. 2024 (Dr.Bokeh, occlusion-aware layers).
 *
 * @param image RGBA, any size; not written to. Colour space and alpha are kept.
 * @param depth disparities 0..1; of another size it is lifted along the image's edges.
 * @returns a new image of the same size; with aperture 0 an exact copy.
 * @throws RelievoError `INVALID_PARAM`, `INVALID_DEPTH` (also for NaN or infinity), `UNSUPPORTED_IMAGE`,
 *   `IMAGE_TOO_LARGE`; or the signal's reason.
 */
export async function applyBokeh(
  image: ImageDataLike,
  depth: DepthMap,
  options: BokehOptions & TaskOptions = {},
): Promise<OutputImage> {
  return blur(image, depth, options);
}

/** What {@link applyBokeh} does, of a part of the result if only that is wanted: elsewhere it may be empty. */
export async function blur(
  image: ImageDataLike,
  depth: DepthMap,
  options: BokehOptions & TaskOptions,
  inside?: Region,
): Promise<OutputImage> {
  options = readOptions('bokeh', options, KEYS);
  options.signal?.throwIfAborted();
  const { threads } = options;
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1 && threads <= 64))
    throw invalid('bokeh', 'threads', 'a whole number from 1 to 64', threads);
  image = checkImage('bokeh', image);
  const { width, height } = image;
  numbers('bokeh', BOKEH_PARAMS, options); // before the depth is lifted
  const map = await matchDepth('bokeh', depth, image, part(options, 0, 0.1));
  const resolved = resolveLens('bokeh', map, options);

  if (!resolved) {
    const output = createImage(width, height, image.colorSpace);
    output.data.set(image.data);
    options.onProgress?.(1);
    return output;
  }
  const { recover, ...lens } = resolved;
  const { renderBokeh } = await lazy(() => import('./bokeh-render.js'));
  return renderBokeh(image, map, lens, recover, threads, options, inside);
}

/** A lens focused on a photo: all that its options say of it, as numbers. */
export interface ResolvedLens extends Omit<Lens, 'low' | 'high'> {
  /** Share of the clipped light that is put back. */
  readonly recover: number;
}

/**
 * @param depth of the size of the image; a point of focus is in its pixels.
 * @returns undefined where nothing is blurred.
 * @throws RelievoError `INVALID_PARAM`.
 */
export function resolveLens(owner: string, depth: DepthMap, options: BokehOptions): ResolvedLens | undefined {
  const { aperture, ...settings } = numbers(owner, BOKEH_PARAMS, options);
  const { shape = 'disc', focus = 'subject', faces } = options;
  const blades = bladesOf(shape);
  const { near, far } = resolveFocus(owner, focus, depth, { faces, aperture });
  if (aperture === 0) return undefined;
  return { near, far, strength: aperture * Math.max(depth.width, depth.height), blades, ...settings };
}

/** Number of blades, 0 for a disc. */
function bladesOf(shape: unknown): number {
  if (!SHAPES.includes(shape as 5)) throw invalid('bokeh', 'shape', `'disc' or 5 to 9 blades`, shape);
  return shape === 'disc' ? 0 : (shape as number);
}
