import { isRelievoError } from '../core/errors.js';
import { lazy } from '../core/lazy.js';
import { part, type TaskOptions } from '../core/task.js';
import type { DepthMap } from '../depth/depth-map.js';
import type { ImageInput } from '../image/decode.js';
import { createWorker, type RelievoWorker, type WorkerPhoto } from '../worker/index.js';
import type { WorkerHydraOptions } from '../worker/protocol.js';

/** How long an instance outlives the last component that used it, in ms: the next page often wants it again. */
const LINGER_MS = 10_000;
/** Share of the progress of a depth that loading the networks takes. */
const LOADING = 0.5;

export interface RelievoOptions extends WorkerHydraOptions {
  /** Work in a worker; where none can be started, and with `false`, on the page's own thread. Default: true. */
  worker?: boolean | undefined;
}

export interface EstimatedDepth {
  readonly relievo: RelievoWorker;
  readonly photo: WorkerPhoto;
  readonly depth: DepthMap;
}

/** Where a piece of work stands. Each object is kept until something changes, as `useSyncExternalStore` asks. */
export type State<T> =
  | { readonly status: 'loading'; readonly progress: number; readonly value?: undefined; readonly error?: undefined }
  | { readonly status: 'ready'; readonly progress: 1; readonly value: T; readonly error?: undefined }
  | { readonly status: 'error'; readonly progress: number; readonly value?: undefined; readonly error: Error };

export const STARTING: State<never> = { status: 'loading', progress: 0 };

/**
 * Work that is done once for all who want it, and lasts while anybody does: it starts with the first, stops (by its
 * signal) when the last one leaves before its end, and its result is freed when the last one leaves after it. Who leaves
 * and comes back at once (StrictMode, a change of the page) finds it going on.
 */
class Work<T> {
  state: State<T> = STARTING;
  readonly #listeners = new Set<() => void>();
  readonly #run: (task: { signal: AbortSignal; onProgress: (done: number) => void }) => Promise<T>;
  readonly #free: (value: T) => void;
  readonly #gone: () => void;
  readonly #linger: number;
  #stop: AbortController | undefined;
  #leaving: ReturnType<typeof setTimeout> | undefined;

  constructor(
    run: (task: { signal: AbortSignal; onProgress: (done: number) => void }) => Promise<T>,
    end: { free(value: T): void; gone(): void; linger: number },
  ) {
    this.#run = run;
    this.#free = end.free;
    this.#gone = end.gone;
    this.#linger = end.linger;
  }

  subscribe(listener: () => void): () => void {
    clearTimeout(this.#leaving);
    this.#listeners.add(listener);
    if (!this.#stop || this.state.status === 'error') this.#start();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size) return;
      this.#leaving = setTimeout(() => this.#end(), this.state.status === 'ready' ? this.#linger : 0);
    };
  }

  /** The result, for as long as the signal is not aborted. */
  async hold(signal: AbortSignal, onProgress?: (done: number) => void): Promise<T> {
    signal.throwIfAborted();
    return new Promise<T>((resolve, reject) => {
      const look = () => {
        const { status, value, progress, error } = this.state;
        if (status === 'ready') resolve(value);
        else if (status === 'error') reject(error);
        else onProgress?.(progress);
      };
      const leave = this.subscribe(look);
      signal.addEventListener('abort', () => (leave(), reject(signal.reason as Error)), { once: true });
      look();
    });
  }

  /** Begins anew where it has failed. */
  retry(): void {
    if (this.state.status === 'error' && this.#listeners.size) this.#start();
  }

  /** What was made does not work any more. */
  fail(error: Error): void {
    if (this.state.status !== 'ready') return;
    this.#free(this.state.value);
    this.#set({ status: 'error', progress: 0, error });
  }

  #start(): void {
    const stop = (this.#stop = new AbortController());
    const { signal } = stop;
    this.#set(STARTING);
    const onProgress = (done: number) => {
      const progress = Math.floor(done * 100) / 100; // a component is drawn a hundred times at most
      if (!signal.aborted && this.state.status === 'loading' && progress > this.state.progress)
        this.#set({ status: 'loading', progress });
    };
    this.#run({ signal, onProgress }).then(
      (value) => (signal.aborted ? this.#free(value) : this.#set({ status: 'ready', progress: 1, value })),
      (cause: unknown) => {
        if (signal.aborted) return;
        const error = cause instanceof Error ? cause : new Error(String(cause), { cause });
        this.#set({ status: 'error', progress: this.state.progress, error });
        stop.abort(error); // what it held
      },
    );
  }

  #end(): void {
    const { state } = this;
    this.#stop?.abort(new DOMException('No component wants it any more.', 'AbortError'));
    this.#stop = undefined;
    this.state = STARTING;
    if (state.status === 'ready') this.#free(state.value);
    this.#gone();
  }

  #set(state: State<T>): void {
    this.state = state;
    for (const listener of [...this.#listeners]) listener();
  }
}

/** Relievo as loaded with certain options, and the depths that components want of it. */
interface Instance {
  readonly work: Work<RelievoWorker>;
  readonly depths: Map<unknown, Work<EstimatedDepth>>;
}

const instances = new Map<string, Instance>();

/** Options in the order of their names: two components that write them differently share. */
export function keyOf(options: RelievoOptions): string {
  const set = Object.entries(options).filter(([, v]) => v !== undefined);
  return JSON.stringify(set.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function instance(key: string): Instance {
  let found = instances.get(key);
  if (!found) {
    const options = Object.fromEntries(JSON.parse(key) as [string, unknown][]) as RelievoOptions;
    const work = new Work((task) => load(options, task), {
      free: (relievo) => relievo.close(),
      gone: () => instances.delete(key),
      linger: LINGER_MS,
    });
    instances.set(key, (found = { work, depths: new Map() }));
  }
  return found;
}

export const relievoOf = (key: string): Work<RelievoWorker> => instance(key).work;
/** Without making it, for a look at its state. */
export const findRelievo = (key: string): Work<RelievoWorker> | undefined => instances.get(key)?.work;
export const findDepth = (key: string, photo: unknown): Work<EstimatedDepth> | undefined =>
  instances.get(key)?.depths.get(photo);

/** @param photo addresses are equal by their text, everything else by being the same object. */
export function depthOf(key: string, photo: ImageInput): Work<EstimatedDepth> {
  const { work: loading, depths } = instance(key);
  let found = depths.get(photo);
  if (!found) {
    found = new Work(
      async ({ signal, onProgress }) => {
        const relievo = await loading.hold(signal, (done) => onProgress(done * LOADING));
        try {
          return await estimate(relievo, photo, part({ signal, onProgress }, LOADING, 1));
        } catch (error) {
          // A worker that has died is none for the next one either.
          if (isRelievoError(error, 'BACKEND_UNAVAILABLE')) loading.fail(error);
          throw error;
        }
      },
      { free: ({ photo: opened }) => opened.close(), gone: () => depths.delete(photo), linger: 0 },
    );
    depths.set(photo, found);
  }
  return found;
}

async function estimate(relievo: RelievoWorker, input: ImageInput, task: TaskOptions): Promise<EstimatedDepth> {
  const photo = await relievo.open(input, task);
  try {
    return { relievo, photo, depth: await relievo.estimateDepth(photo, task) };
  } catch (error) {
    photo.close();
    throw error;
  }
}

async function load({ worker = true, ...hydra }: RelievoOptions, task: TaskOptions): Promise<RelievoWorker> {
  const options = { ...hydra, ...task };
  if (worker && typeof Worker === 'function') {
    try {
      return await createWorker(options);
    } catch (error) {
      if (!isRelievoError(error, 'BACKEND_UNAVAILABLE')) throw error;
      // The page's policy forbids workers, or its bundler left the script out.
    }
  }
  const { createLocal } = await lazy(() => import('../worker/local.js'));
  return createLocal(options);
}
