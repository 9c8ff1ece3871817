import { dataUrlBytes } from '../core/data-url.js';
import { RelievoError } from '../core/errors.js';
import { copyOf, hasMethods, invalid, readOptions, TASK } from '../core/params.js';
import { isObject, own, type ResourceKind } from '../core/schema.js';
import { part } from '../core/task.js';
import type { DepthMap } from '../depth/depth-map.js';
import { decode, type Decoder } from '../image/decode.js';
import { checkImage, createImage, isPixels, type ImageDataLike, type OutputImage } from '../image/image-data.js';
import { checkFaces } from '../image/face.js';
import { checkMatte } from '../image/matte.js';
import { cutRows, type Region } from '../image/region.js';
import { matchDepth } from './match-depth.js';
import type { Frame } from './operator.js';
import { readStep, root, type PipelineOptions, type PipelineResult, type Recipe, type Resource } from './pipeline.js';
import { runPoints } from './run-points.js';
import { named, runSteps, type ReadStep } from './steps.js';

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

/** What `pipeline(…).run` does. */
export async function runRecipe(
  recipe: Recipe,
  image: ImageDataLike,
  depth: DepthMap,
  options: PipelineOptions,
): Promise<PipelineResult> {
  options = readOptions('pipeline', options, [
    ...['resources', 'decoder', 'matte', 'faces', 'createCanvas', 'gpu', 'part'],
    ...TASK,
  ]);
  const { signal, createCanvas, gpu } = options;
  signal?.throwIfAborted();
  image = checkImage('pipeline', image);
  const matte = options.matte === undefined ? undefined : checkMatte('pipeline', options.matte);
  const faces = options.faces === undefined ? undefined : checkFaces('pipeline', options.faces);
  const inside = options.part === undefined ? undefined : checkPart(options.part, image);
  if (gpu !== undefined && !hasMethods(gpu, ['run'])) throw invalid('pipeline', 'gpu', 'what createGpu gave', gpu);
  const steps = await readSteps(recipe, image, options);

  const frame: Frame = {
    image,
    depth: await matchDepth('pipeline', depth, image, part(options, 0, 0.1)),
    matte,
    faces,
    createCanvas,
  };
  const later = part(options, 0.1, 1);
  const { image: made, depth: after } = gpu
    ? await gpu.run(steps, frame, later)
    : await runSteps(steps, { ...frame, part: inside }, later);
  options.onProgress?.(1);
  if (inside) return { image: cutImage(made ?? image, inside), depth: cutDepth(after, inside) };
  // No step made a picture: the result is a copy nevertheless, for the caller may write to it.
  return { image: made ?? (await runPoints(frame, [])), depth: after };
}

function checkPart(given: Region, image: ImageDataLike): Region {
  const { x, y, width, height } = copyOf('pipeline.part', given);
  const inside = (from: number, n: number, size: number) =>
    Number.isInteger(from) && Number.isInteger(n) && from >= 0 && n > 0 && from + n <= size;
  if (!inside(x, width, image.width) || !inside(y, height, image.height))
    throw invalid('pipeline', 'part', `whole pixels within ${image.width} × ${image.height}`, given);
  return { x, y, width, height };
}

function cutImage({ data, width, colorSpace }: ImageDataLike, part: Region): OutputImage {
  return createImage(
    part.width,
    part.height,
    colorSpace,
    cutRows(data, width, part, 4) as Uint8ClampedArray<ArrayBuffer>,
  );
}

function cutDepth({ data, width }: DepthMap, part: Region): DepthMap {
  return { width: part.width, height: part.height, data: cutRows(data, width, part, 1) };
}

/** Everything that the recipe names, by name, goes to `found`. */
async function load(
  recipe: Recipe,
  { resources = {}, decoder, signal }: PipelineOptions,
  found: Map<string, unknown>,
): Promise<void> {
  const received: unknown = resources;
  if (typeof received !== 'function' && !isObject(received))
    throw invalid('pipeline', 'resources', 'an object or a function', received);
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

/** @throws RelievoError `INVALID_PARAM`. */
function fromDataUrl(url: string): Uint8Array {
  try {
    return dataUrlBytes(url);
  } catch (cause) {
    throw new RelievoError('INVALID_PARAM', `this data URL is damaged: ${short(url)}`, { cause });
  }
}
