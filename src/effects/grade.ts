import { invalid, knownKeys, numbers, type NumberTable } from '../core/params.js';
import { forRows, part, type TaskOptions } from '../core/task.js';
import type { DepthMap } from '../depth/depth-map.js';
import { encodeSrgb8, LUMA, linearToSrgb, SRGB_TO_LINEAR, srgbToLinear } from '../image/colour.js';
import { checkImage, createImage, type ImageDataLike, type OutputImage } from '../image/image-data.js';
import { otsu } from './focus.js';
import { matchDepth } from './match-depth.js';

/** Look of one part of the depth. Everything at 0 changes nothing. */
export interface GradeParams {
  /** Stops: +1 doubles the light, -1 halves it; -5..5. Default: 0. */
  exposure?: number | undefined;
  /** Slope about middle grey (18 % of the light), on the encoded scale: 2^contrast; -1..1. Default: 0. */
  contrast?: number | undefined;
  /** -1 = grey, 0 = as it is, 1 = twice as far from grey. Default: 0. */
  saturation?: number | undefined;
  /** -1 = cold (less red, more blue), 1 = warm; half a stop each way at the ends. Default: 0. */
  temperature?: number | undefined;
  /** -1 = green, 1 = magenta; half a stop of green at the ends. Default: 0. */
  tint?: number | undefined;
}

export interface GradeRange extends GradeParams {
  /** Disparities that the look applies to, 0..1. */
  near: number;
  far: number;
}

export interface GradeOptions {
  /** Look of what is nearer than `split`. */
  foreground?: GradeParams | undefined;
  /** Look of what is farther than `split`. */
  background?: GradeParams | undefined;
  /** Looks of any ranges of disparity, applied after the two, in their order. */
  ranges?: readonly GradeRange[] | undefined;
  /** Disparity between fore- and background, 0..1. Default: Otsu's threshold of the map. */
  split?: number | undefined;
  /** Width in disparity over which a look fades in at a border, 0..1. Default: 0.08. */
  feather?: number | undefined;
}

/** Numeric options of one look: default, range and unit. */
export const GRADE_PARAMS = {
  exposure: { default: 0, min: -5, max: 5, unit: 'stops', doc: 'Light times 2^exposure.' },
  contrast: { default: 0, min: -1, max: 1, unit: 'log2 of the slope', doc: 'Slope about middle grey.' },
  saturation: { default: 0, min: -1, max: 1, unit: 'share', doc: 'Distance from grey, minus 1.' },
  temperature: { default: 0, min: -1, max: 1, unit: 'share', doc: 'Cold to warm.' },
  tint: { default: 0, min: -1, max: 1, unit: 'share', doc: 'Green to magenta.' },
} as const satisfies NumberTable;

const BORDER_PARAMS = {
  feather: { default: 0.08, min: 0, max: 1, unit: 'disparity', doc: 'Width of the fade at a border.' },
} as const satisfies NumberTable;

/** Middle grey, 18 % of the light, on the encoded scale: where contrast does not change anything. */
const PIVOT = linearToSrgb(0.18);
const BINS = 256;

type Look = { [K in keyof typeof GRADE_PARAMS]: number };

/** A look ready to apply: gains per channel in linear light, slope, saturation, and its weight by disparity. */
interface Grader {
  readonly gain: readonly [number, number, number];
  readonly slope: number;
  readonly saturation: number;
  readonly weight: (disparity: number) => number;
}

/**
 * Colour by depth: exposure, white balance, contrast and saturation of the foreground, the background or any range of
 * disparities, feathered by disparity.
 *
 * ```ts
 * const out = await applyGrade(photo, depth, { background: { exposure: -0.7, saturation: -0.3 } });
 * ```
 *
 * Per pixel and look: linear light times the gains; encoded, stretched about middle grey; pulled from or to its luma;
 * then mixed with the pixel before by the look's weight, in linear light.
 *
 * @param image RGBA, any size; not written to. Alpha and colour space are kept.
 * @param depth disparities 0..1; of another size it is lifted along the image's edges.
 * @returns a new image of the same size. Pixels that no look touches keep their bytes.
 * @throws RelievoError `INVALID_PARAM`, `INVALID_DEPTH`, `UNSUPPORTED_IMAGE`, `IMAGE_TOO_LARGE`; or the signal's reason.
 */
export async function applyGrade(
  image: ImageDataLike,
  depth: DepthMap,
  options: GradeOptions & TaskOptions = {},
): Promise<OutputImage> {
  options.signal?.throwIfAborted();
  knownKeys('grade', options, ['foreground', 'background', 'ranges', 'split', 'feather', 'signal', 'onProgress']);
  checkImage('grade', image);
  const { feather } = numbers('grade', BORDER_PARAMS, options);
  const map = await matchDepth('grade', depth, image, part(options, 0, 0.3));
  const graders = plan(options, feather, map);

  const { width, height } = image;
  const output = createImage(width, height, image.colorSpace);
  output.data.set(image.data);
  if (graders.length === 0) return output;
  await forRows(height, 8, part(options, 0.3, 1), (y0, y1) => {
    gradePixels(output.data, map.data, graders, y0 * width, y1 * width);
  });
  return output;
}

function plan(options: GradeOptions, feather: number, map: DepthMap): Grader[] {
  const { foreground, background, ranges = [], split } = options;
  if (split !== undefined && !(split >= 0 && split <= 1)) throw invalid('grade', 'split', 'a disparity 0..1', split);
  if (!Array.isArray(ranges)) throw invalid('grade', 'ranges', 'an array', ranges);
  const graders: Grader[] = [];
  const addLook = (name: string, look: GradeParams, weight: Grader['weight']) => {
    knownKeys(`grade.${name}`, look, [...Object.keys(GRADE_PARAMS), 'near', 'far']);
    const values = numbers(`grade.${name}`, GRADE_PARAMS, look as Record<string, unknown>);
    if (Object.values(values).some((v) => v !== 0)) graders.push({ ...toGrader(values), weight });
  };
  if (foreground || background) {
    const at = split ?? otsuSplit(map);
    if (foreground) addLook('foreground', foreground, (d) => ramp(d - at, feather));
    if (background) addLook('background', background, (d) => 1 - ramp(d - at, feather));
  }
  (ranges as readonly GradeRange[]).forEach((range, i) => {
    const { near, far } = range;
    if (!(far >= 0 && far <= near && near <= 1)) {
      throw invalid('grade', `ranges[${i}]`, 'disparities with 0 ≤ far ≤ near ≤ 1', `${near}..${far}`);
    }
    // The ends of the scale are borders of nothing: a range that reaches one does not fade there.
    const below = (d: number) => (far === 0 ? 1 : ramp(d - far, feather));
    const above = (d: number) => (near === 1 ? 1 : ramp(near - d, feather));
    addLook(`ranges[${i}]`, range, (d) => Math.min(below(d), above(d)));
  });
  return graders;
}

function toGrader(look: Look): Omit<Grader, 'weight'> {
  const light = 2 ** look.exposure;
  const warm = 2 ** (look.temperature / 2);
  const magenta = 2 ** (look.tint / 2);
  // White balance keeps the luma of grey, so that it does not act as exposure.
  const balance = [warm, 1 / magenta, 1 / warm] as const;
  const luma = balance.reduce((sum, b, c) => sum + LUMA[c]! * b, 0);
  const gain = balance.map((b) => (light * b) / luma) as [number, number, number];
  return { gain, slope: 2 ** look.contrast, saturation: 1 + look.saturation };
}

/** 0 to 1 as v goes from -width / 2 to width / 2, smooth. */
function ramp(v: number, width: number): number {
  if (v >= width / 2) return 1;
  if (v <= -width / 2) return 0;
  const s = v / width + 0.5;
  return s * s * (3 - 2 * s);
}

/** Disparity half-way between the two classes' bins; of a constant map, the map's own value. */
function otsuSplit(map: DepthMap): number {
  const histogram = new Float64Array(BINS);
  for (const d of map.data) {
    const bin = Math.round(d * (BINS - 1));
    histogram[bin] = histogram[bin]! + 1;
  }
  return Math.max(0, otsu(histogram) - 0.5) / (BINS - 1);
}

function gradePixels(
  data: Uint8ClampedArray,
  depth: Float32Array,
  graders: readonly Grader[],
  from: number,
  to: number,
): void {
  const rgb = new Float64Array(3);
  for (let i = from, p = from * 4; i < to; i++, p += 4) {
    let touched = false;
    for (const grader of graders) {
      const w = grader.weight(depth[i]!);
      if (w === 0) continue;
      if (!touched) for (let c = 0; c < 3; c++) rgb[c] = SRGB_TO_LINEAR[data[p + c]!]!;
      touched = true;
      mixGraded(rgb, grader, w);
    }
    if (touched) for (let c = 0; c < 3; c++) data[p + c] = encodeSrgb8(rgb[c]!);
  }
}

function mixGraded(rgb: Float64Array, { gain, slope, saturation }: Grader, weight: number): void {
  let r = rgb[0]! * gain[0];
  let g = rgb[1]! * gain[1];
  let b = rgb[2]! * gain[2];
  if (slope !== 1) {
    r = stretch(r, slope);
    g = stretch(g, slope);
    b = stretch(b, slope);
  }
  const luma = LUMA[0] * r + LUMA[1] * g + LUMA[2] * b;
  rgb[0] = rgb[0]! + weight * (luma + saturation * (r - luma) - rgb[0]!);
  rgb[1] = rgb[1]! + weight * (luma + saturation * (g - luma) - rgb[1]!);
  rgb[2] = rgb[2]! + weight * (luma + saturation * (b - luma) - rgb[2]!);
}

/** Contrast on the encoded scale; light above white is kept, for a later look may bring it back. */
function stretch(linear: number, slope: number): number {
  const v = PIVOT + (linearToSrgb(linear) - PIVOT) * slope;
  return v <= 0 ? 0 : srgbToLinear(v);
}
