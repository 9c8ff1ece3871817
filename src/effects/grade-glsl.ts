import { LIGHT_STEPS } from '../image/colour.js';
import { glsl } from './colour-shaders.js';
import type { Graded } from './grade.js';
import { MOST_GAIN, type Stage } from './look-stages.js';
import type { PointWriter } from './operator.js';

/** No border: as far as matters. */
const BEYOND = 1e6;

/** A look by its stages, where disparity is between `from` and `to`: the twin of grade-plan.ts, look-stages.ts and apply-lut.ts. */
export function gradeLines({ stages, from, to }: Graded, feather: number, w: PointWriter): string {
  const border = w.value('vec2', [Math.max(-BEYOND, from), Math.min(BEYOND, to)]);
  return `{
    float weight = ramp(min(d - ${border}.x, ${border}.y - d), ${w.value('float', feather)});
    if (weight > 0.0) {
      vec3 v = c;
      ${stages.map((s) => stage(s, w)).join('\n      ')}
      c += weight * (v - c);
    }
  }`;
}

function stage(s: Stage, w: PointWriter): string {
  switch (s.does) {
    case 'gain':
      return `v *= ${w.value('float', s.gain)};`;
    case 'matrix': {
      const m = s.matrix;
      const columns = [m[0]!, m[3]!, m[6]!, m[1]!, m[4]!, m[7]!, m[2]!, m[5]!, m[8]!];
      return `v = ${w.value('mat3', columns)} * v;`;
    }
    case 'tones': {
      const { target, gain } = s.tones;
      const base = w.table([target, gain]);
      return `{
        float light = dot(${w.value('vec3', [...s.luma])}, v);
        vec2 tone = entry(${base} + lightPlace(light)).rg;
        v = v * tone.g + (tone.g < ${glsl(MOST_GAIN)} ? 0.0 : tone.r - tone.g * light);
      }`;
    }
    case 'tables': {
      const base = w.table(s.tables);
      return `{
        vec3 white = entry(${base} + ${LIGHT_STEPS}).rgb;
        v = vec3(
          v.r < 1.0 ? entry(${base} + lightPlace(v.r)).r : white.r * v.r,
          v.g < 1.0 ? entry(${base} + lightPlace(v.g)).g : white.g * v.g,
          v.b < 1.0 ? entry(${base} + lightPlace(v.b)).b : white.b * v.b);
      }`;
    }
    case 'saturation': {
      const luma = w.value('vec3', [...s.luma]);
      const k = w.value('float', s.saturation);
      const muted = w.value('float', s.vibrance);
      return `{
        float most = max(max(v.r, v.g), v.b), least = min(min(v.r, v.g), v.b);
        float grey = dot(${luma}, v);
        v = grey + ${k} * (1.0 + ${muted} * (most > 0.0 ? max(least, 0.0) / most : 1.0)) * (v - grey);
      }`;
    }
    case 'lut': {
      const { lut, strength } = s;
      const { size, data, domainMin, domainMax, dimensions } = lut;
      w.include(LUT);
      const channels = [0, 1, 2].map((c) => data.subarray(c));
      const base = w.table(channels, 3);
      const scale = domainMin.map((low, c) => (size - 1) / (domainMax[c]! - low));
      const place = `clamp((e - ${w.value('vec3', domainMin)}) * ${w.value('vec3', scale)}, 0.0, ${glsl(size - 1)})`;
      return `{
        vec3 e = toEncoded(clamp(v, 0.0, 1.0));
        vec3 read = ${dimensions === 1 ? 'curves' : 'cube'}(${base}, ${size}, ${place});
        v = toLinear(clamp(e + ${w.value('float', strength)} * (read - e), 0.0, 1.0));
      }`;
    }
  }
}

/** applyLut: straight lines along curves, tetrahedra in a cube. */
const LUT = `
vec3 curves(int base, int size, vec3 at) {
  ivec3 i = min(ivec3(at), size - 2);
  vec3 f = at - vec3(i);
  return mix(
    vec3(entry(base + i.r).r, entry(base + i.g).g, entry(base + i.b).b),
    vec3(entry(base + i.r + 1).r, entry(base + i.g + 1).g, entry(base + i.b + 1).b), f);
}
vec3 cube(int base, int size, vec3 at) {
  ivec3 i = min(ivec3(at), size - 2);
  vec3 f = at - vec3(i);
  ivec3 axes = ivec3(1, size, size * size);
  int p = base + i.x + i.y * size + i.z * axes.z;
  // From the cell's first corner to its last along the axes in the order of their fractions.
  float high = max(max(f.x, f.y), f.z), low = min(min(f.x, f.y), f.z);
  float middle = f.x + f.y + f.z - high - low;
  int first = f.x >= f.y && f.x >= f.z ? 0 : f.y >= f.z ? 1 : 2;
  int last = f.z <= f.x && f.z <= f.y ? 2 : f.y <= f.x ? 1 : 0;
  if (first == last) last = first == 0 ? 2 : 0;
  int q = p + axes[first];
  int s = p + axes[0] + axes[1] + axes[2] - axes[last];
  return (1.0 - high) * entry(p).rgb + (high - middle) * entry(q).rgb + (middle - low) * entry(s).rgb +
    low * entry(p + axes[0] + axes[1] + axes[2]).rgb;
}`;
