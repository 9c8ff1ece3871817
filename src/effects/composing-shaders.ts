/** Passes of the operators that put things together: twins of sticker-scene.ts, paint-behind.ts and unmix.ts. */
import { glsl, SRGB } from './colour-shaders.js';
import { LARGEST_STRIDE, PURE, TAPS } from './unmix.js';
import { LEAST_DARK } from './sticker-plan.js';

/** Unmixer.#learn and .at: the near side's own colour. `u_share` is the near side's share, below 0 for none. */
const UNMIX = `
uniform sampler2D u_photo, u_share;
uniform ivec2 u_shareAt, u_whole;
uniform int u_cell;
vec3 nearColour(ivec2 place, float share) {
  ivec2 middle = min(u_whole - 1, (2 * (place / u_cell) + 1) * u_cell / 2);
  vec4 near = vec4(0), far = vec4(0);
  for (int stride = u_cell; stride <= ${LARGEST_STRIDE} * u_cell && (near.a == 0.0 || far.a == 0.0); stride *= 2) {
    bvec2 missing = bvec2(near.a == 0.0, far.a == 0.0);
    for (int j = -${TAPS}; j <= ${TAPS}; j++) for (int i = -${TAPS}; i <= ${TAPS}; i++) {
      ivec2 q = middle + stride * ivec2(i, j);
      if (any(lessThan(q, ivec2(0))) || any(greaterThanEqual(q, u_whole))) continue;
      float s = texelFetch(u_share, q - u_shareAt, 0).r;
      bool isNear = s >= ${glsl(PURE)};
      if (!isNear && s > ${glsl(1 - PURE)}) continue;
      if (isNear ? !missing.x : !missing.y) continue;
      vec4 c = vec4(toLinear(texelFetch(u_photo, q - u_origin, 0).rgb), 1) / float(i * i + j * j + 1);
      if (isNear) near += c;
      else far += c;
    }
  }
  vec3 own = toLinear(texelFetch(u_photo, place - u_origin, 0).rgb);
  vec3 n = near.a > 0.0 ? near.rgb / near.a : own, f = far.a > 0.0 ? far.rgb / far.a : own;
  vec3 rest = (own - share * n - (1.0 - share) * f) / (share * share + (1.0 - share) * (1.0 - share));
  return clamp(n + share * rest, 0.0, 1.0);
}`;

/** mix() of paintBehind. What is behind is one pixel or as many as the picture has. */
export const BACKGROUND = `
uniform sampler2D u_behind;
uniform ivec2 u_origin;
out vec4 o;
${SRGB}
${UNMIX}
void main() {
  ivec2 at = ivec2(gl_FragCoord.xy), place = at + u_origin;
  o = texelFetch(u_photo, at, 0);
  float share = texelFetch(u_share, place - u_shareAt, 0).r;
  float over = share * o.a;
  if (over == 1.0) return;
  vec4 behind = texelFetch(u_behind, min(at, textureSize(u_behind, 0) - 1), 0);
  float under = (1.0 - over) * behind.a, alpha = over + under;
  if (alpha == 0.0) {
    o = vec4(0);
    return;
  }
  vec3 own = share > 0.0 && share < 1.0 ? nearColour(place, share) : toLinear(o.rgb);
  o = vec4(toEncoded(clamp((over * own + under * toLinear(behind.rgb)) / alpha, 0.0, 1.0)), alpha);
}`;

/**
 * One sticker with its shadow: Scene.place. `u_target` is the photo's pixel at the target's first, `u_origin` that at the
 * first of the pictures.
 */
export function stickerShader(has: { hider: boolean; shadow: boolean; relief: boolean }): string {
  return `
uniform sampler2D u_picture, u_depth, u_light;
uniform ivec2 u_target, u_origin, u_depthAt;
uniform vec2 u_at, u_turn;
uniform float u_perPixel, u_disparity, u_opacity, u_softness;
out vec4 o;
${SRGB}
${has.hider ? UNMIX : ''}
${
  has.shadow
    ? `
uniform sampler2D u_shadow;
uniform vec3 u_shadowAt;
uniform float u_strength, u_reach;
float shadowAt(vec2 at) {
  vec2 place = (at - u_shadowAt.xy) / u_shadowAt.z - 0.5;
  ivec2 cell = ivec2(floor(place));
  if (any(lessThan(place, vec2(0))) || any(greaterThanEqual(place, vec2(textureSize(u_shadow, 0) - 1)))) return 0.0;
  vec2 f = place - vec2(cell);
  return mix(
    mix(texelFetch(u_shadow, cell, 0).r, texelFetch(u_shadow, cell + ivec2(1, 0), 0).r, f.x),
    mix(texelFetch(u_shadow, cell + ivec2(0, 1), 0).r, texelFetch(u_shadow, cell + 1, 0).r, f.x), f.y);
}`
    : ''
}
${has.relief ? 'uniform sampler2D u_relief;\nuniform float u_thickness;' : ''}
vec4 lightAt(vec2 at) {
  ivec2 size = textureSize(u_light, 0);
  vec2 place = clamp(at - 0.5, vec2(0), vec2(size - 1));
  ivec2 a = ivec2(place), b = min(a + 1, size - 1);
  vec2 f = place - vec2(a);
  return mix(
    mix(texelFetch(u_light, a, 0), texelFetch(u_light, ivec2(b.x, a.y), 0), f.x),
    mix(texelFetch(u_light, ivec2(a.x, b.y), 0), texelFetch(u_light, b, 0), f.x), f.y);
}
float within(float u, float n) { return clamp(min(u, n - u) / u_perPixel + 0.5, 0.0, 1.0); }
/** Light of a picture with a share of something over it; alpha is straight. */
vec4 painted(vec4 c, vec4 over, float share) {
  float through = (1.0 - over.a * share) * c.a, alpha = over.a * share + through;
  return alpha > 0.0 ? vec4((over.rgb * share + through * c.rgb) / alpha, alpha) : c;
}
float shown(float nearer) {
  if (nearer <= 0.0) return 1.0;
  if (nearer >= u_softness) return 0.0;
  float s = nearer / u_softness;
  return 1.0 - s * s * (3.0 - 2.0 * s);
}
void main() {
  ivec2 place = ivec2(gl_FragCoord.xy) + u_target;
  vec4 picture = texelFetch(u_picture, place - u_origin, 0);
  o = picture;
  float d = texelFetch(u_depth, place - u_depthAt, 0).r;
  float hidden = ${has.hider ? 'texelFetch(u_share, place - u_shareAt, 0).r' : '-1.0'};
  if (hidden >= 1.0) return;
  vec2 from = vec2(place) + 0.5 - u_at, size = vec2(textureSize(u_light, 0));
  vec2 uv = vec2(u_turn.x * from.x + u_turn.y * from.y, u_turn.x * from.y - u_turn.y * from.x) + size / 2.0;
  float share = u_opacity * within(uv.x, size.x) * within(uv.y, size.y);
  vec4 over = vec4(0);
  if (share > 0.0) over = lightAt(uv);
  float disparity = u_disparity;
  ${
    has.relief
      ? `vec2 reliefSize = vec2(textureSize(u_relief, 0));
  ivec2 cell = ivec2(clamp(floor(uv / size * reliefSize), vec2(0), reliefSize - 1.0));
  disparity += (texelFetch(u_relief, cell, 0).r - 0.5) * u_thickness;`
      : ''
  }
  disparity = clamp(disparity, 0.0, 1.0);
  float dark = 0.0;
  ${
    has.shadow
      ? `float gap = (u_disparity - d) / u_reach;
  if (gap < 1.0) {
    float lit = 1.0 - max(0.0, gap);
    dark = u_strength * u_opacity * shadowAt(vec2(place) + 0.5) * lit * lit;
    if (dark < ${glsl(LEAST_DARK)}) dark = 0.0;
  }`
      : ''
  }
  share *= hidden >= 0.0 ? 1.0 : shown(d - disparity);
  dark *= hidden >= 0.0 ? 1.0 : shown(d - u_disparity);
  if (over.a * share == 0.0 && dark == 0.0) return;
  hidden = max(hidden, 0.0);
  vec3 near = vec3(0);
  ${has.hider ? 'if (hidden > 0.0) near = nearColour(place, hidden);' : ''}
  vec4 c = vec4(toLinear(picture.rgb), picture.a);
  if (dark > 0.0) c.rgb = painted(c, vec4(hidden * near, 1), dark).rgb;
  if (over.a * share > 0.0) {
    over.rgb = hidden * near * over.a + (1.0 - hidden) * over.rgb;
    c = painted(c, over, share);
  }
  o = vec4(toEncoded(clamp(c.rgb, 0.0, 1.0)), c.a);
}`;
}
