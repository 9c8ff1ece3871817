import { lazy } from '../core/lazy.js';
import type { NumberTable } from '../core/params.js';
import { found, numberFields, point, told, type FieldsValue } from '../core/schema.js';
import type { TaskOptions } from '../core/task.js';
import type { DepthMap } from '../depth/depth-map.js';
import type { ImageDataLike, OutputImage } from '../image/image-data.js';
import { definePointOperator } from './operator.js';
import { applyPoint } from './points.js';

export interface VignetteOptions {
  /** Stops at the corners, -4..4: below 0 darker. Default: -1. */
  amount?: number | undefined;
  /** Where it begins, as a share of the way from the centre to the farthest corner, 0..0.99. Default: 0.35. */
  radius?: number | undefined;
  /** Share by which what is near is spared, 0..1: 0 is an ordinary vignette. Default: 0.8. */
  protect?: number | undefined;
  /** Disparity from which things are spared, 0..1. Default: Otsu's threshold of the map. */
  split?: number | undefined;
  /** Width in disparity over which the sparing sets in, 0..1. Default: 0.2. */
  feather?: number | undefined;
  /** Its centre, in pixels of the image. Default: the image's. */
  centre?: { readonly x: number; readonly y: number } | undefined;
}

/** Numeric options: default, range and unit. */
export const VIGNETTE_PARAMS = {
  amount: { default: -1, min: -4, max: 4, unit: 'stops', doc: 'Light at the corners.' },
  radius: {
    default: 0.35,
    min: 0,
    max: 0.99,
    unit: 'share of the way to the farthest corner',
    doc: 'Where it begins.',
  },
  protect: { default: 0.8, min: 0, max: 1, unit: 'share', doc: 'How far what is near is spared.' },
  feather: { default: 0.2, min: 0, max: 1, unit: 'disparity', doc: 'Width over which the sparing sets in.' },
} as const satisfies NumberTable;

const FIELDS = {
  ...numberFields(VIGNETTE_PARAMS),
  split: found({
    min: 0,
    max: 1,
    unit: 'disparity',
    doc: "From where things are spared: Otsu's threshold unless said.",
  }),
  centre: told("Its centre: the photo's unless said.", point),
};

export type VignetteValues = FieldsValue<typeof FIELDS>;

export const vignetteOperator = definePointOperator({
  name: 'vignette',
  doc: 'Darker towards the corners, mostly what is far.',
  options: FIELDS,
  plan: async (options, frame) => {
    const { planVignette } = await lazy(() => import('./vignette-plan.js'));
    return planVignette(options, frame);
  },
});

/**
 * Darkens towards the corners, but spares what is near: the eye stays with the subject, whose shoulder in the corner is
 * not dirtied. Light times 2^stops, linear.
 *
 * @param image RGBA, any size; not written to. Alpha and colour space are kept.
 * @param depth disparities 0..1; of another size it is lifted along the image's edges.
 * @throws RelievoError `INVALID_PARAM`, `INVALID_DEPTH`, `UNSUPPORTED_IMAGE`, `IMAGE_TOO_LARGE`; or the signal's reason.
 */
export async function applyVignette(
  image: ImageDataLike,
  depth: DepthMap,
  options: VignetteOptions & TaskOptions = {},
): Promise<OutputImage> {
  return applyPoint(vignetteOperator, options, { image, depth });
}
