import { batch, computed, signal } from '@preact/signals';
import { focalRange, type DepthMap, type Face, type ImageDataLike, type Matte } from 'relievo';
import type { Recipe, Step } from 'relievo/effects';
import type { RelievoWorker, WorkerPhoto } from 'relievo/worker';
import { apertureAt, stepOf, without, withStep, type StepOf } from './recipe.js';
import { facesAt } from './render/pixels.js';
import { TEXTS } from './texts.js';

/** Everything that the page shows follows from these signals; what changes them is in this file and in session.ts. */

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Opened {
  readonly file: Blob;
  readonly name: string;
  readonly photo: WorkerPhoto;
  /** The worker that holds the photo. */
  readonly by: RelievoWorker;
  /** Of the photo's size; lies in the worker, too. That of {@link source}, as soon as it is there. */
  readonly depth: DepthMap;
  /** The depth that the photo's file carries. */
  readonly own?: DepthMap | undefined;
  readonly preview: ImageDataLike;
}

/** Whose depth is used: the file's own, or the network's. */
export type Source = 'own' | 'network';
export type View = 'photo' | 'depth' | 'edited' | 'relief';
export type PanelName = 'focus' | 'light' | 'relight' | 'scene' | 'stickers' | 'depth' | 'motion' | 'timing';

/** f/1.8 */
const DEFAULT_APERTURE = apertureAt(22);
const EMPTY: Recipe = { version: 1, steps: [] };

export const opened = signal<Opened | undefined>(undefined);
/** The picture shown has no depth yet. */
export const waiting = signal(false);
/** Its depth is there and becomes exact at the outline of people, who are looked for. */
export const sharpening = signal(false);
export const view = signal<View>('edited');
export const panel = signal<PanelName>('focus');
/** Some panels have a view of their own, which goes with them. */
const VIEWS: Partial<Record<PanelName, View>> = { depth: 'depth', motion: 'relief' };
export const recipe = signal<Recipe>(EMPTY);
export const source = signal<Source>('network');
/** Where was tapped, as shares of width and height; none when the plane was set otherwise. */
export const marker = signal<Point | undefined>(undefined);
/** In pixels of the photo. Undefined until they were looked for. */
export const faces = signal<readonly Face[] | undefined>(undefined);
/** The people's, of the photo's size; undefined until it is known, and where nobody is. */
export const matte = signal<Matte | undefined>(undefined);
/** Of the preview's size, after the steps that change it. */
export const depthNow = signal<DepthMap | undefined>(undefined);
/** Where the divider stands, as a share of the width of what is in sight; undefined while it is away. */
export const divider = signal<number | undefined>(undefined);
export const peaking = signal(false);
export const sticker = signal(0);
export const brush = signal<{ kind: 'nearer' | 'farther' | 'same'; radius: number; amount: number }>({
  kind: 'nearer',
  radius: 0.04,
  amount: 0.15,
});
/** Magnification, and the shift of the picture's top left in pixels of the screen. */
export const zoom = signal({ scale: 1, x: 0, y: 0 });
/** Where the picture lies in its stage while it is not magnified, and the stage's size, in pixels of the screen. */
export const place = signal({ left: 0, top: 0, width: 1, height: 1, stageWidth: 1, stageHeight: 1 });

/** A part of the picture, in shares of its sides. */
export interface Part {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What of the picture is in sight. */
export const sight = computed((): Part => {
  const { scale, x, y } = zoom.value;
  const { left, top, width, height, stageWidth, stageHeight } = place.value;
  const [x0, x1] = inSight(left + x, width * scale, stageWidth);
  const [y0, y1] = inSight(top + y, height * scale, stageHeight);
  return { x: x0, y: y0, width: x1 - x0, height: y1 - y0 };
});

/** From where to where a side of the picture lies within its stage. */
function inSight(start: number, size: number, stage: number): [number, number] {
  const share = (v: number) => Math.min(1, Math.max(0, (v - start) / size));
  return [share(0), share(stage)];
}

export const task = signal<{ text: string; done?: number | undefined } | undefined>(undefined);
export const problem = signal<string | undefined>(undefined);
export const status = signal('');
export const backend = signal<string | undefined>(undefined);
/** Something is being rendered. */
export const rendering = signal(false);
export const busy = computed(() => rendering.value || sharpening.value);

// ---- History ---------------------------------------------------------------------------------------------------

interface Entry {
  readonly recipe: Recipe;
  readonly source: Source;
  readonly marker: Point | undefined;
  readonly label: string;
}

/** Oldest first; `now` is the one in force. */
export const history = signal<readonly Entry[]>([]);
export const now = signal(0);
export const canUndo = computed(() => now.value > 0);
export const canRedo = computed(() => now.value < history.value.length - 1);
const MOST_ENTRIES = 200;

export function showPanel(name: PanelName): void {
  batch(() => {
    if (view.value === VIEWS[panel.value]) view.value = 'edited';
    panel.value = name;
    view.value = VIEWS[name] ?? view.value;
  });
}

export function say(text: string): void {
  status.value = text;
}

/** In force at once; a step of the history only with {@link commit}. */
export function change(next: Recipe): void {
  recipe.value = next;
}

/** One step more, or another in the place of its kind. */
export const put = (step: Step) => change(withStep(recipe.value, step));
export const drop = (...ops: Step['op'][]) => change(without(recipe.value, ...ops));

export function changeAt(next: Recipe, at: Point | undefined): void {
  recipe.value = next;
  marker.value = at;
}

export function commit(label: string): void {
  const last = history.value[now.value];
  const entry = { recipe: recipe.value, source: source.value, marker: marker.value, label };
  if (last && same(last, entry)) return;
  history.value = [...history.value.slice(0, now.value + 1), entry].slice(-MOST_ENTRIES);
  now.value = history.value.length - 1;
}

const same = (a: Entry, b: Entry) => JSON.stringify({ ...a, label: '' }) === JSON.stringify({ ...b, label: '' });

export function travel(steps: -1 | 1): void {
  if (!opened.value || waiting.value || !history.value[now.value + steps])
    return say(steps < 0 ? TEXTS.nothingToUndo : TEXTS.nothingToRedo);
  goTo(now.value + steps);
  say(steps < 0 ? TEXTS.undone : TEXTS.redone);
}

export function goTo(index: number): void {
  const entry = history.value[index];
  if (!entry) return;
  now.value = index;
  source.value = entry.source;
  changeAt(entry.recipe, entry.marker);
}

/** A fresh photo: its subject in focus. */
export function begin(width: number, height: number, from: Source): void {
  history.value = [];
  source.value = from;
  sticker.value = 0;
  const first: Step = { op: 'bokeh', focus: 'subject', aperture: DEFAULT_APERTURE };
  changeAt({ version: 1, size: { width, height }, steps: [first] }, undefined);
  commit(TEXTS.historyOpened);
}

/** As long as nothing was done to the photo: its faces are its subject. */
export function preferFaces(): void {
  const [first, more] = history.value;
  if (!first || more || recipe.value !== first.recipe) return;
  history.value = [];
  setLens({ focus: 'faces' });
  commit(first.label);
}

// ---- What is in focus ------------------------------------------------------------------------------------------

const PINHOLE: StepOf<'bokeh'> = { op: 'bokeh', aperture: 0 };
export const lens = computed((): StepOf<'bokeh'> => stepOf(recipe.value, 'bokeh') ?? PINHOLE);

/** Disparities that are sharp. */
export const sharpRange = computed(() => {
  const depth = depthNow.value;
  const size = recipe.value.size;
  if (!depth || !size) return { near: 0.5, far: 0.5 };
  const { focus = 'subject', aperture } = lens.value;
  const k = depth.width / size.width;
  const scaled =
    typeof focus === 'object' && 'x' in focus ? { x: focus.x * k, y: (focus.y * depth.height) / size.height } : focus;
  return focalRange(scaled, depth, { faces: facesAt(faces.value ?? [], k, k), aperture });
});

export const focalPlane = computed(() => (sharpRange.value.near + sharpRange.value.far) / 2);

export function setLens(part: Partial<Omit<StepOf<'bokeh'>, 'op'>>): void {
  put({ ...lens.value, ...part });
}

/** @param at where was tapped for it, if it was. */
export function setFocus(focus: StepOf<'bokeh'>['focus'], at?: Point): void {
  changeAt(withStep(recipe.value, { ...lens.value, focus }), at);
}

/** Focus on a place of the picture, in shares of its sides. */
export function focusAt(x: number, y: number): void {
  const { size } = recipe.value;
  if (!opened.value || waiting.value || !size) return;
  const inside = (v: number) => Math.min(1, Math.max(0, v));
  if (view.value === 'photo') view.value = 'edited';
  const at = { x: inside(x), y: inside(y) };
  setFocus({ x: at.x * size.width, y: at.y * size.height }, at);
}

export function focusOnPlane(plane: number, width: number): void {
  const focus = width > 0 ? { near: Math.min(1, plane + width / 2), far: Math.max(0, plane - width / 2) } : plane;
  setFocus(focus);
}
