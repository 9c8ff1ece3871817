import { bokehMargin } from './bokeh-band.js';
import { BokehPasses } from './bokeh-gpu.js';
import type { ResolvedLens } from './bokeh.js';
import { recoverClipped } from './clipped.js';
import type { GpuPass } from './operator.js';

/** A lens for the GPU: its layers and edges are worked out once per picture. */
export function bokehPass(lens: ResolvedLens): GpuPass<BokehPasses> {
  const { recover } = lens;
  return {
    tiling: ({ width, height, range: [low, high] }) => bokehMargin({ ...lens, low, high }, Math.max(width, height)),
    preparation: {
      serves: (before) => recover === 0 || before.looked,
      // To recover nothing the picture must not be read back.
      look: async (picture, task) => (recover > 0 ? recoverClipped(picture, recover, task) : undefined),
      make: (device, { picture, opaque, colorSpace, depth, range, whole, region: { x, y } }, clipped) =>
        new BokehPasses(device, {
          ...{ picture, alpha: !opaque, colorSpace, depth, clipped, looked: recover > 0, range },
          whole: { ...whole, x, y },
        }),
    },
    draw: (_device, _tile, _from, to, passes) => passes!.render(lens, to),
  };
}
