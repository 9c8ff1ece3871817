import { proxy, wrap, type Remote } from 'comlink';
import { RelievoError, type DepthMap, type ErrorCode, type Face, type ImageDataLike, type Matte } from 'relievo';
import type { Recipe, Resource } from 'relievo/effects';
import type { Answer, api, Large, LayerName, Layout, Loop, MeshArrays, Rendered, Where } from './rendering.js';

export type { Large, Layout, Loop, MeshArrays, Rendered, Where };

export interface TaskOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number) => void) | undefined;
}

/** Previews in a thread of their own: sliders move while it computes, and while the other worker saves. */
export class Renderer {
  readonly #where: Where;
  #started: { readonly remote: Remote<typeof api>; readonly broken: Promise<never> } | undefined;
  #calls = 0;
  /** Settled when the photo at hand is there. */
  #placed: Promise<unknown> = Promise.resolve();

  constructor(where: Where) {
    this.#where = where;
  }

  /** Its thread, and graphics where there are some; whoever asks for a picture first does it otherwise. */
  start(): void {
    if (this.#started) return;
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    const broken = new Promise<never>((_, reject) =>
      worker.addEventListener('error', (e) => reject(new Error(e.message || 'the renderer did not start.'))),
    );
    broken.catch(() => {});
    this.#started = { remote: wrap<typeof api>(worker), broken };
    void this.#remote.start(this.#where);
  }

  get #remote(): Remote<typeof api> {
    this.start();
    return this.#started!.remote;
  }

  /** Whatever is asked later waits for it. */
  setPhoto(image: ImageDataLike, depth: DepthMap): Promise<void> {
    const before = this.#placed.catch(() => {});
    const placed = this.#ask({}, (id) => this.#remote.setPhoto(id, image, depth), before);
    this.#placed = placed;
    return placed;
  }

  /** Another depth for the same photo. */
  setDepth(depth: DepthMap): Promise<void> {
    return this.#ask({}, (id) => this.#remote.setDepth(id, depth));
  }

  setFaces(faces: readonly Face[], of: { width: number; height: number }): Promise<void> {
    return this.#ask({}, (id) => this.#remote.setFaces(id, faces, of));
  }

  /** @param matte of the people, of the preview's size. */
  setMatte(matte: Matte): Promise<void> {
    return this.#ask({}, (id) => this.#remote.setMatte(id, matte));
  }

  read(text: string): Promise<Recipe> {
    return this.#ask({}, (id) => this.#remote.read(id, text) as Promise<Answer<Recipe>>);
  }

  async setResource(name: string, resource: Resource): Promise<void> {
    await this.#remote.setResource(name, resource);
  }

  render(layer: LayerName, recipe: Recipe, task: TaskOptions = {}): Promise<Rendered> {
    return this.#ask(task, (id) => this.#remote.render(id, layer, recipe) as Promise<Answer<Rendered>>);
  }

  depth(recipe: Recipe, task: TaskOptions = {}): Promise<{ image: ImageData; depth: DepthMap }> {
    return this.#ask(
      task,
      (id) => this.#remote.depth(id, recipe) as Promise<Answer<{ image: ImageData; depth: DepthMap }>>,
    );
  }

  mesh(recipe: Recipe, vertices: number, task: TaskOptions = {}): Promise<MeshArrays> {
    return this.#ask(task, (id) => this.#remote.mesh(id, recipe, vertices) as Promise<Answer<MeshArrays>>);
  }

  glb(image: ImageDataLike, depth: DepthMap, task: TaskOptions = {}): Promise<Blob> {
    return this.#ask(task, (id) => this.#remote.glb(id, image, depth));
  }

  stereo(
    image: ImageDataLike,
    depth: DepthMap,
    layout: Layout,
    matte: Matte | undefined,
    task: TaskOptions = {},
  ): Promise<Blob> {
    return this.#ask(task, (id) => this.#remote.stereo(id, image, depth, layout, matte));
  }

  /** @param large what it is made of, where the preview is too small. */
  loop(recipe: Recipe, loop: Loop, large: Large | undefined, task: TaskOptions = {}): Promise<Blob> {
    const progress = proxy((done: number) => task.onProgress?.(done));
    return this.#ask(task, (id) => this.#remote.loop(id, recipe, loop, large, progress));
  }

  async #ask<T>({ signal }: TaskOptions, call: (id: number) => Promise<Answer<T>>, after = this.#placed): Promise<T> {
    await after;
    signal?.throwIfAborted();
    const id = ++this.#calls;
    let stop: (() => void) | undefined;
    const aborted = new Promise<never>((_, reject) => {
      stop = () => {
        void this.#remote.abort(id);
        reject(signal!.reason as Error);
      };
      signal?.addEventListener('abort', stop);
    });
    aborted.catch(() => {});
    try {
      const found = await Promise.race([call(id), aborted, this.#started!.broken]);
      if ('value' in found) return found.value;
      const { name, message, code } = found.error;
      throw code ? new RelievoError(code as ErrorCode, message) : Object.assign(new Error(message), { name });
    } finally {
      if (stop) signal?.removeEventListener('abort', stop);
    }
  }
}
