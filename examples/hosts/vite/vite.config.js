/** Relievo's worker loads TensorFlow.js in parts, as the page does. */
export default { worker: { format: 'es' } };
