import { beside, cores, inWebWorker, memoryOfDevice, openThread, webWorkerFrom, type Thread } from '../core/threads.js';
import { part, type TaskOptions } from '../core/task.js';
import { completeBehind, emptyLevel, type BehindLevel } from './behind.js';
import { Band, LOOK, planOf, rowsAround, rowsOf, widestRadius, type BandJob } from './bokeh-band.js';
import type { FromThread, ToThread } from './bokeh-worker.js';
import { TILE } from './composite.js';

/** Below so many pixels starting threads takes longer than they save. */
const WORTH_IT = 3e6;
/** More threads wait for memory rather than compute. */
const MOST = 4;

/** Above so many pixels a thread's part of photo, depth and layers is too much for a device with little memory. */
const HEAVY = 16e6;
/** GB of memory from which it is not. */
const ROOMY = 8;

/** How many threads a photo gets: what is asked for, but no more than it has rows of tiles. */
export function threadsFor({ width, height }: BandJob, asked: number | undefined): number {
  const pixels = width * height;
  const alone = pixels < WORTH_IT || inWebWorker() || (pixels > HEAVY && !(memoryOfDevice() >= ROOMY));
  const count = asked ?? (alone ? 1 : Math.min(MOST, cores()));
  return Math.min(count, Math.ceil(height / TILE));
}

/**
 * Blurs a photo in bands, a thread each. A thread gets a copy of its rows and those around them, so that it also works
 * where memory cannot be shared, and gives back its pixels; the bytes are those of one thread. The caller's thread
 * takes a band as well, since starting one costs about a second of a core; but not in a document, which has to stay fluid.
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
  const workers: BandWorker[] = [];
  const stop = new AbortController();
  const abort = () => stop.abort(signal!.reason);
  signal?.addEventListener('abort', abort);
  try {
    const aborted = new Promise<never>((_, reject) =>
      stop.signal.addEventListener('abort', () => reject(stop.signal.reason)),
    );
    const threads = jobs.map((job, i) => {
      const progress = (share: number) => {
        done[i] = share;
        if (!signal?.aborted) onProgress?.(done.reduce((a, b) => a + b) / done.length);
      };
      if (i === 0 && typeof document === 'undefined')
        return new OwnBand(job, whole, { signal: stop.signal, onProgress: progress });
      const worker = new BandWorker(job, whole, progress);
      workers.push(worker);
      return worker;
    });
    await Promise.race([aborted, blur(whole, jobs, threads, output, signal)]);
    return true;
  } catch {
    signal?.throwIfAborted();
    return false; // what one thread cannot do because of an error of ours fails again, and is heard, without threads
  } finally {
    signal?.removeEventListener('abort', abort);
    stop.abort();
    for (const worker of workers) worker.end();
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
      const seen = await threads[i]!.look();
      // Of the rows around its own the band knows less than their own band does.
      const skip = (job.from - job.top) / 4;
      const rows = Math.ceil(job.to / 4) - job.from / 4;
      for (const key of ['t', 'colour'] as const) {
        const row = cells * (key === 't' ? 1 : channels);
        level2[key].set(seen[key].subarray(skip * row, (skip + rows) * row), (job.from / 4) * row);
      }
    }),
  );
  await completeBehind(level2, channels, widestRadius(lens), { signal });
  await Promise.all(
    jobs.map((job, i) => {
      const part = rowsOf(level2, channels, job.top / 4, Math.ceil(job.bottom / 4));
      return threads[i]!.render(part, output.subarray(job.from * width * 4, job.to * width * 4));
    }),
  );
}

/** Bands of whole rows of tiles. */
function split(whole: BandJob, count: number): BandJob[] {
  const { height, lens } = whole;
  const plan = planOf(lens);
  const tiles = Math.ceil(height / TILE);
  return Array.from({ length: count }, (_, i) => {
    const from = Math.floor((i * tiles) / count) * TILE;
    const to = Math.min(height, Math.floor(((i + 1) * tiles) / count) * TILE);
    return { ...whole, from, to, ...rowsAround(plan, whole, from, to) };
  });
}

/** Who blurs a band: see {@link Band}. */
interface BandThread {
  look(): Promise<Pick<BehindLevel, 't' | 'colour'>>;
  /** @param output RGBA of the band's rows. */
  render(level2: BehindLevel, output: Uint8ClampedArray): Promise<void>;
}

/** A band's rows of a photo; not a copy. */
function rowsFor(job: BandJob, { pixels, depth, clipped, width }: BandJob) {
  const [from, to] = [job.top * width, job.bottom * width];
  return {
    pixels: pixels.subarray(from * 4, to * 4),
    depth: depth.subarray(from, to),
    clipped: clipped?.subarray(from, to),
  };
}

/** The caller's thread. */
class OwnBand implements BandThread {
  readonly #band: Band;
  readonly #options: TaskOptions;

  constructor(job: BandJob, whole: BandJob, options: TaskOptions) {
    this.#band = new Band({ ...job, ...rowsFor(job, whole) });
    this.#options = options;
  }

  look(): Promise<BehindLevel> {
    return this.#band.look(part(this.#options, 0, LOOK));
  }

  render(level2: BehindLevel, output: Uint8ClampedArray): Promise<void> {
    return this.#band.render(level2, output, part(this.#options, LOOK, 1));
  }
}

type Answer = Exclude<FromThread, { done: number }>;

/** A thread of its own, that answers one question at a time. */
class BandWorker implements BandThread {
  readonly #thread: Thread | undefined;
  readonly #job: BandJob;
  readonly #whole: BandJob;
  #resolve: ((answer: Answer) => void) | undefined;
  #reject: ((error: Error) => void) | undefined;
  #failed = false;

  constructor(job: BandJob, whole: BandJob, onProgress: (done: number) => void) {
    this.#job = job;
    this.#whole = whole;
    this.#thread = openThread(
      () =>
        webWorkerFrom(
          () => new Worker(new URL('./bokeh-worker.js', import.meta.url), { type: 'module' }),
          () => beside(import.meta.url, 'bokeh-worker.js'),
          { type: 'module' },
        ),
      beside(import.meta.url, 'bokeh-worker.js'),
      (message) => {
        const m = message as FromThread;
        if ('done' in m) onProgress(m.done);
        else this.#resolve?.(m);
      },
      () => this.#fail(),
    );
    if (!this.#thread) this.#fail();
  }

  async look(): Promise<Pick<BehindLevel, 't' | 'colour'>> {
    const rows = rowsFor(this.#job, this.#whole);
    const pixels = new Uint8ClampedArray(rows.pixels);
    const depth = new Float32Array(rows.depth);
    const job = { ...this.#job, pixels, depth, clipped: rows.clipped?.slice() };
    const seen = await this.#ask({ job }, [pixels.buffer, depth.buffer]);
    if (!('level2' in seen)) throw new TypeError('A thread answered out of turn.');
    return seen.level2;
  }

  async render(level2: BehindLevel, output: Uint8ClampedArray): Promise<void> {
    const { t, colour, sure, hiddenT, hiddenColour, ...size } = level2;
    const copy = [t, colour, sure, hiddenT, hiddenColour].map((plane) => new Float32Array(plane));
    const planes = { t: copy[0]!, colour: copy[1]!, sure: copy[2]!, hiddenT: copy[3]!, hiddenColour: copy[4]! };
    const blurred = await this.#ask(
      { level2: { ...size, ...planes } },
      copy.map((plane) => plane.buffer),
    );
    if (!('pixels' in blurred)) throw new TypeError('A thread answered out of turn.');
    output.set(blurred.pixels);
  }

  end(): void {
    this.#thread?.end();
  }

  #ask(question: ToThread, transfer: ArrayBuffer[]): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      if (this.#failed) this.#fail();
      else this.#thread!.post(question, transfer);
    });
  }

  #fail(): void {
    this.#failed = true;
    this.#reject?.(new Error('A thread failed.'));
  }
}
