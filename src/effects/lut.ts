import { RelievoError } from '../core/errors.js';
import { isArrayOf } from '../image/image-data.js';

/** A colour table: encoded RGB in, encoded RGB out. */
export interface Lut {
  readonly title: string;
  /** 1: a curve per channel; 3: a cube. */
  readonly dimensions: 1 | 3;
  /** Entries per side. */
  readonly size: number;
  /** RGB triplets; of a cube, red runs fastest. */
  readonly data: Float32Array;
  /** Input that the first and the last entry stand for, per channel. */
  readonly domainMin: readonly [number, number, number];
  readonly domainMax: readonly [number, number, number];
}

/** Sizes that the format allows (Adobe, Cube LUT Specification 1.0, 2013). */
const LARGEST = { 1: 65536, 3: 256 } as const;
/** Characters of a file; a cube of 129³ with six decimals has 60 million. */
const LONGEST_FILE = 100e6;
/** Shortest line of an entry, `0 0 0\n`: more entries than the text can hold are refused before memory is taken. */
const SHORTEST_ENTRY = 6;
/** Values beyond it are a mistake, not a colour. */
const LARGEST_VALUE = 1e6;

/**
 * Reads a `.cube` table, 1D or 3D.
 *
 * @throws RelievoError `INVALID_PARAM` with the line of the first mistake.
 */
export function parseCube(text: string): Lut {
  if (typeof text !== 'string') throw wrong(0, 'expected the text of a .cube file');
  if (text.length > LONGEST_FILE) throw wrong(0, `${text.length} characters, the limit is ${LONGEST_FILE}`);
  let title = '';
  let dimensions: 1 | 3 | undefined;
  let size = 0;
  let domainMin: Triplet = [0, 0, 0];
  let domainMax: Triplet = [1, 1, 1];
  let data: Float32Array | undefined;
  let filled = 0;
  let line = 0;
  for (let from = 0; from < text.length;) {
    let end = text.indexOf('\n', from);
    if (end < 0) end = text.length;
    line++;
    const words = text.slice(from, Math.min(end, from + 500)).trim();
    from = end + 1;
    if (words === '' || words.startsWith('#') || words.startsWith('\uFEFF#')) continue;
    const [key, ...rest] = words.replace(/^\uFEFF/, '').split(/\s+/) as [string, ...string[]];
    if (/^[-+.\d]/.test(key)) {
      if (!dimensions) throw wrong(line, 'numbers before LUT_1D_SIZE or LUT_3D_SIZE');
      const entries = dimensions === 3 ? size ** 3 : size;
      if (!data) {
        if (entries * SHORTEST_ENTRY > text.length + 1)
          throw wrong(line, `the table ends before its ${entries} entries`);
        data = new Float32Array(entries * 3);
      }
      if (filled === data.length) throw wrong(line, `more than ${entries} entries`);
      data.set(triplet([key, ...rest], line), filled);
      filled += 3;
      continue;
    }
    if (data) throw wrong(line, `${short(key)} after the first entry`);
    if (key === 'TITLE') title = words.slice(5).trim().replace(/^"|"$/g, '');
    else if (key === 'DOMAIN_MIN') domainMin = triplet(rest, line);
    else if (key === 'DOMAIN_MAX') domainMax = triplet(rest, line);
    else if (key === 'LUT_1D_SIZE' || key === 'LUT_3D_SIZE') {
      if (dimensions) throw wrong(line, 'a second size: a shaper and a cube in one file are not supported');
      dimensions = key === 'LUT_1D_SIZE' ? 1 : 3;
      size = Number(rest[0]);
      if (rest.length !== 1 || !Number.isInteger(size) || size < 2 || size > LARGEST[dimensions])
        throw wrong(line, `${key} is a whole number from 2 to ${LARGEST[dimensions]}`);
    } else if (key === 'LUT_1D_INPUT_RANGE' || key === 'LUT_3D_INPUT_RANGE') {
      // Resolve's way of giving the domain.
      const [low, high] = triplet([...rest, '0'], line);
      [domainMin, domainMax] = [
        [low, low, low],
        [high, high, high],
      ];
    } else throw wrong(line, `unknown keyword ${short(key)}`);
  }
  if (!dimensions || !data) throw wrong(line, 'no table');
  if (filled < data.length) throw wrong(line, `${filled / 3} entries, ${data.length / 3} announced`);
  if (domainMin.some((v, c) => !(v < domainMax[c]!))) throw wrong(line, 'DOMAIN_MIN is not below DOMAIN_MAX');
  return { title, dimensions, size, data, domainMin, domainMax };
}

type Triplet = [number, number, number];

function triplet(words: readonly string[], line: number): Triplet {
  const values = words.map(Number);
  if (values.length !== 3 || values.some((v, i) => words[i] === '' || !(Math.abs(v) <= LARGEST_VALUE)))
    throw wrong(line, 'expected three numbers');
  return values as Triplet;
}

const short = (word: string) => (word.length > 40 ? `${word.slice(0, 40)}…` : word);

function wrong(line: number, what: string): RelievoError {
  return new RelievoError('INVALID_PARAM', `.cube table${line > 0 ? `, line ${line}` : ''}: ${what}.`);
}

/** A table of any origin in a copy, each property read once; undefined for anything else. */
export function readLut(value: unknown): Lut | undefined {
  try {
    const { title, dimensions, size, data, domainMin, domainMax } = value as Lut;
    if (!isArrayOf(data, 'Float32Array') || (dimensions !== 1 && dimensions !== 3)) return undefined;
    if (!Number.isInteger(size) || size < 2 || data.length !== size ** dimensions * 3) return undefined;
    const domain = [domainMin, domainMax].map((d) => [...d] as Triplet);
    const [low, high] = domain as [Triplet, Triplet];
    if (!domain.every((d) => d.length === 3 && d.every(Number.isFinite))) return undefined;
    if (!low.every((v, c) => v < high[c]!) || !data.every((v) => Math.abs(v) <= LARGEST_VALUE)) return undefined;
    return { title, dimensions, size, data, domainMin: low, domainMax: high };
  } catch {
    return undefined;
  }
}
