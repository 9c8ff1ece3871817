import { RelievoError } from '../core/errors.js';
import type { NumberTable } from '../core/params.js';
import {
  list,
  number,
  numberFields,
  object,
  refuse,
  resource,
  told,
  tuple,
  type FieldsValue,
  type Reader,
} from '../core/schema.js';
import type { CurvePoint } from './curve.js';
import { parseCube, readLut, type Lut } from './lut.js';

/** Tone curves through points `[from, to]`, both 0..1 on the encoded scale; 2 to 32 points in rising order. */
export interface Curves {
  /** The same for the three channels, before those of a single one. Default: none. */
  rgb?: readonly CurvePoint[] | undefined;
  /** Of the red channel. Default: none. */
  red?: readonly CurvePoint[] | undefined;
  /** Of the green channel. Default: none. */
  green?: readonly CurvePoint[] | undefined;
  /** Of the blue channel. Default: none. */
  blue?: readonly CurvePoint[] | undefined;
  /** Of the luminance alone: hue and saturation stay. Default: none. */
  luma?: readonly CurvePoint[] | undefined;
}

/** Look of one part of the depth. Everything at 0 changes nothing. Applied in the order in which they stand here. */
export interface GradeParams {
  /** Stops: +1 doubles the light, -1 halves it; -5..5. Default: 0. */
  exposure?: number | undefined;
  /** -1 = cold (white at 15,700 K), 1 = warm (4100 K), in even steps of 90 mired; -1..1. Default: 0. */
  temperature?: number | undefined;
  /** -1 = green, 1 = magenta: 0.02 each way across the daylight locus (CIE 1960 uv); -1..1. Default: 0. */
  tint?: number | undefined;
  /** Share by which what is dark is lifted (1) or lowered (-1), hue and white kept; -1..1. Default: 0. */
  shadows?: number | undefined;
  /** Share by which what is bright is lifted (1) or lowered (-1), hue and black kept; -1..1. Default: 0. */
  highlights?: number | undefined;
  /** Slope at middle grey (18 % of the light), on the encoded scale: 2^contrast; black and white stay. -1..1. Default: 0. */
  contrast?: number | undefined;
  /** Tone curves. Default: none. */
  curves?: Curves | undefined;
  /** Share by which colours move away from grey: -1 = grey, 0 = as it is, 1 = twice as far; -1..1. Default: 0. */
  saturation?: number | undefined;
  /** The same share, mostly for muted colours: skin and what is vivid already change less; -1..1. Default: 0. */
  vibrance?: number | undefined;
  /** A colour table, read by {@link parseCube}. In a recipe its name, see docs/recipes.md. Default: none. */
  lut?: Lut | undefined;
  /** Share of the table's result that counts, 0..1. Default: 1. */
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
  const table = readLut(v);
  if (table) return table;
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
  curves: told(
    'Tone curves.',
    object({
      rgb: told('Of all three channels.', curve),
      red: told('Of this channel.', curve),
      green: told('Of this channel.', curve),
      blue: told('Of this channel.', curve),
      luma: told('Of the luminance alone.', curve),
    }),
  ),
  lut: told('A colour table.', lut),
  lutStrength: number(LUT_STRENGTH),
};

export type LookValues = FieldsValue<typeof LOOK_FIELDS>;
