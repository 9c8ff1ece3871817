import { readdir, stat } from 'node:fs/promises';
import { basename, extname, isAbsolute, join, resolve } from 'node:path';
import { isDynamicPattern } from 'tinyglobby';
import { RelievoError } from '../core/errors.js';
import { softwareOf } from '../node/own-results.js';
import { notAFile, whyNotRead } from '../node/system-errors.js';
import { STDIO } from './source.js';

const PHOTO_ENDINGS = ['.jpg', '.jpeg', '.png', '.webp', '.avif', '.gif', '.tif', '.tiff'];
const isPhotoName = (path: string) => PHOTO_ENDINGS.includes(extname(path).toLowerCase());

export interface Inputs {
  readonly photos: readonly string[];
  /** More than one file may come of what was named: results go into a folder. */
  readonly many: boolean;
  /** Files of folders and patterns that are no photos of the caller's. */
  readonly leftOut: { readonly results: number; readonly maps: number };
}

/**
 * The photos that files, folders and patterns name. A file that is named is taken, whatever it is; of a folder or a
 * pattern only what looks like a photo by its ending, is no result of ours and no `NAME_depth.png` beside its photo.
 *
 * @throws RelievoError `FILE_NOT_FOUND`.
 */
export async function findPhotos(named: readonly string[], suffix: string | undefined): Promise<Inputs> {
  const photos = new Map<string, string>();
  const leftOut = { results: 0, maps: 0 };
  let many = named.length > 1;
  const add = (path: string) => photos.set(path === STDIO ? path : resolve(path), path);
  for (const name of named) {
    const found = name === STDIO ? undefined : await filesIn(name);
    if (!found) {
      add(name);
      continue;
    }
    many = true;
    const beside = new Set(found.map((path) => path.slice(0, -extname(path).length)));
    for (const path of found) {
      const stem = path.slice(0, -extname(path).length);
      if (stem.endsWith('_depth') && beside.has(stem.slice(0, -'_depth'.length))) leftOut.maps++;
      else if (await isResult(path)) leftOut.results++;
      else add(path);
    }
  }
  // A shell's own pattern names the results of the call before like photos: `relievo bokeh *.jpg`, once more.
  if (suffix !== undefined)
    for (const [key, path] of [...photos]) {
      const { stem, ending } = parts(path);
      const source = stem.endsWith(`-${suffix}`) ? stem.slice(0, -suffix.length - 1) : undefined;
      const given = [...photos.values()].some((other) => other !== path && parts(other).stem === source);
      if (source === undefined || !given || !(ending === '.tif' || ending === '.tiff' || (await isResult(path))))
        continue;
      photos.delete(key);
      leftOut.results++;
    }
  if (photos.size === 0) {
    const { results, maps } = leftOut;
    const only =
      results + maps > 0 ? `: ${results + maps} results and depth maps are left out; name them to use them` : '';
    throw new RelievoError('FILE_NOT_FOUND', `no photos in ${named.join(', ')}${only}.`);
  }
  return { photos: [...photos.values()], many, leftOut };
}

const parts = (path: string) => {
  const ending = extname(path);
  return { stem: basename(path, ending), ending: ending.toLowerCase() };
};

const isResult = async (path: string) => /^Relievo \d/.test((await softwareOf(path)) ?? '');

/** Photos of a folder or a pattern; undefined for anything else. */
async function filesIn(name: string): Promise<string[] | undefined> {
  const stats = await stat(name).catch((error: unknown) => {
    if (isDynamicPattern(name)) return undefined;
    if (!/[/\\]$/.test(name)) return null; // its reading says what is wrong
    throw new RelievoError('FILE_NOT_FOUND', `${name} ${whyNotRead(error)}.`, { cause: error });
  });
  if (stats === null) return undefined;
  if (stats === undefined) {
    const { glob } = await import('tinyglobby');
    const pattern = process.platform === 'win32' ? name.replaceAll('\\', '/') : name;
    const found = await glob(pattern, { expandDirectories: false, absolute: isAbsolute(name) });
    if (found.length === 0) throw new RelievoError('FILE_NOT_FOUND', `no file is called like '${name}'.`);
    return found.filter(isPhotoName).sort();
  }
  if (!stats.isDirectory()) return undefined;
  let names: string[];
  try {
    names = await readdir(name);
  } catch (error) {
    throw new RelievoError('FILE_NOT_FOUND', `${name} ${whyNotRead(error)}.`, { cause: error });
  }
  const files: string[] = [];
  for (const path of names.filter((n) => isPhotoName(n) && !n.startsWith('.')).sort())
    if (await isRegular(join(name, path))) files.push(join(name, path));
  return files;
}

const isRegular = (path: string) =>
  stat(path).then(
    (s) => notAFile(s) === undefined,
    () => false,
  );
