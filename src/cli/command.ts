import type { ParseArgsConfig } from 'node:util';

/** Where a command writes, and what stops it. */
export interface Io {
  readonly stdout: { write(text: string): unknown; readonly isTTY?: boolean };
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean };
  readonly signal: AbortSignal;
}

export type Flags = Readonly<Record<string, string | boolean | undefined>>;

/** One command of the program. */
export interface Command {
  /** Its part of the help text. */
  readonly usage: string;
  readonly options: NonNullable<ParseArgsConfig['options']>;
  /** Ending of the files it writes for PHOTO into a folder, e.g. `-depth.png`. None: it prints. */
  readonly suffix?: string;
  /** Checks flags before any photo is read. Throws {@link UsageError}. */
  prepare(flags: Flags): Runner;
}

/** Handles one photo; `out` is the path to write to. Returns what `--json` prints. */
export type Runner = (photo: string, out: string, io: Io) => Promise<Record<string, unknown>>;

/** The caller typed something wrong: exit code 2. */
export class UsageError extends Error {}

/** A number given as a flag, or undefined. @throws UsageError */
export function numberFlag(flags: Flags, name: string, min: number, max: number): number | undefined {
  const text = flags[name];
  if (text === undefined) return undefined;
  const v = Number(text);
  if (typeof text !== 'string' || text.trim() === '' || !(v >= min && v <= max)) {
    throw new UsageError(`--${name} must be a number from ${min} to ${max}, received '${text}'.`);
  }
  return v;
}
