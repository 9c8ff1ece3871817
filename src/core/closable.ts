// Whoever uses the package gets the types that `using` needs from here, whatever `lib` their project names.
/// <reference lib="esnext.disposable" preserve="true" />

/** `Symbol.dispose`; where an engine has none yet, the one that esbuild, swc and Babel then look for. */
export const DISPOSE: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for('Symbol.dispose');

/**
 * What holds memory, a worker or a GPU until it is closed: by `close()`, or by `using` at the end of its block. Closing
 * it again does nothing; every other call then throws `DISPOSED`.
 */
export interface Closable {
  /** Lets go of what it holds; calls under way end with `DISPOSED`. */
  close(): void;
  /** {@link close}, at the end of a block that began with `using`. */
  [DISPOSE](): void;
}
