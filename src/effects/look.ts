import { RelievoError } from '../core/errors.js';
import type { NumberTable } from '../core/params.js';
import {
  list,
  number,
  numberFields,
  object,
  refuse,
  resource,
  tuple,
  type FieldsValue,
  type Reader,
} from '../core/schema.js';
import { LIGHT_STEPS, lightPlace, lightTable, linearToSrgb, lumaOf, srgbToLinear } from '../image/colour.js';
import { monotoneCurve, type CurvePoint } from './curve.js';
import { applyLut, isLut, parseCube, type Lut } from './lut.js';
import { whiteBalance } from './white-balance.js';

/** Tone curves through points `[from, to]`, both 0..1 on the encoded scale; 2 to 32 points in rising order. */
export interface Curves {
  /** The same for the three channels, before those of a single one. */
  rgb?: readonly CurvePoint[] | undefined;
  red?: readonly CurvePoint[] | undefined;
  green?: readonly CurvePoint[] | undefined;
  blue?: readonly CurvePoint[] | undefined;
  /** Of the luminance alone: hue and saturation stay. */
  luma?: readonly CurvePoint[] | undefined;
}

/** Look of one part of the depth. Everything at 0 changes nothing. Applied in the order in which they stand here. */
export interface GradeParams {
  /** Stops: +1 doubles the light, -1 halves it; -5..5. Default: 0. */
  exposure?: number | undefined;
  /** -1 = cold (white at 15,700 K), 1 = warm (4100 K), in even steps of reciprocal colour temperature. Default: 0. */
  temperature?: number | undefined;
  /** -1 = green, 1 = magenta: 0.02 each way across the daylight locus (CIE 1960 uv). Default: 0. */
  tint?: number | undefined;
  /** Lifts (1) or lowers (-1) what is dark, hue and white kept. Default: 0. */
  shadows?: number | undefined;
  /** Lifts (1) or lowers (-1) what is bright, hue and black kept. Default: 0. */
  highlights?: number | undefined;
  /** Slope at middle grey (18 % of the light), on the encoded scale: 2^contrast; black and white stay. -1..1. Default: 0. */
  contrast?: number | undefined;
  /** Tone curves. */
  curves?: Curves | undefined;
  /** -1 = grey, 0 = as it is, 1 = twice as far from grey. Default: 0. */
  saturation?: number | undefined;
  /** The same, mostly for muted colours: skin and what is vivid already change less; -1..1. Default: 0. */
  vibrance?: number | undefined;
  /** A colour table, read by {@link parseCube}. In a recipe its name, see docs/recipes.md. */
  lut?: Lut | undefined;
  /** How much of the table's result counts, 0..1. Default: 1. */
  lutStrength?: number | undefined;
}

/** Numeric options of one look: default, range and unit. */
export const GRADE_PARAMS = {
  exposure: { default: 0, min: -5, max: 5, unit: 'stops', doc: 'Light times 2^exposure.' },
  temperature: { default: 0, min: -1, max: 1, unit: '90 mired', doc: 'Cold to warm.' },
  tint: { default: 0, min: -1, max: 1, unit: '0.02 in CIE 1960 uv', doc: 'Green to magenta.' },
  shadows: { default: 0, min: -1, max: 1, unit: 'share', doc: 'Lowers or lifts what is dark.' },
  highlights: { default: 0, min: -1, max: 1, unit: 'share', doc: 'Lowers or lifts what is bright.' },
  contrast: { default: 0, min: -1, max: 1, unit: 'log2 of the slope', doc: 'Slope at middle grey.' },
  saturation: { default: 0, min: -1, max: 1, unit: 'share', doc: 'Distance from grey, minus 1.' },
  vibrance: { default: 0, min: -1, max: 1, unit: 'share', doc: 'Saturation of muted colours.' },
} as const satisfies NumberTable;

const LUT_STRENGTH = {
  default: 1,
  min: 0,
  max: 1,
  unit: 'share',
  doc: "How much of the table's result counts.",
} as const;

const UNIT = { default: 0, min: 0, max: 1, unit: 'encoded', doc: '' } as const;
const MOST_POINTS = 32;
const points = list(tuple(UNIT, UNIT), MOST_POINTS, 2);
const curve: Reader<CurvePoint[], readonly CurvePoint[]> = {
  expected: `2 to ${MOST_POINTS} points [from, to], 0..1, in rising order`,
  read: (v, where) => {
    const read = points.read(v, where);
    if (read.some((p, i) => i > 0 && !(p[0] - read[i - 1]![0] >= 1e-4)))
      return refuse(where, 'points in rising order, at least 0.0001 apart', v);
    return read;
  },
};

/** The last tables by their texts: whoever moves a slider reads the same recipe many times. */
const tables = new Map<string, Lut>();
const MOST_TABLES = 4;

function parsed(text: string): Lut {
  const table = tables.get(text) ?? parseCube(text);
  tables.delete(text);
  tables.set(text, table);
  if (tables.size > MOST_TABLES) tables.delete(tables.keys().next().value!);
  return table;
}

const lut = resource('text', 'a .cube table', (v, where): Lut => {
  if (isLut(v)) return v;
  if (typeof v !== 'string') return refuse(where, 'a table read by parseCube', v);
  try {
    return parsed(v);
  } catch (cause) {
    throw new RelievoError('INVALID_PARAM', `${where.path}: ${(cause as Error).message}`, { cause });
  }
});

/** A look's options as they are read, in calls and in recipes. */
export const LOOK_FIELDS = {
  ...numberFields(GRADE_PARAMS),
  curves: object({ rgb: curve, red: curve, green: curve, blue: curve, luma: curve }),
  lut,
  lutStrength: number(LUT_STRENGTH),
};

export type LookValues = FieldsValue<typeof LOOK_FIELDS>;

/** Changes pixels from..to of three planes of linear light, in place. What comes out may lie beyond 0..1. */
export type Look = (r: Float32Array, g: Float32Array, b: Float32Array, from: number, to: number) => void;

/** Middle grey, 18 % of the light, on the encoded scale. */
const PIVOT = linearToSrgb(0.18);
/** Largest change of the encoded value by highlights and shadows; more would turn the order of tones round. */
const TONE = 0.13;

/** One thing that a look does to a pixel, with all that can be worked out before: the GPU's passes take it from here. */
export type Stage =
  | { readonly does: 'gain'; readonly gain: number }
  /** Row by row. */
  | { readonly does: 'matrix'; readonly matrix: Float64Array }
  | { readonly does: 'tones'; readonly tones: Tones; readonly luma: Float64Array }
  | { readonly does: 'tables'; readonly tables: readonly [red: Float32Array, green: Float32Array, blue: Float32Array] }
  | { readonly does: 'saturation'; readonly saturation: number; readonly vibrance: number; readonly luma: Float64Array }
  | { readonly does: 'lut'; readonly lut: Lut; readonly strength: number };

/**
 * Turns a look into as few stages as it needs: a matrix, a gain by luminance, a curve per channel, saturation, a table.
 *
 * @returns none for a look that changes nothing.
 */
export function planLook(look: LookValues, space: PredefinedColorSpace): readonly Stage[] {
  const stages: Stage[] = [];
  const luma = Float64Array.from(lumaOf(space));
  const light = 2 ** look.exposure;
  if (look.temperature !== 0 || look.tint !== 0) {
    const matrix = Float64Array.from(whiteBalance(look.temperature, look.tint, space).flat(), (v) => v * light);
    stages.push({ does: 'matrix', matrix });
  } else if (light !== 1) stages.push({ does: 'gain', gain: light });
  const { curves } = look;
  if (look.highlights !== 0 || look.shadows !== 0 || curves?.luma) {
    const last = curves?.luma ? monotoneCurve(curves.luma) : (v: number) => v;
    const tones = planTones((v) => last(tone(v, look.shadows, look.highlights)));
    stages.push({ does: 'tones', tones, luma });
  }
  const channels = [curves?.red, curves?.green, curves?.blue];
  if (look.contrast !== 0 || curves?.rgb || channels.some(Boolean)) {
    const slope = 2 ** look.contrast;
    const all = curves?.rgb ? monotoneCurve(curves.rgb) : (v: number) => v;
    const common = encodedTable((v) => all(stretch(v, slope)));
    const tables = channels.map((points) => {
      if (!points) return common;
      const own = monotoneCurve(points);
      return encodedTable((v) => own(all(stretch(v, slope))));
    }) as [Float32Array, Float32Array, Float32Array];
    stages.push({ does: 'tables', tables });
  }
  if (look.vibrance !== 0 || look.saturation !== 0)
    stages.push({ does: 'saturation', saturation: 1 + look.saturation, vibrance: look.vibrance, luma });
  if (look.lut && look.lutStrength > 0) stages.push({ does: 'lut', lut: look.lut, strength: look.lutStrength });
  return stages;
}

/**
 * The stages on the CPU. Each is a small loop whose constants fit the registers; all of them in one loop were measured
 * slower.
 */
export function lookOf(stages: readonly Stage[]): Look {
  const work = stages.map(workOf);
  return (r, g, b, from, to) => work.forEach((stage) => stage(r, g, b, from, to));
}

function workOf(stage: Stage): Look {
  switch (stage.does) {
    case 'gain':
      return (...planes) => times(stage.gain, ...planes);
    case 'matrix':
      return (...planes) => throughMatrix(stage.matrix, ...planes);
    case 'tones':
      return (...planes) => throughTones(stage.tones, stage.luma, ...planes);
    case 'tables':
      return (r, g, b, from, to) => {
        const [red, green, blue] = stage.tables;
        throughTable(r, red, from, to);
        throughTable(g, green, from, to);
        throughTable(b, blue, from, to);
      };
    case 'saturation':
      if (stage.vibrance === 0) return (...planes) => saturate(stage.saturation, stage.luma, ...planes);
      return (...planes) => saturateMuted(stage.saturation, stage.vibrance, stage.luma, ...planes);
    case 'lut':
      return (...planes) => applyLut(stage.lut, stage.strength, ...planes);
  }
}

function times(gain: number, r: Float32Array, g: Float32Array, b: Float32Array, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    r[i] = r[i]! * gain;
    g[i] = g[i]! * gain;
    b[i] = b[i]! * gain;
  }
}

function throughMatrix(
  m: Float64Array,
  r: Float32Array,
  g: Float32Array,
  b: Float32Array,
  from: number,
  to: number,
): void {
  const [rr, rg, rb, gr, gg, gb, br, bg, bb] = [m[0]!, m[1]!, m[2]!, m[3]!, m[4]!, m[5]!, m[6]!, m[7]!, m[8]!];
  for (let i = from; i < to; i++) {
    const x = r[i]!;
    const y = g[i]!;
    const z = b[i]!;
    r[i] = rr * x + rg * y + rb * z;
    g[i] = gr * x + gg * y + gb * z;
    b[i] = br * x + bg * y + bb * z;
  }
}

/**
 * Two bumps on the encoded scale, v (1 - v)² and v² (1 - v) scaled to 1 at their tops, a third and two thirds of the
 * way. Black and white stay, and the order of tones at any strength.
 */
function tone(v: number, shadows: number, highlights: number): number {
  if (v <= 0 || v >= 1) return v;
  return v + TONE * 6.75 * v * (1 - v) * (shadows * (1 - v) + highlights * v);
}

/** Largest gain of a channel: what is nearly black has no colour worth keeping, only noise. */
export const MOST_GAIN = 8;

/** Of a luminance: what it becomes, and the gain of all channels that makes it so. */
export interface Tones {
  readonly target: Float32Array;
  readonly gain: Float32Array;
}

/** All channels times one gain, so that hue and saturation stay; a lifted black becomes grey. */
function planTones(curve: (encoded: number) => number): Tones {
  const target = encodedTable(curve);
  const light = lightTable((y) => y);
  const gain = target.map((v, i) => (v > MOST_GAIN * light[i]! ? MOST_GAIN : v / light[i]!));
  if (target[0] === 0) gain[0] = gain[1]!;
  return { target, gain };
}

/** A curve of encoded values as one of light. */
function encodedTable(curve: (encoded: number) => number): Float32Array {
  return lightTable((light) => srgbToLinear(curve(linearToSrgb(light))));
}

function throughTones(
  { target, gain }: Tones,
  luma: Float64Array,
  r: Float32Array,
  g: Float32Array,
  b: Float32Array,
  from: number,
  to: number,
): void {
  const [lr, lg, lb] = [luma[0]!, luma[1]!, luma[2]!];
  for (let i = from; i < to; i++) {
    const x = r[i]!;
    const y = g[i]!;
    const z = b[i]!;
    const light = lr * x + lg * y + lb * z;
    const at = lightPlace(light);
    const k = gain[at]!;
    const rest = k < MOST_GAIN ? 0 : target[at]! - k * light;
    r[i] = x * k + rest;
    g[i] = y * k + rest;
    b[i] = z * k + rest;
  }
}

/** An S through black, middle grey and white, of the given slope at grey; its reverse is that of the slope's inverse. */
function stretch(v: number, slope: number): number {
  if (slope === 1 || v <= 0 || v >= 1) return v;
  return v < PIVOT ? PIVOT * (v / PIVOT) ** slope : 1 - (1 - PIVOT) * ((1 - v) / (1 - PIVOT)) ** slope;
}

/** Light above white keeps what it has above it, for a later look may bring it back. */
function throughTable(plane: Float32Array, table: Float32Array, from: number, to: number): void {
  const white = table[LIGHT_STEPS]!;
  for (let i = from; i < to; i++) {
    const v = plane[i]!;
    plane[i] = v < 1 ? table[lightPlace(v)]! : white * v;
  }
}

/** Moves a colour from or to the grey of its luminance. */
function saturate(
  k: number,
  luma: Float64Array,
  r: Float32Array,
  g: Float32Array,
  b: Float32Array,
  from: number,
  to: number,
): void {
  const [lr, lg, lb] = [luma[0]!, luma[1]!, luma[2]!];
  for (let i = from; i < to; i++) {
    const x = r[i]!;
    const y = g[i]!;
    const z = b[i]!;
    const grey = lr * x + lg * y + lb * z;
    r[i] = grey + k * (x - grey);
    g[i] = grey + k * (y - grey);
    b[i] = grey + k * (z - grey);
  }
}

/** The same, and by vibrance as much as the colour lacks to full saturation. */
function saturateMuted(
  saturation: number,
  vibrance: number,
  luma: Float64Array,
  r: Float32Array,
  g: Float32Array,
  b: Float32Array,
  from: number,
  to: number,
): void {
  const [lr, lg, lb] = [luma[0]!, luma[1]!, luma[2]!];
  for (let i = from; i < to; i++) {
    const x = r[i]!;
    const y = g[i]!;
    const z = b[i]!;
    // Largest and smallest of the three, without branches, which noise would make a guess of.
    const apart = Math.abs(x - y);
    const high = (x + y + apart) / 2;
    const low = (x + y - apart) / 2;
    const most = (high + z + Math.abs(high - z)) / 2;
    const least = (low + z - Math.abs(low - z)) / 2;
    const k = saturation * (1 + (most > 0 ? (vibrance * (least > 0 ? least : 0)) / most : vibrance));
    const grey = lr * x + lg * y + lb * z;
    r[i] = grey + k * (x - grey);
    g[i] = grey + k * (y - grey);
    b[i] = grey + k * (z - grey);
  }
}
