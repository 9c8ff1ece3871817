import { lazy } from '../core/lazy.js';
import { found, list, number, object, told, type FieldsValue } from '../core/schema.js';
import type { TaskOptions } from '../core/task.js';
import type { DepthMap } from '../depth/depth-map.js';
import type { ImageDataLike, OutputImage } from '../image/image-data.js';
import { LOOK_FIELDS, type GradeParams } from './look.js';
import type { Stage } from './look-stages.js';
import { definePointOperator } from './operator.js';
import { applyPoint } from './points.js';

export { GRADE_PARAMS, type Curves, type GradeParams } from './look.js';

export interface GradeRange extends GradeParams {
  /** The nearer end of the disparities that the look applies to, 0..1. Default: 1. */
  near?: number | undefined;
  /** The farther end of those disparities, 0..1. Default: 0. */
  far?: number | undefined;
}

export interface GradeOptions {
  /** Look of what is nearer than `split`. Default: as it is. */
  foreground?: GradeParams | undefined;
  /** Look of what is farther than `split`. Default: as it is. */
  background?: GradeParams | undefined;
  /** Looks of any ranges of disparity, up to 32, applied after the two, in their order. Default: none. */
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
  foreground: told('Look of what is nearer than the split.', object(LOOK_FIELDS)),
  background: told('Look of what is farther than the split.', object(LOOK_FIELDS)),
  ranges: told(
    'Looks of ranges of disparity, after those two.',
    list(object({ near: number(BORDER.near), far: number(BORDER.far), ...LOOK_FIELDS }), MOST_RANGES),
  ),
  split: found({
    min: 0,
    max: 1,
    unit: 'disparity',
    doc: "Border of fore- and background: Otsu's threshold unless said.",
  }),
  feather: number(BORDER.feather),
};

export type GradeValues = FieldsValue<typeof FIELDS>;

/** A look and the disparities it applies to: it fades in about `from` and out about `to`. */
export interface Graded {
  readonly stages: readonly Stage[];
  readonly from: number;
  readonly to: number;
}

export const gradeOperator = definePointOperator({
  name: 'grade',
  doc: 'Colour by depth: of the foreground, the background or any ranges of disparity.',
  options: FIELDS,
  plan: async (options, { image, depth }) => {
    const { planGrade } = await lazy(() => import('./grade-plan.js'));
    return planGrade(options, depth, image.colorSpace ?? 'srgb');
  },
});

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
  options: GradeOptions & TaskOptions = {},
): Promise<OutputImage> {
  return applyPoint(gradeOperator, options, { image, depth });
}
