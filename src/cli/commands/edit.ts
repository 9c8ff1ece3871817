import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { RelievoError } from '../../core/errors.js';
import { loadOperators } from '../../effects/load-operators.js';
import { pipeline, type Pipeline } from '../../effects/pipeline.js';
import { PRESETS } from '../../effects/presets.js';
import { define } from '../command.js';
import { file } from '../flags.js';
import { UsageError, type Io } from '../io.js';
import { DEPTH_FLAGS } from '../session.js';
import { bytesOf, nameOf, STDIO } from '../source.js';
import { folderOf, PICTURE_ENDINGS, runSteps, type Steps } from '../steps.js';

const NAMES = Object.keys(PRESETS);

export const edit = define({
  summary: 'The steps of a recipe (docs/recipes.md), or of a preset.',
  details: 'Pictures and tables that a recipe names are files beside it, or in folders below.',
  flags: {
    recipe: file(`Recipe as JSON; '${STDIO}' reads it from standard input.`, 'Options'),
    preset: {
      value: NAMES.join('|'),
      doc: 'A look that comes with Relievo.',
      group: 'Options',
      choices: NAMES,
      read: (text: string, name: string) => {
        if (Object.hasOwn(PRESETS, text)) return text as keyof typeof PRESETS;
        throw new UsageError(`${name} must be one of ${NAMES.join(', ')}, received '${text}'.`);
      },
    },
    operators: file('A script whose operators the recipe may name (docs/operators.md).', 'Options'),
    ...DEPTH_FLAGS,
  },
  result: { suffix: 'edit', endings: PICTURE_ENDINGS },
  prepare: (flags) => {
    const { recipe, preset, operators } = flags;
    if ((recipe === undefined) === (preset === undefined)) throw new UsageError('edit: give --recipe or --preset.');
    let steps: Promise<Steps> | undefined;
    return (from, out, work) => {
      // Once for all photos: standard input is read only once.
      const read = () => (steps ??= preset ? Promise.resolve(ofPreset(preset)) : ofFile(recipe!, operators, work));
      return runSteps('edit', read, flags)(from, out, work);
    };
  },
});

const ofPreset = (name: keyof typeof PRESETS): Steps => ({ edit: pipeline(PRESETS[name]), folder: '.' });

async function ofFile(path: string, operators: string | undefined, io: Io): Promise<Steps> {
  if (operators !== undefined) await loadOperators(pathToFileURL(resolve(operators)).href);
  const text = new TextDecoder().decode(await bytesOf(path, io));
  return { edit: named(nameOf(path), text), folder: path === STDIO ? '.' : folderOf(path) };
}

function named(file: string, text: string): Pipeline {
  try {
    return pipeline(text);
  } catch (error) {
    if (!(error instanceof RelievoError)) throw error;
    throw new RelievoError(error.code, `${file}: ${error.message}`, { cause: error });
  }
}
