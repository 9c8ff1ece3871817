import { inverse, multiply, rgbToXyz, srgbToLinear, transform, type Matrix, type Row } from '../image/colour.js';

/** Wide RGB: bytes to linear light, and that to Display P3's. */
export interface WideProfile {
  readonly curves: readonly Float32Array[];
  readonly matrix: Matrix;
}

/**
 * What an embedded profile means for the pixels:
 * - a space that images here have: the pixels are taken as they are;
 * - `'wide'`: red, green and blue of other primaries: to be converted to Display P3, which holds more ({@link readWide});
 * - `'other'`: grey, CMYK, tables: to be converted to sRGB.
 */
export type ProfileKind = PredefinedColorSpace | 'wide' | 'other';

/** White of ICC's connection space, D50, and Bradford's adaptation of D65 to it (ICC.1:2022, annex E). */
const D65_TO_D50: Matrix = [
  [1.0478112, 0.0228866, -0.050127],
  [0.0295424, 0.9904844, -0.0170491],
  [-0.0092345, 0.0150436, 0.7521316],
];
/** Largest difference of a primary's coordinates: profiles round, and adapt by slightly different matrices. */
const SAME_PRIMARY = 0.004;
/** Largest difference of linear light along the curve: 2.2 instead of sRGB's differs by 0.008. */
const SAME_CURVE = 0.003;

/** Kind of an ICC profile (ICC.1:2022). A damaged one is `'other'`: sharp knows what to do with it. */
export function profileKind(profile: Uint8Array): ProfileKind {
  try {
    const { primaries, curves } = readMatrix(profile);
    const usual = curves.every((curve) =>
      Array.from({ length: 17 }, (_, i) => i / 16).every((v) => Math.abs(curve(v) - srgbToLinear(v)) < SAME_CURVE),
    );
    for (const space of ['srgb', 'display-p3'] as const) {
      const own = multiply(D65_TO_D50, rgbToXyz(space));
      const same = primaries.every((p, c) => p.every((v, row) => Math.abs(v - own[row]![c]!) < SAME_PRIMARY));
      if (same) return usual ? space : space === 'srgb' ? 'other' : 'wide';
    }
    return widerThanSrgb(primaries) ? 'wide' : 'other';
  } catch {
    return 'other';
  }
}

/** The way to Display P3 from a profile that {@link profileKind} calls wide. */
export function readWide(profile: Uint8Array): WideProfile {
  const { primaries, curves } = readMatrix(profile);
  const toD50 = [0, 1, 2].map((row) => primaries.map((p) => p[row]!)) as unknown as Matrix;
  return {
    curves: curves.map((curve) => Float32Array.from({ length: 256 }, (_, i) => curve(i / 255))),
    matrix: multiply(inverse(multiply(D65_TO_D50, rgbToXyz('display-p3'))), toD50),
  };
}

/** @throws for anything but RGB by primaries and curves. */
function readMatrix(profile: Uint8Array): { primaries: Row[]; curves: ((v: number) => number)[] } {
  const view = new DataView(profile.buffer, profile.byteOffset, profile.byteLength);
  const tags = readTags(view);
  // Tables come before the matrix where a profile has both.
  if (ascii(view, 16) !== 'RGB ' || ascii(view, 20) !== 'XYZ ' || tags.has('A2B0')) throw new TypeError('no matrix');
  const at = (tag: string) => {
    const place = tags.get(tag);
    if (place === undefined) throw new TypeError(tag);
    return place;
  };
  return {
    primaries: ['rXYZ', 'gXYZ', 'bXYZ'].map((tag) => readXyz(view, at(tag))),
    curves: ['rTRC', 'gTRC', 'bTRC'].map((tag) => readCurve(view, at(tag))),
  };
}

function ascii(view: DataView, at: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map((k) => view.getUint8(at + k)));
}

function readTags(view: DataView): Map<string, number> {
  const tags = new Map<string, number>();
  const count = Math.min(100, view.getUint32(128));
  for (let k = 0; k < count; k++) tags.set(ascii(view, 132 + 12 * k), view.getUint32(136 + 12 * k));
  return tags;
}

const fixed = (view: DataView, at: number) => view.getInt32(at) / 65536;

function readXyz(view: DataView, at: number): Row {
  return [fixed(view, at + 8), fixed(view, at + 12), fixed(view, at + 16)];
}

function readCurve(view: DataView, at: number): (v: number) => number {
  const type = ascii(view, at);
  if (type === 'curv') {
    const count = view.getUint32(at + 8);
    if (count === 0) return (v) => v;
    if (count === 1) return (v) => v ** (view.getUint16(at + 12) / 256);
    const entry = (i: number) => view.getUint16(at + 12 + 2 * i) / 65535;
    return (v) => {
      const place = v * (count - 1);
      const i = Math.min(count - 2, Math.floor(place));
      return entry(i) + (place - i) * (entry(i + 1) - entry(i));
    };
  }
  if (type !== 'para') throw new TypeError(type);
  const [g, a = 1, b = 0, c = 0, d = 0, e = 0, f = 0] = Array.from(
    { length: PARAMETERS[view.getUint16(at + 8)]! },
    (_, k) => fixed(view, at + 12 + 4 * k),
  ) as [number, ...number[]];
  switch (view.getUint16(at + 8)) {
    case 0:
      return (v) => v ** g;
    case 1:
      return (v) => (v >= -b / a ? (a * v + b) ** g : 0);
    case 2:
      return (v) => (v >= -b / a ? (a * v + b) ** g + c : c);
    default:
      return (v) => (v >= d ? (a * v + b) ** g + e : c * v + f);
  }
}

/** Numbers of a parametric curve by its type. */
const PARAMETERS = [1, 3, 4, 5, 7];

/** True when a primary lies clearly beyond what sRGB holds. */
function widerThanSrgb(primaries: readonly Row[]): boolean {
  const toSrgb = inverse(multiply(D65_TO_D50, rgbToXyz('srgb')));
  return primaries.some((p) => transform(toSrgb, p).some((v) => v < -0.02));
}
