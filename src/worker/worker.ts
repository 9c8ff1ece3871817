/**
 * The worker's entry. WebKit runs a module worker's entry a second time when one of its chunks imports it, and bundlers
 * put into an entry what its chunks share: so this file imports nothing by itself, and nothing imports this file.
 */
export {};

// A server may import every entry, and is no worker.
if ('WorkerGlobalScope' in globalThis) {
  // Messages that come before there is anybody to hear them would be lost.
  const early: MessageEvent[] = [];
  const hold = (event: MessageEvent) => void early.push(event);
  addEventListener('message', hold);
  import('./serve.js').then(
    ({ serve }) => {
      removeEventListener('message', hold);
      serve();
      for (const { data, ports } of early) dispatchEvent(new MessageEvent('message', { data, ports: [...ports] }));
    },
    (error: unknown) =>
      setTimeout(() => {
        throw error; // so that whoever started the worker is told
      }),
  );
}
