import { linearToSrgb, srgbToLinear } from '../image/colour.js';

/** A number as GLSL writes it. */
export const glsl = (v: number) => (Number.isInteger(v) ? `${v}.0` : String(v));

/**
 * A polynomial through a smooth function at Chebyshev's nodes of a..b, as GLSL writes it (Horner): within a few millionths
 * where the function is that smooth.
 */
function polynomial(f: (x: number) => number, a: number, b: number, degree: number, x: string): string {
  const n = degree + 1;
  const nodes = Array.from({ length: n }, (_, k) => (a + b) / 2 + ((b - a) / 2) * Math.cos(((k + 0.5) * Math.PI) / n));
  // Newton's divided differences, multiplied out.
  const differences = nodes.map(f);
  for (let k = 1; k < n; k++)
    for (let i = n - 1; i >= k; i--)
      differences[i] = (differences[i]! - differences[i - 1]!) / (nodes[i]! - nodes[i - k]!);
  let coefficients = [differences[n - 1]!];
  for (let k = n - 2; k >= 0; k--) {
    const next = [differences[k]!, ...coefficients];
    coefficients.forEach((c, i) => (next[i]! -= c * nodes[k]!));
    coefficients = next;
  }
  return coefficients.reduceRight((inner, c) => (inner ? `(${inner}) * ${x} + ${glsl(c)}` : glsl(c)), '');
}

/** Where the transfer function's straight part ends, encoded and in light. */
const ENCODED_KNEE = 0.04045;
const LIGHT_KNEE = srgbToLinear(ENCODED_KNEE);
const root4 = (v: number) => v ** 0.25;
const shifted = (encoded: number) => (encoded + 0.055) / 1.055;

/**
 * Twins of image/colour.ts: the sRGB transfer function (IEC 61966-2-1) of 0..1. Its powers are polynomials of a fourth root,
 * fitted to the function itself: a power takes SwiftShader most of a point operator's time.
 */
export const SRGB = `
vec3 toLinear(vec3 v) {
  vec3 x = (v + 0.055) / 1.055, r = sqrt(sqrt(x));
  vec3 power = x * x * (${polynomial((r) => srgbToLinear(1.055 * r ** 4 - 0.055) / r ** 8, root4(shifted(ENCODED_KNEE)), 1, 5, 'r')});
  return mix(power, v / 12.92, lessThanEqual(v, vec3(${ENCODED_KNEE})));
}
vec3 toEncoded(vec3 v) {
  vec3 r = sqrt(sqrt(v));
  vec3 power = ${polynomial((r) => linearToSrgb(r ** 4), root4(LIGHT_KNEE), 1, 6, 'r')};
  return mix(power, v * 12.92, lessThanEqual(v, vec3(0.0031308)));
}`;
