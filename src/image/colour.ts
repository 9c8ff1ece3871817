/**
 * sRGB transfer function (IEC 61966-2-1); display-p3 uses the same one. Linear light is 0..1 as Float32.
 * Tables, because 8-bit pixels take only 256 values, and neither a power nor a root is needed to find one of them.
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

/**
 * Light is looked up by the upper bits of its Float32: the exponent and 12 bits of the mantissa, so in steps of 1/4096 of
 * the light itself, at most 1/70 of a code from the middle of one. From 2^-13, which is code 0 as all below is, to 1.
 */
const DROPPED = 11;
const FIRST = (127 - 13) << (23 - DROPPED);
/** Places of light in a table, the last one for white. */
const WHITE = (127 << (23 - DROPPED)) - FIRST;
const INFINITE = 0x7f800000;
const ONE = /* @__PURE__ */ new Float32Array(1);
const BITS = /* @__PURE__ */ new Int32Array(ONE.buffer);

function lightAt(place: number, dropped: number): number {
  BITS[0] = ((place << dropped) + (FIRST << DROPPED)) | (1 << (dropped - 1));
  return ONE[0]!;
}

const ENCODE = /* @__PURE__ */ Uint8Array.from({ length: WHITE }, (_, i) =>
  Math.floor(linearToSrgb(lightAt(i, DROPPED)) * 255 + 0.5),
);

/** Linear light -> 8-bit sRGB code, clipped to 0..255; NaN becomes 0. */
export function encodeSrgb8(v: number): number {
  ONE[0] = v;
  return encodeBits(BITS[0]!);
}

function encodeBits(bits: number): number {
  const i = (bits >> DROPPED) - FIRST;
  return i < 0 ? 0 : i < WHITE ? ENCODE[i]! : bits > INFINITE ? 0 : 255;
}

/** Entries of a {@link lightTable} before the one for white; it has half the places, so that several fit the cache. */
export const LIGHT_STEPS = WHITE >> 1;

/** Values of a function of linear light, to be read at {@link lightPlace}: at 0, about each place, and at 1. */
export function lightTable(f: (light: number) => number): Float32Array {
  return Float32Array.from({ length: LIGHT_STEPS + 1 }, (_, i) =>
    f(i === 0 ? 0 : i === LIGHT_STEPS ? 1 : lightAt(i, DROPPED + 1)),
  );
}

/** How a light's place is found: the upper bits of its Float32, moved right by `shift`, less `first`. */
export const LIGHT_BITS = { shift: DROPPED + 1, first: FIRST >> 1 } as const;

/** Place of a light 0..1 in a {@link lightTable}; beyond either end that end's. */
export function lightPlace(v: number): number {
  ONE[0] = v;
  const i = (BITS[0]! >> (DROPPED + 1)) - (FIRST >> 1);
  return i < 0 ? 0 : i < LIGHT_STEPS ? i : LIGHT_STEPS;
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

/** RGBA bytes from `offset` on -> planes of linear light of `count` pixels. */
export function decodeRow(
  data: Uint8ClampedArray | Uint8Array,
  offset: number,
  count: number,
  r: Float32Array,
  g: Float32Array,
  b: Float32Array,
): void {
  const linear = SRGB_TO_LINEAR;
  for (let i = 0, p = offset; i < count; i++, p += 4) {
    r[i] = linear[data[p]!]!;
    g[i] = linear[data[p + 1]!]!;
    b[i] = linear[data[p + 2]!]!;
  }
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
  const [red, green, blue] = [bitsOf(r), bitsOf(g), bitsOf(b)];
  for (let i = 0, p = offset; i < count; i++, p += 4) {
    out[p] = encodeBits(red[i]!);
    out[p + 1] = encodeBits(green[i]!);
    out[p + 2] = encodeBits(blue[i]!);
  }
}

function bitsOf(plane: Float32Array): Int32Array {
  return new Int32Array(plane.buffer, plane.byteOffset, plane.length);
}
