import { computed, effect, signal } from '@preact/signals';
import type { ImageDataLike } from 'relievo';
import type { RelievoWorker, WorkerPhoto } from 'relievo/worker';
import { facesAt } from './render/pixels.js';
import { renderWhole, report, toRun } from './session.js';
import * as store from './store.js';

/** The picture as sharp as a magnified view shows it. */
export interface Detail {
  readonly image: ImageDataLike;
  /** The same of the photo before. */
  readonly before: ImageDataLike;
}
export const detail = signal<Detail | undefined>(undefined);

/** Magnification from which more than the preview is rendered, and how long a view has to rest for that. */
const MAGNIFIED = 1.2;
const REST_MS = 500;
/** So much larger than it is a picture may be shown. */
const SLACK = 1.05;
/** Share of the photo's pixels from which all of them are taken. */
const NEARLY_ALL = 0.7;

/** What is rendered; another one for every edit. */
const edit = computed(() => {
  const of = store.opened.value;
  const recipe = store.recipe.value;
  const larger = of && of.photo.width > of.preview.width * SLACK;
  if (!larger || store.waiting.value || store.peaking.value || store.view.value !== 'edited') return undefined;
  return { of, recipe };
});
type Edit = NonNullable<typeof edit.value>;

/** Pixels that the screen asks of the whole picture: the preview's times a power of two, or all; none: the preview does. */
const pixels = computed(() => {
  const { scale } = store.zoom.value;
  const of = store.opened.value;
  if (!of || scale < MAGNIFIED) return 0;
  const all = of.photo.width * of.photo.height;
  const least = (store.place.value.width * scale * devicePixelRatio) / SLACK;
  if (least <= of.preview.width) return 0;
  let some = of.preview.width * of.preview.height;
  while (some < all && least > of.photo.width * Math.sqrt(some / all)) some *= 2;
  return some < all * NEARLY_ALL ? some : all;
});

// What an edit made is not that of the next one.
effect(() => {
  void edit.value;
  detail.value = undefined;
});

let shown = 0;
let work: { readonly of: Edit; readonly pixels: number; readonly stop: AbortController } | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;

/** A magnified view rests: it is rendered as sharp as the screen can show it. What is sharper stays. */
effect(() => {
  const of = edit.value;
  const wanted = store.task.value ? 0 : pixels.value;
  void store.zoom.value;
  clearTimeout(timer);
  if (pixels.value === 0) detail.value = undefined;
  if (work && (work.of !== of || work.pixels < wanted || wanted === 0)) {
    work.stop.abort();
    work = undefined;
  }
  if (!of || wanted === 0 || work) return;
  timer = setTimeout(() => {
    if (detail.peek() && shown >= wanted) return;
    const stop = new AbortController();
    const mine = (work = { of, pixels: wanted, stop });
    render(of, wanted, stop.signal)
      .then(
        (made) => {
          if (stop.signal.aborted) return;
          shown = wanted;
          detail.value = made;
        },
        (error: unknown) => stop.signal.aborted || report(error),
      )
      .finally(() => work === mine && (work = undefined));
  }, REST_MS);
});

async function render({ of, recipe }: Edit, pixels: number, signal: AbortSignal): Promise<Detail> {
  const { worker, photo: whole, options } = await toRun(recipe, signal);
  const photo = await scaledTo(pixels, worker, whole, signal);
  const before = await worker.shrinkImage(photo, { maxPixels: pixels, signal });
  if (photo === whole) return { before, image: (await renderWhole(recipe, signal)).image };
  const faces = options.faces && facesAt(options.faces, photo.width / whole.width, photo.height / whole.height);
  const { image } = await worker.run(recipe, photo, of.depth, { ...options, faces });
  return { image, before };
}

let scaled: {
  readonly of: WorkerPhoto;
  readonly by: RelievoWorker;
  readonly pixels: number;
  readonly photo: WorkerPhoto;
};

/** The photo with so many pixels, in the worker. The last one is kept there. */
async function scaledTo(pixels: number, by: RelievoWorker, of: WorkerPhoto, signal: AbortSignal): Promise<WorkerPhoto> {
  if (pixels >= of.width * of.height) return of;
  if (scaled?.of === of && scaled.pixels === pixels) return scaled.photo;
  const photo = await by.open(await by.shrinkImage(of, { maxPixels: pixels, signal }), { signal });
  scaled?.by.close(scaled.photo);
  scaled = { of, by, pixels, photo };
  return photo;
}
