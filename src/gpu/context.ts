import { isRelievoError, RelievoError } from '../core/errors.js';
import { Device, webgl2, type AnyCanvas, type DeviceOptions } from './device.js';

export interface ContextOptions extends DeviceOptions {
  /** Where pictures appear. Default: a canvas that is nowhere shown. */
  readonly canvas?: AnyCanvas | undefined;
  /** Called when a canvas that was given has its context back: it is empty then. */
  readonly onRestored?: (() => void) | undefined;
}

/** How long a lost context may stay away, in milliseconds. */
const RESTORE_MS = 3000;

/** A device that outlives the loss of its graphics context: a new one takes its place, and the work is done again. */
export class Context {
  readonly #options: ContextOptions;
  readonly #own: boolean;
  #canvas: AnyCanvas;
  #device: Device;
  #recovery: Promise<void> | undefined;
  #disposed = false;

  /** @throws RelievoError `BACKEND_UNAVAILABLE`, `CONTEXT_LOST`. */
  constructor(options: ContextOptions = {}) {
    this.#options = options;
    this.#own = options.canvas === undefined;
    this.#canvas = options.canvas ?? newCanvas();
    this.#device = new Device(this.#canvas, options);
    this.#canvas.addEventListener('webglcontextlost', this.#onLost);
    this.#canvas.addEventListener('webglcontextrestored', this.#onRestored);
  }

  /** One of the context's own is another one after a loss. */
  get canvas(): AnyCanvas {
    return this.#canvas;
  }

  /** What was made with an earlier one is lost with it. */
  get device(): Device {
    return this.#device;
  }

  get disposed(): boolean {
    return this.#disposed;
  }

  /**
   * Runs what draws, and once more, on a new device, when the context is lost meanwhile. It is told the device, and has
   * to wait for it before it says that it is done.
   *
   * @throws RelievoError `CONTEXT_LOST` when the context stays away, or is lost again.
   */
  async attempt<T>(work: (device: Device) => T | Promise<T>): Promise<T> {
    await this.#recovery;
    try {
      return await this.#once(work);
    } catch (error) {
      if (this.#disposed || !isRelievoError(error, 'CONTEXT_LOST')) throw error;
      await (this.#recovery ??= this.#recover().finally(() => (this.#recovery = undefined)));
      if (this.#disposed) throw error;
      return await this.#once(work);
    }
  }

  /** What fails on a lost context fails for that: it answers null and 0 to everything. */
  async #once<T>(work: (device: Device) => T | Promise<T>): Promise<T> {
    const device = this.#device;
    try {
      return await work(device);
    } catch (error) {
      if (!this.#disposed && device.lost) device.check();
      throw error;
    }
  }

  /** Frees the GPU's memory. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#canvas.removeEventListener('webglcontextlost', this.#onLost);
    this.#canvas.removeEventListener('webglcontextrestored', this.#onRestored);
    this.#device.dispose(this.#own);
  }

  async #recover(): Promise<void> {
    if (this.#own) {
      this.#canvas = newCanvas();
    } else {
      const end = performance.now() + RESTORE_MS;
      // The context is not there yet when its event fires last; asking is what all browsers agree on.
      while (this.#device.lost && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
      if (this.#device.lost)
        throw new RelievoError('CONTEXT_LOST', 'gpu: the browser took the graphics context away for good.');
    }
    this.#device.abandon();
    this.#device = new Device(this.#canvas, this.#options);
  }

  /** Without this the browser would never give the context back. */
  readonly #onLost = (event: Event) => event.preventDefault();

  readonly #onRestored = () => {
    if (!this.#disposed) this.#options.onRestored?.();
  };
}

/** One that is nowhere shown. Safari 16 and WebKitGTK give WebGL to an element, and none to an OffscreenCanvas. */
function newCanvas(): AnyCanvas {
  const page = typeof document === 'object';
  if (typeof OffscreenCanvas === 'function') {
    const canvas = new OffscreenCanvas(1, 1);
    if (!page || webgl2(canvas)) return canvas;
  }
  if (page) return document.createElement('canvas');
  throw new RelievoError('BACKEND_UNAVAILABLE', 'gpu: there is no canvas here. Use the CPU functions instead.');
}
