import { RelievoError } from '../core/errors.js';
import { lazy } from '../core/lazy.js';
import { part, type TaskOptions } from '../core/task.js';
import type { Hydra } from '../hydra/hydra.js';
import type { Photo } from '../hydra/photo.js';
import type { ImageInput } from '../image/decode.js';
import type { OutputImage } from '../image/image-data.js';
import { checkMatte, coverage, type Matte } from '../image/matte.js';
import { hydraFor, type PortraitOptions } from './session.js';

export interface CutOut {
  /** Share of a person in every pixel, 0..1. */
  readonly matte: Matte;
  /** The person in their own colours, the matte as alpha (straight): no fringe of the old background. */
  readonly foreground: OutputImage;
}

/**
 * Who is a person, pixel by pixel, at the photo's resolution: soft at hair.
 *
 * @param image pixels, an opened photo, or (in a page) a file or anything a canvas can draw.
 * @throws RelievoError of loading (`MODEL_*`, `BACKEND_UNAVAILABLE`), of the input (`*_IMAGE`, `IMAGE_TOO_LARGE`),
 *   `BAD_OUTPUT`; the signal's reason.
 */
export async function estimateMatte(image: ImageInput | Photo, options: PortraitOptions = {}): Promise<Matte> {
  const { hydra, rest } = await hydraFor('estimateMatte', 'matte', options);
  return withPhoto(hydra, image, rest, (photo) => matteOf(hydra, photo, rest));
}

/**
 * Cuts the people out of a photo: {@link estimateMatte}, and their own colours without what shone through.
 *
 * ```ts
 * const { foreground } = await cutOut(photo);
 * context.drawImage(newBackground, 0, 0);
 * context.drawImage(await createImageBitmap(foreground), 0, 0);
 * ```
 *
 * @throws RelievoError as {@link estimateMatte}.
 */
export async function cutOut(image: ImageInput | Photo, options: PortraitOptions = {}): Promise<CutOut> {
  const { hydra, rest } = await hydraFor('cutOut', 'matte', options);
  return withPhoto(hydra, image, rest, async (photo) => {
    const matte = await matteOf(hydra, photo, part(rest, 0, 0.6));
    const { estimateForeground } = await lazy(() => import('../image/foreground.js'));
    return { matte, foreground: await estimateForeground(photo, matte, part(rest, 0.6, 1)) };
  });
}

/** A matte that covers less of the photo than this shows nobody. */
const NOBODY = 0.005;

/** Whether a matte shows people at all: where it does not, what is near is the subject. */
export function showsPeople(matte: Matte): boolean {
  const { data } = checkMatte('showsPeople', matte);
  let covered = 0;
  for (const a of data) if (a > 0.5) covered++;
  return covered > NOBODY * data.length;
}

async function matteOf(hydra: Hydra, photo: Photo, options: TaskOptions): Promise<Matte> {
  const { matte } = await hydra.run('matte', photo, part(options, 0, 0.3));
  if (!matte) throw new RelievoError('MODEL_CONTRACT', `the matte head has no output named 'matte'.`);
  const { refineMatte } = await lazy(() => import('../image/refine-matte.js'));
  const data = await refineMatte(coverage(matte), photo, part(options, 0.3, 1));
  return { width: photo.width, height: photo.height, data };
}

/** Opens what is not opened, and forgets its features afterwards. */
export async function withPhoto<T>(
  hydra: Hydra,
  image: ImageInput | Photo,
  options: TaskOptions,
  work: (photo: Photo) => Promise<T>,
): Promise<T> {
  const photo = await hydra.open(image, { signal: options.signal });
  try {
    return await work(photo);
  } finally {
    if (photo !== image) photo.close();
  }
}
