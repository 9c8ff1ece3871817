import { RelievoError } from '../core/errors.js';
import { copyOf, invalid } from '../core/params.js';
import {
  backgroundOperator,
  parallaxOperator,
  stickerOperator,
  stickersOperator,
  strokesOperator,
} from './composing.js';
import { bokehOperator } from './bokeh-operator.js';
import { gradeOperator } from './grade.js';
import { hazeOperator } from './haze.js';
import type { Operator } from './operator.js';
import { peakingOperator } from './peaking.js';
import { relightOperator } from './relight.js';
import { vignetteOperator } from './vignette.js';
import { visualiseOperator } from './visualise.js';

/**
 * Every operator of ours that a recipe may name. A new one is a line here: validation, JSON form, docs and the generated tests
 * follow from its table of options.
 */
export const OPERATORS = {
  bokeh: bokehOperator,
  grade: gradeOperator,
  haze: hazeOperator,
  relight: relightOperator,
  vignette: vignetteOperator,
  visualise: visualiseOperator,
  peaking: peakingOperator,
  background: backgroundOperator,
  sticker: stickerOperator,
  stickers: stickersOperator,
  parallax: parallaxOperator,
  strokes: strokesOperator,
} as const;

const registered = new Map<string, Operator>(Object.entries(OPERATORS) as unknown as [string, Operator][]);

/**
 * Makes an operator of the host's known to recipes, previews and {@link pipeline}: from then on a step may name it. For its
 * types, add its options to {@link CustomOperators}.
 *
 * ```ts
 * declare module 'relievo/effects' {
 *   interface CustomOperators { glow: { amount?: number } }
 * }
 * registerOperator(glow);
 * await pipeline([{ op: 'glow', amount: 0.4 }]).run(photo, depth);
 * ```
 *
 * @param operator what `definePointOperator` or `defineOperator` made. Registering it again replaces it, one of ours never.
 * @throws RelievoError `INVALID_PARAM` for a name that is taken by one of ours, or for something else than an operator.
 */
export function registerOperator(operator: Operator): void {
  const read: Partial<Operator> = copyOf('registerOperator', operator);
  const { name, kind, options } = read;
  if (typeof name !== 'string' || !/^[a-z][a-z0-9-]{0,40}$/.test(name))
    throw invalid('registerOperator', 'name', 'lower-case letters, digits and dashes', name);
  if (Object.hasOwn(OPERATORS, name))
    throw new RelievoError(
      'INVALID_PARAM',
      `registerOperator: '${name}' is one of Relievo's own: choose another name.`,
    );
  const works = kind === 'point' ? 'plan' : 'run';
  const made = (kind === 'point' || kind === 'whole') && typeof options === 'object' && options !== null;
  if (!made || typeof (read as never)[works] !== 'function')
    throw invalid('registerOperator', 'operator', 'what definePointOperator or defineOperator returns', operator);
  registered.set(name, read as Operator);
}

/** The operator that a recipe means, ours or the host's. */
export function operatorNamed(name: string): Operator | undefined {
  return registered.get(name);
}

export function operatorNames(): string[] {
  return [...registered.keys()];
}
