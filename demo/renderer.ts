import type { Layer } from './preview.js';

/** Where layers are rendered: `'auto'` is the GPU where there is a real one. */
export type Where = 'auto' | 'gpu' | 'cpu';

export type Request =
  | { readonly kind: 'layers'; readonly layers: Readonly<Record<string, Layer>>; readonly where: Where }
  | {
      readonly kind: 'render';
      readonly id: number;
      /** One that was given by name before, or all of it. */
      readonly layer: string | Layer;
      readonly focus: number;
      readonly aperture: number;
    }
  | { readonly kind: 'abort'; readonly id: number };

export type Answer = { readonly id: number } & (
  | { readonly progress: number }
  | { readonly image: ImageData; readonly by: 'gpu' | 'cpu' }
  | { readonly error: unknown }
);

export interface RenderOptions {
  readonly focus: number;
  readonly aperture: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number) => void;
}

interface Waiting {
  readonly onProgress: ((done: number) => void) | undefined;
  readonly resolve: (image: ImageData) => void;
  readonly reject: (error: unknown) => void;
}

/** Depth of field in a worker, so that sliders move while it computes. */
export class Renderer {
  readonly #worker = new Worker(new URL('./render-worker.ts', import.meta.url), { type: 'module' });
  readonly #waiting = new Map<number, Waiting>();
  readonly #where: Where;
  #next = 0;
  /** What made the last picture. */
  by: 'gpu' | 'cpu' = 'cpu';

  constructor(where: Where) {
    this.#where = where;
    this.#worker.addEventListener('message', ({ data }: MessageEvent<Answer>) => {
      const task = this.#waiting.get(data.id);
      if (!task) return;
      if ('progress' in data) {
        task.onProgress?.(data.progress);
        return;
      }
      this.#waiting.delete(data.id);
      if ('image' in data) {
        this.by = data.by;
        task.resolve(data.image);
      } else task.reject(data.error);
    });
    this.#worker.addEventListener('error', (event) => {
      for (const task of this.#waiting.values()) task.reject(new Error(event.message || 'the renderer did not start.'));
      this.#waiting.clear();
    });
  }

  /** Hands layers over once, to be rendered by name. */
  keep(layers: Readonly<Record<string, Layer>>): void {
    const entries = Object.entries(layers).map(([name, layer]) => [name, plain(layer)] as const);
    this.#post({ kind: 'layers', layers: Object.fromEntries(entries), where: this.#where });
  }

  render(layer: string | Layer, { focus, aperture, signal, onProgress }: RenderOptions): Promise<ImageData> {
    const id = this.#next++;
    return new Promise<ImageData>((resolve, reject) => {
      signal?.throwIfAborted();
      this.#waiting.set(id, { onProgress, resolve, reject });
      signal?.addEventListener('abort', () => {
        if (!this.#waiting.delete(id)) return;
        this.#post({ kind: 'abort', id });
        reject(signal.reason as Error);
      });
      this.#post({ kind: 'render', id, layer: typeof layer === 'string' ? layer : plain(layer), focus, aperture });
    });
  }

  #post(request: Request): void {
    this.#worker.postMessage(request);
  }
}

/** Only what the worker needs, without the class that an opened photo has. */
function plain({ image, depth }: Layer): Layer {
  const { width, height, data, colorSpace = 'srgb' } = image;
  return { image: { width, height, data, colorSpace }, depth };
}
