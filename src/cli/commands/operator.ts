import { RelievoError } from '../../core/errors.js';
import type { Operator } from '../../effects/operator.js';
import { pipeline, type Pipeline, type Recipe } from '../../effects/pipeline.js';
import { define, type Command } from '../command.js';
import { fromTable, optionsOf } from '../flags.js';
import { UsageError } from '../io.js';
import { DEPTH_FLAGS } from '../session.js';
import { PICTURE_ENDINGS, runSteps } from '../steps.js';

/** What is written otherwise on a command line. */
const DOCS: Readonly<Record<string, string>> = {
  focus:
    "What is sharp: a point X,Y in pixels of the upright photo, a disparity, a range such as 0.6-0.9, the subject (it is when nothing is said), every face, or face:N, the N-th from 0 as 'relievo faces' lists them.",
};

/** An operator of the registry as a command: each of its options is a flag. */
export function operatorCommand(name: string, operator: Operator): Command {
  const options = fromTable(operator.options, 'Options', DOCS);
  return define({
    summary: operator.doc,
    flags: { ...options, ...DEPTH_FLAGS },
    result: { suffix: name, endings: PICTURE_ENDINGS },
    prepare: (flags) => {
      const edit = checked(name, optionsOf(options, flags));
      return runSteps(name, () => ({ edit, folder: '.', anywhere: true }), flags);
    },
  });
}

/** @throws UsageError that names a flag in place of a recipe's path. */
function checked(op: string, options: Record<string, unknown>): Pipeline {
  try {
    return pipeline([{ op, ...options }] as unknown as Recipe['steps']);
  } catch (error) {
    if (!(error instanceof RelievoError)) throw error;
    throw new UsageError(error.message.replace(/^steps\[0\]\.?/, '--'));
  }
}
