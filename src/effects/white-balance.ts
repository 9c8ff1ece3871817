import { inverse, multiply, rgbToXyz, transform, type Matrix, type Row } from '../image/colour.js';

/** Reciprocal colour temperature of D65 and what ±1 of temperature adds to it, in mired: 4103 K to 15,700 K. */
const D65_MIRED = 1e6 / 6504;
const MIRED = 90;
/** What ±1 of tint moves the white across the locus, in CIE 1960 uv. */
const DUV = 0.02;

/** Cone response of Bradford (Lam 1985; the chromatic adaptation of ICC profiles). */
const BRADFORD: Matrix = [
  [0.8951, 0.2664, -0.1614],
  [-0.7502, 1.7135, 0.0367],
  [0.0389, -0.0685, 1.0296],
];

/** Linear RGB -> linear RGB as if white, D65, were the white given (XYZ with Y = 1). Grey keeps its luminance. */
export function adaptation(white: Row, space: PredefinedColorSpace): Matrix {
  const from = transform(BRADFORD, transform(rgbToXyz(space), [1, 1, 1]));
  const to = transform(BRADFORD, white);
  const gain: Matrix = [
    [to[0] / from[0], 0, 0],
    [0, to[1] / from[1], 0],
    [0, 0, to[2] / from[2]],
  ];
  const cones = multiply(BRADFORD, rgbToXyz(space));
  return multiply(inverse(cones), multiply(gain, cones));
}

/**
 * White balance: temperature moves white along the CIE daylight locus in steps that look even (reciprocal temperature,
 * Judd 1933), tint moves it across, along the normal of the locus in CIE 1960 uv; then Bradford's adaptation.
 *
 * @param temperature -1 = cold, 1 = warm. @param tint -1 = green, 1 = magenta.
 */
export function whiteBalance(temperature: number, tint: number, space: PredefinedColorSpace): Matrix {
  const white = transform(rgbToXyz(space), [1, 1, 1]);
  // The locus misses the standard's D65 by a hair: only the way along it is used.
  const [u0, v0] = uv(daylight(D65_MIRED));
  const [u1, v1] = uv(daylight(D65_MIRED + MIRED * temperature));
  const [ua, va] = uv(daylight(D65_MIRED + MIRED * temperature - 1));
  const [ub, vb] = uv(daylight(D65_MIRED + MIRED * temperature + 1));
  const along = Math.hypot(ub - ua, vb - va);
  const across = (tint * DUV) / along;
  const [u, v] = uv(white);
  // Redder is a larger u; turned by a right angle towards a smaller v: magenta.
  return adaptation(fromUv(u + u1 - u0 + (vb - va) * across, v + v1 - v0 - (ub - ua) * across), space);
}

/** Daylight of a reciprocal colour temperature, as XYZ with Y = 1 (CIE 15:2004, 3.1; 4000 to 25,000 K). */
export function daylight(mired: number): Row {
  const m = mired / 1000; // 1000 / T
  const x =
    1 / m <= 7
      ? -4.607 * m ** 3 + 2.9678 * m ** 2 + 0.09911 * m + 0.244063
      : -2.0064 * m ** 3 + 1.9018 * m ** 2 + 0.24748 * m + 0.23704;
  const y = -3 * x * x + 2.87 * x - 0.275;
  return [x / y, 1, (1 - x - y) / y];
}

function uv([x, y, z]: Row): [u: number, v: number] {
  const sum = x + 15 * y + 3 * z;
  return [(4 * x) / sum, (6 * y) / sum];
}

function fromUv(u: number, v: number): Row {
  const [x, y] = [(3 * u) / (2 * u - 8 * v + 4), (2 * v) / (2 * u - 8 * v + 4)];
  return [x / y, 1, (1 - x - y) / y];
}
