import { realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, normalize, sep } from 'node:path';
import { RelievoError } from '../core/errors.js';
import type { ResourceKind } from '../core/schema.js';
import { operatorNamed } from '../effects/operators.js';
import type { Pipeline, Resource } from '../effects/pipeline.js';
import { canvasFactory } from '../node/canvas.js';
import { readBytes, readImage } from '../node/read.js';
import { whyNotRead } from '../node/system-errors.js';
import { WRITABLE } from '../node/write.js';
import type { Runner } from './command.js';
import type { DEPTH_FLAGS } from './session.js';
import { facesFor, matteOfPeople, photoDepth, withOpened } from './session.js';
import type { Values } from './flags.js';
import { openPhoto } from './source.js';

export interface Steps {
  readonly edit: Pipeline;
  /** Folder in which the names of the recipe are looked for. */
  readonly folder: string;
  /** Names may lead out of that folder: the caller typed them, they come from no recipe. */
  readonly anywhere?: boolean;
}

export const PICTURE_ENDINGS: readonly string[] = WRITABLE;

/** Applies steps to photos; `name` is what `--json` calls the result. */
export function runSteps(
  name: string,
  steps: (signal: AbortSignal) => Promise<Steps> | Steps,
  flags: Values<typeof DEPTH_FLAGS>,
): Runner {
  return async (from, out, work) => {
    // A mistake in the recipe is told before the photo is decoded.
    const { edit, folder, anywhere } = await steps(work.signal);
    const photo = await openPhoto(from, flags, work);
    out.check(photo);
    const uses = new Set(edit.recipe.steps.flatMap((step) => operatorNamed(step.op)?.uses ?? []));
    return withOpened(photo, work, async (opened) => {
      const { depth, source } = await photoDepth(from, photo, flags, work, [0, 0.4], opened);
      const focuses = edit.recipe.steps.map((step) => 'focus' in step && step.focus);
      const faces = await facesFor(focuses, opened, work);
      const { image } = await edit.run(photo, depth, {
        resources: (resource, kind) => read(resource, kind, folder, anywhere === true, work.signal),
        faces,
        matte: uses.has('matte') ? await matteOfPeople(opened, work) : undefined,
        decoder: readImage,
        // Without `canvas` text says what is missing.
        createCanvas: uses.has('createCanvas') ? await canvasFactory().catch(() => undefined) : undefined,
        ...work.task(0.4, 0.9),
      });
      await out.image(image, work, photo);
      return { photo: from.path, [name]: out.path, width: image.width, height: image.height, source };
    });
  };
}

async function read(
  name: string,
  kind: ResourceKind,
  folder: string,
  anywhere: boolean,
  signal: AbortSignal,
): Promise<Resource> {
  const path = anywhere ? name : await inside(folder, name);
  const bytes = await readBytes(path, signal);
  return kind === 'image' ? readImage(bytes, { signal }, name) : bytes;
}

/** A recipe may come from anywhere: it names files in its own folder or below, also by links, and no others. */
async function inside(folder: string, name: string): Promise<string> {
  const path = normalize(name);
  const outside = () => new RelievoError('FILE_NOT_FOUND', `'${name}' is not in the folder of the recipe.`);
  if (isAbsolute(path) || path === '..' || path.startsWith(`..${sep}`)) throw outside();
  try {
    const [root, real] = [await realpath(folder), await realpath(join(folder, path))];
    if (!real.startsWith(root.endsWith(sep) ? root : `${root}${sep}`)) throw outside();
    return real;
  } catch (error) {
    if (error instanceof RelievoError) throw error;
    throw new RelievoError('FILE_NOT_FOUND', `${name} ${whyNotRead(error)}.`, { cause: error });
  }
}

export const folderOf = (recipe: string) => dirname(recipe);
