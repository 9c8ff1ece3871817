import { RelievoError } from '../core/errors.js';
import { invalid, numbers, readOptions, type NumberTable } from '../core/params.js';
import { checkDepth, type DepthMap } from '../depth/depth-map.js';
import { faceDisparities } from '../depth/face-depth.js';
import { checkFaces, type Face } from '../image/face.js';

/**
 * What is sharp:
 * - a disparity 0..1;
 * - a point in pixels of the image (centres at .5): the disparity there;
 * - two disparities, `[near, far]` or `{ near, far }`, in either order: everything between them;
 * - `'subject'`: the nearest large thing about the middle of the picture;
 * - `'faces'`: every face of `faces`, and just as much between them as the aperture needs; without any, the subject;
 * - `{ face: i }`: one of `faces`.
 */
export type Focus =
  | number
  | { readonly x: number; readonly y: number }
  | readonly [near: number, far: number]
  | { readonly near: number; readonly far: number }
  | { readonly face: number }
  | 'subject'
  | 'faces';

/** Disparities from far to near that stay sharp. */
export interface FocalRange {
  readonly near: number;
  readonly far: number;
}

/** Half the side of the window read around a point, as a share of the long side. */
const POINT_WINDOW = 0.006;
/** Disparities of one thing around a point differ by no more. */
const POINT_STEP = 0.03;

/** What a focus may refer to. */
export interface FocusContext {
  /** Faces of the picture, in pixels of the depth: `detectFaces` finds them. Default: none. */
  readonly faces?: readonly Face[] | undefined;
  /** As the blur is set: how far from the focal plane a face may lie and still look sharp. Default: 0.03. */
  readonly aperture?: number | undefined;
}

/** Of every lens that a focus is for: blur radius at a disparity difference of 1. */
export const APERTURE = { default: 0.03, min: 0, max: 0.2, unit: 'share of the long side' } as const;

const APERTURE_PARAMS = { aperture: { ...APERTURE, doc: '' } } as const satisfies NumberTable;

/** Blur that passes for sharp, radius as a share of the long side: the circle of confusion of 1/1500 of the diagonal. */
const SHARP = 1 / 3750;

/**
 * @param depth of the size of the image.
 * @throws RelievoError `INVALID_PARAM`; also for faces that were not given.
 */
export function resolveFocus(owner: string, focus: unknown, depth: DepthMap, given: FocusContext = {}): FocalRange {
  const context = { ...given, ...(given.faces !== undefined && { faces: checkFaces(owner, given.faces) }) };
  if (focus === 'subject') return flat(subjectDisparity(depth));
  if (focus === 'faces') {
    const faces = facesOf(owner, context);
    return faces.length ? around(faces, depth, context) : flat(subjectDisparity(depth));
  }
  if (isDisparity(focus)) return flat(focus);
  if (typeof focus === 'object' && focus !== null) {
    const f = readFocus(focus);
    if (f.face !== undefined) {
      const faces = facesOf(owner, context);
      const face = Number.isInteger(f.face) ? faces[f.face as number] : undefined;
      if (!face)
        throw invalid(
          owner,
          'focus',
          faces.length
            ? `{ face: 0 } to { face: ${faces.length - 1} }`
            : `something else than a face, for there is none`,
          f.face,
        );
      return around([face], depth, context);
    }
    const [a, b] = f.pair ?? [f.near, f.far];
    if (isDisparity(a) && isDisparity(b)) return { near: Math.max(a, b), far: Math.min(a, b) };
    if (typeof f.x === 'number' && typeof f.y === 'number') {
      const inside = f.x >= 0 && f.x <= depth.width && f.y >= 0 && f.y <= depth.height;
      if (!inside) {
        throw invalid(owner, 'focus', `a point inside 0..${depth.width}, 0..${depth.height}`, `(${f.x}, ${f.y})`);
      }
      return flat(disparityAround(depth, f.x, f.y));
    }
  }
  throw invalid(
    owner,
    'focus',
    `a disparity 0..1, { x, y }, [near, far], { near, far }, { face }, 'faces' or 'subject'`,
    focus,
  );
}

/**
 * The disparities that a focus means on this depth: where a slider stands after a tap, say. A point is in pixels of
 * the depth. Near and far are equal but for a range.
 *
 * @throws RelievoError `INVALID_PARAM`.
 */
export function focalRange(focus: Focus, depth: DepthMap, context: FocusContext = {}): FocalRange {
  const { faces, aperture } = readOptions('focalRange', context, ['faces', 'aperture']);
  if (aperture !== undefined) numbers('focalRange', APERTURE_PARAMS, { aperture });
  return resolveFocus('focalRange', focus, checkDepth('focalRange', depth), { faces, aperture });
}

/** What a focus may be made of, each read once. */
function readFocus(focus: object): {
  readonly [K in 'x' | 'y' | 'near' | 'far' | 'face']?: unknown;
} & { readonly pair?: readonly unknown[] } {
  try {
    if (Array.isArray(focus)) return focus.length === 2 ? { pair: [...(focus as unknown[])] } : {};
    const { x, y, near, far, face } = focus as Record<string, unknown>;
    return { x, y, near, far, face };
  } catch {
    return {};
  }
}

function facesOf(owner: string, { faces }: FocusContext): readonly Face[] {
  if (faces) return faces;
  throw new RelievoError(
    'INVALID_PARAM',
    `${owner}: focus on faces needs 'faces', as detectFaces returns them, received none.`,
  );
}

/**
 * The focal plane in the middle of the faces, if a lens of that aperture shows all of them sharp from it; otherwise the
 * plane is widened until it does, and no further.
 */
function around(faces: readonly Face[], depth: DepthMap, { aperture = 0.03 }: FocusContext): FocalRange {
  const ranges = faces.map((f) => faceDisparities(depth, f));
  const near = Math.max(...ranges.map((r) => r.near));
  const far = Math.min(...ranges.map((r) => r.far));
  const reach = Math.min(aperture > 0 ? SHARP / aperture : Infinity, (near - far) / 2);
  return { near: near - reach, far: far + reach };
}

const flat = (d: number): FocalRange => ({ near: d, far: d });

const isDisparity = (v: unknown): v is number => typeof v === 'number' && v >= 0 && v <= 1;

/** Median of a small window without what lies across an edge from its centre. */
function disparityAround(depth: DepthMap, x: number, y: number): number {
  const { width, height, data } = depth;
  const cx = Math.min(width - 1, Math.floor(x));
  const cy = Math.min(height - 1, Math.floor(y));
  const centre = data[cy * width + cx]!;
  const r = Math.max(1, Math.round(POINT_WINDOW * Math.max(width, height)));
  const same: number[] = [];
  for (let j = Math.max(0, cy - r); j <= Math.min(height - 1, cy + r); j++) {
    for (let i = Math.max(0, cx - r); i <= Math.min(width - 1, cx + r); i++) {
      const d = data[j * width + i]!;
      if (Math.abs(d - centre) <= POINT_STEP) same.push(d);
    }
  }
  return same.sort((a, b) => a - b)[same.length >> 1]!;
}

const BINS = 256;
/** Width of the window around the middle that counts (standard deviation, share of each side). */
const MIDDLE = 0.22;

/**
 * Median disparity of the near class when the disparities, weighted towards the middle of the picture, are split in
 * two by Otsu's criterion. The median, so that a hand held forward does not draw the focus.
 */
function subjectDisparity(depth: DepthMap): number {
  const { width, height, data } = depth;
  const histogram = new Float64Array(BINS);
  const stride = Math.max(1, Math.floor(Math.max(width, height) / 512));
  const weight = (i: number, n: number) => Math.exp(-0.5 * (((i + 0.5) / n - 0.5) / MIDDLE) ** 2);
  for (let y = 0; y < height; y += stride) {
    for (let x = 0; x < width; x += stride) {
      const bin = Math.round(data[y * width + x]! * (BINS - 1));
      histogram[bin] = histogram[bin]! + weight(x, width) * weight(y, height);
    }
  }
  const split = otsu(histogram);
  let total = 0;
  for (let i = split; i < BINS; i++) total += histogram[i]!;
  let seen = 0;
  let median = split;
  while (seen + histogram[median]! < total / 2) seen += histogram[median++]!;
  return median / (BINS - 1);
}

/**
 * First bin of the upper class that maximises the variance between the two classes (Otsu 1979); where empty bins lie
 * between the classes, the middle of them.
 */
export function otsu(histogram: Float64Array): number {
  let total = 0;
  let sum = 0;
  histogram.forEach((n, i) => {
    total += n;
    sum += n * i;
  });
  let below = 0;
  let sumBelow = 0;
  let best = -1;
  let first = 0;
  let last = 0;
  for (let i = 0; i < histogram.length; i++) {
    const above = total - below;
    if (below > 0 && above > total * 1e-9) {
      const between = below * above * (sumBelow / below - (sum - sumBelow) / above) ** 2;
      if (between > best * (1 + 1e-9)) {
        best = between;
        first = i;
      }
      if (between >= best * (1 - 1e-9)) last = i;
    }
    below += histogram[i]!;
    sumBelow += histogram[i]! * i;
  }
  return (first + last + 1) >> 1;
}
