import type { Stats } from 'node:fs';

/** What the system's codes mean for a file, as the end of a sentence that begins with its name. */
const READING: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist: a part of its path is a file',
  EISDIR: 'is a folder',
  EACCES: 'may not be read: permission denied',
  EPERM: 'may not be read: permission denied',
  ELOOP: 'is a link that leads to itself',
  ENAMETOOLONG: 'does not exist: its name is too long',
  ENXIO: 'is a socket or device, not a file',
  ERR_FS_FILE_TOO_LARGE: 'is larger than 2 GiB',
  ERR_INVALID_ARG_VALUE: 'is no name that a file can have',
};

const WRITING: Readonly<Record<string, string>> = {
  ENOENT: 'its folder does not exist',
  ENOTDIR: 'a part of its path is a file',
  EEXIST: 'a part of its path is a file',
  EISDIR: 'a folder has that name',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the disk is read-only',
  ENOSPC: 'no space is left on the disk',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file is too large for this disk',
  ENAMETOOLONG: 'the name is too long',
  ERR_INVALID_ARG_VALUE: 'a file cannot have this name',
};

const code = (error: unknown) => String((error as { code?: unknown } | null)?.code ?? 'unknown error');

/** `does not exist`, `is a folder`, … */
export const whyNotRead = (error: unknown): string => READING[code(error)] ?? `cannot be read (${code(error)})`;

/** `permission denied`, `no space is left on the disk`, … */
export const whyNotWritten = (error: unknown): string => WRITING[code(error)] ?? code(error);

/** What a thing with a name is if it is no regular file: those may wait for ever, or never end. */
export function notAFile(stats: Stats): string | undefined {
  if (stats.isFile()) return undefined;
  if (stats.isDirectory()) return 'is a folder';
  return `is a ${stats.isFIFO() ? 'pipe' : stats.isSocket() ? 'socket' : 'device'}, not a file`;
}
