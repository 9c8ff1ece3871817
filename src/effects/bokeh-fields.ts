import { numberFields, oneOf, told } from '../core/schema.js';
import { BOKEH_PARAMS } from './bokeh.js';
import { focusField } from './focus-field.js';

/** The lens in JSON: of a step of its own, and of a new background. */
export const BOKEH_FIELDS = {
  focus: told('What is sharp: the subject unless said.', focusField),
  shape: told('Of the aperture: a disc unless said, or its number of blades.', oneOf(['disc', 5, 6, 7, 8, 9])),
  ...numberFields(BOKEH_PARAMS),
};
