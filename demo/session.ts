import { batch, effect, signal } from '@preact/signals';
import { isRelievoError, showsPeople, type Backend, type DepthMap, type ImageDataLike } from 'relievo';
import {
  operatorNamed,
  parseCube,
  type PipelineOptions,
  type PipelineResult,
  type Recipe,
  type Resource,
} from 'relievo/effects';
import { createWorker, type RelievoWorker, type WorkerPhoto } from 'relievo/worker';
import { Live } from './render/live.js';
import { encode, isOpaque, shrinkDepth, toCanvas } from './render/pixels.js';
import { Renderer, type Large, type Layout, type Loop, type Rendered, type Where } from './render/renderer.js';
import { depthSteps, inlined, resourceNames, without, withStep } from './recipe.js';
import * as store from './store.js';
import { TEXTS } from './texts.js';

/** Pixels that the screen shows. */
const PREVIEW_PIXELS = 500_000;
/** Of a large loop, the long side: full HD. */
const LOOP_SIDE = 1920;
export type LoopSize = 'small' | 'large';
/** Side of the picture that is no photo. */
const WARM_SIDE = 64;
/** What a browser can write; anything else is saved as JPEG, or PNG where there is transparency. */
const WRITABLE = ['image/jpeg', 'image/png', 'image/webp'];
/** THIRD_PARTY.md says whose they are. */
export const SAMPLES = [
  { name: 'astronaut.png', url: new URL('../assets/astronaut.png', import.meta.url).href },
  { name: 'hopper.jpg', url: new URL('../assets/hopper.jpg', import.meta.url).href },
  { name: 'raccoon.jpg', url: new URL('../assets/raccoon.jpg', import.meta.url).href },
] as const;
export type Sample = (typeof SAMPLES)[number];

const query = new URLSearchParams(location.search);
export const renderer = new Renderer((query.get('preview') as Where | null) ?? 'auto');

// ---- The worker with the networks ------------------------------------------------------------------------------

/** `auto` or a backend of TF.js. */
export const wantedBackend = signal<Backend | 'auto'>((query.get('backend') as Backend | null) ?? 'auto');
let worker: Promise<RelievoWorker> | undefined;
let loading: AbortController | undefined;
let onLoad: (done: number) => void = () => {};

export interface Timings {
  /** Milliseconds. */
  readonly load?: number;
  readonly firstDepth?: number;
  readonly depth?: number | undefined;
  /** With the outline of people. */
  readonly outline?: number;
  readonly heads?: { readonly apart: Record<string, number>; readonly shared: Record<string, number> };
}
export const timings = signal<Timings>({});

/** Started once, by the first photo or by who is about to choose one; a failure is forgotten: the next photo tries again. */
export function relievo(): Promise<RelievoWorker> {
  if (worker) return worker;
  const { signal } = (loading = new AbortController());
  const start = performance.now();
  const attempt = createWorker({
    modules: ['depth', 'matte', 'faces'],
    ...(wantedBackend.value !== 'auto' && { backend: wantedBackend.value }),
    wasmBaseUrl: new URL('wasm/', document.baseURI).href,
    signal,
    onProgress: (done) => onLoad(done),
  });
  attempt.then(
    (ready) => {
      store.backend.value = ready.backend;
      timings.value = { load: performance.now() - start };
      // Only now: two workers that start at once take each other's time.
      renderer.start();
      warmUp(ready);
    },
    () => {
      if (worker === attempt) worker = undefined;
    },
  );
  return (worker = attempt);
}

/** What a person is about to need, while they still choose. */
export function prepare(): void {
  relievo().catch(() => {}); // opening a photo says why
}

let warming: AbortController | undefined;

/** A first run on nothing, while no photo has come: code is loaded and compiled by it. A photo stops it. */
function warmUp(ready: RelievoWorker): void {
  if (opening) return;
  const { signal } = (warming = new AbortController());
  ready.estimateDepth(new ImageData(WARM_SIDE, WARM_SIDE), { signal }).catch(() => {}); // a photo will say why
}

/** After a failure that is not the photo's fault (a lost GPU, say) the next photo starts afresh. */
function dropWorker(): void {
  void worker?.then((w) => w.close()).catch(() => {});
  worker = undefined;
}

/** The photo again, by another backend. */
export async function switchBackend(to: Backend | 'auto'): Promise<void> {
  wantedBackend.value = to;
  const { opened } = store;
  dropWorker();
  const before = opened.value;
  if (!before) return;
  const { recipe, marker, source, history, now } = store;
  const kept = [recipe.value, marker.value, history.value, now.value, source.value] as const;
  await open(new File([before.file], before.name, { type: before.file.type }));
  if (opened.value === before) return;
  store.changeAt(kept[0], kept[1]);
  history.value = kept[2];
  now.value = kept[3];
  source.value = kept[4];
}

// ---- Opening a photo -------------------------------------------------------------------------------------------

let opening: AbortController | undefined;
/** Settled when the outline of people, faces and matte of the photo are known. */
let people: Promise<void> = Promise.resolve();

export async function open(file: Blob & { readonly name?: string }): Promise<void> {
  opening?.abort();
  warming?.abort();
  const work = (opening = new AbortController());
  const { signal } = work;
  store.problem.value = undefined;
  showTask(TEXTS.opening);
  const start = performance.now();
  const cold = !store.backend.value;
  try {
    onLoad = (done) => showTask(TEXTS.loading, done);
    const ready = await unless(signal, relievo());
    showTask(TEXTS.opening);
    const photo = await ready.open(file, { signal });
    let note = '';
    const carried = ready.readEmbeddedDepth(photo, file, { signal }).catch(() => {
      note = TEXTS.ownDamaged; // no reason to refuse a photo that is whole
      return undefined;
    });
    const preview = await ready.shrinkImage(photo, { maxPixels: PREVIEW_PIXELS, signal });
    // From here the photo is good: show it while its depth is estimated.
    live.stop();
    store.zoom.value = { scale: 1, x: 0, y: 0 };
    store.divider.value = undefined;
    store.depthNow.value = undefined;
    store.marker.value = undefined;
    shown.value = preview;
    store.waiting.value = true;
    showTask(TEXTS.estimating);

    const asked = performance.now();
    const own = await carried;
    // First without the step at people's outline, which takes longer than all else: it follows.
    const depth =
      own ??
      (await ready.estimateDepth(photo, {
        matte: false,
        signal,
        onProgress: (done) => showTask(TEXTS.estimating, done),
      }));
    const took = performance.now() - asked;
    performance.measure('relievo:depth', { start: asked, duration: took });
    const small = shrinkDepth(depth, preview.width, preview.height);
    if (store.opened.value?.by === ready) store.opened.value.photo.close();
    timings.value = {
      ...timings.value,
      depth: own ? undefined : took,
      ...(cold && { firstDepth: performance.now() - start }),
    };
    whole = undefined;
    renderer.setPhoto(preview, small).catch(() => {}); // who draws says why
    batch(() => {
      store.faces.value = undefined;
      store.matte.value = undefined;
      store.depthNow.value = small;
      store.opened.value = { file, name: file.name ?? 'photo', photo, depth, own, preview, by: ready };
      store.waiting.value = false;
      store.sharpening.value = true;
      store.begin(photo.width, photo.height, own ? 'own' : 'network');
      if (store.view.value === 'photo') store.view.value = 'edited';
    });
    store.say(TEXTS.ready(photo.width, photo.height, took / 1000, own ? undefined : ready.backend) + note);
    people = drawn()
      .then(() => (own ? undefined : sharpen(ready, photo, asked)))
      .then(() => findPeople(ready, photo))
      .finally(() => {
        if (store.opened.value?.photo === photo) store.sharpening.value = false;
      });
  } catch (error) {
    if (opening === work || !signal.aborted) report(error);
  } finally {
    if (opening === work) {
      opening = undefined;
      hideTask();
      if (store.waiting.value) {
        store.waiting.value = false;
        // The photo before this one stays.
        shown.value = store.opened.value?.preview;
        if (store.opened.value)
          store.depthNow.value = shrinkDepth(store.opened.value.depth, shown.value!.width, shown.value!.height);
      }
    }
  }
}

/** When the first picture is there: until then it has the processor to itself. */
function drawn(): Promise<void> {
  return new Promise((resolve) =>
    setTimeout(() => {
      const stop = effect(() => {
        if (store.rendering.value) return;
        resolve();
        queueMicrotask(() => stop());
      });
    }),
  );
}

/** The depth again, with its step where people end. */
async function sharpen(ready: RelievoWorker, photo: WorkerPhoto, asked: number): Promise<void> {
  const mine = () => store.opened.value?.photo === photo;
  try {
    await putDepth(await ready.estimateDepth(photo), mine);
    if (mine()) timings.value = { ...timings.value, outline: performance.now() - asked };
  } catch {
    // The first depth stays.
  }
}

/** Another depth for the photo, as long as it is wanted. */
async function putDepth(depth: DepthMap, wanted: () => boolean): Promise<void> {
  if (!wanted()) return;
  const { preview } = store.opened.value!;
  const small = shrinkDepth(depth, preview.width, preview.height);
  await renderer.setDepth(small);
  if (!wanted()) return;
  batch(() => {
    store.depthNow.value = small;
    store.opened.value = { ...store.opened.value!, depth };
  });
}

/** The network's depth of a photo that carries its own: estimated once somebody asks for it. */
const estimated = new WeakMap<WorkerPhoto, DepthMap>();

/** A photo that carries its depth gets the one that was chosen; what is saved waits for it. */
effect(() => {
  const from = store.source.value;
  const { photo, own } = store.opened.peek() ?? {};
  if (!photo || !own) return;
  const wanted = () => store.opened.value?.photo === photo && store.source.value === from;
  people = people.then(async () => {
    const known = from === 'own' ? own : estimated.get(photo);
    if (!wanted() || store.opened.value!.depth === known) return;
    try {
      store.sharpening.value = true;
      const next = known ?? (await store.opened.value!.by.estimateDepth(photo));
      if (!known) estimated.set(photo, next);
      await putDepth(next, wanted);
    } catch (error) {
      report(error);
      if (wanted()) store.source.value = 'own';
    } finally {
      if (wanted()) store.sharpening.value = false;
    }
  });
});

async function findPeople(ready: RelievoWorker, photo: WorkerPhoto): Promise<void> {
  try {
    const found = await ready.detectFaces(photo);
    if (store.opened.value?.photo !== photo) return;
    await renderer.setFaces(found, photo);
    batch(() => {
      store.faces.value = found;
      if (found.length) store.preferFaces();
    });
    const matte = await ready.estimateMatte(photo);
    if (store.opened.value?.photo !== photo || !showsPeople(matte)) return;
    const { preview } = store.opened.value;
    await renderer.setMatte(shrinkDepth(matte, preview.width, preview.height));
    store.matte.value = matte;
  } catch {
    // Without faces there is still the subject, without a matte what is near.
  }
}

export async function openSample({ name, url }: Sample): Promise<void> {
  try {
    const response = await fetch(url);
    if (!response.ok) throw new Error(String(response.status));
    const blob = await response.blob();
    await open(new File([blob], name, { type: blob.type }));
  } catch {
    store.problem.value = TEXTS.noSample;
  }
}

/** The first file of a drop or a paste. */
export function take(data: DataTransfer | null): void {
  const found = data?.files[0];
  if (!found) store.problem.value = TEXTS.notAPhoto;
  else void takeFile(found);
}

export async function takeFile(file: File): Promise<void> {
  if (/\.json$/i.test(file.name) && store.opened.value) await loadRecipe(file);
  else if (/\.cube$/i.test(file.name) && store.opened.value) await takeTable(file);
  else await open(file);
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

// ---- The picture -----------------------------------------------------------------------------------------------

/** What the canvas shows. */
export const shown = signal<ImageDataLike | undefined>(undefined);

interface Wish {
  readonly of: store.Opened;
  readonly view: store.View;
  readonly recipe: Recipe;
}

const live = new Live<Wish>({
  draft: (wish) => redraw('draft', wish),
  preview: (wish, signal) => redraw('preview', wish, signal),
  onBusy: (busy) => (store.rendering.value = busy),
  onError: report,
});

async function redraw(layer: 'draft' | 'preview', wish: Wish, signal?: AbortSignal): Promise<void> {
  const start = performance.now();
  let found: Pick<Rendered, 'image' | 'depth'>;
  if (wish.view === 'depth') {
    if (layer === 'draft') return;
    found = await renderer.depth(depthSteps(wish.recipe), { signal });
  } else {
    const rendered = await renderer.render(layer, wish.recipe, { signal });
    performance.measure(`relievo:${layer}`, { start, detail: rendered.by });
    found = rendered;
  }
  if (wish.of !== store.opened.value || store.view.value !== wish.view || store.waiting.value) return;
  if (layer === 'preview') store.depthNow.value = found.depth;
  shown.value = found.image;
}

effect(() => {
  const [of, view, base] = [store.opened.value, store.view.value, store.recipe.value];
  if (!of || store.waiting.value) return;
  if (base.steps.some((s) => operatorNamed(s.op)?.uses?.includes('matte'))) void store.matte.value; // what comes later changes the picture
  const lens = store.lens.value;
  const recipe: Recipe =
    store.peaking.value && view === 'edited'
      ? withStep(base, { op: 'peaking', focus: lens.focus, aperture: lens.aperture })
      : base;
  if (view === 'photo' || view === 'relief') {
    live.stop();
    if (view === 'photo') shown.value = of.preview;
  } else live.ask({ of, view, recipe });
});

// ---- Pictures and tables that a recipe names -------------------------------------------------------------------

const resources = new Map<string, ImageDataLike | string>();
/** Height over width of a picture that can be placed. */
export const aspects = signal<Readonly<Record<string, number>>>({});

export async function addResource(name: string, resource: ImageDataLike | string): Promise<void> {
  resources.set(name, resource);
  if (typeof resource !== 'string') aspects.value = { ...aspects.value, [name]: resource.height / resource.width };
  await renderer.setResource(name, resource);
}

export const hasResource = (name: string) => resources.has(name);

/** A picture that somebody chose, as pixels, no larger than is needed on a photo. */
export async function addPicture(file: File): Promise<string | undefined> {
  try {
    const bitmap = await createImageBitmap(file);
    const scale = Math.min(1, 2048 / Math.max(bitmap.width, bitmap.height));
    const canvas = new OffscreenCanvas(Math.ceil(bitmap.width * scale), Math.ceil(bitmap.height * scale));
    const context = canvas.getContext('2d')!;
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const name = `${file.name}-${resources.size}`;
    await addResource(name, context.getImageData(0, 0, canvas.width, canvas.height));
    return name;
  } catch {
    store.problem.value = TEXTS.notAPhoto;
    return undefined;
  }
}

/** Which part of the picture a table that is dropped goes to: the light panel says. */
export const lutTarget = signal<(name: string) => void>(() => {});

export async function takeTable(file: File): Promise<void> {
  const name = `${file.name}-${resources.size}`;
  try {
    const text = await file.text();
    parseCube(text);
    await addResource(name, text);
    lutTarget.value(name);
  } catch (error) {
    report(error);
  }
}

function named(recipe: Recipe): Record<string, Resource> {
  return Object.fromEntries(resourceNames(recipe).map((n) => [n, resources.get(n)!]));
}

// ---- Full resolution -------------------------------------------------------------------------------------------

let saving: AbortController | undefined;
let whole: ({ readonly key: string; readonly on: DepthMap } & PipelineResult) | undefined;

/** The worker, the photo that lies in it and its depth, and what a recipe is run with. */
export async function toRun(recipe: Recipe, signal: AbortSignal) {
  const before = store.opened.value!;
  await unless(signal, people);
  const { by, photo, file } = before;
  // Meanwhile its depth may have become another one.
  const { depth } = store.opened.value?.photo === photo ? store.opened.value : before;
  const worker = await unless(signal, relievo());
  const options: PipelineOptions = {
    resources: named(recipe),
    faces: store.faces.value,
    matte: store.matte.value,
    signal,
  };
  // After a failure the worker is another one, which has to open the photo again.
  return { worker, photo: worker === by ? photo : await worker.open(file, { signal }), depth, options };
}

export async function renderWhole(
  recipe: Recipe,
  signal: AbortSignal,
  onProgress?: (done: number) => void,
): Promise<PipelineResult> {
  const { worker, photo, depth, options } = await toRun(recipe, signal);
  const key = JSON.stringify(recipe);
  if (whole?.key === key && whole.on === depth) return whole;
  const made = await worker.run(recipe, photo, depth, { ...options, onProgress });
  whole = { key, on: depth, ...made };
  return made;
}

/** Runs something long with its progress on the page and a way to stop it. */
async function long<T>(
  text: string,
  work: (signal: AbortSignal, onProgress: (done: number) => void) => Promise<T>,
): Promise<T | undefined> {
  if (!store.opened.value || saving) return undefined;
  const { signal } = (saving = new AbortController());
  try {
    showTask(text, 0);
    return await work(signal, (done) => signal.aborted || showTask(text, done));
  } catch (error) {
    report(error);
    return undefined;
  } finally {
    saving = undefined;
    hideTask();
  }
}

function picture(type?: string): Promise<Blob | undefined> {
  return long(TEXTS.rendering, async (signal, onProgress) => {
    const wanted = type ?? store.opened.value!.file.type;
    const { image } = await renderWhole(store.recipe.value, signal, onProgress);
    const opaque = isOpaque(image);
    const writable = WRITABLE.includes(wanted) && (opaque || wanted !== 'image/jpeg');
    const blob = await encode(image, writable ? wanted : opaque ? 'image/jpeg' : 'image/png');
    signal.throwIfAborted();
    return blob;
  });
}

const ending = (blob: Blob) => blob.type.split('/')[1]!.replace('jpeg', 'jpg');
const stem = () => store.opened.value!.name.replace(/\.[^.]*$/, '');

export async function download(): Promise<void> {
  const blob = await picture();
  if (blob) save(blob, `${stem()}-edited.${ending(blob)}`);
}

/** The clipboard takes PNG. Safari wants the promise, not what comes of it. */
export async function copy(): Promise<void> {
  try {
    const png = picture('image/png').then((blob) => blob ?? Promise.reject(new DOMException('', 'AbortError')));
    await navigator.clipboard.write([new ClipboardItem({ 'image/png': png })]);
    store.say(TEXTS.copied);
  } catch (error) {
    if (!(error instanceof DOMException && error.name === 'AbortError')) store.problem.value = TEXTS.noClipboard;
  }
}

export const canShare = typeof navigator.canShare === 'function';

export async function share(): Promise<void> {
  const blob = await picture();
  if (!blob) return;
  const file = new File([blob], `${stem()}-edited.${ending(blob)}`, { type: blob.type });
  if (!navigator.canShare({ files: [file] })) return save(blob, file.name);
  await navigator.share({ files: [file] }).catch((error: unknown) => report(error));
}

/** Sides of a loop of the preview's size, or of one as large as it may be. */
export function loopSize({ photo, preview }: store.Opened, size: LoopSize): { width: number; height: number } {
  const { width, height } = size === 'small' ? preview : photo;
  const scale = Math.min(1, LOOP_SIDE / Math.max(width, height));
  return { width: Math.round(width * scale), height: Math.round(height * scale) };
}

export async function makeLoop(loop: Loop, size: LoopSize): Promise<Blob | undefined> {
  return long(TEXTS.filming, async (signal, onProgress) => {
    const recipe = store.recipe.value;
    const large = size === 'large' ? await photoFor(recipe, signal) : undefined;
    return renderer.loop(recipe, loop, large, { signal, onProgress });
  });
}

/** What a large loop is made of. */
async function photoFor(recipe: Recipe, signal: AbortSignal): Promise<Large> {
  const { worker, photo, depth, options } = await toRun(recipe, signal);
  const { width, height } = loopSize(store.opened.value!, 'large');
  const image = await worker.shrinkImage(photo, { maxPixels: width * height, signal });
  const { matte } = options;
  return {
    image,
    depth: shrinkDepth(depth, image.width, image.height),
    ...(matte && { matte: shrinkDepth(matte, image.width, image.height) }),
  };
}

export async function saveGlb(): Promise<void> {
  const blob = await long(TEXTS.modelling, async (signal, onProgress) => {
    // Without the lens: what is turned about shows all of itself.
    const { image, depth } = await renderWhole(without(store.recipe.value, 'bokeh'), signal, onProgress);
    return renderer.glb(image, depth, { signal });
  });
  if (blob) save(blob, `${stem()}.glb`);
}

export async function saveStereo(layout: Layout): Promise<void> {
  const blob = await long(TEXTS.rendering, async (signal, onProgress) => {
    const { image, depth } = await renderWhole(without(store.recipe.value, 'bokeh'), signal, onProgress);
    return renderer.stereo(image, depth, layout, store.matte.value, { signal });
  });
  if (blob) save(blob, `${stem()}-${layout}.jpg`);
}

export function saveLoop(blob: Blob): void {
  save(blob, `${stem()}-loop.${ending(blob)}`);
}

export function save(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.download = name;
  link.href = URL.createObjectURL(blob);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  store.say(TEXTS.downloaded(name));
}

// ---- Recipes ---------------------------------------------------------------------------------------------------

export async function saveRecipe(): Promise<void> {
  const recipe = store.recipe.value;
  const urls: Record<string, string> = {};
  for (const name of resourceNames(recipe)) {
    const resource = resources.get(name)!;
    urls[name] =
      typeof resource === 'string'
        ? `data:text/plain;base64,${btoa(String.fromCharCode(...new TextEncoder().encode(resource)))}`
        : toCanvas(resource).toDataURL('image/png');
  }
  const text = JSON.stringify(inlined(recipe, urls), null, 2);
  save(new Blob([text], { type: 'application/json' }), `${stem()}-recipe.json`);
}

export async function loadRecipe(file: Blob): Promise<void> {
  const of = store.opened.value;
  if (!of) return;
  try {
    const read = await renderer.read(await file.text());
    const { width, height } = of.photo;
    // Points of another photo keep their place as a share of it.
    store.changeAt(scaled(read, width, height), undefined);
    store.commit(TEXTS.historyRecipe);
    store.say(TEXTS.recipeLoaded(read.steps.length));
  } catch (error) {
    report(error);
  }
}

/** The recipe in pixels of the photo at hand. */
function scaled(recipe: Recipe, width: number, height: number): Recipe {
  const from = recipe.size ?? { width, height };
  const [kx, ky] = [width / from.width, height / from.height];
  const visit = (v: unknown): unknown => {
    if (Array.isArray(v)) return v.map(visit);
    if (typeof v !== 'object' || v === null) return v;
    const all = Object.fromEntries(Object.entries(v).map(([k, e]) => [k, k === 'shadow' ? e : visit(e)]));
    const { x, y } = all as { x?: unknown; y?: unknown };
    return typeof x === 'number' && typeof y === 'number' && Object.keys(all).length === 2
      ? { x: x * kx, y: y * ky }
      : all;
  };
  return { version: 1, size: { width, height }, steps: visit(recipe.steps) as Recipe['steps'] };
}

// ---- Timings ---------------------------------------------------------------------------------------------------

/** Each head on a photo that no head has seen, and all of them on one: what the shared backbone saves. */
export async function measure(): Promise<void> {
  await long(TEXTS.measuring, async (signal, onProgress) => {
    const of = store.opened.value!;
    const w = await relievo();
    // At the networks' own size, so that what is timed is networks and not the lifting to the photo.
    const small = await w.shrinkImage(of.photo, { maxPixels: 65_536, signal });
    const heads = {
      depth: (p: WorkerPhoto) => w.estimateDepth(p, { signal, matte: false }),
      matte: (p: WorkerPhoto) => w.estimateMatte(p, { signal }),
      faces: (p: WorkerPhoto) => w.detectFaces(p, { signal }),
    };
    const rounds = 3;
    const best = { apart: {} as Record<string, number>, shared: {} as Record<string, number> };
    for (let round = 0; round < rounds; round++) {
      const all = await w.open(small, { signal });
      for (const [name, ask] of Object.entries(heads)) {
        for (const [kind, photo] of [
          ['apart', await w.open(small, { signal })],
          ['shared', all],
        ] as const) {
          const start = performance.now();
          await ask(photo);
          const took = performance.now() - start;
          best[kind][name] = Math.min(best[kind][name] ?? Infinity, took);
          if (photo !== all) photo.close();
        }
      }
      all.close();
      onProgress((round + 1) / rounds);
    }
    timings.value = { ...timings.value, heads: best };
  });
}

// ---- Notices ---------------------------------------------------------------------------------------------------

function showTask(text: string, done?: number): void {
  store.task.value = { text, done };
}

function hideTask(): void {
  if (!opening && !saving) store.task.value = undefined;
}

export const working = () => opening !== undefined || saving !== undefined;

export function cancel(): void {
  const reason = new DOMException(TEXTS.cancelled, 'AbortError');
  if (opening) loading?.abort(reason);
  opening?.abort(reason);
  saving?.abort(reason);
}

export function report(error: unknown): void {
  if (error instanceof DOMException && error.name === 'AbortError') return store.say(TEXTS.cancelled);
  const message = error instanceof Error ? error.message : String(error);
  if (isRelievoError(error)) {
    const photosFault =
      error.code.endsWith('_IMAGE') || ['IMAGE_TOO_LARGE', 'INVALID_PARAM', 'FILE_NOT_FOUND'].includes(error.code);
    if (!photosFault) dropWorker();
    store.problem.value = message[0]!.toUpperCase() + message.slice(1);
  } else {
    dropWorker();
    store.problem.value = TEXTS.unforeseen(message);
  }
}
