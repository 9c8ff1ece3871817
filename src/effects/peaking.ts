import { numberFields, type FieldsValue } from '../core/schema.js';
import type { NumberTable } from '../core/params.js';
import { forRows, type TaskOptions } from '../core/task.js';
import { createImage, type OutputImage } from '../image/image-data.js';
import { colourIn } from '../image/colour-space.js';
import { colourField } from './colour-field.js';
import { resolveFocus } from './focus.js';
import { focusField } from './focus-field.js';
import { wholeOperator, type Frame } from './operator.js';

/** Numeric options: default, range and unit. */
export const PEAKING_PARAMS = {
  aperture: { default: 0.03, min: 0, max: 0.2, unit: 'share of the long side', doc: 'As that of the bokeh it is for.' },
  sharpness: { default: 0.12, min: 0.01, max: 1, unit: 'encoded light', doc: 'Least local contrast that is marked.' },
} as const satisfies NumberTable;

const FIELDS = { focus: focusField, colour: colourField, ...numberFields(PEAKING_PARAMS) };

/** Radius of the blur disc, as a share of the long side, up to which a print looks sharp: 1/1500 of its diagonal. */
const SHARP = 1 / 1800;

export const peakingOperator = wholeOperator(
  'Focus peaking: marks the edges that a bokeh of the same focus and aperture would leave sharp.',
  FIELDS,
  async (frame, options, task) => ({ image: await mark(frame, planPeaking(options, frame), task) }),
  async (options, frame) => planPeaking(options, frame),
);

/** For either processor. */
export interface PeakingPass {
  readonly op: 'peaking';
  /** Disparities whose edges are marked. */
  readonly near: number;
  readonly far: number;
  /** Codes of the mark. */
  readonly colour: readonly number[];
  /** Least contrast, in codes. */
  readonly least: number;
}

function planPeaking(
  { focus = 'subject', aperture, sharpness, colour = '#ff2d95' }: FieldsValue<typeof FIELDS>,
  { image, depth, faces }: Frame,
): PeakingPass {
  const { near, far } = resolveFocus('peaking', focus, depth, { faces, aperture });
  const reach = aperture > 0 ? SHARP / aperture : 1;
  const codes = colourIn(colour, image.colorSpace).slice(0, 3);
  return { op: 'peaking', near: near + reach, far: far - reach, colour: codes, least: sharpness * 255 };
}

async function mark(
  { image, depth }: Frame,
  { near, far, colour, least }: PeakingPass,
  task: TaskOptions,
): Promise<OutputImage> {
  const { width, height, data } = image;
  const output = createImage(width, height, image.colorSpace);
  output.data.set(data);
  const luma = (p: number) => 0.299 * data[p]! + 0.587 * data[p + 1]! + 0.114 * data[p + 2]!;
  await forRows(height, 16, task, (y0, y1) => {
    for (let y = y0; y < y1; y++) {
      for (let x = 0, i = y * width; x < width; x++, i++) {
        const d = depth.data[i]!;
        if (d > near || d < far) continue;
        const p = i * 4;
        const v = luma(p);
        const right = x < width - 1 ? Math.abs(luma(p + 4) - v) : 0;
        const down = y < height - 1 ? Math.abs(luma(p + width * 4) - v) : 0;
        if (right + down >= least) output.data.set(colour, p);
      }
    }
  });
  return output;
}
