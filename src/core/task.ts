/** What every long call takes. */
export interface TaskOptions {
  /** Stops the call: it rejects with the signal's reason (a DOM `AbortError` by default). Without one it runs to its end. */
  signal?: AbortSignal | undefined;
  /** Called with the share done, 0 to 1, never decreasing. Default: nobody is told. */
  onProgress?: ((done: number) => void) | undefined;
}

/** Longest time a kernel runs before it lets the event loop turn, in milliseconds; an abort is seen within it. */
const SLICE_MS = 24;

/** When the event loop turned last: several short calls in a row must not add up to a long one. */
let turned = 0;

/**
 * Runs `step(y0, y1)` over the rows 0..rows in slices, lets the event loop turn between them, and checks the signal.
 * `grain` is the number of rows in one indivisible step.
 */
export async function forRows(
  rows: number,
  grain: number,
  options: TaskOptions,
  step: (y0: number, y1: number) => void,
): Promise<void> {
  options.signal?.throwIfAborted();
  if (isDue()) await breathe(options.signal);
  for (let y = 0; y < rows; y += grain) {
    step(y, Math.min(rows, y + grain));
    if (!isDue()) continue;
    options.onProgress?.(Math.min(1, (y + grain) / rows));
    await breathe(options.signal);
  }
  options.onProgress?.(1);
  options.signal?.throwIfAborted();
}

/** As {@link forRows}, of work that tells after each short step what share of it is done, 0..1. */
export async function forSteps(options: TaskOptions, steps: Iterable<number>): Promise<void> {
  options.signal?.throwIfAborted();
  if (isDue()) await breathe(options.signal);
  for (const done of steps) {
    if (!isDue()) continue;
    options.onProgress?.(done);
    await breathe(options.signal);
  }
  options.onProgress?.(1);
  options.signal?.throwIfAborted();
}

/** True when it is time to {@link breathe}. */
export function isDue(): boolean {
  return performance.now() - turned > SLICE_MS;
}

/** Lets the event loop turn (a macrotask, so that input events and timers run), then checks the signal. */
export async function breathe(signal?: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
  turned = performance.now();
  signal?.throwIfAborted();
}

/** A share of a larger task: maps the inner progress 0..1 to from..to. */
export function part(options: TaskOptions, from: number, to: number): TaskOptions {
  const { signal, onProgress } = options;
  return { signal, onProgress: onProgress && ((p) => onProgress(from + (to - from) * p)) };
}

/** What a promise gives, or undefined when it takes longer than that: of a probe, which some browser may never answer. */
export async function within<T>(ms: number, probe: Promise<T>): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), ms)));
  try {
    return await Promise.race([probe, late]);
  } finally {
    clearTimeout(timer);
  }
}
