import type * as NodeOs from 'node:os';
import type * as NodeThreads from 'node:worker_threads';

/** A thread that runs a module of its own: a Web Worker, or in Node a worker thread. */
export interface Thread {
  /** `transfer` moves buffers instead of copying them. */
  post(message: unknown, transfer?: ArrayBuffer[]): void;
  end(): void;
}

/** What the code inside a thread sees of its opener. */
export interface Opener {
  post(message: unknown, transfer?: ArrayBuffer[]): void;
}

/** A built-in module of Node, without an import: bundlers for the web must not find one. */
function builtin<T>(name: string): T | undefined {
  return typeof process === 'object' ? (process.getBuiltinModule?.(name) as T | undefined) : undefined;
}

/**
 * Starts a thread. A thread that cannot start, or that throws, calls `onError`; where there are no threads at all, or
 * the page's policy forbids them, the result is undefined.
 *
 * @param webWorker makes the Web Worker. The caller writes `new Worker(new URL('./file.js', import.meta.url), { type:
 *   'module' })` out, because bundlers look for exactly that.
 * @param address of the same module, for Node.
 */
export function openThread(
  webWorker: () => Worker,
  address: string,
  onMessage: (message: unknown) => void,
  onError: (error: unknown) => void,
): Thread | undefined {
  try {
    if (typeof Worker === 'function') {
      const worker = webWorker();
      worker.onmessage = (event) => onMessage(event.data);
      worker.onerror = (event) => {
        event.preventDefault(); // the caller handles it: nothing for the console
        onError(event);
      };
      worker.onmessageerror = onError;
      return { post: (message, transfer = []) => worker.postMessage(message, transfer), end: () => worker.terminate() };
    }
    const threads = builtin<typeof NodeThreads>('node:worker_threads');
    if (!threads || !address.startsWith('file:')) return undefined;
    // No flags of the process: some of them, such as --input-type, a thread refuses.
    const worker = new threads.Worker(new URL(address), { execArgv: [] });
    worker.on('message', onMessage);
    worker.on('error', onError);
    worker.on('messageerror', onError);
    return {
      post: (message, transfer = []) => worker.postMessage(message, transfer),
      end: () => void worker.terminate(),
    };
  } catch {
    return undefined;
  }
}

/** Inside a thread: hears its opener. */
export function listen(onMessage: (message: unknown, opener: Opener) => void): void {
  const port = builtin<typeof NodeThreads>('node:worker_threads')?.parentPort;
  if (port) {
    const opener: Opener = { post: (message, transfer = []) => port.postMessage(message, transfer) };
    port.on('message', (message: unknown) => onMessage(message, opener));
    return;
  }
  const opener: Opener = { post: (message, transfer = []) => globalThis.postMessage(message, { transfer }) };
  globalThis.onmessage = (event: MessageEvent<unknown>) => onMessage(event.data, opener);
}

/**
 * True in a Web Worker. What runs there may start others, but bundlers do not reliably lay a worker's own worker beside
 * it (Vite 8 leaves the file out).
 */
export function inWebWorker(): boolean {
  return 'WorkerGlobalScope' in globalThis;
}

/** Cores of the machine, as far as it tells. */
export function cores(): number {
  const told = typeof navigator === 'object' ? navigator.hardwareConcurrency : undefined;
  return told ?? builtin<typeof NodeOs>('node:os')?.availableParallelism() ?? 1;
}

/** GB of memory of the machine, 8 at most in a browser; NaN where it does not tell (Safari, Firefox). */
export function memoryOfDevice(): number {
  const told = typeof navigator === 'object' ? (navigator as { deviceMemory?: number }).deviceMemory : undefined;
  return told ?? (builtin<typeof NodeOs>('node:os')?.totalmem() ?? NaN) / 1e9;
}
