export { applyBokeh, BOKEH_PARAMS, type BokehOptions } from './bokeh.js';
export { focalRange, type FocalRange, type Focus } from './focus.js';
export { visualiseDepth, type VisualiseOptions } from './visualise.js';
