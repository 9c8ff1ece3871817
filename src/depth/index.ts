export { checkDepth, createDepthMap, disparityAt, type Confidence, type DepthMap } from './depth-map.js';
export { defaultHydra, estimateDepth, type DepthQuality, type EstimateOptions } from './estimate.js';
export { findEmbeddedDepth } from './embedded.js';
export type { EmbeddedDepth } from './embedded-kinds.js';
export { embedGDepth } from './gdepth.js';
export { applyStrokes, STROKE_PARAMS, type Stroke } from './strokes.js';
export { DepthStream, STREAM_PARAMS, type DepthStreamOptions } from './stream.js';
