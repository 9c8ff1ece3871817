/** A preview that takes longer than this gets a draft before it, in milliseconds. */
const PATIENCE = 90;

export interface LiveOptions<T> {
  /** Fast and rough. Runs to its end, or nothing would appear during a drag. */
  draft(wish: T): Promise<void>;
  /** What stays on the screen. */
  preview(wish: T, signal: AbortSignal): Promise<void>;
  onBusy(busy: boolean): void;
  onError(error: unknown): void;
}

/** Renders the latest wish: one at a time, drafts while wishes keep coming, and drops a slow preview for a newer wish. */
export class Live<T> {
  readonly #options: LiveOptions<T>;
  #wish: T | undefined;
  #slow: AbortController | undefined;
  #running = false;
  /** Nobody knows yet: a draft comes first. */
  #lastMs = Infinity;

  constructor(options: LiveOptions<T>) {
    this.#options = options;
  }

  ask(wish: T): void {
    this.#wish = wish;
    this.#slow?.abort();
    if (!this.#running) void this.#run();
  }

  /** Forgets what was asked. */
  stop(): void {
    this.#wish = undefined;
    this.#slow?.abort();
  }

  async #run(): Promise<void> {
    this.#running = true;
    this.#options.onBusy(true);
    while (this.#wish !== undefined) {
      const wish = this.#wish;
      this.#wish = undefined;
      const stop = new AbortController();
      try {
        if (this.#lastMs > PATIENCE) {
          await this.#options.draft(wish);
          if (this.#wish !== undefined) continue;
          this.#slow = stop;
        }
        const start = performance.now();
        await this.#options.preview(wish, stop.signal);
        this.#lastMs = performance.now() - start;
      } catch (error) {
        if (!stop.signal.aborted) this.#options.onError(error);
      } finally {
        this.#slow = undefined;
      }
    }
    this.#running = false;
    this.#options.onBusy(false);
  }
}
