import { invalid, knownKeys, numbers, type NumberTable } from '../core/params.js';
import { forRows, part, type TaskOptions } from '../core/task.js';
import type { DepthMap } from '../depth/depth-map.js';
import type { Face } from '../image/face.js';
import { encodeSrgb8, SRGB_TO_LINEAR } from '../image/colour.js';
import { checkImage, createImage, type ImageDataLike, type OutputImage } from '../image/image-data.js';
import { outline, type Outline } from './aperture.js';
import { seeBehind } from './behind.js';
import { TileRenderer } from './composite.js';
import { splitEdges } from './edges.js';
import { resolveFocus, type Focus } from './focus.js';
import { planLayers, type LayerImage } from './layers.js';
import { matchDepth } from './match-depth.js';
import { Ranges } from './ranges.js';

export interface BokehOptions {
  /** What is sharp. A point is in pixels of the image. Default: `'subject'`. */
  focus?: Focus | undefined;
  /** Faces in the image, for `focus: 'faces'` and `{ face: i }`: what `detectFaces` returns. */
  faces?: readonly Face[] | undefined;
  /** Radius of the blur disc at a disparity difference of 1, as a share of the image's long side: 0..0.2. Default: 0.03. */
  aperture?: number | undefined;
  /** `'disc'`, or the number of blades, 5..9. Default: `'disc'`. */
  shape?: 'disc' | 5 | 6 | 7 | 8 | 9 | undefined;
  /** Turns the blades, degrees counter-clockwise, -360..360. Default: 0. */
  rotation?: number | undefined;
  /** 0 = straight blades, 1 = a disc. Default: 0.2. */
  roundness?: number | undefined;
  /** Height over width of the blur disc at equal area: 1 = round, 2 = a 2× anamorphic lens; 0.5..2. Default: 1. */
  squeeze?: number | undefined;
  /** How much brighter than white clipped lights are taken to be before they are blurred: 0..10 times. Default: 0. */
  highlights?: number | undefined;
}

/** Numeric options: default, range and unit. */
export const BOKEH_PARAMS = {
  aperture: {
    default: 0.03,
    min: 0,
    max: 0.2,
    unit: 'share of the long side',
    doc: 'Blur radius at disparity difference 1.',
  },
  rotation: { default: 0, min: -360, max: 360, unit: 'degrees', doc: 'Turns the blades counter-clockwise.' },
  roundness: { default: 0.2, min: 0, max: 1, unit: 'share', doc: '0 = straight blades, 1 = a disc.' },
  squeeze: { default: 1, min: 0.5, max: 2, unit: 'height over width', doc: 'Anamorphic stretch of the disc.' },
  highlights: { default: 0, min: 0, max: 10, unit: 'times white', doc: 'Extra light of clipped pixels.' },
} as const satisfies NumberTable;

const SHAPES = ['disc', 5, 6, 7, 8, 9] as const;
const KEYS = [...Object.keys(BOKEH_PARAMS), 'focus', 'faces', 'shape', 'signal', 'onProgress'];

/** Difference of blur radius, in pixels, below which nothing is an edge. */
const EDGE_PIXELS = 1;

/** Side of a tile in pixels: a multiple of the coarsest cell (128), small enough to take well under 100 ms. */
const TILE = 256;

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
  options.signal?.throwIfAborted();
  knownKeys('bokeh', options, KEYS);
  const { aperture, ...settings } = numbers('bokeh', BOKEH_PARAMS, options);
  const shape = lensShape(options.shape ?? 'disc', settings);
  checkImage('bokeh', image);
  const { width, height } = image;
  const map = await matchDepth('bokeh', depth, image, part(options, 0, 0.1));
  const { near, far } = resolveFocus('bokeh', options.focus ?? 'subject', map, { faces: options.faces, aperture });

  const strength = aperture * Math.max(width, height);
  const radius = (d: number) => strength * (d > near ? d - near : d < far ? d - far : 0);
  const output = createImage(width, height, image.colorSpace);
  if (aperture === 0) {
    output.data.set(image.data);
    options.onProgress?.(1);
    return output;
  }
  const disparities = await Ranges.of(map, { signal: options.signal });
  const [low, high] = disparities.within({ x: 0, y: 0, width, height });
  const plan = planLayers((d) => radius(Math.min(high, Math.max(low, d))), shape);
  const source: LayerImage = {
    width,
    height,
    pixels: image.data,
    linear: SRGB_TO_LINEAR,
    channels: isOpaque(image.data) ? 3 : 4,
    depth: map.data,
    layers: plan.layers,
  };
  const widest = Math.max(Math.abs(radius(low)), Math.abs(radius(high)));
  const edges = await splitEdges(source, EDGE_PIXELS / strength, part(options, 0.1, 0.15));
  const behind = await seeBehind(source, edges, widest, part(options, 0.15, 0.3));
  const half = behind[1]!;
  const hidden = await Ranges.of({ ...half, data: half.hiddenT }, { signal: options.signal }, half.sure);
  const ranges = { visible: disparities, hidden };
  const renderer = new TileRenderer(source, plan, behind, edges, ranges, TILE, settings.highlights);
  const columns = Math.ceil(width / TILE);
  await forRows(columns * Math.ceil(height / TILE), 1, part(options, 0.3, 1), (index) => {
    const x = (index % columns) * TILE;
    const y = Math.floor(index / columns) * TILE;
    const tile = { x, y, width: Math.min(TILE, width - x), height: Math.min(TILE, height - y) };
    encodeTile(renderer.render(tile), tile, source, output);
  });
  return output;
}

function lensShape(shape: unknown, options: { rotation: number; roundness: number; squeeze: number }): Outline {
  if (!SHAPES.includes(shape as 5)) throw invalid('bokeh', 'shape', `'disc' or 5 to 9 blades`, shape);
  const blades = shape === 'disc' ? 0 : (shape as number);
  return outline(blades, options.rotation, options.roundness, options.squeeze);
}

function encodeTile(
  linear: Float32Array,
  tile: { x: number; y: number; width: number; height: number },
  { channels, width, pixels }: LayerImage,
  { data }: OutputImage,
): void {
  for (let y = 0, p = 0; y < tile.height; y++) {
    for (let x = 0, o = ((tile.y + y) * width + tile.x) * 4; x < tile.width; x++, o += 4, p += channels + 1) {
      // Light that no layer claimed is shared among those that did.
      const known = 1 - linear[p + channels]!;
      const alpha = channels === 4 ? linear[p + 3]! : known;
      if (known < 1e-4) {
        for (let c = 0; c < 4; c++) data[o + c] = pixels[o + c]!;
      } else if (alpha > 0) {
        for (let c = 0; c < 3; c++) data[o + c] = encodeSrgb8(linear[p + c]! / alpha);
        data[o + 3] = channels === 4 ? Math.round((alpha / known) * 255) : 255;
      }
    }
  }
}

function isOpaque(data: Uint8ClampedArray | Uint8Array): boolean {
  for (let i = 3; i < data.length; i += 4) if (data[i] !== 255) return false;
  return true;
}
