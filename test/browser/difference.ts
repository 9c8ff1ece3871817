/** How much two pictures differ, in codes of 0..255. */
export interface Difference {
  readonly mean: number;
  /** 99.9th percentile. */
  readonly most: number;
  readonly worst: number;
}

export function difference(a: ArrayLike<number>, b: ArrayLike<number>): Difference {
  if (a.length !== b.length) throw new Error(`${a.length} bytes are not ${b.length}`);
  const histogram = new Float64Array(256);
  for (let i = 0; i < a.length; i++) histogram[Math.abs(a[i]! - b[i]!)]!++;
  let sum = 0;
  histogram.forEach((n, v) => (sum += n * v));
  let [seen, most] = [0, 0];
  while ((seen += histogram[most]!) < 0.999 * a.length) most++;
  return { mean: sum / a.length, most, worst: histogram.findLastIndex((n) => n > 0) };
}
