// Whoever uses the package gets the types that `using` needs from here, whatever `lib` their project names.
/// <reference lib="esnext.disposable" preserve="true" />

/** `Symbol.dispose`; where an engine has none yet, the one that esbuild, swc and Babel then look for. */
export const DISPOSE: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for('Symbol.dispose');
