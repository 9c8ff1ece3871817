import type { GpuPass } from './operator.js';
import type { PeakingPlan } from './peaking.js';

/** The twin of markSharp. */
const PEAKING = `
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

export function peakingPass({ near, far, colour, least }: PeakingPlan): GpuPass {
  return {
    draw(device, { depthTexture }, from, to) {
      device.draw({
        shader: PEAKING,
        to: [to],
        uniforms: {
          u_picture: from,
          u_depth: depthTexture,
          u_range: [near, far],
          u_least: least / 255,
          u_colour: colour.map((v) => v / 255),
        },
        reads: 4,
      });
    },
  };
}
