import { lazy } from '../core/lazy.js';
import { numberFields, told, type FieldsValue } from '../core/schema.js';
import type { NumberTable } from '../core/params.js';
import type { TaskOptions } from '../core/task.js';
import type { DepthMap } from '../depth/depth-map.js';
import type { ImageDataLike, OutputImage } from '../image/image-data.js';
import { colourField } from './colour-field.js';
import { definePointOperator } from './operator.js';
import { applyPoint } from './points.js';

export interface HazeOptions {
  /** Share of the farthest things that the haze hides, 0..0.99. Default: 0.6. */
  amount?: number | undefined;
  /** How many times farther the farthest thing is than the nearest: a disparity does not say. 1.1..100. Default: 6. */
  range?: number | undefined;
  /** Colour of the haze, as hex or by one of CSS's names. Default: '#dce4ec'. */
  colour?: string | undefined;
}

/** Numeric options: default, range and unit. */
export const HAZE_PARAMS = {
  amount: { default: 0.6, min: 0, max: 0.99, unit: 'share', doc: 'What the haze hides of the farthest things.' },
  range: { default: 6, min: 1.1, max: 100, unit: 'times', doc: 'Farthest over nearest distance.' },
} as const satisfies NumberTable;

const FIELDS = { ...numberFields(HAZE_PARAMS), colour: told('Light that the haze adds.', colourField) };

export type HazeValues = FieldsValue<typeof FIELDS>;

export const hazeOperator = definePointOperator({
  name: 'haze',
  doc: 'Fog by depth.',
  options: FIELDS,
  plan: async (options, { image }) => {
    const { planHaze } = await lazy(() => import('./haze-plan.js'));
    return planHaze(options, image.colorSpace ?? 'srgb');
  },
});

/**
 * Fog by depth: light fades exponentially with distance and the haze's own comes in its place, `J t + A (1 - t)` with
 * `t = exp(-β z)` (Koschmieder 1924), in linear light. The nearest thing is clear.
 *
 * @param image RGBA, any size; not written to. Alpha and colour space are kept.
 * @param depth disparities 0..1; of another size it is lifted along the image's edges.
 * @throws RelievoError `INVALID_PARAM`, `INVALID_DEPTH`, `UNSUPPORTED_IMAGE`, `IMAGE_TOO_LARGE`; or the signal's reason.
 */
export async function applyHaze(
  image: ImageDataLike,
  depth: DepthMap,
  options: HazeOptions & TaskOptions = {},
): Promise<OutputImage> {
  return applyPoint(hazeOperator, options, { image, depth });
}
