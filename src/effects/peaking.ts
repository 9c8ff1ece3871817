import { lazy } from '../core/lazy.js';
import { numberFields, told, type FieldsValue } from '../core/schema.js';
import type { NumberTable } from '../core/params.js';
import { colourField } from './colour-field.js';
import { APERTURE } from './focus.js';
import { focusField } from './focus-field.js';
import { defineOperator } from './operator.js';

/** Numeric options: default, range and unit. */
const PEAKING_PARAMS = {
  aperture: { ...APERTURE, doc: 'As that of the bokeh it is for.' },
  sharpness: { default: 0.12, min: 0.01, max: 1, unit: 'encoded light', doc: 'Least local contrast that is marked.' },
} as const satisfies NumberTable;

const FIELDS = {
  focus: told('What is sharp: the subject unless said.', focusField),
  colour: told('Of the marks.', colourField),
  ...numberFields(PEAKING_PARAMS),
};

export type PeakingValues = FieldsValue<typeof FIELDS>;

export const peakingOperator = defineOperator({
  name: 'peaking',
  doc: 'Focus peaking: marks the edges that a bokeh of the same focus and aperture would leave sharp.',
  options: FIELDS,
  run: async (frame, options, task) => {
    const { markSharp, planPeaking } = await lazy(() => import('./peaking-marks.js'));
    return { image: await markSharp(frame, planPeaking(options, frame), task) };
  },
  gpu: {
    plan: async (options, frame) => {
      const { planPeaking } = await lazy(() => import('./peaking-marks.js'));
      const { peakingPass } = await lazy(() => import('./peaking-gpu.js'));
      return peakingPass(planPeaking(options, frame));
    },
  },
});

/** For either processor. */
export interface PeakingPlan {
  /** Disparities whose edges are marked. */
  readonly near: number;
  readonly far: number;
  /** Codes of the mark. */
  readonly colour: readonly number[];
  /** Least contrast, in codes. */
  readonly least: number;
}
