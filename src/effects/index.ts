export {
  createBokehPreview,
  type BokehPreview,
  type BokehPreviewCost,
  type BokehPreviewOptions,
} from './bokeh-preview.js';
export { applyBokeh, BOKEH_PARAMS, type BokehOptions } from './bokeh.js';
export { focalRange, type FocalRange, type Focus } from './focus.js';
export { applyGrade, GRADE_PARAMS, type GradeOptions, type GradeParams, type GradeRange } from './grade.js';
export { placeSticker, STICKER_PARAMS, type StickerOptions, type StickerResult } from './sticker.js';
export { visualiseDepth, type VisualiseOptions } from './visualise.js';
