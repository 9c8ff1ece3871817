import { RelievoError } from '../core/errors.js';
import type { Operator } from './operator.js';
import { registerOperator } from './operators.js';

/**
 * Registers what a script of the host's exports by default: an operator, or a list of them. The script may import Relievo as
 * it likes: an operator is data and functions, whichever copy of the package made it.
 *
 * @param address whole, as `import()` takes it.
 * @throws RelievoError `FILE_NOT_FOUND` where it cannot be loaded; `INVALID_PARAM` where it exports something else.
 */
export async function loadOperators(address: string): Promise<void> {
  let found: unknown;
  try {
    const script = (await import(/* @vite-ignore */ /* webpackIgnore: true */ /* turbopackIgnore: true */ address)) as {
      default?: unknown;
    };
    found = script.default;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RelievoError('FILE_NOT_FOUND', `operators: ${address} could not be loaded: ${why}`, { cause });
  }
  for (const operator of Array.isArray(found) ? found : [found]) registerOperator(operator as Operator);
}
