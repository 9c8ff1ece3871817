export { isRelievoError, RelievoError, type ErrorCode } from './core/errors.js';
export type { TaskOptions } from './core/task.js';
export { createImage, MAX_PIXELS, type ImageDataLike, type OutputImage } from './image/image-data.js';
export { shrinkImage, type ShrinkOptions } from './image/shrink.js';
export * from './hydra/index.js';
export * from './depth/index.js';
export * from './effects/index.js';
export * from './portrait/index.js';
