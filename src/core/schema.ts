import { RelievoError } from './errors.js';
import { copyOf, describe, type NumberParam, type NumberTable } from './params.js';

/** Kinds of things that a recipe may name instead of holding them. */
interface ResourceKinds {
  /** A picture. */
  image: unknown;
  /** A text file, such as a .cube table. */
  text: string;
}
export type ResourceKind = keyof ResourceKinds;

/** Where a value stands, and what it is read with. */
export interface At {
  /** As in messages: `steps[2].aperture`. */
  readonly path: string;
  /** Points are multiplied by it: a recipe made on a preview, run on the full photo. */
  readonly scale: { readonly x: number; readonly y: number };
  /** What a key or a data URL stands for; undefined while a recipe is only checked. */
  readonly resource: (kind: ResourceKind, name: string, path: string) => unknown;
}

/**
 * Checks one JSON value and turns it into an option. Nothing of the given object is kept but numbers, strings, booleans
 * and pixels, and only own properties are read: a recipe may come from anywhere.
 */
export interface Reader<T, J = T> {
  /** For messages and the docs: `a number from 0 to 1 (share)`. */
  readonly expected: string;
  /** What the option is for, in a line; a number's is in its table. */
  readonly doc?: string;
  /** The number's table entry, for the docs. */
  readonly param?: NumberParam;
  /** Of an object, its options; of a list, its elements. */
  readonly fields?: Fields;
  /** Of a choice, what there is to choose from. */
  readonly choices?: readonly (string | number)[];
  /** An object without it is refused. */
  readonly required?: boolean;
  read(value: unknown, at: At): T;
  /** Only a type: what the JSON looks like. */
  readonly json?: J;
}

/* eslint-disable-next-line @typescript-eslint/no-explicit-any -- a table holds readers of all types */
export type Fields = Readonly<Record<string, Reader<any, any>>>;

type Optional<T> = { [K in keyof T]?: T[K] | undefined };
type RequiredKeys<F extends Fields> = { [K in keyof F]: F[K] extends { required: true } ? K : never }[keyof F];
type JsonOf<R> = R extends Reader<unknown, infer J> ? J : never;
type ValueOf<R> = R extends { param: NumberParam }
  ? number
  : R extends Reader<infer T, unknown>
    ? T | undefined
    : never;

/** The JSON form of a table of options. */
export type FieldsJson<F extends Fields> = Optional<{ [K in Exclude<keyof F, RequiredKeys<F>>]: JsonOf<F[K]> }> & {
  [K in RequiredKeys<F>]: JsonOf<F[K]>;
};
/** What reading it gives. */
export type FieldsValue<F extends Fields> = { [K in Exclude<keyof F, RequiredKeys<F>>]: ValueOf<F[K]> } & {
  [K in RequiredKeys<F>]: Exclude<ValueOf<F[K]>, undefined>;
};

/** An API call reads its options with the same table: no scale, nothing to look up. */
export function at(path: string): At {
  return {
    path,
    scale: { x: 1, y: 1 },
    resource: (kind, _name, where) => {
      throw new RelievoError('INVALID_PARAM', `${where}: a ${kind} given by name works in a recipe only.`);
    },
  };
}

const LONGEST_NAME = 60;

/** @throws RelievoError `INVALID_PARAM`: `steps[2].aperture: expected a number from 0 to 0.2, received -3.` */
export function refuse(where: At, expected: string, received: unknown): never {
  throw new RelievoError('INVALID_PARAM', `${where.path}: expected ${expected}, received ${describe(received)}.`);
}

export function child(where: At, key: string | number): At {
  const path = typeof key === 'number' ? `${where.path}[${key}]` : where.path ? `${where.path}.${key}` : key;
  return { ...where, path };
}

/** @throws RelievoError `INVALID_PARAM` naming the first unknown option. */
export function known(where: At, given: object, keys: readonly string[]): void {
  for (const key of Object.keys(given)) {
    if (keys.includes(key)) continue;
    const name = key.length > LONGEST_NAME ? `${key.slice(0, LONGEST_NAME)}…` : key;
    throw new RelievoError('INVALID_PARAM', `${where.path}: unknown option '${name}'. Known: ${keys.join(', ')}.`);
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The own property, or undefined: never one that an object inherits. */
export function own(value: object, key: string): unknown {
  return Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
}

/** Reads a table of options; `undefined` and missing mean the default. */
export function readFields<F extends Fields>(fields: F, value: unknown, where: At): FieldsValue<F> {
  const options = copyOf(where.path, value as object);
  known(where, options, Object.keys(fields));
  const out: Record<string, unknown> = {};
  for (const [key, reader] of Object.entries(fields)) {
    const given = own(options, key);
    if (given !== undefined) out[key] = reader.read(given, child(where, key));
    else if (reader.required) refuse(child(where, key), reader.expected, undefined);
    else if (reader.param) out[key] = reader.param.default;
  }
  return out as FieldsValue<F>;
}

export function number<P extends NumberParam>(param: P): Reader<number> & { param: P } {
  const expected = `a number from ${param.min} to ${param.max} (${param.unit})`;
  return {
    expected,
    param,
    read: (v, where) => (typeof v === 'number' && v >= param.min && v <= param.max ? v : refuse(where, expected, v)),
  };
}

/** A number whose default is not a number: it is found in the photo, as `doc` says. */
export function found(param: Omit<NumberParam, 'default'>): Reader<number> {
  const { expected, read } = number({ ...param, default: NaN });
  return { expected, read, doc: param.doc };
}

/** A reader with a line of doc. */
export function told<R extends Reader<unknown, unknown>>(doc: string, reader: R): R {
  return { ...reader, doc };
}

/** Readers of a whole table of numbers. */
export function numberFields<T extends NumberTable>(table: T): { [K in keyof T]: ReturnType<typeof number<T[K]>> } {
  return Object.fromEntries(Object.entries(table).map(([key, p]) => [key, number(p)])) as never;
}

export function oneOf<const V extends readonly (string | number)[]>(values: V): Reader<V[number]> {
  const names = values.map((v) => (typeof v === 'string' ? `'${v}'` : String(v)));
  const expected = names.length > 1 ? `${names.slice(0, -1).join(', ')} or ${names.at(-1)}` : names[0]!;
  return {
    expected,
    choices: values,
    read: (v, where) => (values.includes(v as V[number]) ? (v as V[number]) : refuse(where, expected, v)),
  };
}

export const flag: Reader<boolean> = {
  expected: 'true or false',
  read: (v, where) => (typeof v === 'boolean' ? v : refuse(where, 'true or false', v)),
};

export function text(longest: number): Reader<string> {
  const expected = `a text of up to ${longest} characters`;
  return {
    expected,
    read: (v, where) => (typeof v === 'string' && v.length <= longest ? v : refuse(where, expected, v)),
  };
}

export function object<F extends Fields>(fields: F): Reader<FieldsValue<F>, FieldsJson<F>> {
  return {
    expected: `{ ${Object.keys(fields).join(', ')} }`,
    fields,
    read: (v, where) => readFields(fields, v, where),
  };
}

export function list<T, J>(element: Reader<T, J>, most: number, least = 0): Reader<T[], readonly J[]> {
  const expected = `a list of ${least} to ${most}: ${element.expected}`;
  return {
    expected,
    ...(element.fields && { fields: element.fields }),
    read: (v, where) =>
      Array.isArray(v) && v.length >= least && v.length <= most
        ? Array.from(v, (e, i) => element.read(e, child(where, i)))
        : refuse(where, expected, v),
  };
}

/** A fixed number of numbers. */
export function tuple<const P extends readonly NumberParam[]>(
  ...params: P
): Reader<{ [K in keyof P]: number }, { readonly [K in keyof P]: number }> {
  const expected = `[${params.map((p) => `${p.min}..${p.max}`).join(', ')}]`;
  return {
    expected,
    read: (v, where) =>
      Array.isArray(v) && v.length === params.length
        ? (params.map((p, i) => number(p).read(v[i], child(where, i))) as never)
        : refuse(where, expected, v),
  };
}

const FAR_POINT = 1e6;

/** Pixels of the upright photo, at the recipe's size. */
export const point: Reader<{ x: number; y: number }> = {
  expected: '{ x, y } in pixels',
  read: (v, where) => {
    const [x, y] = isObject(v) ? [own(v, 'x'), own(v, 'y')] : [];
    const fits = (n: unknown): n is number => typeof n === 'number' && Math.abs(n) <= FAR_POINT;
    if (!fits(x) || !fits(y)) return refuse(where, '{ x, y } in pixels', v);
    known(where, v as object, ['x', 'y']);
    return { x: x * where.scale.x, y: y * where.scale.y };
  },
};

/** The first of several readers that takes the value. */
export function either<R extends readonly Reader<unknown, unknown>[]>(
  ...readers: R
): Reader<R[number] extends Reader<infer T, unknown> ? T : never, JsonOf<R[number]>> {
  const expected = readers.map((r) => r.expected).join(', or ');
  return {
    expected,
    read: (v, where) => {
      for (const reader of readers) {
        try {
          return reader.read(v, where) as never;
        } catch (error) {
          if (!(error instanceof RelievoError)) throw error;
        }
      }
      return refuse(where, expected, v);
    },
  };
}

/** Marks an option without which a step means nothing. */
export function required<R extends Reader<unknown, unknown>>(reader: R): R & { readonly required: true } {
  return { ...reader, required: true };
}

/**
 * Something that JSON cannot hold: in a recipe a key of the host's resources or a data URL, in a call the thing itself.
 *
 * @param take checks and converts the thing; throws its own errors.
 */
export function resource<T>(
  kind: ResourceKind,
  expected: string,
  take: (value: unknown, at: At) => T,
): Reader<T, string> {
  return {
    expected,
    read: (v, where) => {
      if (typeof v !== 'string') return take(v, where);
      if (v === '') return refuse(where, expected, v);
      const found = where.resource(kind, v, where.path);
      return found === undefined ? (undefined as T) : take(found, where);
    },
  };
}
