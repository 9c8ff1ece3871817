/** A point of a curve: from, to; both 0..1 on the encoded scale. */
export type CurvePoint = readonly [x: number, y: number];

/**
 * Smooth curve through points that rises where they rise and nowhere overshoots: monotone cubic Hermite (Fritsch &
 * Carlson 1980, with the slopes' harmonic means of Fritsch & Butland 1984). Level beyond the first and the last point.
 *
 * @param points sorted by x, no x twice.
 */
export function monotoneCurve(points: readonly CurvePoint[]): (x: number) => number {
  const n = points.length;
  const xs = points.map((p) => p[0]);
  const ys = points.map((p) => p[1]);
  const steps = xs.slice(1).map((x, i) => x - xs[i]!);
  const rises = ys.slice(1).map((y, i) => (y - ys[i]!) / steps[i]!);
  const slopes = xs.map((_, i) => {
    if (i === 0 || i === n - 1) return end(i);
    const [before, after] = [rises[i - 1]!, rises[i]!];
    if (before * after <= 0) return 0;
    const [h, k] = [steps[i - 1]!, steps[i]!];
    return (3 * (h + k)) / ((2 * k + h) / before + (k + 2 * h) / after);
  });

  /** Slope of the parabola through the last three points, held to what keeps the curve monotone. */
  function end(i: number): number {
    const [a, b] = i === 0 ? [0, 1] : [n - 2, n - 3];
    const rise = rises[a] ?? 0;
    if (n < 3) return rise;
    const slope = ((2 * steps[a]! + steps[b]!) * rise - steps[a]! * rises[b]!) / (steps[a]! + steps[b]!);
    if (slope * rise <= 0) return 0;
    return rise * rises[b]! <= 0 && Math.abs(slope) > 3 * Math.abs(rise) ? 3 * rise : slope;
  }

  return (x) => {
    if (x <= xs[0]!) return ys[0]!;
    if (x >= xs[n - 1]!) return ys[n - 1]!;
    let i = 0;
    while (x > xs[i + 1]!) i++;
    const h = steps[i]!;
    const t = (x - xs[i]!) / h;
    const s = 1 - t;
    return (
      ys[i]! * (1 + 2 * t) * s * s +
      h * slopes[i]! * t * s * s +
      ys[i + 1]! * (1 + 2 * s) * t * t -
      h * slopes[i + 1]! * s * t * t
    );
  };
}
