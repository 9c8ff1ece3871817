import { cores, inWebWorker, openThread, type Thread } from '../core/threads.js';
import type { TaskOptions } from '../core/task.js';
import { completeBehind, emptyLevel, type BehindLevel } from './behind.js';
import { planOf, rowsAround, TILE, widestRadius, type BandJob } from './bokeh-band.js';
import type { FromThread, ToThread } from './bokeh-worker.js';

/** Below so many pixels starting threads takes longer than they save. */
const WORTH_IT = 1.5e6;
/** More threads wait for memory rather than compute. */
const MOST = 4;

/** How many threads a photo gets: what is asked for, but no more than it has rows of tiles. */
export function threadsFor({ width, height }: BandJob, asked: number | undefined): number {
  const alone = width * height < WORTH_IT || inWebWorker();
  const count = asked ?? (alone ? 1 : Math.min(MOST, cores()));
  return Math.min(count, Math.ceil(height / TILE));
}

/**
 * Blurs a photo in bands, a thread each. A thread gets a copy of its rows and those around them, so that it also works
 * where memory cannot be shared, and gives back its pixels; the bytes are those of one thread.
 *
 * @returns false when threads cannot be used here; nothing has been written then.
 * @throws the signal's reason; the threads end at once.
 */
export async function renderInThreads(
  whole: BandJob,
  count: number,
  output: Uint8ClampedArray,
  { signal, onProgress }: TaskOptions,
): Promise<boolean> {
  signal?.throwIfAborted();
  const jobs = split(whole, count);
  const done = jobs.map(() => 0);
  const threads: BandThread[] = [];
  let abort: (() => void) | undefined;
  try {
    const aborted = new Promise<never>((_, reject) => {
      abort = () => reject(signal!.reason);
      signal?.addEventListener('abort', abort);
    });
    for (const i of jobs.keys()) {
      threads.push(
        new BandThread((share) => {
          done[i] = share;
          if (!signal?.aborted) onProgress?.(done.reduce((a, b) => a + b) / done.length);
        }),
      );
    }
    await Promise.race([aborted, blur(whole, jobs, threads, output, signal)]);
    return true;
  } catch {
    signal?.throwIfAborted();
    return false; // what one thread cannot do because of an error of ours fails again, and is heard, without threads
  } finally {
    if (abort) signal?.removeEventListener('abort', abort);
    for (const thread of threads) thread.end();
  }
}

async function blur(
  whole: BandJob,
  jobs: readonly BandJob[],
  threads: readonly BandThread[],
  output: Uint8ClampedArray,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { width, height, channels, lens } = whole;
  const level2 = emptyLevel(Math.ceil(width / 4), Math.ceil(height / 4), channels);
  const cells = level2.width;
  await Promise.all(
    jobs.map(async (job, i) => {
      const pixels = new Uint8ClampedArray(whole.pixels.subarray(job.top * width * 4, job.bottom * width * 4));
      const depth = new Float32Array(whole.depth.subarray(job.top * width, job.bottom * width));
      const clipped = whole.clipped?.slice(job.top * width, job.bottom * width);
      const seen = await threads[i]!.ask({ job: { ...job, pixels, depth, clipped } }, [pixels.buffer, depth.buffer]);
      if (!('level2' in seen)) throw new TypeError('A thread answered out of turn.');
      // Of the rows around its own the band knows less than their own band does.
      const skip = (job.from - job.top) / 4;
      const rows = Math.ceil(job.to / 4) - job.from / 4;
      for (const key of ['t', 'colour'] as const) {
        const row = cells * (key === 't' ? 1 : channels);
        level2[key].set(seen.level2[key].subarray(skip * row, (skip + rows) * row), (job.from / 4) * row);
      }
    }),
  );
  await completeBehind(level2, channels, widestRadius(lens), { signal });
  await Promise.all(
    jobs.map(async (job, i) => {
      const part = rowsOf(level2, channels, job.top / 4, Math.ceil(job.bottom / 4));
      const blurred = await threads[i]!.ask({ level2: part }, []);
      if (!('pixels' in blurred)) throw new TypeError('A thread answered out of turn.');
      output.set(blurred.pixels, job.from * width * 4);
    }),
  );
}

/** Bands of whole rows of tiles. */
function split(whole: BandJob, count: number): BandJob[] {
  const { width, height, lens } = whole;
  const plan = planOf(lens);
  const tiles = Math.ceil(height / TILE);
  return Array.from({ length: count }, (_, i) => {
    const from = Math.floor((i * tiles) / count) * TILE;
    const to = Math.min(height, Math.floor(((i + 1) * tiles) / count) * TILE);
    return { ...whole, from, to, ...rowsAround(plan, width, height, from, to) };
  });
}

/** A copy of some rows of a level. */
function rowsOf(level: BehindLevel, channels: number, from: number, to: number): BehindLevel {
  const rows = (plane: Float32Array, perCell = 1) =>
    plane.slice(from * level.width * perCell, to * level.width * perCell);
  return {
    width: level.width,
    height: to - from,
    t: rows(level.t),
    colour: rows(level.colour, channels),
    sure: rows(level.sure),
    hiddenT: rows(level.hiddenT),
    hiddenColour: rows(level.hiddenColour, channels),
  };
}

type Answer = Exclude<FromThread, { done: number }>;

/** A thread that answers one question at a time. */
class BandThread {
  readonly #thread: Thread | undefined;
  #resolve: ((answer: Answer) => void) | undefined;
  #reject: ((error: Error) => void) | undefined;
  #failed = false;

  constructor(onProgress: (done: number) => void) {
    this.#thread = openThread(
      () => new Worker(new URL('./bokeh-worker.js', import.meta.url), { type: 'module' }),
      import.meta.url.replace(/[^/]*$/, 'bokeh-worker.js'),
      (message) => {
        const m = message as FromThread;
        if ('done' in m) onProgress(m.done);
        else this.#resolve?.(m);
      },
      () => this.#fail(),
    );
    if (!this.#thread) this.#fail();
  }

  ask(question: ToThread, transfer: ArrayBuffer[]): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      if (this.#failed) this.#fail();
      else this.#thread!.post(question, transfer);
    });
  }

  end(): void {
    this.#thread?.end();
  }

  #fail(): void {
    this.#failed = true;
    this.#reject?.(new Error('A thread failed.'));
  }
}
