/**
 * The passes of the depth-of-field preview: twins of edges.ts, behind.ts, layers.ts and composite.ts, which say what
 * is meant and why. Numbers come from there.
 *
 * Textures, all of linear premultiplied light, read cell by cell:
 * - `u_surface` rgb, layer coordinate t. Where a pixel is on an edge: its near part, and -1 - t instead of t.
 * - `u_edge` share of the near part, its alpha, the far part's alpha, the t of the pixel as a whole; `u_far` the far
 *   part. Only where `u_surface` says so.
 * - `u_hidden` rgb, t of what lies hidden there (NOTHING where nothing does); `u_hiddenMore` how sure that is, alpha.
 * - `u_light` rgb, alpha of the photo: for alpha only, in photos that have any.
 */
import { BEHIND_FROM, BEHIND_TO, SAME } from './behind.js';
import { SUBROWS } from './cats-eye.js';
import { CLIPPED, CLIPPED_LIGHT } from './clipped.js';
import { HIDDEN_WEIGHT } from './composite.js';
import { glsl, SRGB } from './colour-shaders.js';
import { MIXED, NOISE, OFF_LINE, STEP, TAPS } from './edges.js';

/** t where nothing is hidden: behind no layer and in front of none. */
export const NOTHING = -1000;
/** Rows that a disc has at most, on its grid: LEVEL_FROM in layers.ts bounds its radius, the shape stretches it by 1.6. */
export const MAX_ROWS = 128;

/**
 * Encoded photo -> linear premultiplied light. `clipped`: with what pixels had above
 * white in the one channel that is clipped in them, as readLight in layers.ts.
 */
export const toLight = (clipped: boolean) => `
uniform sampler2D u_photo${clipped ? ', u_clipped' : ''};
uniform float u_recover;
out vec4 o;
${SRGB}
void main() {
  vec4 v = texelFetch(u_photo, ivec2(gl_FragCoord.xy), 0);
  vec3 linear = toLinear(v.rgb);
  ${
    clipped
      ? `float above = texelFetch(u_clipped, ivec2(gl_FragCoord.xy), 0).r;
  float light = 1.0 + u_recover * ${glsl(CLIPPED_LIGHT.at(-1)! - 1)} * above * above;
  if (above > 0.0) linear = mix(linear, vec3(light), greaterThan(v.rgb, vec3(${glsl((CLIPPED - 0.5) / 255)})));`
      : ''
  }
  o = vec4(linear * v.a, v.a);
}`;

/** Light and disparity -> surface. The table is LayerPlan.layers. */
export const TO_SURFACE = `
uniform sampler2D u_light, u_depth, u_layers;
out vec4 o;
void main() {
  ivec2 at = ivec2(gl_FragCoord.xy);
  int step = int(texelFetch(u_depth, at, 0).r * 65535.0 + 0.5);
  o = vec4(texelFetch(u_light, at, 0).rgb, texelFetch(u_layers, ivec2(step & 255, step >> 8), 0).r);
}`;

/** Nearest and farthest layer around each pixel: Splitter.#stepsAt. */
export const STEPS = `
uniform sampler2D u_surface;
uniform int u_reach;
out vec2 o;
void main() {
  ivec2 at = ivec2(gl_FragCoord.xy), last = textureSize(u_surface, 0) - 1;
  o = vec2(1e4, -1e4);
  for (int j = -1; j <= 1; j++) for (int i = -1; i <= 1; i++) {
    float t = texelFetch(u_surface, clamp(at + ivec2(i, j) * u_reach, ivec2(0), last), 0).a;
    o = vec2(min(o.x, t), max(o.y, t));
  }
}`;

/** Splits edge pixels into near and far part: Splitter.at and #solve. */
export const SPLIT = `
uniform sampler2D u_surface, u_light, u_depth, u_steps;
uniform int u_reach;
uniform float u_disparityStep;
layout(location = 0) out vec4 o_near;
layout(location = 1) out vec4 o_far;
layout(location = 2) out vec4 o_edge;

float depthAt(ivec2 at, ivec2 last) { return texelFetch(u_depth, clamp(at, ivec2(0), last), 0).r; }
float steps(ivec2 at) { vec2 r = texelFetch(u_steps, at, 0).xy; return r.y - r.x; }

void main() {
  ivec2 at = ivec2(gl_FragCoord.xy), last = textureSize(u_surface, 0) - 1;
  vec4 own = texelFetch(u_surface, at, 0);
  o_near = own;
  o_far = vec4(0);
  o_edge = vec4(0);
  float across = abs(depthAt(at - ivec2(u_reach, 0), last) - depthAt(at + ivec2(u_reach, 0), last));
  float down = abs(depthAt(at - ivec2(0, u_reach), last) - depthAt(at + ivec2(0, u_reach), last));
  if (max(across, down) < u_disparityStep) return;
  vec2 range = texelFetch(u_steps, at, 0).xy;
  if (range.y - range.x < ${glsl(STEP)}) return;
  float middle = (range.x + range.y) / 2.0;

  vec2 weights = vec2(0), depths = vec2(0); // near, far
  vec4 near = vec4(0), far = vec4(0);
  for (int j = -${TAPS}; j <= ${TAPS}; j++) for (int i = -${TAPS}; i <= ${TAPS}; i++) {
    ivec2 q = at + ivec2(i, j) * u_reach;
    if (any(lessThan(q, ivec2(0))) || any(greaterThan(q, last))) continue;
    vec4 s = texelFetch(u_surface, q, 0);
    bool isNear = s.a < middle;
    if (abs(s.a - (isNear ? range.x : range.y)) > middle - range.x) continue;
    float weight = (steps(q) >= ${glsl(STEP)} ? ${glsl(MIXED)} : 1.0) / float(1 + i * i + j * j);
    vec4 colour = vec4(s.rgb, texelFetch(u_light, q, 0).a) * weight;
    if (isNear) { near += colour; weights.x += weight; depths.x += weight * s.a; }
    else { far += colour; weights.y += weight; depths.y += weight * s.a; }
  }
  // A little below, since half floats round.
  if (min(weights.x, weights.y) < ${glsl(MIXED * 0.999)}) return;
  near /= weights.x;
  far /= weights.y;
  depths /= weights;

  vec4 colour = vec4(own.rgb, texelFetch(u_light, at, 0).a);
  vec4 apartBy = near - far;
  float apart = dot(apartBy, apartBy);
  float byDepth = own.a < middle ? 1.0 : 0.0;
  float byColour = apart > 0.0 ? clamp(dot(apartBy, colour - far) / apart, 0.0, 1.0) : byDepth;
  vec4 rest = colour - far - byColour * apartBy;
  float off = ${glsl(NOISE * NOISE)} + dot(rest, rest);
  float share = byDepth + (byColour - byDepth) * (apart / (apart + ${glsl(OFF_LINE)} * off));
  if (abs(share - byDepth) < 0.02) return;
  float tNear = byDepth > 0.5 ? own.a : depths.x;
  float tFar = byDepth > 0.5 ? depths.y : own.a;
  if (share > 0.5) {
    far = min(far, colour / (1.0 - share));
    near = (colour - (1.0 - share) * far) / share;
  } else {
    near = min(near, colour / share);
    far = (colour - share * near) / (1.0 - share);
  }
  o_near = vec4(near.rgb, -1.0 - tNear);
  o_far = vec4(far.rgb, tFar);
  o_edge = vec4(share, near.a, far.a, own.a);
}`;

export const COPY = `
uniform sampler2D u_from;
out vec4 o;
void main() { o = texelFetch(u_from, ivec2(gl_FragCoord.xy), 0); }`;

/** A more transparent photo has one value more: a second target with alpha. */
const outputs = (alpha: boolean) => `
layout(location = 0) out vec4 o;
${alpha ? 'layout(location = 1) out vec4 o_alpha;' : ''}`;

const FAR_WEIGHT = `
float farWeight(float nearer) { float s = nearer / ${glsl(SAME)}; s *= s; return 1.0 / (1.0 + s * s); }`;

/** The farthest of four pixels: pullPixels. */
export const pullPixels = (alpha: boolean) => `
uniform sampler2D u_surface, u_far, u_edge${alpha ? ', u_light' : ''};
${outputs(alpha)}
${FAR_WEIGHT}
void main() {
  ivec2 at = ivec2(gl_FragCoord.xy) * 2, last = textureSize(u_surface, 0) - 1;
  vec4 parts[4];
  vec4 weights, alphas = vec4(1);
  float far = 0.0;
  for (int k = 0; k < 4; k++) {
    ivec2 q = min(at + ivec2(k & 1, k >> 1), last);
    vec4 s = texelFetch(u_surface, q, 0);
    weights[k] = 1.0;
    ${alpha ? 'alphas[k] = texelFetch(u_light, q, 0).a;' : ''}
    if (s.a < 0.0) {
      vec4 e = texelFetch(u_edge, q, 0);
      s = texelFetch(u_far, q, 0);
      weights[k] = 1.001 - e.x;
      alphas[k] = e.z;
    }
    parts[k] = s;
    far = max(far, s.a);
  }
  float total = 0.0;
  vec4 sum = vec4(0);
  float alpha = 0.0;
  for (int k = 0; k < 4; k++) {
    float w = weights[k] * farWeight(far - parts[k].a);
    total += w;
    sum += w * parts[k];
    alpha += w * alphas[k];
  }
  o = sum / total;
  ${alpha ? 'o_alpha = vec4(alpha / total, 0, 0, 0);' : ''}
}`;

/** One level up the pyramid: pullCells. */
export const pullCells = (alpha: boolean) => `
uniform sampler2D u_visible${alpha ? ', u_visibleAlpha' : ''};
${outputs(alpha)}
${FAR_WEIGHT}
void main() {
  ivec2 at = ivec2(gl_FragCoord.xy) * 2, last = textureSize(u_visible, 0) - 1;
  vec4 parts[4];
  vec4 alphas = vec4(1);
  float far = 0.0;
  for (int k = 0; k < 4; k++) {
    ivec2 q = min(at + ivec2(k & 1, k >> 1), last);
    parts[k] = texelFetch(u_visible, q, 0);
    ${alpha ? 'alphas[k] = texelFetch(u_visibleAlpha, q, 0).r;' : ''}
    far = max(far, parts[k].a);
  }
  float total = 0.0;
  vec4 sum = vec4(0);
  float alpha = 0.0;
  for (int k = 0; k < 4; k++) {
    float w = farWeight(far - parts[k].a);
    total += w;
    sum += w * parts[k];
    alpha += w * alphas[k];
  }
  o = sum / total;
  ${alpha ? 'o_alpha = vec4(alpha / total, 0, 0, 0);' : ''}
}`;

/**
 * One level down, from what is visible and hidden one level up: createSampler. `fine` is the last step, to the pixels
 * themselves.
 */
export const look = (alpha: boolean, fine: boolean) => `
uniform sampler2D ${fine ? 'u_surface, u_edge' : 'u_from'}, u_visible, u_hidden, u_hiddenMore${alpha ? ', u_visibleAlpha' : ''};
uniform float u_last;
layout(location = 0) out vec4 o;
layout(location = 1) out vec4 o_more;
float isBehind(float distance) { return smoothstep(${glsl(BEHIND_FROM)}, ${glsl(BEHIND_TO)}, distance); }
void main() {
  ivec2 at = ivec2(gl_FragCoord.xy), last = textureSize(u_visible, 0) - 1;
  o = vec4(0, 0, 0, ${glsl(NOTHING)});
  o_more = vec4(0);
  ${
    fine
      ? `float t = texelFetch(u_surface, at, 0).a;
  if (t < 0.0) t = texelFetch(u_edge, at, 0).w;
  if (t >= u_last) return;`
      : 'float t = texelFetch(u_from, at, 0).a;'
  }
  ivec2 parent = at >> 1;
  ivec2 next = clamp(parent + ((at & 1) * 2 - 1), ivec2(0), last);
  float total = 0.0;
  vec4 sum = vec4(0);
  float alpha = 0.0;
  for (int k = 0; k < 4; k++) {
    ivec2 q = ivec2((k & 1) == 0 ? parent.x : next.x, (k >> 1) == 0 ? parent.y : next.y);
    float weight = ((k & 1) == 0 ? 0.75 : 0.25) * ((k >> 1) == 0 ? 0.75 : 0.25);
    vec4 v = texelFetch(u_visible, q, 0);
    vec2 more = texelFetch(u_hiddenMore, q, 0).xy;
    float visible = weight * isBehind(v.a - t);
    total += visible;
    sum += visible * v;
    ${alpha ? 'alpha += visible * texelFetch(u_visibleAlpha, q, 0).r;' : ''}
    if (more.x == 0.0 || visible == weight) continue;
    vec4 h = texelFetch(u_hidden, q, 0);
    float hidden = (weight - visible) * more.x * isBehind(h.a - t);
    total += hidden;
    sum += hidden * h;
    alpha += hidden * more.y;
  }
  if (total < 0.02) return;
  o = sum / total;
  o_more = vec4(min(1.0, total * 1.5), alpha / total, 0, 0);
}`;

/** Light of clipped pixels, as TileRenderer.#boostAt. */
const BOOST = `
uniform sampler2D u_photo;
uniform float u_boost, u_focus;
float boost(ivec2 q, float t) {
  if (u_boost == 0.0) return 1.0;
  float v = dot(texelFetch(u_photo, q, 0).rgb, vec3(255.0 / 3.0));
  return 1.0 + u_boost * clamp((v - 231.0) / 24.0, 0.0, 1.0) * min(1.0, abs(t - u_focus) / 2.0);
}`;

/**
 * Mass and what is known of a cell in one float, 12 bits each, so that a disc costs one read per cell. Both are at most 1
 * and a hidden tenth. Their roots are kept: of a hidden surface a few thousandths may be all that is known, and their
 * ratio to the mass is what shows.
 */
const PACKING = `
const float ROOT = 3600.0, SHIFT = 4096.0;
float pack(float mass, float known) {
  vec2 roots = floor(sqrt(max(vec2(0), vec2(mass, known))) * ROOT + 0.5);
  return roots.x * SHIFT + roots.y;
}`;
/** {@link PACKING} of an empty cell of which nothing is known. */
export const UNKNOWN_CELL = [0, 0, 0, 0] as const;

/**
 * What a layer is made of, in cells of 2^level pixels: rgb and, packed, mass and what nearer layers hide; alpha.
 * Twin of #addVisible, #addHiddenPixels and #addHiddenCells. The target has `u_pad` cells more on each side.
 */
export const cells = (alpha: boolean, level: number) => `
uniform sampler2D u_surface, u_far, u_edge, u_hidden, u_hiddenMore${alpha ? ', u_light' : ''};
uniform int u_pad;
uniform float u_layer;
${outputs(alpha)}
${BOOST}
${PACKING}
const int SIZE = ${1 << level};
void main() {
  ivec2 from = (ivec2(gl_FragCoord.xy) - u_pad) * SIZE;
  ivec2 to = min(from + SIZE, textureSize(u_surface, 0));
  vec4 sum = vec4(0);
  float nearer = 0.0, alpha = 0.0;
  for (int y = max(0, from.y); y < to.y; y++) for (int x = max(0, from.x); x < to.x; x++) {
    ivec2 q = ivec2(x, y);
    vec4 s = texelFetch(u_surface, q, 0);
    if (s.a >= 0.0) {
      nearer += clamp(u_layer - s.a, 0.0, 1.0);
      float w = max(0.0, 1.0 - abs(s.a - u_layer));
      if (w == 0.0) continue;
      sum += w * vec4(s.rgb * boost(q, s.a), 1);
      ${alpha ? 'alpha += w * texelFetch(u_light, q, 0).a;' : ''}
    } else {
      vec4 e = texelFetch(u_edge, q, 0);
      vec4 f = texelFetch(u_far, q, 0);
      float t = -1.0 - s.a;
      vec2 share = vec2(e.x, 1.0 - e.x);
      vec2 w = share * max(vec2(0), 1.0 - abs(vec2(t, f.a) - u_layer));
      nearer += dot(share, clamp(u_layer - vec2(t, f.a), 0.0, 1.0));
      sum += vec4((w.x * s.rgb + w.y * f.rgb) * boost(q, e.w), w.x + w.y);
      ${alpha ? 'alpha += dot(w, e.yz);' : ''}
    }
  }
  const float UNIT = 1.0 / float(SIZE * SIZE);
  // Beyond the frame is as unknown as what is hidden.
  ivec2 inside = max(ivec2(0), to - max(from, ivec2(0)));
  float known = UNIT * (float(inside.x * inside.y) - nearer);
  sum *= UNIT;
  alpha *= UNIT;

  // Hidden surfaces: per pixel on the finest grid, per cell of 2 pixels on the others.
  const int HALF = ${level === 0 ? 1 : 1 << (level - 1)};
  const float WEIGHT = ${glsl(HIDDEN_WEIGHT)} / float(HALF * HALF);
  from = (ivec2(gl_FragCoord.xy) - u_pad) * HALF;
  to = min(from + HALF, textureSize(u_hidden, 0));
  for (int y = max(0, from.y); y < to.y; y++) for (int x = max(0, from.x); x < to.x; x++) {
    vec4 h = texelFetch(u_hidden, ivec2(x, y), 0);
    float w = max(0.0, 1.0 - abs(h.a - u_layer));
    if (w == 0.0) continue;
    vec2 more = texelFetch(u_hiddenMore, ivec2(x, y), 0).xy;
    w *= WEIGHT * more.x;
    sum += w * vec4(h.rgb, 1);
    known += w;
    alpha += w * more.y;
  }
  o = vec4(sum.rgb, pack(sum.a, known));
  ${alpha ? 'o_alpha = vec4(alpha, 0, 0, 0);' : ''}
}`;

/** What a disc has to be told of besides its outline. */
export interface DiscKind {
  /** How many shapes lie over each other: `Profile` in aperture.ts. */
  readonly profiles: number;
  /** Whether the lens barrel cuts it: cats-eye.ts. */
  readonly barrel: boolean;
}

/**
 * A disc, row by row from -u_reach: `rowAt` tells its first and last column, `share` how much of a cell of that row it
 * covers and how brightly, `scale` 1 over its area when all rows are through.
 */
const disc = ({ profiles, barrel }: DiscKind) =>
  profiles === 1 && !barrel
    ? `
uniform int u_reach;
uniform vec3 u_rows[${MAX_ROWS}];
uniform float u_scale;
vec3 row;
ivec2 rowAt(int j) {
  row = u_rows[j + u_reach];
  return ivec2(floor(row.x + 0.5), ceil(row.y - 0.5));
}
float share(int i) { return row.z * min(1.0, min(row.y, float(i) + 0.5) - max(row.x, float(i) - 0.5)); }
float scale() { return u_scale; }`
    : `
uniform int u_reach;
uniform sampler2D u_profile;
${
  barrel
    ? `uniform vec2 u_barrelRadius, u_barrelStep, u_axis;
/** Middle and half of the barrel's width in a row, see Cut. An output looks the other way than light goes. */
vec2 barrelAt(int j) {
  vec2 shift = u_barrelStep * (gl_FragCoord.xy - u_axis);
  float sum = 0.0;
  for (int k = 0; k < ${SUBROWS}; k++) {
    float v = (float(-j) - 0.5 - shift.y + (float(k) + 0.5) / ${glsl(SUBROWS)}) / u_barrelRadius.y;
    sum += sqrt(max(0.0, 1.0 - v * v));
  }
  return vec2(-shift.x, sum / ${glsl(SUBROWS)} * u_barrelRadius.x);
}`
    : ''
}
vec3 runs[${profiles}];
float area = 0.0;
ivec2 rowAt(int j) {
  ${barrel ? 'vec2 cut = barrelAt(j);' : ''}
  vec2 extent = vec2(1e4, -1e4);
  for (int k = 0; k < ${profiles}; k++) {
    vec3 run = texelFetch(u_profile, ivec2(j + u_reach, k), 0).xyz;
    ${barrel ? 'run.xy = vec2(max(run.x, cut.x - cut.y), min(run.y, cut.x + cut.y));' : ''}
    if (run.z == 0.0 || run.x >= run.y) run = vec3(0);
    else extent = vec2(min(extent.x, run.x), max(extent.y, run.y));
    area += run.z * (run.y - run.x);
    runs[k] = run;
  }
  return ivec2(floor(extent.x + 0.5), ceil(extent.y - 0.5));
}
float share(int i) {
  float sum = 0.0;
  for (int k = 0; k < ${profiles}; k++)
    sum += runs[k].z * max(0.0, min(1.0, min(runs[k].y, float(i) + 0.5) - max(runs[k].x, float(i) - 0.5)));
  return sum;
}
float scale() { return area > 1e-6 ? 1.0 / area : 0.0; }`;

/**
 * A layer spread by its disc and set against what can be known of it: spread and #addLayer. Drawn
 * under what is nearer.
 */
export const spreadCells = (alpha: boolean, kind: DiscKind) => `
uniform sampler2D u_cells${alpha ? ', u_cellsAlpha' : ''};
uniform int u_pad;
${disc(kind)}
${outputs(alpha)}
${PACKING}
void main() {
  ivec2 at = ivec2(gl_FragCoord.xy) + u_pad;
  vec4 sum = vec4(0);
  float known = 0.0, alpha = 0.0;
  for (int j = -u_reach; j <= u_reach; j++) {
    ivec2 columns = rowAt(j);
    for (int i = columns.x; i <= columns.y; i++) {
      float w = share(i);
      ivec2 q = at + ivec2(i, j);
      vec4 cell = texelFetch(u_cells, q, 0);
      float mass = floor(cell.a * (1.0 / SHIFT));
      float root = cell.a - SHIFT * mass;
      sum += w * vec4(cell.rgb, mass * mass);
      known += w * root * root;
      ${alpha ? 'alpha += w * texelFetch(u_cellsAlpha, q, 0).r;' : ''}
    }
  }
  const float SQUARE = 1.0 / (ROOT * ROOT);
  float unit = scale();
  sum *= unit * vec4(1, 1, 1, SQUARE);
  if (sum.a < 1e-6) discard;
  known = max(sum.a, unit * SQUARE * known);
  o = sum / known;
  ${alpha ? 'o_alpha = vec4(unit * alpha / known, 0, 0, o.a);' : ''}
}`;

/**
 * {@link cells} and {@link spreadCells} in one, on the finest grid, where no disc reaches an edge, something hidden or
 * the frame: there a pixel is all that its cell is made of.
 */
export const spreadPixels = (alpha: boolean, kind: DiscKind) => `
uniform sampler2D u_surface${alpha ? ', u_light' : ''};
uniform float u_layer;
${disc(kind)}
${outputs(alpha)}
${BOOST}
void main() {
  ivec2 at = ivec2(gl_FragCoord.xy);
  vec4 sum = vec4(0);
  float nearer = 0.0, alpha = 0.0;
  for (int j = -u_reach; j <= u_reach; j++) {
    ivec2 columns = rowAt(j);
    for (int i = columns.x; i <= columns.y; i++) {
      ivec2 q = at + ivec2(i, j);
      vec4 s = texelFetch(u_surface, q, 0);
      float w = share(i);
      nearer += w * clamp(u_layer - s.a, 0.0, 1.0);
      w *= max(0.0, 1.0 - abs(s.a - u_layer));
      sum += w * vec4(s.rgb * boost(q, s.a), 1);
      ${alpha ? 'alpha += w * texelFetch(u_light, q, 0).a;' : ''}
    }
  }
  float unit = scale();
  sum *= unit;
  if (sum.a < 1e-6) discard;
  float known = max(sum.a, 1.0 - unit * nearer);
  o = sum / known;
  ${alpha ? 'o_alpha = vec4(unit * alpha / known, 0, 0, o.a);' : ''}
}`;

/** A sheet at a grid twice as fine: #double. Drawn under what is there. */
export const refine = (alpha: boolean) => `
uniform sampler2D u_sheet${alpha ? ', u_sheetAlpha' : ''};
${outputs(alpha)}
void main() {
  ivec2 at = ivec2(gl_FragCoord.xy), last = textureSize(u_sheet, 0) - 1;
  ivec2 a = min(at >> 1, last);
  ivec2 b = clamp((at >> 1) + ((at & 1) * 2 - 1), ivec2(0), last);
  o = 0.5625 * texelFetch(u_sheet, a, 0) + 0.1875 * texelFetch(u_sheet, ivec2(b.x, a.y), 0) +
    0.1875 * texelFetch(u_sheet, ivec2(a.x, b.y), 0) + 0.0625 * texelFetch(u_sheet, b, 0);
  o.a = 1.0 - o.a;
  ${
    alpha
      ? `o_alpha = 0.5625 * texelFetch(u_sheetAlpha, a, 0) + 0.1875 * texelFetch(u_sheetAlpha, ivec2(b.x, a.y), 0) +
    0.1875 * texelFetch(u_sheetAlpha, ivec2(a.x, b.y), 0) + 0.0625 * texelFetch(u_sheetAlpha, b, 0);
  o_alpha.a = 1.0 - o_alpha.a;`
      : ''
  }
}`;

/** Light -> bytes: Band.#encode. Straight alpha, or premultiplied for a canvas. */
export const encode = (alpha: boolean) => `
uniform sampler2D u_sheet, u_photo${alpha ? ', u_sheetAlpha' : ''};
uniform float u_toCanvas, u_falloff;
uniform vec2 u_axis;
out vec4 o;
${SRGB}
void main() {
  ivec2 at = ivec2(gl_FragCoord.xy);
  at.y = int(u_toCanvas) * (textureSize(u_photo, 0).y - 1 - 2 * at.y) + at.y;
  vec2 fromAxis = vec2(at) + 0.5 - u_axis;
  float vignette = 1.0 / pow(1.0 + u_falloff * dot(fromAxis, fromAxis), 2.0);
  vec4 s = texelFetch(u_sheet, at, 0);
  float known = 1.0 - s.a;
  ${alpha ? 'float a = texelFetch(u_sheetAlpha, at, 0).r;' : 'float a = known;'}
  if (known < 1e-4) {
    o = texelFetch(u_photo, at, 0);
  } else {
    vec3 v = a > 0.0 ? clamp(vignette * s.rgb / a, 0.0, 1.0) : vec3(0);
    o = floor(vec4(toEncoded(v), ${alpha ? 'clamp(a / known, 0.0, 1.0)' : '1'}) * 255.0 + 0.5) / 255.0;
  }
  if (u_toCanvas > 0.0) o.rgb *= o.a;
}`;
