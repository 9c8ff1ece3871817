import { computed, effect, signal } from '@preact/signals';
import type { DepthMap, ImageDataLike } from 'relievo';
import type { PipelineOptions, Recipe } from 'relievo/effects';
import type { RelievoWorker, WorkerPhoto } from 'relievo/worker';
import { facesAt } from './render/pixels.js';
import { splitAtLens } from './recipe.js';
import { renderWhole, report, toRun } from './session.js';
import * as store from './store.js';

/** A part of the picture as sharp as a magnified view shows it. */
export interface Detail {
  readonly at: store.Part;
  readonly image: ImageDataLike;
  /** The same of the photo before. */
  readonly before: ImageDataLike;
}
export const detail = signal<Detail | undefined>(undefined);

/** Magnification from which more than the preview is rendered, and how long a view has to rest for that. */
const MAGNIFIED = 1.2;
const REST_MS = 500;
/** So much larger than it is a picture may be shown. */
const SLACK = 1.1;
/** Share of the photo's pixels from which all of them are taken. */
const NEARLY_ALL = 0.7;
/** What is rendered around that which is in sight, as a share of it: a view that moves a little stays sharp. */
const AROUND = 1 / 8;
/** Share of the picture from which all of it is rendered. */
const MOST_OF_IT = 0.6;
const ROUNDING = 1e-9;

/** What is rendered; another one for every edit. */
const edit = computed(() => {
  const of = store.opened.value;
  const recipe = store.recipe.value;
  const larger = of && of.photo.width > of.preview.width * SLACK;
  if (!larger || store.waiting.value || store.peaking.value || store.view.value !== 'edited') return undefined;
  return { of, recipe };
});
type Edit = NonNullable<typeof edit.value>;

/** How sharp which part is. */
interface Extent {
  /** Pixels of the whole picture. */
  readonly pixels: number;
  readonly at: store.Part;
}

/** Pixels that the screen asks of the whole picture: the preview's times a power of two, or all; 0: the preview will do. */
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

function covers(has: Extent, wanted: Extent): boolean {
  const along = (from: number, size: number, x: number, n: number) => from <= x && from + size >= x + n - ROUNDING;
  const [a, b] = [has.at, wanted.at];
  return has.pixels >= wanted.pixels && along(a.x, a.width, b.x, b.width) && along(a.y, a.height, b.y, b.height);
}

/** What is rendered when that is in sight. */
function withAround({ pixels, at }: Extent): Extent {
  const along = (from: number, size: number) => {
    const start = Math.max(0, from - AROUND * size);
    return [start, Math.min(1, from + (1 + AROUND) * size) - start] as const;
  };
  const [x, width] = along(at.x, at.width);
  const [y, height] = along(at.y, at.height);
  return { pixels, at: width * height > MOST_OF_IT ? { x: 0, y: 0, width: 1, height: 1 } : { x, y, width, height } };
}

/** A photo that lies in the worker. */
interface There {
  readonly photo: WorkerPhoto;
  readonly depth: DepthMap;
}

/** A picture that was made and lies in the worker, since it is asked for again. */
class Kept {
  #of: readonly unknown[] = [];
  #there: There | undefined;
  #close = () => {};

  async get(
    worker: RelievoWorker,
    of: readonly unknown[],
    signal: AbortSignal,
    make: () => Promise<{ readonly image: ImageDataLike; readonly depth: DepthMap }>,
  ): Promise<There> {
    if (this.#there && of.every((v, i) => v === this.#of[i])) return this.#there;
    const { image, depth } = await make();
    const photo = await worker.open(image, { signal });
    this.forget();
    this.#of = of;
    this.#close = () => photo.close();
    return (this.#there = { photo, depth });
  }

  forget(): void {
    this.#close();
    this.#there = undefined;
  }
}
const scaled = new Kept();
const unblurred = new Kept();

// What an edit made is not that of the next one.
effect(() => {
  void edit.value;
  detail.value = undefined;
});

let shown: Extent | undefined;
let work: (Extent & { readonly of: Edit; readonly stop: AbortController }) | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;

/** A magnified view rests: it is rendered as sharp as the screen can show it. What is sharper stays. */
effect(() => {
  const of = edit.value;
  const wanted = { pixels: pixels.value, at: store.sight.value };
  const idle = !of || wanted.pixels === 0 || !!store.task.value;
  clearTimeout(timer);
  if (wanted.pixels === 0) {
    detail.value = undefined;
    scaled.forget();
    unblurred.forget();
  }
  if (work && (idle || work.of !== of || !covers(work, wanted))) {
    work.stop.abort();
    work = undefined;
  }
  if (idle || work) return;
  timer = setTimeout(() => {
    if (detail.peek() && covers(shown!, wanted)) return;
    const stop = new AbortController();
    const mine = (work = { of, stop, ...withAround(wanted) });
    render(mine, stop.signal)
      .then(
        (made) => {
          if (stop.signal.aborted) return;
          shown = mine;
          detail.value = made;
        },
        (error: unknown) => stop.signal.aborted || report(error),
      )
      .finally(() => work === mine && (work = undefined));
  }, REST_MS);
});

async function render({ of: { recipe }, pixels, at }: NonNullable<typeof work>, signal: AbortSignal): Promise<Detail> {
  const { worker, options, ...there } = await toRun(recipe, signal);
  const whole = there.photo;
  const { photo, depth } = await scaledTo(pixels, worker, there, signal);
  const { width, height } = photo;
  const [left, top] = [Math.floor(at.x * width), Math.floor(at.y * height)];
  const [right, bottom] = [Math.ceil((at.x + at.width) * width), Math.ceil((at.y + at.height) * height)];
  const part = { x: left, y: top, width: Math.min(width, right) - left, height: Math.min(height, bottom) - top };
  const untouched = await worker.run([], photo, depth, { part, signal });
  const make = async () => {
    // A download is the same.
    if (photo === whole && part.width === width && part.height === height) return renderWhole(recipe, signal);
    const faces = options.faces && facesAt(options.faces, width / whole.width, height / whole.height);
    const run = { ...options, faces };
    const { before, after } = splitAtLens(recipe);
    const head = before.steps.length ? await beforeLens(before, worker, { photo, depth }, run) : { photo, depth };
    return worker.run(after, head.photo, head.depth, { ...run, part });
  };
  return {
    at: { x: left / width, y: top / height, width: part.width / width, height: part.height / height },
    image: (await make()).image,
    before: untouched.image,
  };
}

/** With so many pixels. */
async function scaledTo(pixels: number, worker: RelievoWorker, of: There, signal: AbortSignal): Promise<There> {
  const { photo, depth } = of;
  if (pixels >= photo.width * photo.height) return of;
  return scaled.get(worker, [photo, depth, pixels], signal, async () => {
    return { image: await worker.shrinkImage(photo, { maxPixels: pixels, signal }), depth };
  });
}

/** After the steps before the lens, which are the same for every part. */
function beforeLens(recipe: Recipe, worker: RelievoWorker, { photo, depth }: There, run: PipelineOptions) {
  const of = [photo, depth, run.matte, JSON.stringify([recipe, run.faces])];
  return unblurred.get(worker, of, run.signal!, () => worker.run(recipe, photo, depth, run));
}
