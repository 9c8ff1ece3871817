import { lazy } from '../core/lazy.js';
import type { NumberTable } from '../core/params.js';
import { at, flag, numberFields, oneOf, told, readFields, type FieldsValue } from '../core/schema.js';
import { checkDepth, type DepthMap } from '../depth/depth-map.js';
import { createImage, type OutputImage } from '../image/image-data.js';
import { defineOperator } from './operator.js';

export interface VisualiseOptions {
  /**
   * Colour map. `turbo`: dark blue = farthest, dark red = nearest. `viridis`: violet to yellow, even to the eye and to
   * those who see colours otherwise. `grey`: black = farthest, white = nearest. Default: `turbo`.
   */
  map?: (typeof MAPS)[number] | undefined;
  /** True stretches the smallest and the largest disparity of the map to the ends of the colours. Default: false. */
  stretch?: boolean | undefined;
  /** Lines of equal disparity between 0 and 1, 0..64. Default: 0. */
  contours?: number | undefined;
}

const MAPS = ['turbo', 'viridis', 'grey'] as const;

/** Numeric options: default, range and unit. */
const VISUALISE_PARAMS = {
  contours: { default: 0, min: 0, max: 64, unit: 'lines', doc: 'Lines of equal disparity.' },
} as const satisfies NumberTable;

const FIELDS = {
  map: told('Colours: turbo unless said.', oneOf(MAPS)),
  stretch: told('Spans them over the disparities that occur.', flag),
  ...numberFields(VISUALISE_PARAMS),
};

export const visualiseOperator = defineOperator({
  name: 'visualise',
  doc: 'The depth as colours, in place of the photo.',
  options: FIELDS,
  run: async ({ depth }, options) => ({ image: visualiseDepth(depth, options) }),
  gpu: {
    plan: async (options, { depth }) => {
      const { visualisePass } = await lazy(() => import('./visualise-gpu.js'));
      return visualisePass(planVisualise(depth, options));
    },
  },
});

const STEPS = 1024;

/**
 * Turbo at 33 even steps, red, green, blue: A. Mikhailov, "Turbo, An Improved Rainbow Colormap for Visualization",
 * Google AI blog 2019 (Apache-2.0). Between them straight lines, within 3 codes of the table of 256.
 */
const TURBO = (
  '30123b 392a73 4040a2 4456c7 466be3 4680f6 4293ff 37a7fa 28bbec 1dccd9 18dcc3 1ee8b0 31f299 4cf97e 6bfe64 8aff4c a2fc3c ' +
  'b8f735 cced34 dee037 edd03a f7c03a fdad35 fe982c fb8022 f56818 ec520f e14109 d23105 c12302 ac1701 950d01 7a0403'
).split(' ');

/** Viridis at 33 even steps: S. van der Walt and N. Smith, matplotlib 2015 (CC0). */
const VIRIDIS = (
  '440154 470d60 48186a 482374 472d7b 453781 424086 3e4989 3b528b 375b8d 33638d 2f6b8e 2c728e 297a8e 26828e 23898e 21908c ' +
  '1f978b 1f9f88 21a685 27ad81 31b57b 3ebc74 4dc26c 5cc863 6ece58 82d34d 95d840 aadc32 c0df25 d5e21a eae51a fde725'
).split(' ');

/**
 * Shows disparities as colours.
 *
 * @param depth disparities 0..1, any size.
 * @returns an opaque sRGB image of the size of the map.
 * @throws RelievoError `INVALID_DEPTH`, or `INVALID_PARAM` for an unknown option.
 */
export function visualiseDepth(depth: DepthMap, options: VisualiseOptions = {}): OutputImage {
  const { colours, low, scale, lines } = planVisualise(depth, readFields(FIELDS, options, at('visualise')));
  const { data } = depth;
  const image = createImage(depth.width, depth.height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let i = 0; i < data.length; i++) pixels[i] = colours[Math.round((data[i]! - low) * scale)]!;
  if (lines > 0) drawContours(pixels, depth, lines);
  return image;
}

/** For either processor: colours as RGBA words, and which place of theirs a disparity has. */
export interface VisualisePlan {
  readonly colours: Uint32Array;
  readonly low: number;
  /** Places per unit of disparity. */
  readonly scale: number;
  /** Lines of equal disparity. */
  readonly lines: number;
}

function planVisualise(
  depth: DepthMap,
  { map = 'turbo', stretch = false, contours }: FieldsValue<typeof FIELDS>,
): VisualisePlan {
  checkDepth('visualise', depth);
  let low = 0;
  let high = 1;
  if (stretch) {
    low = 1;
    high = 0;
    for (const d of depth.data) {
      if (d < low) low = d;
      if (d > high) high = d;
    }
  }
  const colours = packed(map === 'grey' ? (t) => [t, t, t] : between(map === 'turbo' ? TURBO : VIRIDIS));
  return {
    colours,
    low,
    scale: (STEPS - 1) / Math.max(high - low, 1e-6),
    lines: Math.round(contours),
  };
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

/** Colours between the entries of a table, by straight lines. */
function between(table: readonly string[]): (t: number) => [number, number, number] {
  const channel = (colour: string, c: number) => parseInt(colour.slice(2 * c, 2 * c + 2), 16) / 255;
  return (t) => {
    const place = t * (table.length - 1);
    const i = Math.min(table.length - 2, Math.floor(place));
    const mix = (c: number) => channel(table[i]!, c) * (1 - place + i) + channel(table[i + 1]!, c) * (place - i);
    return [mix(0), mix(1), mix(2)];
  };
}

/** White where a pixel and its right or lower neighbour lie on different sides of a line's disparity. */
function drawContours(pixels: Uint32Array, { width, height, data }: DepthMap, lines: number): void {
  const band = (i: number) => Math.floor(data[i]! * (lines + 1));
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const right = x < width - 1 && band(i) !== band(i + 1);
      if (right || (y < height - 1 && band(i) !== band(i + width))) pixels[i] = 0xffffffff;
    }
  }
}
