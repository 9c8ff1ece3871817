import { lightOf } from '../image/colour-space.js';
import type { HazeValues } from './haze.js';
import type { PointPlan, PointWriter, Strip } from './operator.js';

const DEFAULT_COLOUR = '#dce4ec';
/** Transmission is looked up by disparity; smooth, so that steps this small do not show. */
const STEPS = 4096;

/** What the haze does to a photo of that colour space; undefined: nothing. */
export function planHaze({ amount, range, colour }: HazeValues, space: PredefinedColorSpace): PointPlan | undefined {
  if (amount === 0) return undefined;
  const light = lightOf(colour ?? DEFAULT_COLOUR, space);
  const [hr, hg, hb] = light;
  // Distance is 1 / (offset + slope · disparity): 0 at the nearest, 1 at the farthest.
  const through = Float32Array.from({ length: STEPS + 1 }, (_, i) => {
    const distance = 1 / (1 / range + (i / STEPS) * (1 - 1 / range));
    return (1 - amount) ** ((distance - 1) / (range - 1));
  });
  const kernel = (strip: Strip) => {
    const { count, r, g, b, depth } = strip;
    for (let i = 0; i < count; i++) {
      const t = through[(depth[i]! * STEPS + 0.5) | 0]!;
      r[i] = hr + t * (r[i]! - hr);
      g[i] = hg + t * (g[i]! - hg);
      b[i] = hb + t * (b[i]! - hb);
    }
  };
  const glsl = (write: PointWriter) =>
    `c = mix(${write.value('vec3', light)}, c, entry(${write.table([through])} + int(d * float(${STEPS}) + 0.5)).r);`;
  return { kernel, glsl };
}
