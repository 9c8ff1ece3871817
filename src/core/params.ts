import { RelievoError } from './errors.js';

/** One numeric option of an operator. The table is the only place where its default, range and unit are written. */
export interface NumberParam {
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly unit: string;
  readonly doc: string;
}

export type NumberTable = Readonly<Record<string, NumberParam>>;

/**
 * Fills defaults and checks ranges. `undefined` means the default.
 *
 * @throws RelievoError `INVALID_PARAM` naming the operator, the option, its range and what was received.
 */
export function numbers<T extends NumberTable>(
  owner: string,
  table: T,
  given: Readonly<Partial<Record<keyof T, unknown>>>,
): { [K in keyof T]: number } {
  const out = {} as { [K in keyof T]: number };
  for (const key in table) {
    const p = table[key]!;
    const v = given[key] ?? p.default;
    if (typeof v !== 'number' || !(v >= p.min && v <= p.max)) {
      throw invalid(owner, key, `a number from ${p.min} to ${p.max} (${p.unit})`, v);
    }
    out[key] = v;
  }
  return out;
}

/** `bokeh: expected 'aperture' to be a number from 0 to 1 (…), received -3.` */
export function invalid(owner: string, param: string, expected: string, received: unknown): RelievoError {
  return new RelievoError(
    'INVALID_PARAM',
    `${owner}: expected '${param}' to be ${expected}, received ${describe(received)}.`,
  );
}

/** A value of any origin in a few words: nothing of an object is read, for it may be hostile. */
export function describe(v: unknown): string {
  if (typeof v === 'string') return JSON.stringify(v.length > 60 ? `${v.slice(0, 57)}…` : v);
  if (Array.isArray(v)) return `a list of ${v.length}`;
  if (v === null || typeof v !== 'object') return String(v);
  return 'an object';
}

/**
 * Refuses unknown option names, so that a typing error is not silently a default.
 *
 * @throws RelievoError `INVALID_PARAM`.
 */
export function knownKeys(owner: string, given: object, known: readonly string[]): void {
  for (const key of Object.keys(given)) {
    if (!known.includes(key)) {
      throw new RelievoError('INVALID_PARAM', `${owner}: unknown option '${key}'. Known: ${known.join(', ')}.`);
    }
  }
}
