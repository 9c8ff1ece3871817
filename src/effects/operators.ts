import {
  backgroundOperator,
  parallaxOperator,
  stickerOperator,
  stickersOperator,
  strokesOperator,
} from './composing.js';
import { blur, resolveLens } from './bokeh.js';
import { BOKEH_FIELDS } from './bokeh-fields.js';
import { gradeOperator } from './grade.js';
import { hazeOperator } from './haze.js';
import { wholeOperator } from './operator.js';
import { peakingOperator } from './peaking.js';
import { relightOperator } from './relight.js';
import { vignetteOperator } from './vignette.js';
import { visualiseOperator } from './visualise.js';

/**
 * Every operator that a recipe may name. A new one is a line here: validation, JSON form, docs and the generated tests
 * follow from its table of options.
 */
export const OPERATORS = {
  bokeh: {
    ...wholeOperator(
      'Depth of field of a thin lens.',
      BOKEH_FIELDS,
      async ({ image, depth, faces, part }, options, task) => ({
        image: await blur(image, depth, { ...options, faces, ...task }, part),
      }),
      async (options, { depth, faces }) => {
        const lens = resolveLens('bokeh', depth, { ...options, faces });
        return lens && { op: 'bokeh', lens };
      },
    ),
    needsFloats: true,
  },
  grade: gradeOperator,
  haze: hazeOperator,
  relight: relightOperator,
  vignette: vignetteOperator,
  visualise: visualiseOperator,
  peaking: peakingOperator,
  background: backgroundOperator,
  sticker: stickerOperator,
  stickers: stickersOperator,
  parallax: parallaxOperator,
  strokes: strokesOperator,
} as const;
