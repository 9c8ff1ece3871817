import type { GpuPass } from './operator.js';
import type { VisualisePlan } from './visualise.js';

/** The twin of visualiseDepth: `u_colours` is its table. */
const VISUALISE = `
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

export function visualisePass({ colours, low, scale, lines }: VisualisePlan): GpuPass {
  return {
    opaque: true,
    colorSpace: 'srgb',
    draw(device, { depthTexture }, _from, to) {
      const u_colours = device.texture('rgba8', colours.length, 1, new Uint8Array(colours.buffer));
      const uniforms = { u_depth: depthTexture, u_colours, u_low: low, u_scale: scale, u_lines: lines };
      try {
        device.draw({ shader: VISUALISE, to: [to], uniforms, reads: 2 });
      } finally {
        device.free(u_colours);
      }
    },
  };
}
