import { either, number, object, oneOf, point, required, tuple } from '../core/schema.js';

const DISPARITY = { default: 0, min: 0, max: 1, unit: 'disparity', doc: '' } as const;

const FACE = { default: 0, min: 0, max: 999, unit: 'index', doc: '' } as const;

/** What is sharp, in JSON: see `Focus`. */
export const focusField = either(
  number(DISPARITY),
  point,
  tuple(DISPARITY, DISPARITY),
  object({ near: required(number(DISPARITY)), far: required(number(DISPARITY)) }),
  object({ face: required(number(FACE)) }),
  oneOf(['subject', 'faces']),
);
