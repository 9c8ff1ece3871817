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
    const own = given[key];
    const v = own === undefined ? p.default : own;
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
  if (typeof v === 'function') return 'a function';
  if (v === null || typeof v !== 'object') return String(v);
  return Array.isArray(v) ? 'a list' : 'an object';
}

/** Options of every long call: {@link TaskOptions}. */
export const TASK = ['signal', 'onProgress'] as const;

/** Options that mean the same wherever they are, by the methods they must have; without any, they are functions. */
const COMMON: Readonly<Record<string, readonly string[]>> = {
  signal: ['throwIfAborted', 'addEventListener'],
  hydra: ['run', 'open'],
  onProgress: [],
  createCanvas: [],
  decoder: [],
  fetch: [],
};

/**
 * The options of a call in a copy: whatever they are, each is read once, so that what is checked is what is used.
 *
 * @param known names of options; undefined: whoever calls checks them.
 * @throws RelievoError `INVALID_PARAM` for anything but an object, an unknown name, or an option that is not what its
 *   name says wherever it is, such as `signal`.
 */
export function readOptions<T extends object>(owner: string, given: T, known?: readonly string[]): T {
  const options = copyOf(owner, given);
  if (known) knownKeys(owner, options, known);
  for (const name in COMMON) {
    const value = (options as Record<string, unknown>)[name];
    if (value === undefined || hasMethods(value, COMMON[name]!)) continue;
    const expected = { signal: 'an AbortSignal', hydra: 'a Hydra' }[name] ?? 'a function';
    throw invalid(owner, name, expected, value);
  }
  return options;
}

/** Of whichever realm it is; without names, whether it is a function. */
export function hasMethods(value: unknown, names: readonly PropertyKey[]): boolean {
  const isFunction = (v: unknown) => typeof v === 'function';
  return names.length ? holds(() => names.every((n) => isFunction((value as never)[n]))) : isFunction(value);
}

/** Own properties, each read once. @throws RelievoError `INVALID_PARAM`. */
export function copyOf<T extends object>(owner: string, given: T): T {
  let cause: unknown;
  try {
    if (typeof given === 'object' && given && !Array.isArray(given)) return { ...given };
  } catch (error) {
    cause = error; // of a getter
  }
  throw new RelievoError('INVALID_PARAM', `${owner}: expected an object of options, received ${describe(given)}.`, {
    cause,
  });
}

/** What a check finds; false also where something of the value cannot be read. */
export function holds(check: () => boolean): boolean {
  try {
    return check();
  } catch {
    return false;
  }
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
