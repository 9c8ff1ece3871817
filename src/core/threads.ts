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

/**
 * A Web Worker of a script that lies on another origin, such as a CDN. Browsers start none from there, but one of the page's
 * own origin may import it.
 *
 * @param start makes the worker as bundlers want it written; it throws a `SecurityError` where that is refused.
 * @param script the same address, by a way that bundlers do not follow.
 */
export function webWorkerFrom(start: () => Worker, script: () => string, options: WorkerOptions): Worker {
  try {
    return start();
  } catch (error) {
    if (!(error instanceof DOMException && error.name === 'SecurityError')) throw error;
    const address = script();
    if (new URL(address).origin === location.origin) throw error;
    const code = new Blob([`import ${JSON.stringify(address)};`], { type: 'text/javascript' });
    const own = URL.createObjectURL(code);
    try {
      return new Worker(own, options);
    } finally {
      // The worker has its address by then; the code behind it is read at once.
      setTimeout(() => URL.revokeObjectURL(own), 10_000);
    }
  }
}

/** A built-in module of Node, without an import: bundlers for the web must not find one. */
function builtin<T>(name: string): T | undefined {
  return typeof process === 'object' ? (process.getBuiltinModule?.(name) as T | undefined) : undefined;
}

/**
 * Starts a thread. A thread that cannot start, that throws, or that ends before it is ended, calls `onError`; where there are no threads at all, or
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
    let ended = false;
    // Killed from outside, or out of memory.
    worker.on('exit', (code) => {
      if (!ended) onError(new Error(`the thread ended with ${code}`));
    });
    return {
      post: (message, transfer = []) => worker.postMessage(message, transfer),
      end: () => {
        ended = true;
        void worker.terminate();
      },
    };
  } catch {
    return undefined;
  }
}

/** Address of a script beside another one, by a way that bundlers do not follow. */
export function beside(script: string, name: string): string {
  return script.replace(/[^/]*$/, name);
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
