/**
 * The entry of the thread that renders. WebKit runs a module worker's entry a second time when one of its chunks imports it,
 * and bundlers put into an entry what its chunks share: so this file imports nothing by itself, and nothing imports it.
 */
const early: MessageEvent[] = [];
const hold = (event: MessageEvent) => void early.push(event);
addEventListener('message', hold);

void import('./rendering.js').then(({ listen }) => {
  removeEventListener('message', hold);
  listen();
  for (const { data, ports } of early) dispatchEvent(new MessageEvent('message', { data, ports: [...ports] }));
});

export {};
