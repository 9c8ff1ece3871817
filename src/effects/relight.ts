import { lazy } from '../core/lazy.js';
import type { NumberTable } from '../core/params.js';
import { numberFields, oneOf, point, told, type FieldsValue } from '../core/schema.js';
import type { TaskOptions } from '../core/task.js';
import type { DepthMap } from '../depth/depth-map.js';
import type { ImageDataLike, OutputImage } from '../image/image-data.js';
import { colourField } from './colour-field.js';
import { definePointOperator } from './operator.js';
import { applyPoint } from './points.js';

export interface RelightOptions {
  /** A set of values for what is not given here. Default: 'studio'. */
  preset?: keyof typeof RELIGHT_PRESETS | undefined;
  /** Above which point of the photo the light hangs, in its pixels; may be outside. Default: the preset's. */
  at?: { readonly x: number; readonly y: number } | undefined;
  /** How far the light is before the nearest things, as a share of the long side, 0.02..4. Default: the preset's. */
  height?: number | undefined;
  /** Light that it gives where it is nearest, in units of the photo's own light, 0..8. Default: the preset's. */
  intensity?: number | undefined;
  /** What is left of the photo's own light, 0..2. Default: the preset's. */
  ambient?: number | undefined;
  /** Share of the way from a lamp that is a point (0) to one so large that it wraps round to the back (1), 0..1. Default: the preset's. */
  size?: number | undefined;
  /** 0 = the sun, 1 = a lamp whose light fades by the square law, 2 = faster than nature; 0..2. Default: the preset's. */
  falloff?: number | undefined;
  /** How far the scene reaches behind the nearest things, as a share of the long side, 0..8. Default: the preset's. */
  reach?: number | undefined;
  /** How deep the relief is, 0..4 times a head. Default: the preset's. */
  relief?: number | undefined;
  /** Share of the photo's own texture that is taken for relief, 0..1. Default: the preset's. */
  detail?: number | undefined;
  /** Colour of the light, as hex or by one of CSS's names. Default: the preset's. */
  colour?: string | undefined;
}

export interface RelightPreset {
  readonly at: readonly [x: number, y: number];
  readonly values: { readonly [K in keyof typeof RELIGHT_PARAMS]: number };
  readonly colour: string;
}

/** Numeric options; the defaults are those of 'studio'. */
export const RELIGHT_PARAMS = {
  height: { default: 0.5, min: 0.02, max: 4, unit: 'share of the long side', doc: 'Before the nearest things.' },
  intensity: { default: 1, min: 0, max: 8, unit: "times the photo's light", doc: 'Light where it is nearest.' },
  ambient: { default: 0.4, min: 0, max: 2, unit: "times the photo's light", doc: "What is left of the photo's own." },
  size: { default: 0.4, min: 0, max: 1, unit: 'share', doc: 'From a point to a light that wraps around.' },
  falloff: { default: 0.7, min: 0, max: 2, unit: 'times the square law', doc: 'How the light fades with distance.' },
  reach: { default: 0.6, min: 0, max: 8, unit: 'share of the long side', doc: 'How far the scene reaches back.' },
  relief: { default: 1, min: 0, max: 4, unit: 'times a head', doc: 'How deep the relief is.' },
  detail: { default: 0.3, min: 0, max: 1, unit: 'share', doc: 'Texture taken for relief.' },
} as const satisfies NumberTable;

/** `at` is a share of width and height. */
export const RELIGHT_PRESETS = {
  studio: {
    at: [0.2, 0.1],
    values: { height: 0.5, intensity: 1, ambient: 0.4, size: 0.4, falloff: 0.7, reach: 0.6, relief: 1, detail: 0.3 },
    colour: '#fff6ea',
  },
  contour: {
    at: [-0.15, 0.25],
    values: {
      height: 0.15,
      intensity: 2.4,
      ambient: 0.35,
      size: 0.1,
      falloff: 0.3,
      reach: 0.6,
      relief: 1.2,
      detail: 0.2,
    },
    colour: '#ffffff',
  },
  stage: {
    at: [0.5, 0.2],
    values: { height: 0.6, intensity: 2.2, ambient: 0.02, size: 0.4, falloff: 1.2, reach: 3, relief: 0.8, detail: 0.2 },
    colour: '#ffffff',
  },
} as const satisfies Readonly<Record<string, RelightPreset>>;

const NUMBERS = numberFields(RELIGHT_PARAMS);
// Without defaults of their own: the preset has them.
const FIELDS = {
  preset: told(
    'Values for all that is not said; studio unless said.',
    oneOf(Object.keys(RELIGHT_PRESETS) as (keyof typeof RELIGHT_PRESETS)[]),
  ),
  at: told('Above which point the light hangs.', point),
  colour: told('Of the light.', colourField),
  ...(Object.fromEntries(
    Object.entries(NUMBERS).map(([key, { expected, read, param }]) => [
      key,
      { expected, read, doc: param.doc as string, json: 0 as number },
    ]),
  ) as {
    [K in keyof typeof RELIGHT_PARAMS]: {
      expected: string;
      read: (typeof NUMBERS)[K]['read'];
      doc: string;
      json: number;
    };
  }),
};

export type RelightValues = FieldsValue<typeof FIELDS>;

export const relightOperator = definePointOperator({
  name: 'relight',
  doc: 'A light that is moved before the subject.',
  options: FIELDS,
  readsImage: true,
  plan: async (options, frame, task) => {
    const { planRelight } = await lazy(() => import('./relight-plan.js'));
    return planRelight(options, frame, task);
  },
});

/**
 * Lights the scene anew. Normals come from the depth, smoothed within things (Perona & Malik 1990), rounded towards their
 * outlines, since the depth of a person is flatter than the person, and from the photo's own texture. The light is
 * diffuse (Lambert), wrapped by the lamp's size, and fades with distance; the photo's light is multiplied by it.
 *
 * @param image RGBA, any size; not written to. Alpha and colour space are kept.
 * @param depth disparities 0..1; of another size it is lifted along the image's edges.
 * @throws RelievoError `INVALID_PARAM`, `INVALID_DEPTH`, `UNSUPPORTED_IMAGE`, `IMAGE_TOO_LARGE`; or the signal's reason.
 */
export async function applyRelight(
  image: ImageDataLike,
  depth: DepthMap,
  options: RelightOptions & TaskOptions = {},
): Promise<OutputImage> {
  return applyPoint(relightOperator, options, { image, depth });
}
