/**
 * sRGB transfer function (IEC 61966-2-1); display-p3 uses the same one. Linear light is 0..1 as Float32.
 * Tables, because 8-bit pixels take only 256 values and encoding needs no more than 12 bits to round right.
 */

/** 8-bit code -> linear light. */
export const SRGB_TO_LINEAR = /* @__PURE__ */ Float32Array.from({ length: 256 }, (_, i) => srgbToLinear(i / 255));

/** One sRGB value 0..1 -> linear light. */
export function srgbToLinear(v: number): number {
  return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
}

/** One linear value -> sRGB 0..1 (not clipped). */
export function linearToSrgb(v: number): number {
  return v <= 0.0031308 ? v * 12.92 : 1.055 * v ** (1 / 2.4) - 0.055;
}

const ENCODE_STEPS = 8192;

/** sqrt-spaced table: entry i is the 8-bit code of linear light (i / 8192)². Spacing by root keeps the darks exact. */
const ENCODE = /* @__PURE__ */ Uint8Array.from({ length: ENCODE_STEPS + 1 }, (_, i) =>
  Math.floor(linearToSrgb((i / ENCODE_STEPS) ** 2) * 255 + 0.5),
);

/** Linear light -> 8-bit sRGB code, clipped to 0..255; NaN becomes 0. */
export function encodeSrgb8(v: number): number {
  if (!(v > 0)) return 0;
  if (v >= 1) return 255;
  return ENCODE[(Math.sqrt(v) * ENCODE_STEPS + 0.5) | 0]!;
}

/** Luma weights of linear sRGB (Rec. 709). */
export const LUMA = [0.2126, 0.7152, 0.0722] as const;

/** Planes of linear light -> RGB codes of `count` pixels from `offset` on in RGBA bytes; alpha is left alone. */
export function encodeRow(
  r: Float32Array,
  g: Float32Array,
  b: Float32Array,
  count: number,
  out: Uint8ClampedArray,
  offset: number,
): void {
  for (let i = 0, p = offset; i < count; i++, p += 4) {
    out[p] = encodeSrgb8(r[i]!);
    out[p + 1] = encodeSrgb8(g[i]!);
    out[p + 2] = encodeSrgb8(b[i]!);
  }
}
