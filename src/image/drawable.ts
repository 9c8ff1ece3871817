import { RelievoError } from '../core/errors.js';
import { holds } from '../core/params.js';

/**
 * Size of something that a canvas can draw: an element, a bitmap, a video's frame. Undefined for anything else.
 *
 * @throws RelievoError `UNSUPPORTED_IMAGE` when there is no picture in it, yet or any more: a canvas would stay blank.
 */
export function drawableSize(input: unknown): { width: number; height: number } | undefined {
  if (typeof input !== 'object' || input === null) return undefined;
  const i = input as Readonly<Record<string, unknown>>;
  const sides = SIDES.find(([w, h]) => holds(() => typeof i[w] === 'number' && typeof i[h] === 'number'));
  if (!sides) return undefined;
  const [w, h, why] = sides;
  const [width, height] = [i[w] as number, i[h] as number];
  // A video knows its size before it has a frame (readyState 1, HAVE_METADATA).
  const waiting = w === 'videoWidth' && (i['readyState'] as number) < 2;
  if (width === 0 || height === 0 || waiting) throw new RelievoError('UNSUPPORTED_IMAGE', `open: ${why}.`);
  return { width, height };
}

/** Names of the sides of what has them, the particular before the general: a video has `width`, too. */
const SIDES = [
  ['naturalWidth', 'naturalHeight', 'this image has not loaded: wait for `await img.decode()`, and check its address'],
  ['videoWidth', 'videoHeight', "this video has no frame yet: wait for its event 'loadeddata'"],
  ['displayWidth', 'displayHeight', 'this VideoFrame is closed'],
  ['width', 'height', 'this picture is closed, or has no pixels'],
] as const;

/** What the browser throws instead of pixels, as an error of ours. */
export function unreadable(cause: unknown): RelievoError {
  const foreign = cause instanceof DOMException && cause.name === 'SecurityError';
  const why = foreign
    ? "this picture came from another origin, whose pixels a page may not read: serve it from your own, or load it with crossOrigin = 'anonymous' from a server that allows it"
    : 'this picture cannot be read: it has not loaded, or is closed';
  return new RelievoError('UNSUPPORTED_IMAGE', `open: ${why}.`, { cause });
}
