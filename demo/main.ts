import {
  estimateDepth,
  focalRange,
  Hydra,
  isRelievoError,
  visualiseDepth,
  type Backend,
  type DepthMap,
  type ImageDataLike,
  type Photo,
} from '../src/index.js';
import { draw, encode, isOpaque, Live, markPlane, shrink, shrinkImage, type Layer } from './preview.js';
import { Renderer, type Where } from './renderer.js';
import { TEXTS } from './texts.js';

/** Pixels that the screen shows, and those of the draft while something is dragged. */
const PREVIEW_PIXELS = 500_000;
const DRAFT_PIXELS = 90_000;
const DEFAULT_APERTURE = 0.03;
const SAMPLE = new URL('../assets/astronaut.png', import.meta.url);
/** What a browser can write; anything else is saved as JPEG, or PNG where there is transparency. */
const WRITABLE = ['image/jpeg', 'image/png', 'image/webp'];

type View = 'photo' | 'depth' | 'refocused';

interface Settings {
  /** Disparity of the focal plane. */
  readonly focus: number;
  /** The point that was tapped, as shares of the width and height; none when the plane was set by the slider. */
  readonly at: { readonly x: number; readonly y: number } | undefined;
  readonly aperture: number;
}

interface Opened {
  readonly name: string;
  readonly type: string;
  readonly photo: Photo;
  readonly depth: DepthMap;
  readonly preview: Layer;
  /** `preview.depth` in colours. */
  readonly relief: ImageDataLike;
}

interface Wish {
  readonly of: Opened;
  readonly settings: Settings;
}

const $ = <T extends HTMLElement = HTMLElement>(id: string) => document.getElementById(id) as T;
const canvas = $<HTMLCanvasElement>('canvas');
const focusSlider = $<HTMLInputElement>('focus');
const apertureSlider = $<HTMLInputElement>('aperture');
const panel = $<HTMLFormElement>('panel');

let opened: Opened | undefined;
let settings: Settings;
/** Committed settings, oldest first; `now` is the one in force. */
let history: Settings[] = [];
let now = 0;

// ---- Hydra -----------------------------------------------------------------------------------------------------

let hydra: Promise<Hydra> | undefined;
let loading: AbortController | undefined;
let onLoad: (done: number) => void = () => {};

/** Loaded once, at the first photo; a failure is forgotten, so that the next photo tries again. */
function loadHydra(): Promise<Hydra> {
  if (hydra) return hydra;
  const backend = new URLSearchParams(location.search).get('backend');
  const { signal } = (loading = new AbortController());
  const attempt = Hydra.load({
    ...(backend === null ? {} : { backend: backend as Backend }),
    wasmBaseUrl: new URL('wasm/', document.baseURI).href,
    signal,
    onProgress: (done) => onLoad(done),
  });
  attempt.then(
    (loaded) => {
      $('backend').textContent = TEXTS.backend(loaded.backend);
      $('backend').hidden = false;
    },
    () => {
      if (hydra === attempt) hydra = undefined;
    },
  );
  return (hydra = attempt);
}

/** After a failure that is not the photo's fault (a lost GPU, say) the next photo starts afresh. */
function dropHydra(): void {
  void hydra?.then((h) => h.dispose()).catch(() => {});
  hydra = undefined;
}

// ---- Opening a photo -------------------------------------------------------------------------------------------

let opening: AbortController | undefined;

async function open(file: Blob & { readonly name?: string }): Promise<void> {
  opening?.abort();
  const task = (opening = new AbortController());
  const { signal } = task;
  hideError();
  showTask(TEXTS.opening);
  try {
    onLoad = (done) => showTask(TEXTS.loading, done);
    const ready = await unless(signal, loadHydra());
    showTask(TEXTS.opening);
    const photo = await unless(signal, ready.open(file, { signal }));
    // From here the photo is good: show it while its depth is estimated.
    live.stop();
    const image = await unless(signal, shrinkImage(photo, PREVIEW_PIXELS));
    showFrame(image);
    setWaiting(true);
    showTask(TEXTS.estimating);
    await nextFrame();

    const start = performance.now();
    const depth = await estimateDepth(photo, {
      hydra: ready,
      signal,
      onProgress: (done) => showTask(TEXTS.estimating, done),
    });
    const { duration } = performance.measure('relievo:depth', { start });
    const preview = await shrink({ image: photo, depth }, PREVIEW_PIXELS);
    const draft = await shrink(preview, DRAFT_PIXELS);
    signal.throwIfAborted();
    if (opened) ready.close(opened.photo);
    opened = {
      name: file.name ?? 'photo',
      type: file.type,
      photo,
      depth,
      preview,
      relief: visualiseDepth(preview.depth),
    };
    renderer.keep({ preview, draft });
    history = [];
    drawHistogram(depth);
    setView('refocused');
    commit({ focus: focalRange('subject', depth).near, at: undefined, aperture: DEFAULT_APERTURE });
    say(TEXTS.ready(photo.width, photo.height, duration / 1000, ready.backend));
  } catch (error) {
    if (opening === task || !signal.aborted) report(error);
  } finally {
    if (opening === task) {
      opening = undefined;
      hideTask();
      if (waiting) {
        setWaiting(false);
        if (opened) {
          showFrame(opened.preview.image);
          update();
        } else {
          showStart();
        }
      }
    }
  }
}

async function openSample(): Promise<void> {
  try {
    const response = await fetch(SAMPLE);
    if (!response.ok) throw new Error(String(response.status));
    await open(new File([await response.blob()], TEXTS.sampleName, { type: 'image/png' }));
  } catch {
    showError(TEXTS.noSample);
  }
}

/** A promise that a signal cuts short. */
function unless<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason as Error);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

/** Lets the browser paint before a long computation. Hidden pages have no frames: they do not wait for one. */
function nextFrame(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 100);
    requestAnimationFrame(() => setTimeout(resolve));
  });
}

// ---- Settings --------------------------------------------------------------------------------------------------

function focusOn(x: number, y: number): Settings {
  const { depth } = opened!;
  const { near } = focalRange({ x: x * depth.width, y: y * depth.height }, depth);
  return { focus: near, at: { x, y }, aperture: settings.aperture };
}

/** In force at once; a step of the history only with {@link commit}. */
function change(next: Settings): void {
  settings = next;
  update();
}

function commit(next: Settings): void {
  const last = history[now];
  change(next);
  if (last && last.focus === next.focus && last.at === next.at && last.aperture === next.aperture) return;
  history = [...history.slice(0, now + 1), next];
  now = history.length - 1;
  updateHistory();
}

function travel(steps: 1 | -1): void {
  const next = history[now + steps];
  if (!opened || waiting || !next) {
    say(steps < 0 ? TEXTS.nothingToUndo : TEXTS.nothingToRedo);
    return;
  }
  now += steps;
  change(next);
  updateHistory();
  say(steps < 0 ? TEXTS.undone : TEXTS.redone);
}

function updateHistory(): void {
  setEnabled('undo', now > 0);
  setEnabled('redo', now < history.length - 1);
}

/** `aria-disabled` instead of `disabled`: a button that is switched off while it has the focus would lose it. */
function setEnabled(id: string, enabled: boolean): void {
  $(id).setAttribute('aria-disabled', String(!enabled));
}

function view(): View {
  return new FormData(panel).get('view') as View;
}

function setView(to: View): void {
  panel.querySelector<HTMLInputElement>(`input[value=${to}]`)!.checked = true;
}

// ---- The picture -----------------------------------------------------------------------------------------------

const renderer = new Renderer((new URLSearchParams(location.search).get('preview') as Where | null) ?? 'auto');
const live = new Live<Wish>({
  draft: (wish) => redraw('draft', wish),
  preview: (wish, signal) => redraw('preview', wish, signal),
  onBusy: (busy) => canvas.setAttribute('aria-busy', String(busy)),
  onError: report,
});

async function redraw(layer: 'draft' | 'preview', { of, settings }: Wish, signal?: AbortSignal): Promise<void> {
  const start = performance.now();
  const { focus, aperture } = settings;
  const image = await renderer.render(layer, { focus, aperture, ...(signal && { signal }) });
  performance.measure(`relievo:${layer}`, { start, detail: renderer.by });
  if (of === opened && view() === 'refocused' && !waiting) draw(canvas, image);
}

/** Brings picture, marker and sliders in line with the settings. */
function update(): void {
  if (!opened || waiting) return;
  const { focus, at, aperture } = settings;
  const shown = view();
  if (shown === 'refocused') {
    live.ask({ of: opened, settings });
  } else {
    live.stop();
    draw(canvas, shown === 'photo' ? opened.preview.image : markPlane(opened.relief, opened.preview.depth, focus));
  }

  $('hint').textContent = shown === 'depth' ? TEXTS.depthHint : TEXTS.tapHint;
  const marker = $('marker');
  marker.hidden = !at || shown === 'photo';
  if (at) {
    marker.style.left = `${at.x * 100}%`;
    marker.style.top = `${at.y * 100}%`;
  }
  focusSlider.value = String(focus);
  focusSlider.setAttribute('aria-valuetext', TEXTS.focusSpoken(focus));
  $('focus-value').textContent = TEXTS.focusValue(focus);
  apertureSlider.value = String(aperture);
  apertureSlider.setAttribute('aria-valuetext', TEXTS.apertureSpoken(aperture));
  $('aperture-value').textContent = TEXTS.apertureValue(aperture);
  apertureSlider.style.setProperty('--fill', `${(aperture / Number(apertureSlider.max)) * 100}%`);
}

function showFrame(image: ImageDataLike): void {
  $('start').hidden = true;
  $('editor').hidden = false;
  $('sources').hidden = false;
  $('marker').hidden = true;
  canvas.width = image.width;
  canvas.height = image.height;
  $('frame').style.setProperty('--ratio', String(image.width / image.height));
  draw(canvas, image);
}

/** True while the picture shown has no depth yet. */
let waiting = false;

function setWaiting(on: boolean): void {
  waiting = on;
  $('frame').classList.toggle('waiting', on);
  panel.inert = on;
}

function showStart(): void {
  $('start').hidden = false;
  $('editor').hidden = true;
  $('sources').hidden = true;
}

/** How much of the photo lies at each disparity, in the colours of the depth view. */
function drawHistogram({ data }: DepthMap): void {
  const histogram = $<HTMLCanvasElement>('histogram');
  const { width, height } = histogram;
  const counts = new Float32Array(width);
  for (const d of data) counts[Math.round(d * (width - 1))]!++;
  const ramp = visualiseDepth({ width, height: 1, data: Float32Array.from(counts, (_, i) => i / (width - 1)) }).data;
  const context = histogram.getContext('2d')!;
  context.clearRect(0, 0, width, height);
  // Root, and the mean with the neighbours: one flat wall would hide everything else.
  const smooth = counts.map((c, i) => Math.sqrt((counts[i - 1] ?? c) + 2 * c + (counts[i + 1] ?? c)));
  const top = Math.max(...smooth);
  smooth.forEach((c, i) => {
    context.fillStyle = `rgb(${ramp[i * 4]} ${ramp[i * 4 + 1]} ${ramp[i * 4 + 2]})`;
    context.fillRect(i, height, 1, (-c / top) * height);
  });
}

// ---- Download --------------------------------------------------------------------------------------------------

let saving: AbortController | undefined;

async function download(): Promise<void> {
  if (!opened || saving) return;
  const { name, type, photo, depth } = opened;
  const { focus, aperture } = settings;
  const task = (saving = new AbortController());
  try {
    showTask(TEXTS.rendering, 0);
    await nextFrame();
    const image = await renderer.render(
      { image: photo, depth },
      { focus, aperture, signal: task.signal, onProgress: (done) => showTask(TEXTS.rendering, done) },
    );
    const opaque = isOpaque(image);
    const wanted =
      WRITABLE.includes(type) && (opaque || type !== 'image/jpeg') ? type : opaque ? 'image/jpeg' : 'image/png';
    const blob = await encode(image, wanted);
    task.signal.throwIfAborted();
    const link = document.createElement('a');
    link.download = `${name.replace(/\.[^.]*$/, '')}-refocused.${blob.type.slice('image/'.length).replace('jpeg', 'jpg')}`;
    link.href = URL.createObjectURL(blob);
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    say(TEXTS.downloaded(link.download));
  } catch (error) {
    report(error);
  } finally {
    saving = undefined;
    hideTask();
  }
}

// ---- Notices ---------------------------------------------------------------------------------------------------

function say(text: string): void {
  $('status').textContent = text;
}

function showTask(text: string, done?: number): void {
  $('task').hidden = false;
  if ($('task-text').textContent !== text) $('task-text').textContent = text;
  const progress = $<HTMLProgressElement>('progress');
  if (done === undefined) progress.removeAttribute('value');
  else progress.value = done;
}

function hideTask(): void {
  if (!opening && !saving) $('task').hidden = true;
}

function cancel(): void {
  const reason = new DOMException(TEXTS.cancelled, 'AbortError');
  if (opening) loading?.abort(reason);
  opening?.abort(reason);
  saving?.abort(reason);
}

function report(error: unknown): void {
  if (error instanceof DOMException && error.name === 'AbortError') {
    say(TEXTS.cancelled);
    return;
  }
  if (isRelievoError(error)) {
    if (!error.code.endsWith('_IMAGE') && error.code !== 'IMAGE_TOO_LARGE') dropHydra();
    showError(error.message);
  } else {
    dropHydra();
    showError(TEXTS.unforeseen(error instanceof Error ? error.message : String(error)));
  }
}

function showError(text: string): void {
  $('error').hidden = false;
  $('error-text').textContent = text[0]!.toUpperCase() + text.slice(1);
}

function hideError(): void {
  $('error').hidden = true;
}

// ---- What a person does ----------------------------------------------------------------------------------------

for (const e of document.querySelectorAll<HTMLElement>('[data-text]')) e.textContent = text(e.dataset['text']!);
for (const e of document.querySelectorAll<HTMLElement>('[data-label]')) e.ariaLabel = text(e.dataset['label']!);
for (const e of document.querySelectorAll<HTMLElement>('[data-tip]')) e.title = text(e.dataset['tip']!);
for (const e of document.querySelectorAll<HTMLImageElement>('[data-sample-image]')) e.src = SAMPLE.href;

function text(name: string): string {
  return TEXTS[name as 'name'];
}

const file = $<HTMLInputElement>('file');
for (const e of document.querySelectorAll('[data-choose]')) e.addEventListener('click', () => file.click());
for (const e of document.querySelectorAll('[data-sample]')) e.addEventListener('click', () => void openSample());
file.addEventListener('change', () => {
  const chosen = file.files?.[0];
  file.value = ''; // so that the same file can be chosen again
  if (chosen) void open(chosen);
});

/** The first file of a drop or a paste. */
function take(data: DataTransfer | null): void {
  const found = data?.files[0];
  if (found) void open(found);
  else showError(TEXTS.notAPhoto);
}

document.addEventListener('paste', (event) => {
  event.preventDefault();
  take(event.clipboardData);
});
document.addEventListener('dragover', (event) => {
  event.preventDefault();
  $('drop').hidden = false;
});
document.addEventListener('dragleave', (event) => {
  if (!event.relatedTarget) $('drop').hidden = true;
});
document.addEventListener('drop', (event) => {
  event.preventDefault();
  $('drop').hidden = true;
  take(event.dataTransfer);
});

canvas.addEventListener('click', (event) => {
  const box = canvas.getBoundingClientRect();
  focusAt((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
});
canvas.addEventListener('keydown', (event) => {
  const step = event.shiftKey ? 0.1 : 0.02;
  const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (!move) return;
  event.preventDefault();
  const from = settings?.at ?? { x: 0.5, y: 0.5 };
  focusAt(from.x + move[0]! * step, from.y + move[1]! * step);
});

function focusAt(x: number, y: number): void {
  if (!opened || waiting) return;
  const inside = (v: number) => Math.min(1, Math.max(0, v));
  if (view() === 'photo') setView('refocused');
  commit(focusOn(inside(x), inside(y)));
  say(TEXTS.focused(settings.focus));
}

focusSlider.addEventListener('input', () => change({ ...settings, focus: Number(focusSlider.value), at: undefined }));
apertureSlider.addEventListener('input', () => change({ ...settings, aperture: Number(apertureSlider.value) }));
for (const slider of [focusSlider, apertureSlider]) slider.addEventListener('change', () => commit(settings));
panel.addEventListener('change', update);
panel.addEventListener('submit', (event) => event.preventDefault());

$('undo').addEventListener('click', () => travel(-1));
$('redo').addEventListener('click', () => travel(1));
$('download').addEventListener('click', () => void download());
$('cancel').addEventListener('click', cancel);
$('dismiss').addEventListener('click', hideError);
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') {
    if (opening || saving) cancel();
    else hideError();
  }
  if (!event.ctrlKey && !event.metaKey) return;
  const key = event.key.toLowerCase();
  if (key === 'z' || key === 'y') {
    event.preventDefault();
    travel(key === 'y' || event.shiftKey ? 1 : -1);
  }
});
