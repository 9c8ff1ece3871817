import '../../../src/worker/worker.js';

// The worker's own script, with a way to make it fail as an exhausted memory or a bug of the browser would.
addEventListener('message', (event) => {
  if (event.data === 'die') throw new Error('out of memory');
});
