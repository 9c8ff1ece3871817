import { RelievoError } from '../core/errors.js';
import { lazy } from '../core/lazy.js';
import { Shared } from '../core/shared.js';
import { part, type TaskOptions } from '../core/task.js';
import { Hydra, type Plane } from '../hydra/hydra.js';
import type { ImageInput } from '../image/decode.js';
import { coverage } from '../image/matte.js';
import type { Photo } from '../hydra/photo.js';
import { createDepthMap, type DepthMap } from './depth-map.js';

export interface EstimateOptions extends TaskOptions {
  /** The Hydra to use; a shipped head that it lacks is loaded. Default: one shared by all calls, loaded at the first. */
  hydra?: Hydra | undefined;
  /**
   * Puts the step at people's outline where the matte head has it. Default: true; of a depth network that is not ours,
   * whether a matte head is loaded.
   */
  matte?: boolean | undefined;
}

/** Share of the darkest and brightest cells left out when the range is set, so that one stray cell does not set it. */
const RANGE_TAIL = 0.001;
/** Below this spread (in the network's units) the picture has no relief to speak of. */
const FLAT = 1e-6;

let shared: Hydra | undefined;
let loading: Shared<Hydra> | undefined;

/**
 * Relative disparity of a photo at its own resolution: 1 = nearest, 0 = farthest.
 *
 * @param image pixels, an opened photo, or (in a page) a file or anything a canvas can draw.
 * @returns a DepthMap of the upright photo's size; a photo without any relief gives 0.5 everywhere.
 * @throws RelievoError of loading (`MODEL_*`, `BACKEND_UNAVAILABLE`), of the input (`*_IMAGE`, `IMAGE_TOO_LARGE`),
 *   `BAD_OUTPUT`; the signal's reason.
 */
export async function estimateDepth(image: ImageInput | Photo, options: EstimateOptions = {}): Promise<DepthMap> {
  const hydra = options.hydra ?? (await defaultHydra(part(options, 0, 0.25)));
  const outline = options.matte ?? (hydra.isShipped('depth') || hydra.tasks.includes('matte'));
  await hydra.add(outline ? ['depth', 'matte'] : ['depth'], part(options, options.hydra ? 0 : 0.25, 0.3));
  // On its way while the networks run.
  const refining = lazy(() => import('./refine.js'));
  refining.catch(() => {}); // awaited below, unless something is wrong before
  const photo = await hydra.open(image, options);
  try {
    const { disparity } = await hydra.run('depth', photo, part(options, 0.3, 0.6));
    if (!disparity) throw new RelievoError('MODEL_CONTRACT', `the depth head has no output named 'disparity'.`);
    const low = { ...disparity, data: normalise(disparity) };
    const people = outline ? await hydra.run('matte', photo, { signal: options.signal }) : {};
    const { refine } = await refining;
    const data = await refine(low, photo, part(options, 0.6, 1), people['matte'] && coverage(people['matte']));
    options.onProgress?.(1);
    return createDepthMap(photo.width, photo.height, data);
  } finally {
    if (photo !== image) hydra.close(photo);
  }
}

/**
 * The Hydra that calls without one share: loaded once, by whoever asks first; a failed load is forgotten, and one that
 * was disposed is made anew.
 */
export async function defaultHydra(options: TaskOptions = {}): Promise<Hydra> {
  if (shared && !shared.disposed) return shared;
  if (!loading || loading.abandoned || !loading.pending) {
    loading = new Shared((work) => Hydra.load(work).then((h) => (shared = h)));
  }
  return loading.join(options);
}

/** Scale- and shift-free network output -> 0..1. */
function normalise({ data }: Plane): Float32Array {
  const sorted = Float32Array.from(data).sort();
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!;
  const low = at(RANGE_TAIL);
  const span = at(1 - RANGE_TAIL) - low;
  if (span < FLAT) return new Float32Array(data.length).fill(0.5);
  return Float32Array.from(data, (v) => Math.min(1, Math.max(0, (v - low) / span)));
}
