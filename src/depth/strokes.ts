import { lazy } from '../core/lazy.js';
import { copyOf, invalid, numbers, readOptions, TASK, type NumberTable } from '../core/params.js';
import { part, type TaskOptions } from '../core/task.js';
import { checkImage, type ImageDataLike } from '../image/image-data.js';
import { checkDepth, createDepthMap, type DepthMap } from './depth-map.js';
import type { CheckedStroke } from './stroke-brush.js';

/**
 * One stroke of the depth brush. Plain JSON: a list of strokes is what an app saves, and undo is to leave the last out.
 *
 * - `'nearer'`, `'farther'`: changes the disparity by `amount`;
 * - `'same'`: gives what is painted the disparity of where the stroke began, on the depth as it was before the stroke.
 */
export interface Stroke {
  readonly kind: 'nearer' | 'farther' | 'same';
  /** Where the brush went, in pixels of the photo. */
  readonly points: readonly { readonly x: number; readonly y: number }[];
  /** Half the brush's width as a share of the long side, 0.001..0.5. Default: 0.03. */
  readonly radius?: number | undefined;
  /** Change of the disparity at full strength, 0..1. Default: 0.1. */
  readonly amount?: number | undefined;
  /** Share by which the brush keeps to one side of the photo's edges: 0 = paints over them; 0..1. Default: 0.7. */
  readonly snap?: number | undefined;
}

/** Numeric options: default, range and unit. */
export const STROKE_PARAMS = {
  radius: { default: 0.03, min: 0.001, max: 0.5, unit: 'share of the long side', doc: 'Half the width of the brush.' },
  amount: { default: 0.1, min: 0, max: 1, unit: 'disparity', doc: 'Change at full strength.' },
  snap: { default: 0.7, min: 0, max: 1, unit: 'share', doc: 'How strictly it keeps to the edges.' },
} as const satisfies NumberTable;

const MOST_STROKES = 1000;
const MOST_POINTS = 10_000;
/** Farther from the photo than any brush goes. */
const FARTHEST = 1e6;

/**
 * Corrects a depth map by strokes that keep to the photo's edges. The strength of a stroke falls with the geodesic
 * distance from it, which counts colour as well as space (Criminisi et al. 2008): it spreads over a cheek and stops at
 * its rim.
 *
 * ```ts
 * const strokes: Stroke[] = [{ kind: 'nearer', points: [{ x: 300, y: 200 }, { x: 340, y: 260 }] }];
 * const better = await applyStrokes(photo, depth, strokes);
 * const undone = await applyStrokes(photo, depth, strokes.slice(0, -1));
 * ```
 *
 * @param map of the size of the image; not written to.
 * @throws RelievoError `INVALID_PARAM`, `INVALID_DEPTH`, `UNSUPPORTED_IMAGE`; or the signal's reason.
 */
export async function applyStrokes(
  image: ImageDataLike,
  map: DepthMap,
  strokes: readonly Stroke[],
  options: TaskOptions = {},
): Promise<DepthMap> {
  options = readOptions('strokes', options, TASK);
  options.signal?.throwIfAborted();
  image = checkImage('strokes', image);
  const depth = checkDepth('strokes', map);
  if (depth.width !== image.width || depth.height !== image.height)
    throw invalid(
      'strokes',
      'depth',
      `of the image's size, ${image.width} × ${image.height}`,
      `${depth.width} × ${depth.height}`,
    );
  const checked = checkStrokes(strokes);
  const out = createDepthMap(depth.width, depth.height, depth.data.slice());
  if (checked.length === 0) return out;
  const { Brush } = await lazy(() => import('./stroke-brush.js'));
  const brush = new Brush(image);
  for (const [k, stroke] of checked.entries())
    await brush.apply(out, stroke, part(options, k / checked.length, (k + 1) / checked.length));
  return out;
}

function checkStrokes(strokes: readonly Stroke[]): CheckedStroke[] {
  if (!Array.isArray(strokes) || strokes.length > MOST_STROKES)
    throw invalid('strokes', 'strokes', `a list of up to ${MOST_STROKES}`, strokes);
  return Array.from(strokes as readonly Stroke[], (stroke, i) => {
    const owner = `strokes[${i}]`;
    const options = readOptions(owner, stroke, ['kind', 'points', 'radius', 'amount', 'snap']);
    const { kind, points, radius, amount, snap } = options;
    if (!['nearer', 'farther', 'same'].includes(kind))
      throw invalid(owner, 'kind', "'nearer', 'farther' or 'same'", kind);
    if (!Array.isArray(points) || points.length === 0 || points.length > MOST_POINTS)
      throw invalid(owner, 'points', `1 to ${MOST_POINTS} points`, points);
    const read = Array.from(points as Stroke['points'], (p) => {
      const { x, y } = copyOf(`${owner}.points`, p);
      if (Math.abs(x) <= FARTHEST && Math.abs(y) <= FARTHEST) return { x, y };
      throw invalid(owner, 'points', '{ x, y } in pixels', p);
    });
    return { kind, points: read, ...numbers(owner, STROKE_PARAMS, { radius, amount, snap }) };
  });
}
