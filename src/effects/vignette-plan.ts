import type { Frame, PointPlan, PointWriter, Strip } from './operator.js';
import { otsuSplit } from './split.js';
import type { VignetteValues } from './vignette.js';

const STEPS = 2048;

/** What the vignette does to this photo; undefined: nothing. */
export function planVignette(
  { amount, radius, protect, split, feather, centre }: VignetteValues,
  { image, depth }: Frame,
): PointPlan | undefined {
  if (amount === 0) return undefined;
  const { width, height } = image;
  const { x: cx, y: cy } = centre ?? { x: width / 2, y: height / 2 };
  const corner = Math.max(cx, width - cx) ** 2 + Math.max(cy, height - cy) ** 2;
  // Both factors by table: strength by the square of the distance, by disparity, and the power of two of their product.
  const smooth = (v: number) => (v <= 0 ? 0 : v >= 1 ? 1 : v * v * (3 - 2 * v));
  const table = (f: (v: number) => number) => Float32Array.from({ length: STEPS + 1 }, (_, i) => f(i / STEPS));
  const byDistance = table((v) => smooth((Math.sqrt(v) - radius) / (1 - radius)) * STEPS);
  const border = split ?? otsuSplit(depth);
  const byDepth = table((d) => 1 - protect * smooth(feather > 0 ? (d - border) / feather + 0.5 : d >= border ? 1 : 0));
  const gain = table((v) => 2 ** (amount * v));
  // Squared distances along each side, in steps of the table.
  const along = (pixels: number, middle: number) =>
    Float64Array.from({ length: pixels }, (_, i) => ((i + 0.5 - middle) ** 2 * STEPS) / corner);
  const across = along(width, cx);
  const down = along(height, cy);
  const kernel = ({ count, r, g, b, depth: d, x, y }: Strip) => {
    for (let i = 0; i < count; i++) {
      const far = byDistance[(across[x[i]!]! + down[y[i]!]!) | 0]!;
      if (far === 0) continue;
      const k = gain[(far * byDepth[(d[i]! * STEPS + 0.5) | 0]! + 0.5) | 0]!;
      r[i] = r[i]! * k;
      g[i] = g[i]! * k;
      b[i] = b[i]! * k;
    }
  };
  const glsl = (write: PointWriter) => {
    const base = write.table([byDistance, byDepth, gain]);
    const steps = `float(${STEPS})`;
    return `{
    vec2 from = vec2(at) + 0.5 - ${write.value('vec2', [cx, cy])};
    float far = entry(${base} + int(dot(from, from) * ${steps} / ${write.value('float', corner)})).r;
    if (far > 0.0) c *= entry(${base} + int(far * entry(${base} + int(d * ${steps} + 0.5)).g + 0.5)).b;
  }`;
  };
  return { kernel, glsl };
}
