import { RelievoError } from '../core/errors.js';
import { lazy } from '../core/lazy.js';
import { invalid, readOptions, TASK } from '../core/params.js';
import { Shared } from '../core/shared.js';
import { part, type TaskOptions } from '../core/task.js';
import { Hydra, type HydraOptions, type Look, type Plane } from '../hydra/hydra.js';
import type { ImageInput } from '../image/decode.js';
import { coverage } from '../image/matte.js';
import { mirrorRows, resizePlane } from '../image/resize.js';
import type { Photo } from '../hydra/photo.js';
import { createDepthMap, type Confidence, type DepthMap } from './depth-map.js';

export interface EstimateOptions extends TaskOptions {
  /** The Hydra to use; a shipped head that it lacks is loaded. Default: one shared by all calls, loaded at the first. */
  hydra?: Hydra | undefined;
  /**
   * Puts the step at people's outline where the matte head has it. Default: true; of a depth network that is not ours,
   * whether a matte head is loaded.
   */
  matte?: boolean | undefined;
  /**
   * `fast`: one look of the network at the photo. `best`: the mean of four, the photo and its mirror image at two sizes,
   * for six times the network's time. Default: `fast`.
   */
  quality?: DepthQuality | undefined;
}

export const DEPTH_QUALITIES = ['fast', 'best'] as const;
export type DepthQuality = (typeof DEPTH_QUALITIES)[number];

/** What is averaged; the first look is the plain one, whose features other heads use. */
const LOOKS: Readonly<Record<DepthQuality, readonly Look[]>> = {
  fast: [{}],
  best: [{}, { mirror: true }, { zoom: 1.4 }, { zoom: 1.4, mirror: true }],
};

/** Share of the darkest and brightest cells left out when the range is set, so that one stray cell does not set it. */
const RANGE_TAIL = 0.001;
/** Below this spread (in the network's units) the picture has no relief to speak of. */
const FLAT = 1e-6;
/** An error of this many mean absolute deviations of the map, or less, is what confidence is the chance of. */
const NEAR = 0.5;

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
  options = readOptions('estimateDepth', options, ['hydra', 'matte', 'quality', ...TASK]);
  const { matte, quality = 'fast' } = options;
  if (matte !== undefined && typeof matte !== 'boolean')
    throw invalid('estimateDepth', 'matte', 'true or false', matte);
  if (!DEPTH_QUALITIES.includes(quality))
    throw invalid('estimateDepth', 'quality', DEPTH_QUALITIES.join(' or '), quality);
  const hydra = options.hydra ?? (await defaultHydra(part(options, 0, 0.25)));
  const outline = matte ?? (hydra.isShipped('depth') || hydra.tasks.includes('matte'));
  await hydra.add(outline ? ['depth', 'matte'] : ['depth'], part(options, options.hydra ? 0 : 0.25, 0.3));
  // On its way while the networks run.
  const refining = lazy(() => import('./refine.js'));
  refining.catch(() => {}); // awaited below, unless something is wrong before
  const photo = await hydra.open(image, { signal: options.signal });
  try {
    const { disparity, doubt } = await lookAt(photo, LOOKS[quality], hydra, part(options, 0.3, 0.6));
    const low = normalise(disparity);
    const people = outline ? await hydra.run('matte', photo, { signal: options.signal }) : {};
    const { refine } = await refining;
    const data = await refine(low, photo, part(options, 0.6, 1), people['matte'] && coverage(people['matte']));
    options.onProgress?.(1);
    const map = createDepthMap(photo.width, photo.height, data);
    return doubt ? { ...map, confidence: confidenceOf(doubt, low.data) } : map;
  } finally {
    if (photo !== image) photo.close();
  }
}

/**
 * The Hydra that calls without one share: loaded once, by whoever asks first; a failed load is forgotten, and one that
 * was closed is made anew.
 *
 * ```ts
 * await defaultHydra({ modelBaseUrl: '/assets/models/', wasmBaseUrl: '/assets/wasm/' }); // then estimateDepth(file), …
 * ```
 *
 * @param options those of `Hydra.load`, for the call that loads it; later calls find it as it is.
 * @throws RelievoError as `Hydra.load`.
 */
export async function defaultHydra(options: HydraOptions = {}): Promise<Hydra> {
  const { signal, onProgress, ...load } = readOptions('defaultHydra', options);
  if (shared && !shared.closed) return shared;
  if (!loading || loading.abandoned || !loading.pending) {
    loading = new Shared((work) => Hydra.load({ ...load, ...work }).then((h) => (shared = h)));
  }
  return loading.join({ signal, onProgress });
}

/** What the network says of a photo: disparity up to scale and shift, and how far off it expects to be of it. */
interface Answer {
  readonly disparity: Plane;
  /** ln of the error to expect, in mean absolute deviations of the map, on a grid of its own; of a head that says it. */
  readonly doubt?: Plane | undefined;
}

/** The network's answer, or the mean of several, the disparity each at its own spread. */
async function lookAt(photo: Photo, looks: readonly Look[], hydra: Hydra, options: TaskOptions): Promise<Answer> {
  const disparities: Plane[] = [];
  const doubts: Plane[] = [];
  for (const [i, look] of looks.entries()) {
    const task = part(options, i / looks.length, (i + 1) / looks.length);
    const { disparity, doubt } = await hydra.run('depth', photo, { ...task, ...look });
    if (!disparity) throw new RelievoError('MODEL_CONTRACT', `the depth head has no output named 'disparity'.`);
    if (doubt && doubt.channels !== 1)
      throw new RelievoError('MODEL_CONTRACT', `the depth head's 'doubt' has ${doubt.channels} channels, not 1.`);
    if (look.mirror) for (const plane of [disparity, doubt]) if (plane) mirrorRows(plane.data, plane.width, 1);
    disparities.push(disparity);
    if (doubt) doubts.push(doubt);
  }
  if (looks.length === 1) return { disparity: disparities[0]!, doubt: doubts[0] };
  return { disparity: mean(disparities, standardise), doubt: doubts.length > 0 ? mean(doubts) : undefined };
}

/** The mean of planes, each as `alike` makes it, on the finest grid: on a coarser one edges are lost. */
function mean(planes: readonly Plane[], alike = (data: Float32Array) => data): Plane {
  const finest = planes.reduce((a, b) => (b.data.length > a.data.length ? b : a));
  const sum = new Float32Array(finest.data.length);
  for (const plane of planes) {
    const data = alike(resizePlane(plane.data, plane, finest.width, finest.height));
    for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + data[i]! / planes.length;
  }
  return { ...finest, data: sum };
}

/** At median 0 and mean absolute deviation 1; what has none to speak of says nothing. */
function standardise(data: Float32Array): Float32Array {
  const middle = Float32Array.from(data).sort()[data.length >> 1]!;
  const spread = data.reduce((sum, v) => sum + Math.abs(v - middle), 0) / data.length;
  return spread < FLAT ? new Float32Array(data.length) : data.map((v) => (v - middle) / spread);
}

/** Nothing is sure of a map without relief. */
function confidenceOf({ width, height, data }: Plane, disparities: Float32Array): Confidence {
  const flat = disparities.every((v) => v === disparities[0]);
  // The chance that an error of a Laplace density is less than NEAR.
  return { width, height, data: data.map((ln) => (flat ? 0 : 1 - Math.exp(-NEAR / Math.exp(ln)))) };
}

/** Scale- and shift-free network output -> 0..1. */
function normalise(plane: Plane): Plane {
  const sorted = Float32Array.from(plane.data).sort();
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!;
  const low = at(RANGE_TAIL);
  const span = at(1 - RANGE_TAIL) - low;
  const data =
    span < FLAT
      ? new Float32Array(sorted.length).fill(0.5)
      : Float32Array.from(plane.data, (v) => Math.min(1, Math.max(0, (v - low) / span)));
  return { ...plane, data };
}
