/**
 * Point operators that follow each other are one shader: a pixel is read, taken apart where near and far mix in it, goes
 * through all of them and is written once. The twin of run-points.ts and edge-parts.ts, which say what is meant and cite
 * where it comes from.
 */
import { LIGHT_BITS, LIGHT_STEPS } from '../image/colour.js';
import type { UniformValue } from '../gpu/index.js';
import { glsl, SRGB } from './colour-shaders.js';
import { BETWEEN, DEPTH_VARIANCE, LEAST_TRUST, MIXED, NOISE, SAMPLES, SLIVER, STEP, TAPS } from './edge-parts.js';
import type { PointWriter } from './operator.js';

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
class Writer implements PointWriter {
  readonly uniforms: Record<string, UniformValue> = {};
  readonly tables = new Tables();
  readonly #declared: string[] = [];
  readonly #functions = new Set<string>();

  value(type: 'float' | 'int' | 'vec2' | 'vec3' | 'mat3', value: number | readonly number[]): string {
    const name = `u_${type}${this.#declared.length}`;
    this.#declared.push(`uniform ${type} ${name};`);
    this.uniforms[name] = typeof value === 'number' ? value : [...value];
    return name;
  }

  table(channels: readonly ArrayLike<number>[], step = 1): string {
    return this.value('int', this.tables.add(Math.ceil(channels[0]!.length / step), channels, step));
  }

  include(functions: string): void {
    this.#functions.add(functions);
  }

  get declarations(): string {
    return this.#declared.join('\n');
  }

  get functions(): string {
    return [...this.#functions].join('\n');
  }
}

/** A point operator's GLSL: {@link PointPlan.glsl}. */
export type PointLines = (write: PointWriter) => string;

/** @param split false where no pixel is mixed: the shader then does not look for any. */
export function pointProgram(lines: readonly PointLines[], split: boolean): PointProgram {
  const w = new Writer();
  const bodies = lines.map((write) => write(w));
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
${w.functions}
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
