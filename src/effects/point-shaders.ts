/**
 * Passes of the point operators: twins of edge-parts.ts, look-stages.ts, apply-lut.ts and the operators' *-plan.ts, which
 * say what is meant and cite where it comes from. Numbers and tables come from those plans.
 *
 * Operators that follow each other are one shader: a pixel is read, taken apart where near and far mix in it, goes
 * through all of them and is written once.
 */
import { LIGHT_BITS, LIGHT_STEPS } from '../image/colour.js';
import type { UniformValue } from '../gpu/index.js';
import { glsl, SRGB } from './colour-shaders.js';
import { BETWEEN, DEPTH_VARIANCE, LEAST_TRUST, MIXED, NOISE, SAMPLES, SLIVER, STEP, TAPS } from './edge-parts.js';
import { MOST_GAIN, type Stage } from './look-stages.js';
import type { PointPass } from './operator.js';
import { SAME } from './relight-plan.js';

/** Cells along a row of the table texture. */
export const TABLE_WIDTH = 1024;

/** A run of point operators for the GPU. */
export interface PointProgram {
  readonly shader: string;
  readonly uniforms: Readonly<Record<string, UniformValue>>;
  /** RGBA cells, {@link TABLE_WIDTH} to a row. */
  readonly table: Float32Array;
}

/** All tables of a program in one texture, so that their number is not bound by the units that a GPU has. */
class Tables {
  readonly #parts: {
    readonly length: number;
    readonly channels: readonly ArrayLike<number>[];
    readonly step: number;
  }[] = [];
  #length = 0;

  /** Up to four channels, read at every `step`-th of their places. @returns the cell where they begin. */
  add(length: number, channels: readonly ArrayLike<number>[], step = 1): number {
    const known = this.#length;
    this.#parts.push({ length, channels, step });
    this.#length += length;
    return known;
  }

  pack(): Float32Array {
    const out = new Float32Array(Math.max(1, Math.ceil(this.#length / TABLE_WIDTH)) * TABLE_WIDTH * 4);
    let cell = 0;
    for (const { length, channels, step } of this.#parts) {
      channels.forEach((channel, c) => {
        for (let i = 0, o = cell * 4 + c, p = 0; i < length; i++, o += 4, p += step) out[o] = channel[p]!;
      });
      cell += length;
    }
    return out;
  }
}

/** Writes one shader's code and collects its numbers. */
class Writer {
  readonly uniforms: Record<string, UniformValue> = {};
  readonly tables = new Tables();
  readonly #declared: string[] = [];

  /** The name of a uniform of that value. */
  value(type: 'float' | 'int' | 'vec2' | 'vec3' | 'mat3', value: number | readonly number[]): string {
    const name = `u_${type}${this.#declared.length}`;
    this.#declared.push(`uniform ${type} ${name};`);
    this.uniforms[name] = typeof value === 'number' ? value : [...value];
    return name;
  }

  get declarations(): string {
    return this.#declared.join('\n');
  }
}

/** @param split false where no pixel is mixed: the shader then does not look for any. */
export function pointProgram(passes: readonly PointPass[], split: boolean): PointProgram {
  const w = new Writer();
  const bodies = passes.map((pass) => kernel(pass, w));
  const body = bodies.join('\n  c = clamp(c, 0.0, 1.0);\n');
  const shader = `
uniform sampler2D u_picture, u_depth, u_table;
uniform ivec2 u_origin;
${w.declarations}
out vec4 o;
${SRGB}
vec4 entry(int i) { return texelFetch(u_table, ivec2(i & ${TABLE_WIDTH - 1}, i / ${TABLE_WIDTH}), 0); }
int lightPlace(float v) {
  return clamp((floatBitsToInt(v) >> ${LIGHT_BITS.shift}) - ${LIGHT_BITS.first}, 0, ${LIGHT_STEPS});
}
float ramp(float v, float width) {
  if (v >= width / 2.0) return 1.0;
  if (v <= -width / 2.0) return 0.0;
  float s = v / width + 0.5;
  return s * s * (3.0 - 2.0 * s);
}
${passes.some((p) => p.op === 'grade') ? LUT : ''}
vec3 change(vec3 c, float d, ivec2 at) {
  ${body}
  return c;
}
${split ? MIXED_PIXEL : ''}
void main() {
  ivec2 at = ivec2(gl_FragCoord.xy);
  vec4 picture = texelFetch(u_picture, at, 0);
  vec3 own = toLinear(picture.rgb);
  float d = texelFetch(u_depth, at, 0).r;
  ${
    split
      ? `vec3 near, far;
  vec2 depths;
  float share;
  bool mixed = parts(at, own, d, near, far, depths, share);
  vec3 light = own;
  for (int k = 0; k < (mixed ? 2 : 1); k++) {
    vec3 before = !mixed ? own : k == 0 ? near : far;
    float depth = !mixed ? d : k == 0 ? depths.x : depths.y;
    vec3 after = clamp(change(before, depth, at + u_origin), 0.0, 1.0);
    light += (!mixed ? 1.0 : k == 0 ? share : 1.0 - share) * (after - before);
  }`
      : 'vec3 light = change(own, d, at + u_origin);'
  }
  o = vec4(toEncoded(clamp(light, 0.0, 1.0)), picture.a);
}`;
  return { shader, uniforms: w.uniforms, table: w.tables.pack() };
}

function kernel(pass: PointPass, w: Writer): string {
  switch (pass.op) {
    case 'grade':
      return pass.graded.map(({ stages, from, to }) => graded(stages, from, to, pass.feather, w)).join('\n  ');
    case 'haze': {
      const through = w.value('int', w.tables.add(pass.through.length, [pass.through]));
      const light = w.value('vec3', pass.light);
      const steps = glsl(pass.through.length - 1);
      return `c = mix(${light}, c, entry(${through} + int(d * ${steps} + 0.5)).r);`;
    }
    case 'vignette': {
      const { byDistance, byDepth, gain, centre, corner } = pass;
      const base = w.value('int', w.tables.add(gain.length, [byDistance, byDepth, gain]));
      const steps = glsl(gain.length - 1);
      return `{
    vec2 from = vec2(at) + 0.5 - ${w.value('vec2', centre)};
    float far = entry(${base} + int(dot(from, from) * ${steps} / ${w.value('float', corner)})).r;
    if (far > 0.0) c *= entry(${base} + int(far * entry(${base} + int(d * ${steps} + 0.5)).g + 0.5)).b;
  }`;
    }
    case 'relight': {
      const { shade, low, width, height, whole, ambient, lamp } = pass;
      const base = w.value('int', w.tables.add(width * height, [shade, low]));
      const size = w.value('vec2', [width, height]);
      return `{
    vec2 place = clamp((vec2(at) + 0.5) * ${size} / ${w.value('vec2', whole)} - 0.5, vec2(0), ${size} - 1.0);
    ivec2 cell = ivec2(place);
    vec2 f = place - vec2(cell);
    ivec2 next = min(cell + 1, ivec2(${size}) - 1);
    int columns = int(${size}.x);
    vec4 grid[4] = vec4[4](
      entry(${base} + cell.y * columns + cell.x), entry(${base} + cell.y * columns + next.x),
      entry(${base} + next.y * columns + cell.x), entry(${base} + next.y * columns + next.x));
    vec4 weights = vec4((1.0 - f.x) * (1.0 - f.y), f.x * (1.0 - f.y), (1.0 - f.x) * f.y, f.x * f.y);
    float total = 0.0, lit = 0.0;
    for (int k = 0; k < 4; k++) {
      float strange = (grid[k].g - d) / ${glsl(SAME)};
      strange *= strange;
      float weight = weights[k] / (1.0 + strange * strange);
      total += weight;
      lit += weight * grid[k].r;
    }
    c *= ${w.value('float', ambient)} + lit / total * ${w.value('vec3', lamp)};
  }`;
    }
  }
}

/** No border: as far as matters. */
const BEYOND = 1e6;

function graded(stages: readonly Stage[], from: number, to: number, feather: number, w: Writer): string {
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

function stage(s: Stage, w: Writer): string {
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
      const base = w.value('int', w.tables.add(target.length, [target, gain]));
      return `{
        float light = dot(${w.value('vec3', [...s.luma])}, v);
        vec2 tone = entry(${base} + lightPlace(light)).rg;
        v = v * tone.g + (tone.g < ${glsl(MOST_GAIN)} ? 0.0 : tone.r - tone.g * light);
      }`;
    }
    case 'tables': {
      const base = w.value('int', w.tables.add(s.tables[0].length, s.tables));
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
      const channels = [0, 1, 2].map((c) => data.subarray(c));
      const base = w.value('int', w.tables.add(data.length / 3, channels, 3));
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

/** Floats in integer targets, which every device draws. */
const AS_BITS = (name: string) => `uintBitsToFloat(${name})`;

/** EdgeParts.#average of the blocks of a part of the image. `u_steps`: {@link BlockSteps}, low and high. */
export const BLOCK_MEANS = `
uniform sampler2D u_picture, u_depth, u_steps;
uniform ivec2 u_origin, u_whole, u_firstBlock;
uniform int u_block, u_stride;
layout(location = 0) out uvec4 o_light;
layout(location = 1) out uvec4 o_rest;
${SRGB}
void main() {
  ivec2 cell = ivec2(gl_FragCoord.xy);
  ivec2 from = (cell + u_firstBlock) * u_block, to = min(from + u_block, u_whole);
  ivec2 last = textureSize(u_picture, 0) - 1;
  vec4 sum = vec4(0);
  float depth = 0.0, squares = 0.0, count = 0.0;
  for (int y = from.y; y < to.y; y += u_stride) for (int x = from.x; x < to.x; x += u_stride) {
    ivec2 q = clamp(ivec2(x, y) - u_origin, ivec2(0), last);
    vec4 v = texelFetch(u_picture, q, 0);
    vec3 light = toLinear(v.rgb);
    sum += v.a * vec4(1, light);
    squares += v.a * dot(light, light);
    depth += texelFetch(u_depth, q, 0).r;
    count += 1.0;
  }
  float w = max(sum.x, 1e-9);
  vec2 range = texelFetch(u_steps, cell, 0).xy;
  o_light = floatBitsToUint(vec4(sum.x / count * (range.y - range.x >= ${glsl(STEP)} ? ${glsl(MIXED)} : 1.0), sum.yzw / w));
  o_rest = floatBitsToUint(vec4(depth / count, squares / w, 0, 0));
}`;

export const BLOCK_SAMPLES = SAMPLES;

/** EdgeParts.#sumUp: 3 × 3 cells, its nodes, to a block. */
export const BLOCK_NODES = `
uniform sampler2D u_steps;
uniform usampler2D u_light, u_rest;
layout(location = 0) out uvec4 o_near;
layout(location = 1) out uvec4 o_far;
layout(location = 2) out uvec4 o_rest;
void main() {
  ivec2 cell = ivec2(gl_FragCoord.xy), b = cell / 3, size = textureSize(u_light, 0);
  vec2 node = vec2(cell - 3 * b - 1) * 0.5;
  vec2 range = texelFetch(u_steps, b, 0).xy;
  float middle = (range.x + range.y) / 2.0, between = ${glsl(BETWEEN)} * (range.y - range.x);
  vec4 near = vec4(0), far = vec4(0), rest = vec4(0);
  for (int j = -${TAPS}; j <= ${TAPS}; j++) for (int i = -${TAPS}; i <= ${TAPS}; i++) {
    ivec2 q = b + ivec2(i, j);
    if (any(lessThan(q, ivec2(0))) || any(greaterThanEqual(q, size))) continue;
    vec4 light = ${AS_BITS('texelFetch(u_light, q, 0)')};
    vec2 more = ${AS_BITS('texelFetch(u_rest, q, 0).xy')};
    vec2 to = vec2(i, j) - node;
    float w = light.x / (1.0 + dot(to, to));
    if (more.x > middle + between) {
      near += w * vec4(1, light.yzw);
      rest.xy += w * more;
    } else if (more.x < middle - between) {
      far += w * vec4(1, light.yzw);
      rest.zw += w * more;
    }
  }
  o_near = floatBitsToUint(near);
  o_far = floatBitsToUint(far);
  o_rest = floatBitsToUint(rest);
}`;

/** EdgeParts.at and #solve. */
const MIXED_PIXEL = `
uniform sampler2D u_steps;
uniform usampler2D u_near, u_far, u_rest;
uniform ivec2 u_firstBlock;
uniform int u_block;
/** Weights of three nodes for a place between them, by a parabola. */
vec3 parabola(float t) { return vec3(2.0 * t * t - t, 1.0 - 4.0 * t * t, 2.0 * t * t + t); }
bool parts(ivec2 at, vec3 own, float d, out vec3 near, out vec3 far, out vec2 depths, out float share) {
  ivec2 place = at + u_origin, b = place / u_block;
  ivec2 cell = b - u_firstBlock;
  vec2 range = texelFetch(u_steps, cell, 0).xy;
  if (range.y - range.x < ${glsl(STEP)}) return false;
  float middle = (range.x + range.y) / 2.0, between = ${glsl(BETWEEN)} * (range.y - range.x);
  vec2 t = (vec2(place) + 0.5) / float(u_block) - 0.5 - vec2(b);
  vec3 across = parabola(t.x), down = parabola(t.y);
  vec4 sumNear = vec4(0), sumFar = vec4(0), rest = vec4(0);
  for (int j = 0; j < 3; j++) for (int i = 0; i < 3; i++) {
    float w = across[i] * down[j];
    ivec2 q = 3 * cell + ivec2(i, j);
    sumNear += w * ${AS_BITS('texelFetch(u_near, q, 0)')};
    sumFar += w * ${AS_BITS('texelFetch(u_far, q, 0)')};
    rest += w * ${AS_BITS('texelFetch(u_rest, q, 0)')};
  }
  if (sumNear.x < 1e-6 || sumFar.x < 1e-6) return false;
  vec3 meanNear = sumNear.yzw / sumNear.x, meanFar = sumFar.yzw / sumFar.x;
  rest /= vec4(sumNear.xx, sumFar.xx);
  float variance = (max(0.0, rest.y - dot(meanNear, meanNear)) + max(0.0, rest.w - dot(meanFar, meanFar))) / 2.0;
  vec3 difference = meanNear - meanFar;
  float apart = 1e-9 + dot(difference, difference);
  float byColour = clamp(dot(difference, own - meanFar) / apart, 0.0, 1.0);
  float byDepth = clamp((d - middle) / (2.0 * between) + 0.5, 0.0, 1.0);
  vec3 off = own - meanFar - byColour * difference;
  float colourVariance = (${glsl(NOISE)} + variance + dot(off, off)) / apart;
  float trust = ${glsl(DEPTH_VARIANCE)} / (${glsl(DEPTH_VARIANCE)} + colourVariance);
  if (trust < ${glsl(LEAST_TRUST)}) return false;
  share = byDepth + trust * (byColour - byDepth);
  depths = vec2(d > middle + between ? d : rest.x, d < middle - between ? d : rest.z);
  float norm = share * share + (1.0 - share) * (1.0 - share);
  vec3 left = (own - share * meanNear - (1.0 - share) * meanFar) / norm;
  near = clamp(meanNear + share * left, 0.0, 1.0);
  far = share < ${glsl(1 - SLIVER)} ? clamp((own - share * near) / (1.0 - share), 0.0, 1.0) : clamp(meanFar, 0.0, 1.0);
  if (share > ${glsl(SLIVER)}) near = clamp((own - (1.0 - share) * far) / share, 0.0, 1.0);
  return true;
}`;

/** visualiseDepth: `u_colours` is its table. */
export const VISUALISE = `
uniform sampler2D u_depth, u_colours;
uniform float u_low, u_scale, u_lines;
out vec4 o;
float band(ivec2 at) { return floor(texelFetch(u_depth, at, 0).r * (u_lines + 1.0)); }
void main() {
  ivec2 at = ivec2(gl_FragCoord.xy), last = textureSize(u_depth, 0) - 1;
  int place = int((texelFetch(u_depth, at, 0).r - u_low) * u_scale + 0.5);
  o = texelFetch(u_colours, ivec2(clamp(place, 0, textureSize(u_colours, 0).x - 1), 0), 0);
  if (u_lines == 0.0) return;
  float own = band(at);
  if (own != band(min(at + ivec2(1, 0), last)) || own != band(min(at + ivec2(0, 1), last))) o = vec4(1);
}`;

/** peaking.ts */
export const PEAKING = `
uniform sampler2D u_picture, u_depth;
uniform vec2 u_range;
uniform float u_least;
uniform vec3 u_colour;
out vec4 o;
float luma(ivec2 at) {
  return dot(vec3(0.299, 0.587, 0.114), texelFetch(u_picture, min(at, textureSize(u_picture, 0) - 1), 0).rgb);
}
void main() {
  ivec2 at = ivec2(gl_FragCoord.xy);
  o = texelFetch(u_picture, at, 0);
  float d = texelFetch(u_depth, at, 0).r;
  if (d > u_range.x || d < u_range.y) return;
  float own = luma(at);
  if (abs(luma(at + ivec2(1, 0)) - own) + abs(luma(at + ivec2(0, 1)) - own) >= u_least) o = vec4(u_colour, 1);
}`;

/** Any picture as bytes. */
export const TO_BYTES = `
uniform sampler2D u_picture;
out vec4 o;
void main() { o = floor(clamp(texelFetch(u_picture, ivec2(gl_FragCoord.xy), 0), 0.0, 1.0) * 255.0 + 0.5) / 255.0; }`;

/** resizeToTensor, smaller: every pixel counts with the area it covers, transparent ones are laid over mid-grey. */
export const REDUCE = `
uniform sampler2D u_picture;
uniform vec2 u_ratio;
out vec4 o;
void main() {
  ivec2 last = textureSize(u_picture, 0) - 1;
  vec2 from = floor(gl_FragCoord.xy) * u_ratio, to = from + u_ratio;
  vec3 sum = vec3(0);
  float total = 0.0;
  for (int y = int(from.y); y <= min(int(ceil(to.y)) - 1, last.y); y++)
    for (int x = int(from.x); x <= min(int(ceil(to.x)) - 1, last.x); x++) {
      vec2 covered = min(to, vec2(x + 1, y + 1)) - max(from, vec2(x, y));
      float w = max(0.0, covered.x) * max(0.0, covered.y);
      vec4 v = texelFetch(u_picture, ivec2(x, y), 0);
      sum += w * mix(vec3(0.5), v.rgb, v.a);
      total += w;
    }
  o = vec4(sum / total, 1);
}`;
