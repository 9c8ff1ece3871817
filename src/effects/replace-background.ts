import { lazy } from '../core/lazy.js';
import { readOptions, TASK, type NumberTable } from '../core/params.js';
import type { TaskOptions } from '../core/task.js';
import type { DepthMap } from '../depth/depth-map.js';
import { checkImage, type ImageDataLike, type OutputImage } from '../image/image-data.js';
import type { Matte } from '../image/matte.js';
import type { BokehOptions } from './bokeh.js';
import type { GradeParams } from './grade.js';

/**
 * What stands behind the subject:
 * - `'transparent'`: nothing; the result has alpha;
 * - `{ colour }`: one colour;
 * - `{ gradient }`: from one colour to another along an angle as in CSS (0 = upwards, 90 = to the right; default 180);
 * - `{ blur }`: the photo's own background without the subject, blurred by a disc of this radius (share of the long side);
 * - `{ image }`: another photo, scaled to cover. With its `depth` it can be given depth of field (`bokeh`).
 *
 * `grade` is the look of the new background.
 */
export type Background =
  | 'transparent'
  | { readonly colour: string }
  | {
      readonly gradient: {
        readonly from: string;
        readonly to: string;
        /** Direction in degrees as in CSS, 0 = upwards, 90 = to the right; -360..360. Default: 180. */
        readonly angle?: number | undefined;
      };
    }
  | {
      /** Radius of the blur as a share of the long side, 0..0.2. */
      readonly blur: number;
      /** Its look. Default: as it is. */
      readonly grade?: GradeParams | undefined;
    }
  | {
      readonly image: ImageDataLike;
      /** `'cover'`: its proportions stay and it is cut; `'stretch'`: the whole of it, distorted. Default: 'cover'. */
      readonly fit?: 'cover' | 'stretch' | undefined;
      /** Its own depth, for `bokeh` and for the depth that is returned. Default: a wall, far away. */
      readonly depth?: DepthMap | undefined;
      /** Depth of field of it alone. Default: none. */
      readonly bokeh?: BokehOptions | undefined;
      /** Its look. Default: as it is. */
      readonly grade?: GradeParams | undefined;
    };

export interface ReplaceBackgroundOptions {
  background: Background;
  /** How much of each pixel is the subject; of any size. Needed without `depth`. */
  matte?: Matte | undefined;
  /** The photo's depth: makes the matte without one (everything nearer than `split`). */
  depth?: DepthMap | undefined;
  /** The subject's own colours where it mixes with the old background; the photo's size. Default: estimated. */
  foreground?: ImageDataLike | undefined;
  /** Disparity between subject and background, 0..1. Default: Otsu's threshold of the depth. */
  split?: number | undefined;
}

export interface ReplacedBackground {
  readonly image: OutputImage;
  /** The subject's disparity where it is, the new background's (farther than it) elsewhere. */
  readonly depth: DepthMap;
}

/** Numeric options: default, range and unit. */
export const BACKGROUND_PARAMS = {
  blur: { default: 0.03, min: 0, max: 0.2, unit: 'share of the long side', doc: 'Radius of the blur.' },
  angle: { default: 180, min: -360, max: 360, unit: 'degrees', doc: 'Direction of the gradient, as in CSS.' },
} as const satisfies NumberTable;

/**
 * Cuts the subject out and puts something else behind it.
 *
 * ```ts
 * const { image } = await replaceBackground(photo, { matte, background: { image: beach, bokeh: { aperture: 0.02 } } });
 * ```
 *
 * Where subject and old background mix in a pixel, the subject's part is taken out of it first; the mixture with the
 * new background is made in linear light, so that no rim of the old one is left.
 *
 * @throws RelievoError `INVALID_PARAM`, `INVALID_DEPTH`, `UNSUPPORTED_IMAGE`, `IMAGE_TOO_LARGE`; or the signal's reason.
 */
export async function replaceBackground(
  image: ImageDataLike,
  options: ReplaceBackgroundOptions & TaskOptions,
): Promise<ReplacedBackground> {
  options = readOptions('background', options, ['background', 'matte', 'depth', 'foreground', 'split', ...TASK]);
  options.signal?.throwIfAborted();
  image = checkImage('background', image);
  const { paintBehind } = await lazy(() => import('./paint-behind.js'));
  return paintBehind(image, options);
}
