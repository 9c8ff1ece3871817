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
 * Turbo at 33 even steps, red, green, blue: A. Mikhailov, "Turbo, An Improved Rainbow Colormap for Visualization",
 * Google AI blog 2019 (Apache-2.0). Between them straight lines, within 3 codes of the table of 256.
 */
const TURBO = (
  '30123b 392a73 4040a2 4456c7 466be3 4680f6 4293ff 37a7fa 28bbec 1dccd9 18dcc3 1ee8b0 31f299 4cf97e 6bfe64 8aff4c a2fc3c ' +
  'b8f735 cced34 dee037 edd03a f7c03a fdad35 fe982c fb8022 f56818 ec520f e14109 d23105 c12302 ac1701 950d01 7a0403'
).split(' ');

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
  const at = t * (TURBO.length - 1);
  const i = Math.min(TURBO.length - 2, Math.floor(at));
  const channel = (colour: string, c: number) => parseInt(colour.slice(2 * c, 2 * c + 2), 16) / 255;
  const mix = (c: number) => channel(TURBO[i]!, c) * (1 - at + i) + channel(TURBO[i + 1]!, c) * (at - i);
  return [mix(0), mix(1), mix(2)];
}
