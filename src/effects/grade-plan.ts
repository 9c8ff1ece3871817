import { at, refuse } from '../core/schema.js';
import type { DepthMap } from '../depth/depth-map.js';
import { gradeLines } from './grade-glsl.js';
import type { Graded, GradeValues } from './grade.js';
import type { LookValues } from './look.js';
import { lookOf, planLook, type Look } from './look-stages.js';
import type { PointKernel, PointPlan, Strip } from './operator.js';
import { otsuSplit } from './split.js';

/** What the looks do to this photo; undefined: nothing. @throws RelievoError `INVALID_PARAM`. */
export function planGrade(
  { foreground, background, ranges = [], split, feather }: GradeValues,
  depth: DepthMap,
  space: PredefinedColorSpace,
): PointPlan | undefined {
  const graded: Graded[] = [];
  const add = (values: LookValues, from: number, to: number) => {
    const stages = planLook(values, space);
    if (stages.length > 0) graded.push({ stages, from, to });
  };
  if (foreground || background) {
    const border = split ?? otsuSplit(depth);
    if (foreground) add(foreground, border, Infinity);
    if (background) add(background, -Infinity, border);
  }
  ranges.forEach(({ near, far, ...values }, i) => {
    if (far > near) refuse(at(`ranges[${i}]`), 'far ≤ near', `${far} > ${near}`);
    // The ends of the scale are borders of nothing: a range that reaches one does not fade there.
    add(values, far === 0 ? -Infinity : far, near === 1 ? Infinity : near);
  });
  if (graded.length === 0) return undefined;
  return {
    kernel: gradeKernel(graded, feather),
    glsl: (write) => graded.map((g) => gradeLines(g, feather, write)).join('\n  '),
  };
}

/** Pixels of full weight in a row from which a look works on them where they lie. */
const RUN = 32;

function gradeKernel(graded: readonly Graded[], feather: number): PointKernel {
  const looks = graded.map(({ stages, from, to }) => ({ look: lookOf(stages), from, to }));
  const planes = Array.from({ length: 4 }, () => new Float32Array(0));
  let which = new Int32Array(0);
  return (strip) => {
    if (which.length < strip.count) {
      which = new Int32Array(strip.count);
      for (let p = 0; p < 4; p++) planes[p] = new Float32Array(strip.count);
    }
    const [r, g, b, weight] = planes as [Float32Array, Float32Array, Float32Array, Float32Array];
    for (const { look, from, to } of looks) {
      const count = choose(strip, from, to, feather, look, which, weight);
      if (count === 0) continue;
      for (let k = 0; k < count; k++) {
        const i = which[k]!;
        r[k] = strip.r[i]!;
        g[k] = strip.g[i]!;
        b[k] = strip.b[i]!;
      }
      look(r, g, b, 0, count);
      for (let k = 0; k < count; k++) {
        const i = which[k]!;
        const w = weight[k]!;
        strip.r[i] = strip.r[i]! + w * (r[k]! - strip.r[i]!);
        strip.g[i] = strip.g[i]! + w * (g[k]! - strip.g[i]!);
        strip.b[i] = strip.b[i]! + w * (b[k]! - strip.b[i]!);
      }
    }
  };
}

/**
 * Works the look on long runs of full weight at once, and lists the other pixels that it touches with their weights.
 *
 * @returns how many are listed.
 */
function choose(
  { count, depth, r, g, b }: Strip,
  from: number,
  to: number,
  feather: number,
  look: Look,
  which: Int32Array,
  weight: Float32Array,
): number {
  const low = from + feather / 2;
  const high = to - feather / 2;
  let n = 0;
  for (let i = 0; i < count;) {
    const start = i;
    while (i < count && depth[i]! >= low && depth[i]! <= high) i++;
    if (i - start >= RUN) look(r, g, b, start, i);
    else
      for (let k = start; k < i; k++) {
        which[n] = k;
        weight[n++] = 1;
      }
    for (; i < count; i++) {
      const d = depth[i]!;
      if (d >= low && d <= high) break;
      const w = ramp(d - from < to - d ? d - from : to - d, feather);
      if (w === 0) continue;
      which[n] = i;
      weight[n++] = w;
    }
  }
  return n;
}

/** 0 to 1 as v goes from -width / 2 to width / 2, smooth. */
function ramp(v: number, width: number): number {
  if (v >= width / 2) return 1;
  if (v <= -width / 2) return 0;
  const s = v / width + 0.5;
  return s * s * (3 - 2 * s);
}
