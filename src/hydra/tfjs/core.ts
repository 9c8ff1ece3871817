/** TensorFlow.js without any backend. The build puts it, and what it depends on, into one file of the package. */
export * from '@tensorflow/tfjs-core';
export { loadGraphModel } from '@tensorflow/tfjs-converter';
