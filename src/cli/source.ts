import { addAbortSignal, Readable } from 'node:stream';
import { RelievoError } from '../core/errors.js';
import type { NumberParam } from '../core/params.js';
import { readBytes, readImage, type NodeImage } from '../node/read.js';
import { UsageError, type Io } from './io.js';

/** The name of standard input and output. */
export const STDIO = '-';

export const MAX_MEGAPIXELS: NumberParam = {
  default: 64,
  min: 0.000001,
  max: 1000,
  unit: 'megapixels',
  doc: 'A larger photo is refused before it is decoded.',
};

/** Standard input ends, or is refused here: no photo and no recipe is larger. */
const MOST_BYTES = 1 << 30;

/** A photo as it was named. */
export interface Source {
  /** As the caller wrote it; `-` is standard input. */
  readonly path: string;
}

const inUse = new WeakSet<object>();

/** A file's bytes, or standard input's. @throws RelievoError `FILE_NOT_FOUND`, `IMAGE_TOO_LARGE`; UsageError. */
export async function bytesOf(path: string, io: Io): Promise<Uint8Array> {
  if (path !== STDIO) return readBytes(path, io.signal);
  if (!io.stdin) throw new UsageError('there is no standard input here.');
  if (inUse.has(io.stdin)) throw new UsageError(`'${STDIO}' is standard input: only one thing can be read from it.`);
  inUse.add(io.stdin);
  const chunks: Uint8Array[] = [];
  let held = 0;
  try {
    for await (const chunk of addAbortSignal(io.signal, Readable.from(io.stdin))) {
      held += (chunk as Uint8Array).byteLength;
      if (held > MOST_BYTES) throw new RelievoError('IMAGE_TOO_LARGE', 'standard input is larger than 1 GiB.');
      chunks.push(chunk as Uint8Array);
    }
  } catch (error) {
    io.signal.throwIfAborted();
    throw error;
  }
  return Buffer.concat(chunks);
}

export const nameOf = (path: string) => (path === STDIO ? 'standard input' : path);

export async function openPhoto(
  { path }: Source,
  { maxMegapixels = MAX_MEGAPIXELS.default }: { readonly maxMegapixels?: number | undefined },
  io: Io,
): Promise<NodeImage> {
  const options = { signal: io.signal, maxPixels: maxMegapixels * 1e6 };
  return readImage(await bytesOf(path, io), options, nameOf(path));
}
