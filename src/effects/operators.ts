import { either, number, numberFields, object, oneOf, point, required, tuple } from '../core/schema.js';
import { applyBokeh, BOKEH_PARAMS } from './bokeh.js';
import { gradeOperator } from './grade.js';
import { wholeOperator } from './operator.js';

const DISPARITY = { default: 0, min: 0, max: 1, unit: 'disparity', doc: '' } as const;
const focus = either(
  number(DISPARITY),
  point,
  tuple(DISPARITY, DISPARITY),
  object({ near: required(number(DISPARITY)), far: required(number(DISPARITY)) }),
  oneOf(['subject', 'faces']),
);

/**
 * Every operator that a recipe may name. A new one is a line here: validation, JSON form, docs and the generated tests
 * follow from its table of options.
 */
export const OPERATORS = {
  bokeh: wholeOperator(
    'Depth of field of a thin lens.',
    { focus, shape: oneOf(['disc', 5, 6, 7, 8, 9]), ...numberFields(BOKEH_PARAMS) },
    async ({ image, depth }, options, task) => ({ image: await applyBokeh(image, depth, { ...options, ...task }) }),
  ),
  grade: gradeOperator,
} as const;
