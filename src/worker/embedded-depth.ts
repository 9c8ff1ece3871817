import { lazy } from '../core/lazy.js';
import { isRelievoError, RelievoError } from '../core/errors.js';
import { readOptions, TASK } from '../core/params.js';
import type { TaskOptions } from '../core/task.js';
import type { DepthMap } from '../depth/depth-map.js';
import { matchDepth } from '../effects/match-depth.js';
import { decode } from '../image/decode.js';
import type { ImageDataLike } from '../image/image-data.js';

/** Bytes at the beginning of a file within which it says what it carries: EXIF, its thumbnail, XMP, the index of pictures. */
const HEAD = 1 << 18;

/**
 * The depth that a photo's file carries, upright and at the photo's size: the map that the command line would take, read
 * to 8 bits.
 *
 * @param photo what the file was opened as.
 * @returns undefined when it carries none.
 * @throws RelievoError `CORRUPT_IMAGE`, `INVALID_DEPTH`, `IMAGE_TOO_LARGE`.
 */
export async function readEmbeddedDepth(
  photo: ImageDataLike,
  file: Blob | ArrayBuffer | Uint8Array<ArrayBuffer>,
  options: TaskOptions = {},
): Promise<DepthMap | undefined> {
  options = readOptions('readEmbeddedDepth', options, TASK);
  const blob = new Blob([file]);
  // Most photos carry none: only for the others come the readers of XMP.
  const head = new TextDecoder('latin1').decode(await blob.slice(0, HEAD).arrayBuffer());
  if (!head.startsWith('\xff\xd8') || !/depth|MPF\0/i.test(head)) return undefined;
  const [{ findEmbeddedDepth, uprightDepth }, { default: exifr }, bytes] = await Promise.all([
    lazy(() => import('../depth/embedded.js')),
    lazy(() => import('../vendor/exifr.js')),
    blob.arrayBuffer().then((buffer) => new Uint8Array(buffer)),
  ]);
  const found = await findEmbeddedDepth(bytes, { signal: options.signal });
  if (!found) return undefined;
  const map = await decode(found.file as Uint8Array<ArrayBuffer>, { plain: true }).catch((cause: unknown) => {
    if (!isRelievoError(cause, 'CORRUPT_IMAGE')) throw cause;
    throw new RelievoError('CORRUPT_IMAGE', "the photo's own depth map is damaged.", { cause });
  });
  const { width, height, data } = map;
  const orientation = await exifr.orientation(bytes).catch(() => undefined);
  const depth = uprightDepth(found, { width, height, at: (i) => data[4 * i]! / 255 }, orientation);
  return matchDepth('depth', depth, photo, options);
}
