import { dirname, isAbsolute, join, normalize, sep } from 'node:path';
import { RelievoError } from '../core/errors.js';
import { pipeline, type Pipeline, type PipelineOptions } from '../effects/pipeline.js';
import { OPERATORS } from '../effects/operators.js';
import { PRESETS } from '../effects/presets.js';
import { canvasFactory } from '../node/canvas.js';
import { readBytes, readImage } from '../node/read.js';
import { checkEnding, writeImage } from '../node/write.js';
import { UsageError, type Command, type Flags } from './command.js';
import { facesFor, matteOfPeople, openPhoto, photoDepth, withOpened } from './session.js';

export const edit: Command = {
  usage: `relievo edit PHOTO… --recipe R.json | --preset NAME [-o out.png] [--depth D.png | --network]
  Applies the steps of a recipe (docs/recipes.md). Pictures and tables that it names are files beside it.
  --preset: ${Object.keys(PRESETS).join(', ')}.`,
  options: {
    recipe: { type: 'string' },
    preset: { type: 'string' },
    depth: { type: 'string' },
    network: { type: 'boolean' },
    'max-megapixels': { type: 'string' },
  },
  suffix: '-edit.png',
  prepare: (flags) => {
    const steps = chosen(flags);
    return async (path, out, io) => {
      checkEnding(out);
      // The recipe first: a mistake in it is told before the photo is decoded.
      const { edit, resources } = await steps(io.signal);
      const photo = await openPhoto(path, flags, io);
      const uses = new Set(edit.recipe.steps.flatMap((step) => OPERATORS[step.op].uses ?? []));
      return withOpened(photo, io, async (opened) => {
        const { depth: map } = await photoDepth(path, photo, flags, io, opened);
        const faces = await facesFor(
          edit.recipe.steps.map((step) => 'focus' in step && step.focus),
          opened,
          io,
        );
        const { image } = await edit.run(photo, map, {
          resources,
          faces,
          matte: uses.has('matte') ? await matteOfPeople(opened, io) : undefined,
          decoder: readImage,
          // Without `canvas` text says what is missing.
          createCanvas: uses.has('createCanvas') ? await canvasFactory().catch(() => undefined) : undefined,
          signal: io.signal,
        });
        await writeImage(out, image, { metadataFrom: photo.file, signal: io.signal });
        return { photo: path, edit: out, width: image.width, height: image.height };
      });
    };
  },
};

type Chosen = { readonly edit: Pipeline; readonly resources: PipelineOptions['resources'] };

function chosen(flags: Flags): (signal: AbortSignal) => Promise<Chosen> {
  const { recipe, preset } = flags;
  if ((recipe === undefined) === (preset === undefined)) throw new UsageError('edit: give --recipe or --preset.');
  if (typeof preset === 'string') {
    if (!Object.hasOwn(PRESETS, preset))
      throw new UsageError(`--preset must be one of ${Object.keys(PRESETS).join(', ')}, received '${preset}'.`);
    return async () => ({ edit: pipeline(PRESETS[preset as keyof typeof PRESETS]), resources: {} });
  }
  const file = recipe as string;
  return async (signal) => {
    const text = new TextDecoder().decode(await readBytes(file, signal));
    return { edit: named(file, text), resources: (name) => beside(file, name, signal) };
  };
}

function named(file: string, text: string): Pipeline {
  try {
    return pipeline(text);
  } catch (error) {
    if (!(error instanceof RelievoError)) throw error;
    throw new RelievoError(error.code, `${file}: ${error.message}`, { cause: error });
  }
}

/** A recipe may come from anywhere: it names files in its own folder or below, no others. */
async function beside(recipe: string, name: string, signal: AbortSignal): Promise<Uint8Array> {
  const path = normalize(name);
  if (isAbsolute(path) || path === '..' || path.startsWith(`..${sep}`))
    throw new RelievoError('FILE_NOT_FOUND', `'${name}' is not in the folder of the recipe.`);
  return readBytes(join(dirname(recipe), path), signal);
}
