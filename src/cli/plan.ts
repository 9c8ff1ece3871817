import { stat } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import type { Result } from './command.js';
import { UsageError } from './io.js';
import type { OutputOptions } from './output.js';
import { STDIO } from './source.js';

export interface Job {
  readonly photo: string;
  readonly out: OutputOptions;
  /** What is there already and not to be replaced. */
  readonly existing?: string | undefined;
}

export interface PlanOptions {
  readonly output?: string | undefined;
  readonly format?: string | undefined;
  readonly quality?: number | undefined;
  readonly overwrite: boolean;
}

const alike = (a: string, b: string) =>
  [a, b].every((e) => /^\.(jpe?g)$/.test(e)) || [a, b].every((e) => /^\.tiff?$/.test(e));

/**
 * Where the result of each photo goes. No two results of a call get one name, and none the name of a photo that the
 * call reads.
 *
 * @throws UsageError
 */
export async function plan(
  photos: readonly string[],
  many: boolean,
  { suffix, endings, beside }: Result,
  { output, format, quality, overwrite }: PlanOptions,
): Promise<Job[]> {
  const given = output === undefined || output === STDIO ? '' : extname(output).toLowerCase();
  const folder = output !== undefined && output !== STDIO && (/[/\\]$/.test(output) || (await isFolder(output)));
  const wanted = format === undefined ? undefined : `.${format}`;
  if (wanted !== undefined && !endings.includes(wanted))
    throw new UsageError(`--format: ${suffix} is written as ${names(endings)}, not ${format}.`);
  const job = async (photo: string, path: string, ending: string): Promise<Job> => {
    const out = { path, ending, quality, overwrite };
    if (path === STDIO && beside) throw new UsageError('two files do not fit into standard output: say -o FILE.');
    if (!overwrite && path !== STDIO)
      for (const file of [path, ...(beside ? [beside(path)] : [])])
        if (await isThere(file)) return { photo, out, existing: file };
    return { photo, out };
  };

  if (!many && !folder) {
    const photo = photos[0]!;
    if (output === STDIO || (output === undefined && photo === STDIO))
      return [await job(photo, STDIO, wanted ?? endings[0]!)];
    if (output === undefined)
      return [await job(photo, `${stemOf(photo)}-${suffix}${wanted ?? endings[0]}`, wanted ?? endings[0]!)];
    if (wanted !== undefined && endings.includes(given) && given !== wanted && !alike(given, wanted))
      throw new UsageError(`--format ${format}, but '${output}' ends in ${given}.`);
    if (wanted === undefined && !endings.includes(given))
      throw new UsageError(
        `cannot write '${output}': end it in ${names(endings)}, in / for a folder, or say --format.`,
      );
    return [await job(photo, output, wanted ?? given)];
  }
  if (output === STDIO) throw new UsageError(`-o ${STDIO} takes the result of one photo, not of ${photos.length}.`);
  if (output !== undefined && !folder && given !== '')
    throw new UsageError(`-o must be a folder for several photos, not '${output}'.`);

  const ending = wanted ?? endings[0]!;
  const path = (stem: string) => join(output ?? '.', `${stem}-${suffix}${ending}`);
  // Neither a disk that takes a.png for A.PNG nor one that writes ä in two ways must make two results one.
  const key = (file: string) => resolve(file).normalize('NFC').toLowerCase();
  const taken = new Set(photos.filter((photo) => photo !== STDIO).map(key));
  const chosen = new Map<string, string>();
  // First everyone's own name, so that what others of that name get collides with none of these.
  for (const photo of photos) {
    const own = path(stemOf(photo));
    if (taken.has(key(own))) continue;
    taken.add(key(own));
    chosen.set(photo, own);
  }
  for (const photo of photos)
    for (let n = 2; !chosen.has(photo); n++) {
      const numbered = path(`${stemOf(photo)}-${n}`);
      if (taken.has(key(numbered))) continue;
      taken.add(key(numbered));
      chosen.set(photo, numbered);
    }
  return Promise.all(photos.map((photo) => job(photo, chosen.get(photo)!, ending)));
}

const stemOf = (photo: string) => (photo === STDIO ? 'stdin' : basename(photo, extname(photo)));

function names(endings: readonly string[]): string {
  return endings.length > 1 ? `${endings.slice(0, -1).join(', ')} or ${endings.at(-1)}` : endings[0]!;
}

const isFolder = (path: string) =>
  stat(path).then(
    (s) => s.isDirectory(),
    () => false,
  );

const isThere = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );
