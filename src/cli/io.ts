import type { TaskOptions } from '../core/task.js';

interface Sink {
  write(data: string | Uint8Array): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Where a command reads and writes, and what stops it. */
export interface Io {
  /** Standard input: what `-` stands for. */
  readonly stdin?: AsyncIterable<Uint8Array> | undefined;
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly signal: AbortSignal;
}

/** {@link Io} during the work on one photo. */
export interface Work extends Io {
  /** Signal and progress of what takes the share from..to (0..1) of the work. */
  task(from: number, to: number): TaskOptions;
}

/** The caller typed something wrong: exit code 2. */
export class UsageError extends Error {}
