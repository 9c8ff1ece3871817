import type { Flags, Values } from './flags.js';
import type { Work } from './io.js';
import type { Output } from './output.js';
import type { Source } from './source.js';

/** What a command makes of a photo. */
export interface Result {
  /** In the name that a file gets: `a.jpg` becomes `a-depth.png`. */
  readonly suffix: string;
  /** Endings that it can be written with; the first is the default. */
  readonly endings: readonly string[];
  /** What is written beside it. */
  readonly beside?: (path: string) => string;
}

/** Handles one photo. Returns what `--json` prints; `out` is there if the command has a result. */
export type Runner = (photo: Source, out: Output, work: Work) => Promise<Record<string, unknown>>;

interface Prepared {
  readonly run: Runner;
  /** Where the flags make it another than the command's. */
  readonly result?: Result | undefined;
}

/** One command of the program. */
export interface Command<F extends Flags = Flags> {
  /** One line. */
  readonly summary: string;
  /** What the flags do not say. */
  readonly details?: string;
  readonly flags: F;
  /** None: it prints JSON. */
  readonly result?: Result;
  /** Checks what the flags mean together, before any photo is read. @throws UsageError */
  prepare(flags: Values<F>): Runner | Prepared;
}

/** Lets `prepare` know the types of its flags. */
export const define = <F extends Flags>(command: Command<F>): Command => command as unknown as Command;
