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

export type Row = readonly [number, number, number];
export type Matrix = readonly [Row, Row, Row];

/**
 * Linear RGB -> CIE XYZ (2°, white D65 with Y = 1), from the primaries and the white point as each standard gives them
 * (sRGB: IEC 61966-2-1; Display P3: SMPTE EG 432-1 with D65). Digits as in CSS Color 4, sample code.
 */
const TO_XYZ: Readonly<Record<PredefinedColorSpace, Matrix>> = {
  srgb: [
    [506752 / 1228815, 87881 / 245763, 12673 / 70218],
    [87098 / 409605, 175762 / 245763, 12673 / 175545],
    [7918 / 409605, 87881 / 737289, 1001167 / 1053270],
  ],
  'display-p3': [
    [608311 / 1250200, 189793 / 714400, 198249 / 1000160],
    [35783 / 156275, 247089 / 357200, 198249 / 2500400],
    [0, 32229 / 714400, 5220557 / 5000800],
  ],
};

export function rgbToXyz(space: PredefinedColorSpace = 'srgb'): Matrix {
  return TO_XYZ[space] ?? TO_XYZ.srgb;
}

/** Share of each channel in the luminance of a space: 0.2126, 0.7152, 0.0722 in sRGB. */
export function lumaOf(space: PredefinedColorSpace = 'srgb'): Row {
  return rgbToXyz(space)[1];
}

export function multiply(a: Matrix, b: Matrix): Matrix {
  return a.map((row) => [0, 1, 2].map((c) => row[0] * b[0][c]! + row[1] * b[1][c]! + row[2] * b[2][c]!)) as never;
}

export function transform(m: Matrix, v: Row): [number, number, number] {
  return m.map((row) => row[0] * v[0] + row[1] * v[1] + row[2] * v[2]) as never;
}

export function inverse([[a, b, c], [d, e, f], [g, h, i]]: Matrix): Matrix {
  const det = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  return [
    [(e * i - f * h) / det, (c * h - b * i) / det, (b * f - c * e) / det],
    [(f * g - d * i) / det, (a * i - c * g) / det, (c * d - a * f) / det],
    [(d * h - e * g) / det, (b * g - a * h) / det, (a * e - b * d) / det],
  ];
}

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
