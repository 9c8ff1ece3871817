import { RelievoError } from '../core/errors.js';
import { lazy } from '../core/lazy.js';
import { copyOf, describe, readOptions } from '../core/params.js';
import { child, isObject, known, own, readFields, refuse, type At, type ResourceKind } from '../core/schema.js';
import type { TaskOptions } from '../core/task.js';
import type { DepthMap } from '../depth/depth-map.js';
import type { Decoder } from '../image/decode.js';
import type { ImageDataLike, OutputImage } from '../image/image-data.js';
import type { CanvasFactory } from '../image/canvas-factory.js';
import type { Face } from '../image/face.js';
import type { Matte } from '../image/matte.js';
import type { Region } from '../image/region.js';
import type { Gpu } from './gpu.js';
import { operatorNamed, operatorNames } from './operators.js';
import type { CustomOperators, Step } from './recipe-step.js';
import type { ReadStep } from './steps.js';

export type { CustomOperators, Step };

/** Steps as they are saved: plain JSON. */
export interface Recipe {
  readonly version: typeof RECIPE_VERSION;
  /** Size of the picture in whose pixels the points are given. Default: of whatever it is applied to. */
  readonly size?: { readonly width: number; readonly height: number } | undefined;
  readonly steps: readonly Step[];
}

/** A picture (`image`) or a text file such as a .cube table (`text`). */
export type Resource = ImageDataLike | string | Blob | ArrayBuffer | Uint8Array;

/** What the names in a recipe stand for: a table, or a function that is asked once per name. */
export type Resources =
  | Readonly<Record<string, Resource>>
  | ((name: string, kind: ResourceKind) => Resource | undefined | Promise<Resource | undefined>);

export interface PipelineOptions extends TaskOptions {
  /** What the names in the recipe stand for. Data URLs need none. Default: there are none. */
  resources?: Resources | undefined;
  /** Decodes image files where the runtime cannot: in Node, `readImage` of relievo/node. Default: the browser's own. */
  decoder?: Decoder | undefined;
  /** The subject's matte, for steps that use one. Default: they go by the depth. */
  matte?: Matte | undefined;
  /** Faces in the image, for steps that focus on them: what `detectFaces` returns. Default: none. */
  faces?: readonly Face[] | undefined;
  /** Makes canvases for text where there are none: in Node, `canvasFactory()` of relievo/node. Default: the page's. */
  createCanvas?: CanvasFactory | undefined;
  /** Runs what it can on the GPU: what {@link createGpu} gave. Default: all on the CPU. */
  gpu?: Gpu | undefined;
  /**
   * All that is wanted of the result, in whole pixels of the image: picture and depth are this part of what the whole
   * would be. Points, focus and what a step looks for still mean the whole. Default: all of it.
   *
   * Only `bokeh` and the operators on single pixels at the end of the recipe do less work for it, on the CPU: the steps
   * before are worked out whole.
   */
  part?: Region | undefined;
}

export interface PipelineResult {
  readonly image: OutputImage;
  /** The depth after the last step: of a sticker, say, it knows. */
  readonly depth: DepthMap;
}

export interface Pipeline {
  /** As it is saved: `JSON.stringify(edit)` writes it. */
  readonly recipe: Recipe;
  toJSON(): Recipe;
  /**
   * Applies the steps in their order.
   *
   * @throws RelievoError with the step in its message; or the signal's reason.
   */
  run(image: ImageDataLike, depth: DepthMap, options?: PipelineOptions): Promise<PipelineResult>;
}

export const RECIPE_VERSION = 1;

/** Recipes are read by people too; more steps than this are a mistake or an attack. */
const MOST_STEPS = 100;
/** Characters of a recipe given as text: room for a few pictures as data URLs. */
const LONGEST_TEXT = 64 << 20;
const LARGEST_SIDE = 1e6;

/** From version n to n + 1. A recipe of an older version goes through all that follow it. */
const MIGRATIONS: Readonly<Record<number, (recipe: Record<string, unknown>) => Record<string, unknown>>> = {};

/**
 * Composes steps, and checks them at once.
 *
 * ```ts
 * const edit = pipeline([
 *   { op: 'bokeh', focus: 'subject', aperture: 0.03 },
 *   { op: 'grade', background: { exposure: -0.7 } },
 * ]);
 * const { image } = await edit.run(photo, depth);
 * localStorage.look = JSON.stringify(edit);                       // { "version": 1, "steps": [ … ] }
 * const again = pipeline(localStorage.look);
 * ```
 *
 * @param input steps, a recipe, or a recipe's text.
 * @throws RelievoError `INVALID_PARAM`, with the offending path: `steps[2].aperture: expected …`.
 */
export function pipeline(input: readonly Step[] | Recipe | string): Pipeline {
  const recipe = readRecipe(input);
  return { recipe, toJSON: () => recipe, run };

  async function run(image: ImageDataLike, depth: DepthMap, options: PipelineOptions = {}): Promise<PipelineResult> {
    readOptions('pipeline', options).signal?.throwIfAborted();
    const { runRecipe } = await lazy(() => import('./run-recipe.js'));
    return runRecipe(recipe, image, depth, options);
  }
}

/**
 * A checked copy of a recipe of any known version, as the current one. Every step is validated.
 *
 * @throws RelievoError `INVALID_PARAM`.
 */
export function readRecipe(input: unknown, migrations: typeof MIGRATIONS = MIGRATIONS): Recipe {
  const given = typeof input === 'string' ? parse(input) : input;
  let recipe: unknown = Array.isArray(given) ? { version: RECIPE_VERSION, steps: given } : given;
  const where = root('recipe');
  if (!isObject(recipe)) return refuse(where, '{ version, steps }', recipe);
  recipe = copyOf('recipe', recipe);
  let version = own(recipe as object, 'version');
  while (typeof version === 'number' && version < RECIPE_VERSION && Object.hasOwn(migrations, version)) {
    recipe = migrations[version]!(recipe as Record<string, unknown>);
    version++;
  }
  if (version !== RECIPE_VERSION) {
    const newer = typeof version === 'number' && version > RECIPE_VERSION;
    throw new RelievoError(
      'INVALID_PARAM',
      `version: expected ${RECIPE_VERSION}, received ${describe(version)}.${newer ? ' This recipe is newer than this Relievo: update it.' : ''}`,
    );
  }
  const fields = recipe as Record<string, unknown>;
  known(where, fields, ['version', 'size', 'steps']);
  const steps = own(fields, 'steps');
  if (!Array.isArray(steps) || steps.length > MOST_STEPS)
    return refuse(root('steps'), `a list of up to ${MOST_STEPS} steps`, steps);
  // Through JSON: the copy holds no getter, no prototype and nothing that a file could not hold.
  const size = readSize(own(fields, 'size'));
  const copy = parse(stringify(steps)) as unknown[];
  copy.forEach((step, i) => readStep(step, root(`steps[${i}]`)));
  return { version: RECIPE_VERSION, ...(size && { size }), steps: copy as Step[] };
}

function parse(text: string): unknown {
  if (text.length > LONGEST_TEXT)
    throw new RelievoError('INVALID_PARAM', `recipe: ${text.length} characters, the limit is ${LONGEST_TEXT}.`);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RelievoError('INVALID_PARAM', `recipe: not JSON (${(cause as Error).message}).`, { cause });
  }
}

function stringify(steps: unknown[]): string {
  try {
    return JSON.stringify(steps);
  } catch (cause) {
    throw new RelievoError('INVALID_PARAM', 'steps: expected plain JSON. Name pictures and tables as resources.', {
      cause,
    });
  }
}

function readSize(size: unknown): Recipe['size'] {
  if (size === undefined) return undefined;
  const where = root('size');
  const side = (v: unknown): v is number => Number.isInteger(v) && (v as number) > 0 && (v as number) <= LARGEST_SIDE;
  if (!isObject(size)) return refuse(where, '{ width, height } in pixels', size);
  known(where, size, ['width', 'height']);
  const [width, height] = [own(size, 'width'), own(size, 'height')];
  if (!side(width)) return refuse(child(where, 'width'), 'whole pixels', width);
  if (!side(height)) return refuse(child(where, 'height'), 'whole pixels', height);
  return { width, height };
}

export function root(path: string, rest: Partial<At> = {}): At {
  return { path, scale: { x: 1, y: 1 }, resource: () => undefined, ...rest };
}

/** @throws RelievoError `INVALID_PARAM`. */
export function readStep(step: unknown, where: At): ReadStep {
  if (!isObject(step)) return refuse(where, `{ op, … }`, step);
  const op = own(step, 'op');
  const operator = typeof op === 'string' ? operatorNamed(op) : undefined;
  if (!operator) return refuse(child(where, 'op'), `one of ${operatorNames().join(', ')}`, op);
  const options = { ...step };
  delete options['op'];
  return { path: where.path, operator, options: readFields(operator.options, options, where) as never };
}
