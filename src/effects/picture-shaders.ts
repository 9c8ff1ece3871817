import type { Device, Texture } from '../gpu/index.js';

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

/** The photo as it is. */
export const SHOW = `
uniform sampler2D u_photo;
uniform float u_toCanvas;
out vec4 o;
void main() {
  ivec2 at = ivec2(gl_FragCoord.xy);
  at.y = int(u_toCanvas) * (textureSize(u_photo, 0).y - 1 - 2 * at.y) + at.y;
  o = texelFetch(u_photo, at, 0);
  if (u_toCanvas > 0.0) o.rgb *= o.a;
}`;

/** One picture as another. */
export function copy(device: Device, from: Texture, to: Texture): void {
  device.draw({ shader: SHOW, to: [to], uniforms: { u_photo: from, u_toCanvas: 0 }, reads: 1 });
}
