import { useCallback, useMemo, useSyncExternalStore } from 'react';
import type { DepthMap } from '../depth/depth-map.js';
import type { ImageInput } from '../image/decode.js';
import type { RelievoWorker, WorkerPhoto } from '../worker/index.js';
import { depthOf, findDepth, findRelievo, keyOf, relievoOf, STARTING, type RelievoOptions } from './shared.js';

interface Retry {
  /** Tries again after an error; does nothing otherwise. Always the same function. */
  readonly retry: () => void;
}

/** @property progress share done, 0..1. */
export type RelievoState = Retry &
  (
    | {
        readonly status: 'loading';
        readonly progress: number;
        readonly relievo: undefined;
        readonly error: undefined;
      }
    | { readonly status: 'ready'; readonly progress: 1; readonly relievo: RelievoWorker; readonly error: undefined }
    | { readonly status: 'error'; readonly progress: number; readonly relievo: undefined; readonly error: Error }
  );

interface NoDepth {
  readonly depth: undefined;
  readonly photo: undefined;
  readonly relievo: undefined;
}

/** @property progress share done, 0..1, loading included. */
export type DepthState = Retry &
  (
    | (NoDepth & { readonly status: 'idle' | 'loading'; readonly progress: number; readonly error: undefined })
    | (NoDepth & { readonly status: 'error'; readonly progress: number; readonly error: Error })
    | {
        readonly status: 'ready';
        readonly progress: 1;
        /** At the photo's own size: 1 = nearest, 0 = farthest. */
        readonly depth: DepthMap;
        /** The opened photo, for calls of `relievo`: no pixels travel. */
        readonly photo: WorkerPhoto;
        readonly relievo: RelievoWorker;
        readonly error: undefined;
      }
  );

const NOTHING: NoDepth = { depth: undefined, photo: undefined, relievo: undefined };
const onServer = () => STARTING;

/**
 * Relievo in a worker that all components of the page share: loaded with the first component that asks, ended some
 * seconds after the last has gone. Components with other options get another one.
 *
 * ```tsx
 * const { relievo, progress, error } = useRelievo();
 * ```
 *
 * The functions of `relievo` are those of `createWorker`. On a server the state is `loading`.
 *
 * @param options of `createWorker`; equal ones may be written anew with each render.
 * @returns `error` is a RelievoError of loading, as of `Hydra.load`.
 */
export function useRelievo(options: RelievoOptions = {}): RelievoState {
  const key = keyOf(options);
  const subscribe = useCallback((changed: () => void) => relievoOf(key).subscribe(changed), [key]);
  const state = useSyncExternalStore(subscribe, () => findRelievo(key)?.state ?? STARTING, onServer);
  const retry = useCallback(() => findRelievo(key)?.retry(), [key]);
  return useMemo(() => {
    const { status, progress, value, error } = state;
    return { status, progress, relievo: value, error, retry } as RelievoState;
  }, [state, retry]);
}

/**
 * The depth of a photo, estimated once for all components that show the same one.
 *
 * ```tsx
 * const { depth, photo, relievo, progress, error } = useDepth(file);
 * ```
 *
 * With another photo, or when the last component that shows it unmounts, what is under way stops and the photo is closed:
 * a call of `relievo` with it then ends in `DISPOSED`.
 *
 * @param image a File or Blob, an address, pixels or anything a canvas can draw; undefined or null: idle. Everything but
 *   an address has to be the same object from render to render, and to keep its picture.
 * @param options as of {@link useRelievo}.
 * @returns `error` is a RelievoError: of loading (`MODEL_*`, `BACKEND_UNAVAILABLE`) or of the photo (`*_IMAGE`,
 *   `IMAGE_TOO_LARGE`, `FILE_NOT_FOUND`).
 */
export function useDepth(image: ImageInput | null | undefined, options: RelievoOptions = {}): DepthState {
  const key = keyOf(options);
  const photo = image instanceof URL ? image.href : (image ?? undefined);
  const subscribe = useCallback(
    (changed: () => void) => (photo === undefined ? () => {} : depthOf(key, photo).subscribe(changed)),
    [key, photo],
  );
  const state = useSyncExternalStore(subscribe, () => findDepth(key, photo)?.state ?? STARTING, onServer);
  const retry = useCallback(() => findDepth(key, photo)?.retry(), [key, photo]);
  return useMemo(() => {
    const { status, progress, value, error } = state;
    const now = photo === undefined ? 'idle' : status;
    return { ...(value ?? NOTHING), status: now, progress, error, retry } as DepthState;
  }, [state, retry, photo]);
}
