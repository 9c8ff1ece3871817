import { invalid, knownKeys } from '../core/params.js';
import { checkDepth, type DepthMap } from '../depth/depth-map.js';
import { createImage, type OutputImage } from '../image/image-data.js';

export interface VisualiseOptions {
  /** Colour map. `turbo`: dark blue = farthest, dark red = nearest. `grey`: black = farthest, white = nearest. Default: `turbo`. */
  map?: 'turbo' | 'grey' | undefined;
  /** True stretches the smallest and the largest disparity of the map to the ends of the colours. Default: false. */
  stretch?: boolean | undefined;
}

const STEPS = 1024;

/**
 * Polynomials of degree 5 in disparity for red, green and blue (0..1), lowest power first. Turbo: A. Mikhailov,
 * "Turbo, An Improved Rainbow Colormap for Visualization", Google AI blog 2019; polynomial fit by R. Du (Apache-2.0).
 */
const TURBO = [
  [0.13572138, 4.6153926, -42.66032258, 132.13108234, -152.94239396, 59.28637943],
  [0.09140261, 2.19418839, 4.84296658, -14.18503333, 4.27729857, 2.82956604],
  [0.1066733, 12.64194608, -60.58204836, 110.36276771, -89.90310912, 27.34824973],
] as const;

/**
 * Shows disparities as colours.
 *
 * @param depth disparities 0..1, any size.
 * @returns an opaque sRGB image of the size of the map.
 * @throws RelievoError `INVALID_DEPTH`, or `INVALID_PARAM` for an unknown option.
 */
export function visualiseDepth(depth: DepthMap, options: VisualiseOptions = {}): OutputImage {
  knownKeys('visualise', options, ['map', 'stretch']);
  const { map = 'turbo', stretch = false } = options;
  if (map !== 'turbo' && map !== 'grey') throw invalid('visualise', 'map', `'turbo' or 'grey'`, map);
  if (typeof stretch !== 'boolean') throw invalid('visualise', 'stretch', 'true or false', stretch);
  checkDepth('visualise', depth);

  const { data } = depth;
  let low = 0;
  let high = 1;
  if (stretch) {
    low = 1;
    high = 0;
    for (const d of data) {
      if (d < low) low = d;
      if (d > high) high = d;
    }
  }
  const scale = (STEPS - 1) / Math.max(high - low, 1e-6);
  const table = packed(map === 'turbo' ? turbo : (t) => [t, t, t]);
  const image = createImage(depth.width, depth.height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let i = 0; i < data.length; i++) pixels[i] = table[Math.round((data[i]! - low) * scale)]!;
  return image;
}

/** Colours of STEPS disparities as RGBA words in the byte order of this machine. */
function packed(colour: (t: number) => [number, number, number]): Uint32Array {
  const bytes = new Uint8ClampedArray(STEPS * 4);
  for (let i = 0; i < STEPS; i++) {
    const [r, g, b] = colour(i / (STEPS - 1));
    bytes.set([r * 255, g * 255, b * 255, 255], i * 4);
  }
  return new Uint32Array(bytes.buffer);
}

function turbo(t: number): [number, number, number] {
  return TURBO.map((c) => c.reduceRight((sum, k) => sum * t + k, 0)) as [number, number, number];
}
