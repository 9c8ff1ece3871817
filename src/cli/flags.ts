import { isRelievoError } from '../core/errors.js';
import { flag as onOff, number, type Fields, type Reader } from '../core/schema.js';
import type { NumberParam } from '../core/params.js';
import { UsageError } from './io.js';

/** One flag of a command. Help, checks, completion and docs/cli.md come from it. */
export interface Flag<T> {
  /** What the help calls its value; none: the flag is a switch. */
  readonly value?: string | undefined;
  readonly doc: string;
  /** What the help says that it is without it. */
  readonly standard?: string | number | undefined;
  readonly choices?: readonly string[] | undefined;
  /** Heading in the help. */
  readonly group?: string | undefined;
  /** @param name with its dashes, for messages. @throws UsageError */
  read(text: string, name: string): T;
}

/* eslint-disable-next-line @typescript-eslint/no-explicit-any -- a table holds flags of all types */
export type Flags = Readonly<Record<string, Flag<any>>>;

/** What was given, by the names of the table. */
export type Values<F extends Flags> = { readonly [K in keyof F]?: F[K] extends Flag<infer T> ? T : never };

/** `catsEye` is `--cats-eye`; `background.exposure` is `--background-exposure`. */
export const kebab = (name: string) => name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`).replaceAll('.', '-');

export function toggle(doc: string, group?: string): Flag<true> {
  return { doc, group, read: () => true };
}

export function word(value: string, doc: string, group?: string): Flag<string> {
  return { value, doc, group, read: (text) => text };
}

export const file = (doc: string, group?: string) => word('FILE', doc, group);

/** A number of a table. Its default is the help's to say: who does not give it gets undefined. */
export function numeric(param: NumberParam, group?: string): Flag<number> {
  return { ...fromReader(number(param), '', group), standard: param.default } as Flag<number>;
}

/** A flag for an option of a table. Its value is the JSON that a recipe has there. */
export function fromReader(reader: Reader<unknown, unknown>, doc = '', group?: string): Flag<unknown> {
  if (reader.expected === onOff.expected) return { ...toggle(doc || (reader.doc ?? ''), group) };
  const { param, choices, expected } = reader;
  const line = reader.doc ?? param?.doc;
  const takes = param ? `${param.min} to ${param.max} (${param.unit})` : expected;
  return {
    value: param ? 'NUMBER' : choices ? choices.join('|') : 'VALUE',
    doc: doc || [line, choices ? '' : sentence(takes)].filter(Boolean).join(' '),
    standard: param?.default,
    choices: choices?.map(String),
    group,
    read(text, name) {
      let refused: unknown;
      for (const candidate of jsonOf(text)) {
        try {
          // Resources are looked up when the recipe runs.
          reader.read(candidate, { path: name, scale: { x: 1, y: 1 }, resource: () => undefined });
          return candidate;
        } catch (error) {
          if (!isRelievoError(error)) throw error;
          refused ??= error;
        }
      }
      throw new UsageError(isRelievoError(refused) ? refused.message : `${name} takes no '${text}'.`);
    },
  };
}

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

/**
 * What a text on the command line may mean in JSON: a number, a point `X,Y`, a range `A-B`, `face:N`, JSON itself, or the
 * text as it stands. An option's table picks the first that it takes.
 */
function jsonOf(text: string): unknown[] {
  const found: unknown[] = [text];
  if (text.trim() !== '' && Number.isFinite(Number(text))) found.push(Number(text));
  const numbers = /^(-?[\d.]+)([,-])([\d.]+)$/.exec(text);
  if (numbers) {
    const [a, b] = [Number(numbers[1]), Number(numbers[3])];
    if (numbers[2] === ',') found.push({ x: a, y: b }, [a, b]);
    else found.push([Math.max(a, b), Math.min(a, b)]);
  }
  const face = /^face:(\d{1,3})$/.exec(text);
  if (face) found.push({ face: Number(face[1]) });
  if (text === 'true' || text === 'false') found.push(text === 'true');
  if (/^[[{]/.test(text)) {
    try {
      found.push(JSON.parse(text));
    } catch {
      // No JSON: the other readings stand.
    }
  }
  return found;
}

const isObjectOf = (reader: Reader<unknown, unknown>) => reader.fields !== undefined && reader.expected.startsWith('{');

/** Flags for all options of a table, those of inner objects as `--outer-inner`. Docs are for options whose table has none. */
export function fromTable(
  fields: Fields,
  group: string,
  docs: Readonly<Record<string, string>> = {},
  path = '',
): Flags {
  return Object.assign(
    {},
    ...Object.entries(fields).map(([key, reader]) => {
      const name = `${path}${key}`;
      if (isObjectOf(reader)) return fromTable(reader.fields!, `${group}: ${key}`, docs, `${name}.`);
      return { [name]: fromReader(reader, docs[name], group) };
    }),
  );
}

/** Flags of {@link fromTable} back into an object of options. */
export function optionsOf(flags: Flags, values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  for (const name of Object.keys(flags)) {
    if (values[name] === undefined) continue;
    const keys = name.split('.');
    let place = options;
    for (const key of keys.slice(0, -1)) place = (place[key] ??= {}) as Record<string, unknown>;
    place[keys.at(-1)!] = values[name];
  }
  return options;
}

/** Whether an option is a list: no one flag says it but as JSON. */
export const isListOf = (reader: Reader<unknown, unknown>) => reader.expected.startsWith('a list');
