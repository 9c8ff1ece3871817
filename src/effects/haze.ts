import { numberFields, type FieldsValue } from '../core/schema.js';
import type { NumberTable } from '../core/params.js';
import type { TaskOptions } from '../core/task.js';
import type { DepthMap } from '../depth/depth-map.js';
import type { Row } from '../image/colour.js';
import type { ImageDataLike, OutputImage } from '../image/image-data.js';
import { colourField, lightOf } from './colour-field.js';
import { pointOperator, type PointPlan, type Strip } from './operator.js';
import { applyPoint } from './points.js';

export interface HazeOptions {
  /** Share of the farthest things that the haze hides, 0..0.99. Default: 0.6. */
  amount?: number | undefined;
  /** How many times farther the farthest thing is than the nearest: a disparity does not say. 1.1..100. Default: 6. */
  range?: number | undefined;
  /** Colour of the haze, as hex or by one of HTML's names. Default: '#dce4ec'. */
  colour?: string | undefined;
}

/** Numeric options: default, range and unit. */
export const HAZE_PARAMS = {
  amount: { default: 0.6, min: 0, max: 0.99, unit: 'share', doc: 'What the haze hides of the farthest things.' },
  range: { default: 6, min: 1.1, max: 100, unit: 'times', doc: 'Farthest over nearest distance.' },
} as const satisfies NumberTable;

const DEFAULT_COLOUR = '#dce4ec';
const FIELDS = { ...numberFields(HAZE_PARAMS), colour: colourField };

/** For the GPU: transmission at even steps of disparity, and the light that comes in the place of the rest. */
export interface HazePass {
  readonly op: 'haze';
  readonly through: Float32Array;
  readonly light: Row;
}

/** Transmission is looked up by disparity; smooth, so that steps this small do not show. */
const STEPS = 4096;

export const hazeOperator = pointOperator('Fog by depth.', FIELDS, async (options, { image }) =>
  planHaze(options, image.colorSpace ?? 'srgb'),
);

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
  { signal, onProgress, ...options }: HazeOptions & TaskOptions = {},
): Promise<OutputImage> {
  return applyPoint('haze', hazeOperator, options, { image, depth }, { signal, onProgress });
}

function planHaze(
  { amount, range, colour }: FieldsValue<typeof FIELDS>,
  space: PredefinedColorSpace,
): PointPlan | undefined {
  if (amount === 0) return undefined;
  const light = lightOf(colour ?? DEFAULT_COLOUR, space);
  const [hr, hg, hb] = light;
  // Distance is 1 / (offset + slope · disparity): 0 at the nearest, 1 at the farthest.
  const through = Float32Array.from({ length: STEPS + 1 }, (_, i) => {
    const distance = 1 / (1 / range + (i / STEPS) * (1 - 1 / range));
    return (1 - amount) ** ((distance - 1) / (range - 1));
  });
  const kernel = (strip: Strip) => {
    const { count, r, g, b, depth } = strip;
    for (let i = 0; i < count; i++) {
      const t = through[(depth[i]! * STEPS + 0.5) | 0]!;
      r[i] = hr + t * (r[i]! - hr);
      g[i] = hg + t * (g[i]! - hg);
      b[i] = hb + t * (b[i]! - hb);
    }
  };
  return { kernel, pass: { op: 'haze', through, light } };
}
