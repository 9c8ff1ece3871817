export {
  createBokehPreview,
  type BokehPreview,
  type BokehPreviewCost,
  type BokehPreviewOptions,
} from './bokeh-preview.js';
export {
  createPreview,
  PREVIEW_PARAMS,
  type Preview,
  type PreviewCost,
  type PreviewOptions,
  type PreviewPhoto,
  type RenderOptions,
} from './preview.js';
export { createGpu, GPU_PARAMS, type Gpu, type GpuOptions, type GpuTransfers } from './gpu.js';
export { applyBokeh, BOKEH_PARAMS, type BokehOptions } from './bokeh.js';
export { focalRange, type FocalRange, type Focus, type FocusContext } from './focus.js';
export {
  applyGrade,
  GRADE_PARAMS,
  type Curves,
  type GradeOptions,
  type GradeParams,
  type GradeRange,
} from './grade.js';
export type { CurvePoint } from './curve.js';
export { parseCube, type Lut } from './lut.js';
export {
  placeSticker,
  placeStickers,
  STICKER_PARAMS,
  type Sticker,
  type StickerOptions,
  type StickerResult,
  type StickersOptions,
} from './sticker.js';
export { SHADOW_PARAMS, type ShadowOptions } from './contact-shadow.js';
export { type Place } from './place.js';
export { renderText, TEXT_PARAMS, type TextStyle } from './text.js';
export type { CanvasFactory } from '../image/canvas-factory.js';
export {
  BACKGROUND_PARAMS,
  replaceBackground,
  type Background,
  type ReplaceBackgroundOptions,
  type ReplacedBackground,
} from './replace-background.js';
export { matteFromDepth } from './matte-from-depth.js';
export { applyHaze, HAZE_PARAMS, type HazeOptions } from './haze.js';
export { applyRelight, RELIGHT_PARAMS, RELIGHT_PRESETS, type RelightOptions } from './relight.js';
export { applyVignette, VIGNETTE_PARAMS, type VignetteOptions } from './vignette.js';
export { PRESETS } from './presets.js';
export { visualiseDepth, type VisualiseOptions } from './visualise.js';
export { OPERATORS, operatorNamed, operatorNames, registerOperator } from './operators.js';
export * as option from './option.js';
export { callable } from './call.js';
export {
  defineOperator,
  definePointOperator,
  type Frame,
  type GpuPass,
  type Operator,
  type PictureTile,
  type PointKernel,
  type PointOperator,
  type PointPlan,
  type PointWriter,
  type Preparation,
  type Prepared,
  type Strip,
  type Tile,
  type Tiling,
  type WholeOperator,
} from './operator.js';
export type {
  BackgroundStep,
  BokehStep,
  GradeStep,
  HazeStep,
  ParallaxStep,
  PeakingStep,
  RelightStep,
  StickersStep,
  StickerStep,
  StrokesStep,
  VignetteStep,
  VisualiseStep,
} from './recipe-step.js';
export {
  pipeline,
  readRecipe,
  type CustomOperators,
  RECIPE_VERSION,
  type Pipeline,
  type PipelineOptions,
  type PipelineResult,
  type Recipe,
  type Resource,
  type Resources,
  type Step,
} from './pipeline.js';
export {
  applyParallax,
  PARALLAX_FRAMES_PARAMS,
  PARALLAX_PARAMS,
  parallaxFrames,
  type ParallaxFramesOptions,
  type ParallaxOptions,
} from './parallax.js';
export { encodeVideo, videoCodec, VIDEO_PARAMS, type Video, type VideoOptions } from './video.js';
export { anaglyph, STEREO_PARAMS, stereoPair, type StereoOptions } from './stereo.js';
export { MESH_PARAMS, toGlb, toMesh, toPly, type MeshOptions, type ReliefMesh } from './mesh.js';
