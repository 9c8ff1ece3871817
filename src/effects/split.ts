import { otsu } from './focus.js';

const BINS = 256;

/** Disparity half-way between the two classes' bins (Otsu 1979); of a constant map, the map's own value. */
export function otsuSplit(map: { readonly data: Float32Array }): number {
  const histogram = new Float64Array(BINS);
  for (const d of map.data) histogram[Math.round(d * (BINS - 1))]!++;
  return Math.max(0, otsu(histogram) - 0.5) / (BINS - 1);
}
