import { expose, transfer } from '../vendor/comlink.js';
import { isRelievoError, RelievoError } from '../core/errors.js';
import { estimateDepth } from '../depth/estimate.js';
import { DepthStream } from '../depth/stream.js';
import { applyBokeh } from '../effects/bokeh.js';
import { applyGrade } from '../effects/grade.js';
import { applyHaze } from '../effects/haze.js';
import { applyParallax } from '../effects/parallax.js';
import { loadOperators } from '../effects/load-operators.js';
import { pipeline } from '../effects/pipeline.js';
import { applyRelight } from '../effects/relight.js';
import { applyVignette } from '../effects/vignette.js';
import { Hydra } from '../hydra/hydra.js';
import { Photo } from '../hydra/photo.js';
import type { ImageInput } from '../image/decode.js';
import { isPixels, type ImageDataLike } from '../image/image-data.js';
import { shrinkImage } from '../image/shrink.js';
import { detectFaces } from '../portrait/faces.js';
import { cutOut, estimateMatte } from '../portrait/matte.js';
import { readEmbeddedDepth } from './embedded-depth.js';
import { CLOSED_STREAM, type Answer, type Functions, type Handle, type Remote, type SentError } from './protocol.js';

const FUNCTIONS: Functions = {
  estimateDepth,
  estimateMatte,
  cutOut,
  detectFaces,
  shrinkImage,
  readEmbeddedDepth,
  applyBokeh,
  applyGrade,
  applyHaze,
  applyRelight,
  applyVignette,
  applyParallax,
};
/** These ask a network: they get the worker's Hydra. */
const NETWORK: ReadonlySet<string> = new Set(['estimateDepth', 'estimateMatte', 'cutOut', 'detectFaces']);

let hydra: Hydra | undefined;
let handles = 0;
const kept = new Map<number, unknown>();
const running = new Map<number, AbortController>();

/** @param depth of causes that are followed: a chain may be a circle. */
function sent(error: unknown, depth = 4): SentError {
  const { name, message, cause } = error instanceof Error ? error : new Error(String(error));
  return {
    name,
    message,
    ...(isRelievoError(error) && { code: error.code }),
    ...(cause !== undefined && depth > 0 && { cause: sent(cause, depth - 1) }),
  };
}

/** Runs one call; whatever goes wrong becomes a value. */
async function answer<T>(id: number, work: (signal: AbortSignal) => Promise<T>): Promise<Answer<T>> {
  const controller = new AbortController();
  running.set(id, controller);
  try {
    return { value: await work(controller.signal) };
  } catch (error) {
    return { error: sent(error) };
  } finally {
    running.delete(id);
  }
}

function keep(value: unknown): number {
  kept.set(++handles, value);
  return handles;
}

/** Puts what lies here in the place of its handles, also within options (`matte`, `backgroundImage`). */
function resolve(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  const handle = (value as Partial<Handle>).relievoHandle;
  if (typeof handle === 'number') return kept.get(handle);
  if (depth < 3 && Object.getPrototypeOf(value) === Object.prototype)
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, resolve(v, depth + 1)]));
  return value;
}

/** A bitmap or frame that came here is ours: frames in particular are few, and a camera stops when none is given back. */
function free(input: unknown): void {
  const i = input as { close?: () => void } | null;
  if (typeof i === 'object' && typeof i?.close === 'function') i.close();
}

/**
 * The answer as it travels: its buffers move, but for what stays here, of which copies go. Top-level planes (disparities,
 * mattes) stay: the next call is made with them.
 */
function send(found: Answer): Answer {
  if ('error' in found || typeof found.value !== 'object' || found.value === null) return found;
  const handle = isPlane(found.value) ? keep(found.value) : undefined;
  return pack(found.value, handle);
}

/** @param handle of what stays here as well. */
function pack(sent: object, handle?: number): Answer {
  const staying = new Set([...kept.values()].map((v) => (v as Partial<ImageDataLike>).data?.buffer));
  const moved = new Set<ArrayBuffer>();
  const packed = (v: unknown): unknown => {
    if (typeof v !== 'object' || v === null) return v;
    if (ArrayBuffer.isView(v)) {
      const plane = staying.has(v.buffer) ? (v as Float32Array).slice() : v;
      if (plane.buffer instanceof ArrayBuffer) moved.add(plane.buffer);
      return plane;
    }
    // An ImageData, too, goes as a plain object: not every browser moves its buffer.
    if (isImage(v)) {
      const { width, height, data, colorSpace = 'srgb' } = v;
      return { width, height, data: packed(data), colorSpace };
    }
    if (Array.isArray(v)) return v.map(packed);
    return Object.fromEntries(Object.entries(v).map(([k, e]) => [k, packed(e)]));
  };
  const value = packed(sent);
  return transfer(handle === undefined ? { value } : { value, handle }, [...moved]);
}

function isImage(v: object): v is ImageDataLike {
  return isPixels(v) && v.data instanceof Uint8ClampedArray;
}

function isPlane(v: unknown): v is { data: Float32Array } {
  return (v as { data?: unknown }).data instanceof Float32Array;
}

/** What a worker that runs this file offers to `createWorker`. */
const remote: Remote = {
  load: (id, options, operators, onProgress) =>
    answer(id, async (signal) => {
      for (const address of operators) await loadOperators(address);
      hydra = await Hydra.load({ ...options, signal, ...(onProgress && { onProgress }) });
      return hydra.backend;
    }),

  open: async (id, input) => {
    const found = await answer(id, (signal) => hydra!.open(input as ImageInput, { signal }));
    free(input);
    if ('error' in found) return found;
    const { width, height, colorSpace } = found.value;
    return { value: { handle: keep(found.value), width, height, colorSpace } };
  },

  call: async (id, name, args, options, onProgress) =>
    send(
      await answer(id, async (signal) => {
        const work = FUNCTIONS[name as keyof Functions] as (...args: unknown[]) => Promise<unknown>;
        const all = { ...(resolve(options) as object), ...(NETWORK.has(name) && { hydra }), signal, onProgress };
        try {
          return await work(...args.map((a) => resolve(a)), all);
        } finally {
          free(args[0]);
        }
      }),
    ),

  run: async (id, recipe, args, options, onProgress) =>
    send(
      await answer(id, async (signal) => {
        const [image, depth] = args.map((a) => resolve(a)) as [
          ImageDataLike,
          { width: number; height: number; data: Float32Array },
        ];
        return pipeline(recipe).run(image, depth, { ...(resolve(options) as object), signal, onProgress });
      }),
    ),

  stream: (id, options) => answer(id, async () => keep(new DepthStream({ ...options, hydra }))),

  next: async (id, handle, frame) => {
    const found = await answer(id, (signal) => {
      const stream = kept.get(handle);
      if (!(stream instanceof DepthStream)) throw new RelievoError('DISPOSED', CLOSED_STREAM);
      const depth = stream.next(frame as ImageInput, { signal });
      free(frame); // it has been read
      return depth;
    });
    // A map for each frame is not worth keeping here.
    return 'error' in found || !found.value ? found : pack(found.value);
  },

  reset: (handle) => (kept.get(handle) as DepthStream | undefined)?.reset(),

  abort: (id) => running.get(id)?.abort(),

  release: (handle) => {
    const value = kept.get(handle);
    if (value instanceof Photo || value instanceof DepthStream) value.close();
    kept.delete(handle);
  },
};

/** Starts to answer. */
export function serve(): void {
  expose(remote);
}
