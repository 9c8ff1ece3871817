export { readImage, readImageFile, type NodeImage, type ReadOptions } from './read.js';
export { writeImage, writeDepth, type WriteOptions } from './write.js';
export { readDepth, type ReadDepthMap, type ReadDepthOptions } from './depth-file.js';
export { canvasFactory } from './canvas.js';
export {
  readDepthPair,
  readEmbeddedDepth,
  readPhotoDepth,
  writeDepthPair,
  writeGDepth,
  type PhotoDepth,
} from './embedded-depth.js';
export { writeAnimation, type AnimationOptions } from './animation.js';
