export { Hydra, type HydraMemory, type HydraOptions, type Plane } from './hydra.js';
export { FeatureSet, type FeatureTensor } from './features.js';
export { Photo } from './photo.js';
export type { Backend } from './backends.js';
export type { FetchLike, ModuleLocation } from './loader.js';
export type {
  BackboneManifest,
  HeadManifest,
  ModuleManifest,
  NetworkManifest,
  NetworkPreprocess,
  Preprocess,
  TapSpec,
} from './manifest.js';
export { TASK_OUTPUTS } from './tasks.js';
export type { Decoder, ImageInput } from '../image/decode.js';
