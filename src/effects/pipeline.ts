import { RelievoError } from '../core/errors.js';
import { describe } from '../core/params.js';
import { child, isObject, known, own, readFields, refuse, type At, type ResourceKind } from '../core/schema.js';
import { part, type TaskOptions } from '../core/task.js';
import type { DepthMap } from '../depth/depth-map.js';
import { decode, type Decoder } from '../image/decode.js';
import { checkImage, isPixels, type ImageDataLike, type OutputImage } from '../image/image-data.js';
import type { Face } from '../image/face.js';
import type { Matte } from '../image/matte.js';
import type { Gpu } from './gpu.js';
import { matchDepth } from './match-depth.js';
import type { Frame, Operator, OptionsJson } from './operator.js';
import { OPERATORS } from './operators.js';
import { runPoints } from './points.js';
import { named, runSteps, type ReadStep } from './steps.js';
import type { CanvasFactory } from './text.js';

type Operators = typeof OPERATORS;

/** One step: the operator's name and its options. */
export type Step = { [K in keyof Operators]: { readonly op: K } & OptionsJson<Operators[K]> }[keyof Operators];

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
  /** What the names in the recipe stand for. Data URLs need none. */
  resources?: Resources | undefined;
  /** Decodes image files where the runtime cannot: in Node, `readImage` of relievo/node. */
  decoder?: Decoder | undefined;
  /** The subject's matte, for steps that use one. */
  matte?: Matte | undefined;
  /** Faces in the image, for steps that focus on them: what `detectFaces` returns. */
  faces?: readonly Face[] | undefined;
  /** Makes canvases for text where there are none: in Node, `canvasFactory()` of relievo/node. */
  createCanvas?: CanvasFactory | undefined;
  /** Runs what it can on the GPU: what {@link createGpu} gave. Default: all on the CPU. */
  gpu?: Gpu | undefined;
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
  return { recipe, toJSON: () => recipe, run: (image, depth, options = {}) => run(recipe, image, depth, options) };
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
  let version = own(recipe, 'version');
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

function root(path: string, rest: Partial<At> = {}): At {
  return { path, scale: { x: 1, y: 1 }, resource: () => undefined, ...rest };
}

function readStep(step: unknown, where: At): ReadStep {
  if (!isObject(step)) return refuse(where, `{ op, … }`, step);
  const op = own(step, 'op');
  if (typeof op !== 'string' || !Object.hasOwn(OPERATORS, op))
    return refuse(child(where, 'op'), `one of ${Object.keys(OPERATORS).join(', ')}`, op);
  const operator: Operator = OPERATORS[op as keyof Operators] as unknown as Operator;
  const options = { ...step };
  delete options['op'];
  return { path: where.path, operator, options: readFields(operator.options, options, where) as never };
}

/**
 * The steps with the options that they have on a picture of that size.
 *
 * @param given size of the picture in whose pixels points are, where the recipe does not say.
 * @param found resources that were loaded before, by name; new ones are added.
 * @throws RelievoError `INVALID_PARAM`, `FILE_NOT_FOUND`.
 */
export async function readSteps(
  recipe: Recipe,
  on: { readonly width: number; readonly height: number },
  options: PipelineOptions,
  given = on,
  found = new Map<string, unknown>(),
): Promise<ReadStep[]> {
  await load(recipe, options, found);
  const size = recipe.size ?? given;
  const scale = { x: on.width / size.width, y: on.height / size.height };
  const resource = (_kind: ResourceKind, name: string) => found.get(name);
  return recipe.steps.map((step, i) => readStep(step, root(`steps[${i}]`, { scale, resource })));
}

async function run(
  recipe: Recipe,
  image: ImageDataLike,
  depth: DepthMap,
  options: PipelineOptions,
): Promise<PipelineResult> {
  const { signal, matte, faces, createCanvas } = options;
  signal?.throwIfAborted();
  checkImage('pipeline', image);
  const steps = await readSteps(recipe, image, options);

  const frame: Frame = {
    image,
    depth: await matchDepth('pipeline', depth, image, part(options, 0, 0.1)),
    matte,
    faces,
    createCanvas,
  };
  const later = part(options, 0.1, 1);
  const { image: made, depth: after } = options.gpu
    ? await options.gpu.run(steps, frame, later)
    : await runSteps(steps, frame, later);
  options.onProgress?.(1);
  // No step made a picture: the result is a copy nevertheless, for the caller may write to it.
  return { image: made ?? (await runPoints(frame, [])), depth: after };
}

/** Everything that the recipe names, by name, goes to `found`. */
async function load(
  recipe: Recipe,
  { resources = {}, decoder, signal }: PipelineOptions,
  found: Map<string, unknown>,
): Promise<void> {
  const wanted = new Map<string, { kind: ResourceKind; path: string }>();
  const resource = (kind: ResourceKind, name: string, path: string) => {
    const before = wanted.get(name);
    if (before && before.kind !== kind)
      throw new RelievoError('INVALID_PARAM', `${path}: '${short(name)}' is used as ${before.kind} elsewhere.`);
    wanted.set(name, { kind, path });
    return undefined;
  };
  recipe.steps.forEach((step, i) => readStep(step, root(`steps[${i}]`, { resource })));

  for (const [name, { kind, path }] of wanted) {
    if (found.has(name)) continue;
    signal?.throwIfAborted();
    await named(path, async () => {
      const given = name.startsWith('data:')
        ? fromDataUrl(name)
        : typeof resources === 'function'
          ? await resources(name, kind)
          : (own(resources, name) as Resource | undefined);
      if (given === undefined)
        throw new RelievoError('FILE_NOT_FOUND', `no resource '${short(name)}' was given; pass it in 'resources'.`);
      found.set(name, kind === 'text' ? await toText(given) : await toImage(given, name, decoder));
    });
  }
}

const short = (name: string) => (name.length > 60 ? `${name.slice(0, 57)}…` : name);

async function toText(given: Resource): Promise<string> {
  if (typeof given === 'string') return given;
  if (given instanceof Blob) return given.text();
  if (given instanceof ArrayBuffer || given instanceof Uint8Array) return new TextDecoder().decode(given);
  throw new RelievoError('INVALID_PARAM', 'expected a text, received a picture.');
}

async function toImage(given: Resource, name: string, decoder: Decoder | undefined): Promise<ImageDataLike> {
  if (typeof given === 'string')
    throw new RelievoError('INVALID_PARAM', `expected the picture '${short(name)}', received a text.`);
  return isPixels(given) ? given : decode(given, { decoder });
}

/** `data:TYPE;base64,…` or `data:TYPE,…` */
function fromDataUrl(url: string): Uint8Array {
  const comma = url.indexOf(',');
  try {
    if (comma < 0) throw new Error('no comma');
    const body = url.slice(comma + 1);
    if (!/;base64$/i.test(url.slice(0, comma))) return new TextEncoder().encode(decodeURIComponent(body));
    return Uint8Array.from(atob(body), (c) => c.charCodeAt(0));
  } catch (cause) {
    throw new RelievoError('INVALID_PARAM', `this data URL is damaged: ${short(url)}`, { cause });
  }
}
