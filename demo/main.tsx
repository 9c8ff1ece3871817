import { render } from 'preact';
import { cancel, download, prepare, take, working } from './session.js';
import * as store from './store.js';
import { TEXTS } from './texts.js';
import { App, PANEL_NAMES } from './ui/App.js';
import { fit, zoomAtMarker } from './ui/Stage.js';

// Networks load while a person looks, unless they pay for every byte: then who is about to choose starts them.
if (!(navigator as { connection?: { saveData?: boolean } }).connection?.saveData) prepare();

render(<App />, document.getElementById('app')!);

document.addEventListener('paste', (event) => {
  if (typing(event.target)) return;
  event.preventDefault();
  take(event.clipboardData);
});

const drop = document.getElementById('drop')!;
drop.textContent = TEXTS.dropHere;
document.addEventListener('dragover', (event) => {
  event.preventDefault();
  drop.hidden = false;
});
document.addEventListener('dragleave', (event) => {
  if (!event.relatedTarget) drop.hidden = true;
});
document.addEventListener('drop', (event) => {
  event.preventDefault();
  drop.hidden = true;
  take(event.dataTransfer);
});

/** Where letters are text. */
function typing(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.matches('textarea, select, input:not([type=range], [type=radio], [type=checkbox])')
  );
}

function moveFocus(by: number): void {
  const plane = Math.min(1, Math.max(0, store.focalPlane.value + by));
  const { near, far } = store.sharpRange.value;
  store.focusOnPlane(plane, near - far);
  store.commit(TEXTS.focus);
  store.say(TEXTS.focused(plane));
}

const KEYS: Readonly<Record<string, () => void>> = {
  '+': () => zoomAtMarker(1.5),
  '=': () => zoomAtMarker(1.5),
  '-': () => zoomAtMarker(1 / 1.5),
  '0': fit,
  '[': () => moveFocus(-0.02),
  ']': () => moveFocus(0.02),
  b: () => (store.divider.value = store.divider.value === undefined ? 0.5 : undefined),
  ...Object.fromEntries(PANEL_NAMES.map((name, i) => [String(i + 1), () => store.showPanel(name)])),
};

document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') {
    if (working()) cancel();
    else store.problem.value = undefined;
    return;
  }
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) {
    if (typing(event.target)) return;
    if (key === 'z' || key === 'y') {
      event.preventDefault();
      store.travel(key === 'y' || event.shiftKey ? 1 : -1);
    } else if (key === 's' && store.opened.value) {
      event.preventDefault();
      void download();
    }
    return;
  }
  if (typing(event.target) || event.altKey || document.querySelector('dialog[open]')) return;
  if (key === '?') (document.getElementById('help') as HTMLDialogElement).showModal();
  else if (store.opened.value && !store.waiting.value && KEYS[key]) {
    event.preventDefault();
    KEYS[key]();
  }
});

// Kept for the next time, without a network too. Not while the page is being developed, nor in a file.
if (import.meta.env.PROD && 'serviceWorker' in navigator && window.isSecureContext)
  addEventListener('load', () => void navigator.serviceWorker.register('service-worker.js').catch(() => {}));
