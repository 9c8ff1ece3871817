import { invalid } from '../core/params.js';
import type { estimateDepth } from '../depth/estimate.js';
import type { DepthStreamOptions } from '../depth/stream.js';
import type { applyBokeh } from '../effects/bokeh.js';
import type { applyGrade } from '../effects/grade.js';
import type { applyHaze } from '../effects/haze.js';
import type { applyParallax } from '../effects/parallax.js';
import type { applyRelight } from '../effects/relight.js';
import type { applyVignette } from '../effects/vignette.js';
import type { HydraOptions } from '../hydra/hydra.js';
import type { ErrorCode } from '../core/errors.js';
import type { cutOut, estimateMatte } from '../portrait/matte.js';
import type { detectFaces } from '../portrait/faces.js';
import type { shrinkImage } from '../image/shrink.js';
import type { readEmbeddedDepth } from './embedded-depth.js';

/** The functions that run in the worker as they are, by their names. */
export interface Functions {
  readonly estimateDepth: typeof estimateDepth;
  readonly estimateMatte: typeof estimateMatte;
  readonly cutOut: typeof cutOut;
  readonly detectFaces: typeof detectFaces;
  readonly shrinkImage: typeof shrinkImage;
  readonly readEmbeddedDepth: typeof readEmbeddedDepth;
  readonly applyBokeh: typeof applyBokeh;
  readonly applyGrade: typeof applyGrade;
  readonly applyHaze: typeof applyHaze;
  readonly applyRelight: typeof applyRelight;
  readonly applyVignette: typeof applyVignette;
  readonly applyParallax: typeof applyParallax;
}

/** What of Hydra's options can go to another thread: no functions. */
export type WorkerHydraOptions = Omit<HydraOptions, 'signal' | 'onProgress' | 'fetch' | 'decoder'>;

/** An object that lies in the worker: a photo opened there, or a result that may be used again. */
export interface Handle {
  readonly relievoHandle: number;
}

/** A photo that was opened in the worker. */
export interface Opened {
  readonly handle: number;
  readonly width: number;
  readonly height: number;
  readonly colorSpace: PredefinedColorSpace;
}

/** Errors cross by value, with what caused them: comlink would drop their code, and structured cloning does. */
export interface SentError {
  readonly name: string;
  readonly message: string;
  readonly code?: ErrorCode;
  readonly cause?: SentError;
}

export type Answer<T = unknown> = { readonly value: T; readonly handle?: number } | { readonly error: SentError };

/** What the worker offers to comlink. `id` names a call, so that it can be aborted. */
export interface Remote {
  load(
    id: number,
    options: WorkerHydraOptions,
    operators: readonly string[],
    onProgress?: (done: number) => void,
  ): Promise<Answer<string>>;
  open(id: number, input: unknown): Promise<Answer<Opened>>;
  call(
    id: number,
    name: string,
    args: readonly unknown[],
    options: Record<string, unknown>,
    onProgress?: (done: number) => void,
  ): Promise<Answer>;
  run(
    id: number,
    recipe: string,
    args: readonly unknown[],
    options: Record<string, unknown>,
    onProgress?: (done: number) => void,
  ): Promise<Answer>;
  /** Gives the handle of a DepthStream. */
  stream(id: number, options: Omit<DepthStreamOptions, 'hydra'>): Promise<Answer<number>>;
  /** Depth of the stream's next frame. */
  next(id: number, stream: number, frame: unknown): Promise<Answer>;
  reset(stream: number): void;
  abort(id: number): void;
  release(handle: number): void;
}

export const CLOSED_STREAM = 'this DepthStream was closed: create another one.';

/** Whole addresses of a host's operators: a worker has another base than its page. @throws RelievoError `INVALID_PARAM`. */
export function scriptsOf(operators: readonly (string | URL)[]): string[] {
  const wrong = (received: unknown) => invalid('createWorker', 'operators', 'a list of addresses', received);
  if (!Array.isArray(operators)) throw wrong(operators);
  return operators.map((address: string | URL) => {
    try {
      return new URL(address, document.baseURI).href;
    } catch {
      throw wrong(address);
    }
  });
}
