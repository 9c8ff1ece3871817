/** Twins of image/colour.ts: the sRGB transfer function (IEC 61966-2-1), exact where the CPU reads tables. */
export const SRGB = `
vec3 toLinear(vec3 v) {
  return mix(pow((v + 0.055) / 1.055, vec3(2.4)), v / 12.92, lessThanEqual(v, vec3(0.04045)));
}
vec3 toEncoded(vec3 v) {
  return mix(1.055 * pow(v, vec3(1.0 / 2.4)) - 0.055, v * 12.92, lessThanEqual(v, vec3(0.0031308)));
}`;

/** A number as GLSL writes it. */
export const glsl = (v: number) => (Number.isInteger(v) ? `${v}.0` : String(v));
