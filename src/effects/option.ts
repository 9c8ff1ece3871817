/**
 * What options of an operator are made of. Each says what it takes, reads JSON without trusting it, and gives the types of
 * both sides.
 */
export { flag, list, number, object, oneOf, point, required, text, told } from '../core/schema.js';
export { colourField as colour } from './colour-field.js';
