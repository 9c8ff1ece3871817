import { at, found, list, number, object, refuse, type FieldsValue } from '../core/schema.js';
import type { TaskOptions } from '../core/task.js';
import type { DepthMap } from '../depth/depth-map.js';
import type { ImageDataLike, OutputImage } from '../image/image-data.js';
import { LOOK_FIELDS, lookOf, planLook, type GradeParams, type Look, type LookValues, type Stage } from './look.js';
import { pointOperator, type PointKernel, type PointPlan, type Strip } from './operator.js';
import { applyPoint } from './points.js';
import { otsuSplit } from './split.js';

export { GRADE_PARAMS, type Curves, type GradeParams } from './look.js';

export interface GradeRange extends GradeParams {
  /** Disparities that the look applies to, 0..1. Default: all, 1 to 0. */
  near?: number | undefined;
  far?: number | undefined;
}

export interface GradeOptions {
  /** Look of what is nearer than `split`. */
  foreground?: GradeParams | undefined;
  /** Look of what is farther than `split`. */
  background?: GradeParams | undefined;
  /** Looks of any ranges of disparity, up to 32, applied after the two, in their order. */
  ranges?: readonly GradeRange[] | undefined;
  /** Disparity between fore- and background, 0..1. Default: Otsu's threshold of the map. */
  split?: number | undefined;
  /** Width in disparity over which a look fades in at a border, 0..1. Default: 0.08. */
  feather?: number | undefined;
}

const BORDER = {
  near: { default: 1, min: 0, max: 1, unit: 'disparity', doc: 'Near end of the range.' },
  far: { default: 0, min: 0, max: 1, unit: 'disparity', doc: 'Far end of the range.' },
  feather: { default: 0.08, min: 0, max: 1, unit: 'disparity', doc: 'Width of the fade at a border.' },
} as const;

const MOST_RANGES = 32;

const FIELDS = {
  foreground: object(LOOK_FIELDS),
  background: object(LOOK_FIELDS),
  ranges: list(object({ near: number(BORDER.near), far: number(BORDER.far), ...LOOK_FIELDS }), MOST_RANGES),
  split: found({ min: 0, max: 1, unit: 'disparity', doc: "Default: Otsu's threshold of the map." }),
  feather: number(BORDER.feather),
};

/** A look and the disparities it applies to: it fades in about `from` and out about `to`. */
export interface Graded {
  readonly stages: readonly Stage[];
  readonly from: number;
  readonly to: number;
}

/** Looks in their order, for the GPU. */
export interface GradePass {
  readonly op: 'grade';
  readonly graded: readonly Graded[];
  readonly feather: number;
}

export const gradeOperator = pointOperator(
  'Colour by depth: of the foreground, the background or any ranges of disparity.',
  FIELDS,
  async (options, { image, depth }) => planGrade(options, depth, image.colorSpace ?? 'srgb'),
);

/**
 * Colour by depth: exposure, white balance, tones, curves, saturation and colour tables of the foreground, the
 * background or any range of disparities, feathered by disparity.
 *
 * ```ts
 * const out = await applyGrade(photo, depth, { background: { exposure: -0.7, saturation: -0.3 } });
 * ```
 *
 * Every look is worked out in linear light and mixed with the pixel before by its weight there; overlapping looks follow
 * each other. Where near and far mix in a pixel, each part gets its own look (edge-parts.ts): no halo.
 *
 * @param image RGBA, any size; not written to. Alpha and colour space are kept.
 * @param depth disparities 0..1; of another size it is lifted along the image's edges.
 * @returns a new image of the same size. Pixels that no look touches keep their bytes.
 * @throws RelievoError `INVALID_PARAM`, `INVALID_DEPTH`, `UNSUPPORTED_IMAGE`, `IMAGE_TOO_LARGE`; or the signal's reason.
 */
export async function applyGrade(
  image: ImageDataLike,
  depth: DepthMap,
  { signal, onProgress, ...options }: GradeOptions & TaskOptions = {},
): Promise<OutputImage> {
  return applyPoint('grade', gradeOperator, options, { image, depth }, { signal, onProgress });
}

function planGrade(
  { foreground, background, ranges = [], split, feather }: FieldsValue<typeof FIELDS>,
  depth: DepthMap,
  space: PredefinedColorSpace,
): PointPlan | undefined {
  const graded: Graded[] = [];
  const add = (values: LookValues, from: number, to: number) => {
    const stages = planLook(values, space);
    if (stages.length > 0) graded.push({ stages, from, to });
  };
  if (foreground || background) {
    const border = split ?? otsuSplit(depth);
    if (foreground) add(foreground, border, Infinity);
    if (background) add(background, -Infinity, border);
  }
  ranges.forEach(({ near, far, ...values }, i) => {
    if (far > near) refuse(at(`ranges[${i}]`), 'far ≤ near', `${far} > ${near}`);
    // The ends of the scale are borders of nothing: a range that reaches one does not fade there.
    add(values, far === 0 ? -Infinity : far, near === 1 ? Infinity : near);
  });
  if (graded.length === 0) return undefined;
  return { kernel: gradeKernel(graded, feather), pass: { op: 'grade', graded, feather } };
}

/** Pixels of full weight in a row from which a look works on them where they lie. */
const RUN = 32;

function gradeKernel(graded: readonly Graded[], feather: number): PointKernel {
  const looks = graded.map(({ stages, from, to }) => ({ look: lookOf(stages), from, to }));
  const planes = Array.from({ length: 4 }, () => new Float32Array(0));
  let which = new Int32Array(0);
  return (strip) => {
    if (which.length < strip.count) {
      which = new Int32Array(strip.count);
      for (let p = 0; p < 4; p++) planes[p] = new Float32Array(strip.count);
    }
    const [r, g, b, weight] = planes as [Float32Array, Float32Array, Float32Array, Float32Array];
    for (const { look, from, to } of looks) {
      const count = choose(strip, from, to, feather, look, which, weight);
      if (count === 0) continue;
      for (let k = 0; k < count; k++) {
        const i = which[k]!;
        r[k] = strip.r[i]!;
        g[k] = strip.g[i]!;
        b[k] = strip.b[i]!;
      }
      look(r, g, b, 0, count);
      for (let k = 0; k < count; k++) {
        const i = which[k]!;
        const w = weight[k]!;
        strip.r[i] = strip.r[i]! + w * (r[k]! - strip.r[i]!);
        strip.g[i] = strip.g[i]! + w * (g[k]! - strip.g[i]!);
        strip.b[i] = strip.b[i]! + w * (b[k]! - strip.b[i]!);
      }
    }
  };
}

/**
 * Works the look on long runs of full weight at once, and lists the other pixels that it touches with their weights.
 *
 * @returns how many are listed.
 */
function choose(
  { count, depth, r, g, b }: Strip,
  from: number,
  to: number,
  feather: number,
  look: Look,
  which: Int32Array,
  weight: Float32Array,
): number {
  const low = from + feather / 2;
  const high = to - feather / 2;
  let n = 0;
  for (let i = 0; i < count;) {
    const start = i;
    while (i < count && depth[i]! >= low && depth[i]! <= high) i++;
    if (i - start >= RUN) look(r, g, b, start, i);
    else
      for (let k = start; k < i; k++) {
        which[n] = k;
        weight[n++] = 1;
      }
    for (; i < count; i++) {
      const d = depth[i]!;
      if (d >= low && d <= high) break;
      const w = ramp(d - from < to - d ? d - from : to - d, feather);
      if (w === 0) continue;
      which[n] = i;
      weight[n++] = w;
    }
  }
  return n;
}

/** 0 to 1 as v goes from -width / 2 to width / 2, smooth. */
function ramp(v: number, width: number): number {
  if (v >= width / 2) return 1;
  if (v <= -width / 2) return 0;
  const s = v / width + 0.5;
  return s * s * (3 - 2 * s);
}
