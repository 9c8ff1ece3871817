import { invalid } from '../core/params.js';
import type { DepthMap } from '../depth/depth-map.js';
import type { Matte } from '../image/matte.js';
import { resolveFocus } from './focus.js';
import { otsuSplit } from './split.js';

interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * Where something stands in depth:
 * - a disparity 0..1;
 * - `'behind-subject'`: between the subject and what is behind it;
 * - `'in-front'`: just before the nearest part of the subject;
 * - `{ between: [a, b] }`: half-way between the things at two points (in pixels of the photo): in front of one, behind
 *   the other.
 */
export type Place = number | 'behind-subject' | 'in-front' | { readonly between: readonly [Point, Point] };

/** Disparity by which `'in-front'` is nearer than the subject. */
const BEFORE = 0.02;
/** Shares of the near and the far class left out, so that a stray pixel does not decide. */
const NEAR_TAIL = 0.05;
const FAR_TAIL = 0.1;
const SOLID = 0.5;

/**
 * The disparity that a place means on this depth.
 *
 * @param matte of the subject, of the size of the depth. Without it the subject is what Otsu's threshold calls near.
 * @throws RelievoError `INVALID_PARAM`.
 */
export function resolvePlace(owner: string, place: unknown, depth: DepthMap, matte?: Matte): number {
  if (typeof place === 'number' && place >= 0 && place <= 1) return place;
  if (place === 'behind-subject' || place === 'in-front') {
    const { near, far, split } = histograms(depth.data, matte?.data);
    if (place === 'in-front') return Math.min(1, quantile(near, 1) + BEFORE);
    const front = quantile(near, NEAR_TAIL);
    const back = quantile(far, 1 - FAR_TAIL);
    // Where the classes overlap (a floor that runs up to the feet) half-way means nothing: the border does.
    return back < front ? (front + back) / 2 : Math.min(split, front);
  }
  const pair = betweenOf(place);
  if (pair?.length === 2) {
    const [a, b] = pair.map((p) => {
      const { near, far } = resolveFocus(owner, p, depth);
      return (near + far) / 2;
    });
    return (a! + b!) / 2;
  }
  throw invalid(owner, 'disparity', `a number from 0 to 1, 'behind-subject', 'in-front' or { between: [a, b] }`, place);
}

function betweenOf(place: unknown): { x: unknown; y: unknown }[] | undefined {
  try {
    return (place as { between: Point[] }).between.map(({ x, y }) => ({ x, y }));
  } catch {
    return undefined; // something else, or what cannot be read
  }
}

/** Median disparity of the subject. */
export function subjectMedian(depth: DepthMap, matte: Matte): number {
  return quantile(histograms(depth.data, matte.data).near, 0.5);
}

const BINS = 1024;

/** How many pixels of the subject, and of what is not, have each disparity. */
function histograms(
  depth: Float32Array,
  matte: Float32Array | undefined,
): { near: Float64Array; far: Float64Array; split: number } {
  const near = new Float64Array(BINS);
  const far = new Float64Array(BINS);
  const split = otsuSplit({ data: depth });
  for (let i = 0; i < depth.length; i++) {
    const d = depth[i]!;
    const side = (matte ? matte[i]! >= SOLID : d >= split) ? near : far;
    side[Math.round(d * (BINS - 1))]!++;
  }
  return { near, far, split };
}

function quantile(histogram: Float64Array, share: number): number {
  const total = histogram.reduce((a, b) => a + b, 0);
  let bin = 0;
  let seen = histogram[0]!;
  while (bin < BINS - 1 && (seen < total * share || seen === 0)) seen += histogram[++bin]!;
  return bin / (BINS - 1);
}
