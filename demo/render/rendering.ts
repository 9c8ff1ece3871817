import { expose, transfer } from 'comlink';
import {
  focalRange,
  isRelievoError,
  shrinkImage,
  type DepthMap,
  type Face,
  type ImageDataLike,
  type Matte,
} from 'relievo';
import {
  BOKEH_PARAMS,
  createBokehPreview,
  encodeVideo,
  parallaxFrames,
  pipeline,
  readRecipe,
  stereoPair,
  toGlb,
  toMesh,
  videoCodec,
  visualiseDepth,
  type BokehOptions,
  type BokehPreview,
  type Focus,
  type Recipe,
  type Resource,
  type Step,
} from 'relievo/effects';
import { Fine } from './fine.js';
import { splitAtLens, without } from '../recipe.js';
import { facesAt, shrinkDepth } from './pixels.js';

/** Where layers are rendered: `'auto'` is the GPU where there is a real one. */
export type Where = 'auto' | 'gpu' | 'cpu';
export type LayerName = 'preview' | 'draft' | 'thumbnail';
/** Errors cross by value: comlink would drop their code. */
export type Answer<T> = { readonly value: T } | { readonly error: { name: string; message: string; code?: string } };

export interface Rendered {
  readonly image: ImageData;
  readonly by: 'gpu' | 'cpu';
  /** After the steps before the lens. */
  readonly depth: DepthMap;
}

export type Layout = 'anaglyph' | 'side-by-side';

export interface Loop {
  readonly motion: 'wiggle' | 'orbit' | 'dolly';
  readonly amount: number;
  readonly seconds: number;
}

/** A photo larger than the preview, its depth and its people's matte, all of one size. */
export interface Large {
  readonly image: ImageDataLike;
  readonly depth: DepthMap;
  readonly matte?: Matte;
}

export interface MeshArrays {
  readonly positions: Float32Array;
  readonly uvs: Float32Array;
  readonly indices: Uint32Array;
  readonly texture: ImageBitmap;
}

/** Pixels of the draft while something is dragged: fewer where one takes longer than a tenth of a second leaves. */
const DRAFT_PIXELS = [90_000, 40_000, 20_000] as const;
const DRAFT_MS = 75;
/** Of a preset's picture. */
const THUMBNAIL_PIXELS = 15_000;
/** Of a model's picture: a file that others open as well. */
const TEXTURE_PIXELS = 4_000_000;
const FPS = 24;
const GIF_FPS = 12;
const GIF_PIXELS = 160_000;

interface LayerState {
  readonly image: ImageDataLike;
  readonly depth: DepthMap;
  readonly faces: readonly Face[] | undefined;
  readonly matte?: Matte;
  /** What the steps before the lens made of it, by those steps. */
  head?: Head;
}

interface Head {
  readonly key: string;
  readonly image: ImageDataLike;
  readonly depth: DepthMap;
}

/** A context, and what lies there. */
interface Gpu {
  readonly preview: BokehPreview;
  has?: Head;
}

type Lens = Extract<Step, { readonly op: 'bokeh' }>;

let layers: Partial<Record<LayerName, LayerState>> = {};
const resources = new Map<string, Resource>();
const running = new Map<number, AbortController>();

async function answer<T>(id: number, work: (signal: AbortSignal) => Promise<T>): Promise<Answer<T>> {
  const task = new AbortController();
  running.set(id, task);
  try {
    return { value: await work(task.signal) };
  } catch (error) {
    const { name, message } = error as Error;
    return { error: isRelievoError(error) ? { name, message, code: error.code } : { name, message } };
  } finally {
    running.delete(id);
  }
}

/** They live from photo to photo; after a failure there are others for the next one. */
let gpus: Partial<Record<LayerName, Gpu>> = {};
let openingGpus: Promise<void> | undefined;
let where: Where = 'auto';

/** A context of its own for each layer that is rendered live: a photo stays on the GPU while the lens changes. */
async function openGpus(): Promise<void> {
  if (where === 'cpu') return;
  try {
    const preview = await createBokehPreview();
    // Shaders without a GPU take as long as the CPU's own code, and more memory.
    if (where === 'auto' && preview.software) preview.close();
    else gpus = { preview: { preview }, draft: { preview: await createBokehPreview() } };
  } catch {
    // The CPU does it.
  }
}

/** @param before the steps before the lens. */
async function headOf(layer: LayerState, before: Recipe, signal: AbortSignal): Promise<Head> {
  const key = JSON.stringify(before.steps);
  if (layer.head?.key === key) return layer.head;
  const { image, depth } = before.steps.length
    ? await pipeline(before).run(layer.image, layer.depth, options(layer, signal))
    : layer;
  return (layer.head = { key, image, depth });
}

const options = (layer: LayerState, signal: AbortSignal) => ({
  signal,
  ...(layer.faces && { faces: layer.faces }),
  ...(layer.matte && { matte: layer.matte }),
  resources: (name: string) => resources.get(name),
});

/** A focus of the recipe in pixels of a layer. */
function focusOf({ image }: LayerState, recipe: Recipe, focus: Lens['focus'] = 'subject'): Focus {
  const { width, height } = recipe.size ?? image;
  return typeof focus === 'object' && 'x' in focus
    ? { x: (focus.x * image.width) / width, y: (focus.y * image.height) / height }
    : focus;
}

/** The lens on the GPU; undefined where that fails: for good, or for settings that the CPU will explain. */
async function onGpu(layer: LayerState, recipe: Recipe, step: Lens, head: Head): Promise<ImageDataLike | undefined> {
  const gpu = layer === layers.preview ? gpus.preview : layer === layers.draft ? gpus.draft : undefined;
  if (!gpu) return undefined;
  const lens = Object.fromEntries(Object.entries(step).filter(([k]) => k !== 'op')) as Omit<typeof step, 'op'>;
  try {
    if (gpu.has !== head) {
      await gpu.preview.setPhoto(head.image, head.depth);
      gpu.has = head;
    }
    const focus = focusOf(layer, recipe, lens.focus);
    return await gpu.preview.toImage({ ...lens, focus, faces: layer.faces } as BokehOptions);
  } catch (error) {
    if (!isRelievoError(error, 'INVALID_PARAM')) {
      for (const { preview } of Object.values(gpus)) preview.close();
      gpus = {};
      openingGpus = undefined;
    }
    return undefined;
  }
}

/** Which of {@link DRAFT_PIXELS} this device can do. */
let rough = 0;
/** What drafts lack, for one edit whose lens moves. */
let fine: { readonly key: string; readonly lack: Fine } | undefined;
let lastEdit = '';

async function draftOf(preview: LayerState, pixels: number, signal?: AbortSignal): Promise<LayerState> {
  const image = await shrinkImage(preview.image, { maxPixels: pixels, signal });
  const { width, height } = image;
  return {
    image,
    depth: shrinkDepth(preview.depth, width, height),
    faces: preview.faces && facesAt(preview.faces, width / preview.image.width, height / preview.image.height),
    ...(preview.matte && { matte: shrinkDepth(preview.matte, width, height) }),
  };
}

/** A draft, with the fine structure of what is in focus as soon as nothing but the lens moves. */
async function drawDraft(recipe: Recipe, signal: AbortSignal) {
  const start = performance.now();
  const [draft, preview] = [layers.draft!, layers.preview!];
  const found = await apply(draft, recipe, signal);
  const step = recipe.steps.find((s): s is Lens => s.op === 'bokeh');
  if (found.by === 'gpu' || !step) return found;
  const edit = JSON.stringify(recipe.steps.map((s) => (s === step ? null : s)));
  // Another photo, faces, a matte or another depth may come while something is waited for: they make other layers.
  const current = () => layers.draft === draft && layers.preview === preview;
  if (edit === lastEdit && fine?.key !== edit) {
    const [large, small] = [await sharpPart(preview, recipe, signal), await sharpPart(draft, recipe, signal)];
    if (current()) fine = { key: edit, lack: new Fine(large.image, large.depth, small.image) };
  }
  lastEdit = edit;
  let { image } = found;
  if (fine?.key === edit && current()) {
    const { aperture = BOKEH_PARAMS.aperture.default } = step;
    const focus = focusOf(draft, recipe, step.focus);
    const range = focalRange(focus, found.depth, { faces: draft.faces ?? [], aperture });
    image = fine.lack.addTo(image, aperture, range);
  }
  const took = performance.now() - start;
  const next = Math.min(
    DRAFT_PIXELS.length - 1,
    Math.max(0, rough + (took > DRAFT_MS ? 1 : took < DRAFT_MS / 4 ? -1 : 0)),
  );
  if (next !== rough && current()) {
    const other = await draftOf(preview, DRAFT_PIXELS[next]!);
    if (current()) {
      rough = next;
      layers.draft = other;
      fine = undefined;
    }
  }
  return { ...found, image };
}

/** The edit with everything in focus, and the depth that its lens would see. */
async function sharpPart(layer: LayerState, recipe: Recipe, signal: AbortSignal) {
  const { before, after } = splitAtLens(recipe);
  const head = await headOf(layer, before, signal);
  const rest = pipeline({ ...after, steps: after.steps.slice(1) });
  const { image } = await rest.run(head.image, head.depth, options(layer, signal));
  return { image, depth: head.depth };
}

async function apply(
  layer: LayerState,
  recipe: Recipe,
  signal: AbortSignal,
): Promise<Omit<Rendered, 'image'> & { image: ImageDataLike }> {
  const { before, after } = splitAtLens(recipe);
  const head = await headOf(layer, before, signal);
  const [lens] = after.steps;
  const blurred = lens?.op === 'bokeh' ? await onGpu(layer, recipe, lens, head) : undefined;
  const edit = pipeline(blurred ? { ...after, steps: after.steps.slice(1) } : after);
  const { image } = await edit.run(blurred ?? head.image, head.depth, options(layer, signal));
  return { image, depth: head.depth, by: blurred ? 'gpu' : 'cpu' };
}

/** A layer beside those that are kept. */
function largeLayer(large: Large): LayerState {
  const { image: preview, faces } = layers.preview!;
  const { width, height } = large.image;
  return { ...large, faces: faces && facesAt(faces, width / preview.width, height / preview.height) };
}

/** What was made of a layer before is forgotten. */
function eachLayer(change: (layer: LayerState) => LayerState): void {
  for (const [name, layer] of Object.entries(layers)) {
    const fresh = { ...layer };
    delete fresh.head;
    fine = undefined;
    layers[name as LayerName] = change(fresh);
  }
}

const copy = ({ width, height, data }: DepthMap): DepthMap => ({ width, height, data: data.slice() });

async function jpeg(image: ImageDataLike): Promise<Uint8Array> {
  const canvas = new OffscreenCanvas(image.width, image.height);
  canvas.getContext('2d')!.putImageData(image as ImageData, 0, 0);
  return new Uint8Array(await (await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.92 })).arrayBuffer());
}

/** What plays everywhere comes first: an MP4 does when it holds H.264, which not every browser may encode. */
async function loopFormat(image: ImageDataLike): Promise<'mp4' | 'webm' | 'gif'> {
  if ((await videoCodec('mp4', image)) === 'avc') return 'mp4';
  return (await videoCodec('webm', image)) ? 'webm' : 'gif';
}

/** Smaller: a GIF keeps every pixel of every frame. */
async function forGif({ image, depth, matte }: LayerState, signal: AbortSignal) {
  const small = await shrinkImage(image, { maxPixels: GIF_PIXELS, signal });
  const { width, height } = small;
  return {
    image: small,
    depth: shrinkDepth(depth, width, height),
    matte: matte && shrinkDepth(matte, width, height),
  };
}

export const api = {
  start: (wanted: Where) => {
    where = wanted;
    openingGpus = openGpus();
  },

  setPhoto: (id: number, image: ImageDataLike, depth: DepthMap) =>
    answer(id, async (signal) => {
      layers = {};
      fine = undefined;
      const thumbnail = await shrinkImage(image, { maxPixels: THUMBNAIL_PIXELS, signal });
      const preview: LayerState = { image, depth, faces: undefined };
      const at = ({ width, height }: ImageDataLike) => shrinkDepth(depth, width, height);
      openingGpus ??= openGpus();
      // Otherwise the CPU starts, and they take over when they are there.
      if (where === 'gpu') await openingGpus;
      layers = {
        preview,
        draft: await draftOf(preview, DRAFT_PIXELS[rough]!, signal),
        thumbnail: { image: thumbnail, depth: at(thumbnail), faces: undefined },
      };
    }),

  setDepth: (id: number, depth: DepthMap) =>
    answer(id, async () =>
      eachLayer((layer) => ({ ...layer, depth: shrinkDepth(depth, layer.image.width, layer.image.height) })),
    ),

  /** @param faces in pixels of a photo of that width and height. */
  setFaces: (id: number, faces: readonly Face[], of: { width: number; height: number }) =>
    answer(id, async () =>
      eachLayer((layer) => ({
        ...layer,
        faces: facesAt(faces, layer.image.width / of.width, layer.image.height / of.height),
      })),
    ),

  setMatte: (id: number, matte: Matte) =>
    answer(id, async () =>
      eachLayer((layer) => ({ ...layer, matte: shrinkDepth(matte, layer.image.width, layer.image.height) })),
    ),

  /** Checks a recipe here, where the operators are. */
  read: (id: number, text: string) => answer(id, async () => readRecipe(text)),

  setResource: (name: string, resource: Resource) => void resources.set(name, resource),

  render: (id: number, name: LayerName, recipe: Recipe) =>
    answer(id, async (signal) => {
      const { image, depth, by } = await (name === 'draft'
        ? drawDraft(recipe, signal)
        : apply(layers[name]!, recipe, signal));
      const found: Rendered = { image: image as ImageData, depth: copy(depth), by };
      return transfer(found, [found.image.data.buffer, found.depth.data.buffer]);
    }),

  /** The depth after those steps, and in colours. */
  depth: (id: number, recipe: Recipe) =>
    answer(id, async (signal) => {
      const { depth } = await headOf(layers.preview!, recipe, signal);
      const found = { image: visualiseDepth(depth) as ImageData, depth: copy(depth) };
      return transfer(found, [found.image.data.buffer, found.depth.data.buffer]);
    }),

  mesh: (id: number, recipe: Recipe, vertices: number) =>
    answer(id, async (signal): Promise<MeshArrays> => {
      const { image, depth } = await apply(layers.preview!, without(recipe, 'bokeh'), signal);
      const { positions, uvs, indices } = await toMesh(image, depth, { vertices, signal });
      const texture = await createImageBitmap(image as ImageData);
      return transfer({ positions, uvs, indices, texture }, [positions.buffer, uvs.buffer, indices.buffer, texture]);
    }),

  glb: (id: number, whole: ImageDataLike, wholeDepth: DepthMap) =>
    answer(id, async (signal) => {
      const image = await shrinkImage(whole, { maxPixels: TEXTURE_PIXELS, signal });
      const depth = shrinkDepth(wholeDepth, image.width, image.height);
      const file = await toGlb(await toMesh(image, depth, { signal }), await jpeg(image));
      return new Blob([file as Uint8Array<ArrayBuffer>], { type: 'model/gltf-binary' });
    }),

  stereo: (id: number, image: ImageDataLike, depth: DepthMap, layout: Layout, matte: Matte | undefined) =>
    answer(id, async (signal) => {
      const pair = await stereoPair(image, depth, { layout, matte, signal });
      return new Blob([(await jpeg(pair)) as Uint8Array<ArrayBuffer>], { type: 'image/jpeg' });
    }),

  /** @param large what it is made of, where the preview is too small. */
  loop: (
    id: number,
    recipe: Recipe,
    { motion, amount, seconds }: Loop,
    large: Large | undefined,
    onProgress: (done: number) => void,
  ) =>
    answer(id, async (signal) => {
      const layer = large ? largeLayer(large) : layers.preview!;
      const edited = await apply(layer, recipe, signal);
      const format = await loopFormat(edited.image);
      const { image, depth, matte } =
        format === 'gif' ? await forGif({ ...layer, ...edited }, signal) : { ...layer, ...edited };
      const fps = format === 'gif' ? GIF_FPS : FPS;
      const frames = Math.round(seconds * fps);
      const views = parallaxFrames(image, depth, { motion, amount, frames, matte, signal });
      const counted = (async function* () {
        let n = 0;
        for await (const frame of views) {
          onProgress(++n / frames);
          yield frame;
        }
      })();
      if (format === 'gif') return (await import('./gif.js')).encodeGif(counted, fps);
      return (await encodeVideo(counted, { format, fps, signal })).file;
    }),

  abort: (id: number) => running.get(id)?.abort(),
};

/** Answers whoever opened this thread. */
export const listen = (): void => expose(api);
