import type { TaskOptions } from './task.js';

/**
 * One piece of work that several callers wait for. A caller who aborts leaves alone; the work itself stops when the
 * last one has left.
 */
export class Shared<T> {
  readonly #stop = new AbortController();
  readonly #listeners = new Set<(done: number) => void>();
  readonly #promise: Promise<T>;
  #waiting = 0;
  #settled = false;

  constructor(work: (options: { signal: AbortSignal; onProgress: (done: number) => void }) => Promise<T>) {
    const onProgress = (done: number) => this.#listeners.forEach((listen) => listen(done));
    this.#promise = work({ signal: this.#stop.signal, onProgress }).finally(() => (this.#settled = true));
    this.#promise.catch(() => {}); // every caller has its own copy of the rejection
  }

  /** True until the work has ended either way. */
  get pending(): boolean {
    return !this.#settled;
  }

  /** True when all callers left before the end: too late to join. */
  get abandoned(): boolean {
    return this.#stop.signal.aborted;
  }

  async join({ signal, onProgress }: TaskOptions): Promise<T> {
    signal?.throwIfAborted();
    this.#waiting++;
    if (onProgress) this.#listeners.add(onProgress);
    let leave: (() => void) | undefined;
    try {
      if (!signal) return await this.#promise;
      const left = new Promise<never>((_, reject) => {
        leave = () => reject(signal.reason);
        signal.addEventListener('abort', leave, { once: true });
      });
      return await Promise.race([this.#promise, left]);
    } finally {
      if (leave) signal!.removeEventListener('abort', leave);
      if (onProgress) this.#listeners.delete(onProgress);
      if (--this.#waiting === 0 && !this.#settled)
        this.#stop.abort(new DOMException('All callers left.', 'AbortError'));
    }
  }
}
