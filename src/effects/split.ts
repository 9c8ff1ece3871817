import { otsu } from './focus.js';

const BINS = 256;
const ENOUGH = 1e6;

/** Disparity half-way between the two classes' bins (Otsu 1979); of a constant map, the map's own value. */
export function otsuSplit(map: { readonly data: Float32Array }): number {
  const histogram = new Float64Array(BINS);
  // About a million of them tell the threshold as well as all; an odd step does not follow the rows.
  const step = Math.floor(map.data.length / ENOUGH) | 1;
  for (let i = 0; i < map.data.length; i += step) histogram[Math.round(map.data[i]! * (BINS - 1))]!++;
  return Math.max(0, otsu(histogram) - 0.5) / (BINS - 1);
}
