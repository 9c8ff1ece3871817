import { lazy } from '../core/lazy.js';
import { invalid, readOptions, TASK, type NumberTable } from '../core/params.js';
import type { TaskOptions } from '../core/task.js';
import type { CanvasFactory } from '../image/canvas-factory.js';
import type { DepthMap } from '../depth/depth-map.js';
import type { ImageDataLike, OutputImage } from '../image/image-data.js';
import type { Matte } from '../image/matte.js';
import type { ShadowOptions } from './contact-shadow.js';
import type { Place } from './place.js';
import type { TextStyle } from './text.js';

/** One thing to place: a picture, text, or a rendered object with a depth of its own. */
export interface Sticker {
  /** The picture to place: RGBA, straight alpha, any size. Needed without `text`. */
  image?: ImageDataLike | undefined;
  /** Text to place. Needed without `image`. */
  text?: TextStyle | undefined;
  /** Where its centre lies, in pixels of the photo (may be outside). */
  at: { readonly x: number; readonly y: number };
  /** Where it stands in depth: what is nearer hides it. */
  disparity: Place;
  /** Its width as a share of the photo's width, 0.001..4. Its height follows. Default: 0.25. */
  width?: number | undefined;
  /**
   * Disparity at which `width` holds, 0.01..1: nearer it is larger, farther smaller, as their ratio says. Disparities
   * are relative, so this is true to nature only up to the depth's own unknown offset. Default: `width` always holds.
   */
  widthAt?: number | undefined;
  /** Turns it clockwise, degrees, -360..360. Default: 0. */
  rotation?: number | undefined;
  /** Share of what is behind it that it hides, 0..1. Default: 1. */
  opacity?: number | undefined;
  /** Disparity over which something nearer comes to hide it, 0..1; 0 is a hard cut. Default: 0.03. */
  softness?: number | undefined;
  /**
   * Relief of the picture itself, of its size or any other: disparities 0..1 about 0.5. Of an object rendered with a
   * perspective camera it is 1 minus the depth buffer. Default: flat.
   */
  relief?: DepthMap | undefined;
  /** Disparity that the whole relief spans in the photo, 0..1. Default: 0.1. */
  thickness?: number | undefined;
  /** Shadow on what is close behind or under it; true for the default one. Default: false. */
  shadow?: ShadowOptions | boolean | undefined;
}

export interface Surroundings {
  /**
   * The subject's matte, of any size: the subject's edge hides with its softness, and no light of the old background
   * stays in it. `'depth'`: everything nearer than the sticker, its edge judged by colour. Default: `'depth'` for
   * stickers placed by a word, otherwise by `softness` alone.
   */
  matte?: Matte | 'depth' | undefined;
  /** Makes canvases for text where there are none: in Node, `canvasFactory()` of relievo/node. Default: the page's. */
  createCanvas?: CanvasFactory | undefined;
}

export type StickerOptions = Sticker & Surroundings;

export interface StickersOptions extends Surroundings {
  /** In any order: they are placed from far to near, equals as listed. */
  stickers: readonly Sticker[];
}

export interface StickerResult {
  /** The photo with the sticker. */
  readonly image: OutputImage;
  /** The photo's depth with the sticker's disparity where it shows, so that bokeh and haze after it include it. */
  readonly depth: DepthMap;
}

/** Numeric options: default, range and unit. */
export const STICKER_PARAMS = {
  width: { default: 0.25, min: 0.001, max: 4, unit: "share of the photo's width", doc: 'Width of the sticker.' },
  rotation: { default: 0, min: -360, max: 360, unit: 'degrees', doc: 'Turns it clockwise.' },
  opacity: { default: 1, min: 0, max: 1, unit: 'share', doc: 'Opacity.' },
  softness: { default: 0.03, min: 0, max: 1, unit: 'disparity', doc: 'Width of the fade behind what is nearer.' },
  thickness: { default: 0.1, min: 0, max: 1, unit: 'disparity', doc: 'What the relief spans.' },
} as const satisfies NumberTable;

export const WIDTH_AT_PARAMS = {
  widthAt: { default: 1, min: 0.01, max: 1, unit: 'disparity', doc: 'Disparity at which the width holds.' },
} as const satisfies NumberTable;

const STICKER_KEYS = [
  ...Object.keys(STICKER_PARAMS),
  ...['image', 'text', 'at', 'disparity', 'widthAt', 'relief', 'shadow'],
];
const SURROUNDINGS_KEYS = ['matte', 'createCanvas', ...TASK];
const MOST_STICKERS = 1000;

/**
 * Puts a picture, text or a rendered object into a photo at a depth: what is nearer hides it, softly.
 *
 * ```ts
 * const { image, depth: withSticker } = await placeSticker(photo, depth, {
 *   text: { text: 'HELLO' }, at: { x: 300, y: 200 }, disparity: 'behind-subject',
 * });
 * const out = await applyBokeh(image, withSticker, { focus: 'subject' });
 * ```
 *
 * Source-over in premultiplied linear light (Porter & Duff 1984). The sticker is halved by area averages until a
 * pixel of the photo spans fewer than two of its own, then read bilinearly (mip mapping, Williams 1983). Where a matte
 * says that a pixel is partly the subject, the subject's part is estimated and kept, and only the rest is replaced.
 *
 * @param image RGBA, any size; not written to. The result keeps its colour space; the sticker is taken to be in it.
 * @param depth disparities 0..1; of another size it is lifted along the image's edges.
 * @throws RelievoError `INVALID_PARAM`, `INVALID_DEPTH`, `UNSUPPORTED_IMAGE`, `IMAGE_TOO_LARGE`, `DEPENDENCY_MISSING`
 *   (text without a canvas); or the signal's reason.
 */
export async function placeSticker(
  image: ImageDataLike,
  depth: DepthMap,
  options: StickerOptions & TaskOptions,
): Promise<StickerResult> {
  const { matte, createCanvas, signal, onProgress, ...sticker } = readOptions('sticker', options, [
    ...STICKER_KEYS,
    ...SURROUNDINGS_KEYS,
  ]);
  const { placeAll } = await scene();
  return placeAll(image, depth, [sticker], { matte, createCanvas }, { signal, onProgress });
}

/**
 * {@link placeSticker} for several at once, which hide one another as their disparities say.
 *
 * @throws as `placeSticker`.
 */
export async function placeStickers(
  image: ImageDataLike,
  depth: DepthMap,
  options: StickersOptions & TaskOptions,
): Promise<StickerResult> {
  const read = readOptions('stickers', options, ['stickers', ...SURROUNDINGS_KEYS]);
  const { stickers, matte, createCanvas, signal, onProgress } = read;
  if (!Array.isArray(stickers) || stickers.length > MOST_STICKERS)
    throw invalid('stickers', 'stickers', `a list of up to ${MOST_STICKERS}`, stickers);
  const all = Array.from(stickers as readonly Sticker[], (s, i) => readOptions(`stickers[${i}]`, s, STICKER_KEYS));
  const { placeAll } = await scene();
  return placeAll(image, depth, all, { matte, createCanvas }, { signal, onProgress });
}

const scene = () => lazy(() => import('./sticker-scene.js'));
