import { invalid, knownKeys, numbers, type NumberTable } from '../core/params.js';
import { forRows, part, type TaskOptions } from '../core/task.js';
import type { DepthMap } from '../depth/depth-map.js';
import { encodeSrgb8, SRGB_TO_LINEAR } from '../image/colour.js';
import { checkImage, createImage, type ImageDataLike, type OutputImage } from '../image/image-data.js';
import { matchDepth } from './match-depth.js';

export interface StickerOptions {
  /** The picture to place: RGBA, straight alpha, any size. */
  image: ImageDataLike;
  /** Where its centre lies, in pixels of the photo (may be outside). */
  at: { readonly x: number; readonly y: number };
  /** Where it stands in depth, 0..1: what is nearer hides it. */
  disparity: number;
  /** Its width as a share of the photo's width, 0.001..4. Its height follows. Default: 0.25. */
  width?: number | undefined;
  /** Turns it clockwise, degrees, -360..360. Default: 0. */
  rotation?: number | undefined;
  /** 0..1. Default: 1. */
  opacity?: number | undefined;
  /** Disparity over which something nearer comes to hide it, 0..1; 0 is a hard cut. Default: 0.03. */
  softness?: number | undefined;
}

export interface StickerResult {
  /** The photo with the sticker. */
  readonly image: OutputImage;
  /** The photo's depth with the sticker's disparity where it shows, so that bokeh and grade after it include it. */
  readonly depth: DepthMap;
}

/** Numeric options: default, range and unit. */
export const STICKER_PARAMS = {
  disparity: { default: 1, min: 0, max: 1, unit: 'disparity', doc: 'Where the sticker stands in depth.' },
  width: { default: 0.25, min: 0.001, max: 4, unit: "share of the photo's width", doc: 'Width of the sticker.' },
  rotation: { default: 0, min: -360, max: 360, unit: 'degrees', doc: 'Turns it clockwise.' },
  opacity: { default: 1, min: 0, max: 1, unit: 'share', doc: 'Opacity.' },
  softness: { default: 0.03, min: 0, max: 1, unit: 'disparity', doc: 'Width of the fade behind what is nearer.' },
} as const satisfies NumberTable;

/** Share of the sticker from which the depth of a pixel is the sticker's. */
const SOLID = 0.5;

/** Premultiplied linear RGBA, interleaved. */
interface Light {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/**
 * Puts a picture into a photo at a depth: what is nearer hides it, softly.
 *
 * ```ts
 * const { image, depth: withSticker } = await placeSticker(photo, depth, { image: logo, at: { x: 300, y: 200 }, disparity: 0.4 });
 * const out = await applyBokeh(image, withSticker, { focus: 'subject' });
 * ```
 *
 * Source-over in premultiplied linear light (Porter & Duff 1984). The sticker is halved by area averages until a
 * pixel of the photo spans fewer than two of its own, then read bilinearly (mip mapping, Williams 1983).
 *
 * @param image RGBA, any size; not written to. The result keeps its colour space; the sticker is taken to be in it.
 * @param depth disparities 0..1; of another size it is lifted along the image's edges.
 * @throws RelievoError `INVALID_PARAM`, `INVALID_DEPTH`, `UNSUPPORTED_IMAGE`, `IMAGE_TOO_LARGE`; or the signal's reason.
 */
export async function placeSticker(
  image: ImageDataLike,
  depth: DepthMap,
  options: StickerOptions & TaskOptions,
): Promise<StickerResult> {
  options.signal?.throwIfAborted();
  knownKeys('sticker', options, [...Object.keys(STICKER_PARAMS), 'image', 'at', 'signal', 'onProgress']);
  checkImage('sticker', image);
  checkImage('sticker image', options.image);
  const { at } = options;
  if (!Number.isFinite(at?.x) || !Number.isFinite(at?.y)) throw invalid('sticker', 'at', '{ x, y } in pixels', at);
  if (options.disparity === undefined) throw invalid('sticker', 'disparity', 'a number from 0 to 1', undefined);
  const { disparity, rotation, opacity, softness, ...size } = numbers('sticker', STICKER_PARAMS, { ...options });
  const map = await matchDepth('sticker', depth, image, part(options, 0, 0.3));

  const { width, height } = image;
  const output = createImage(width, height, image.colorSpace);
  output.data.set(image.data);
  const outDepth = map.data.slice();

  // From a pixel of the photo to one of the sticker: p -> turn · (p - at) + its centre.
  const scale = options.image.width / (size.width * width);
  const light = halved(toLight(options.image), scale);
  const perPixel = (scale * light.width) / options.image.width;
  const angle = (rotation * Math.PI) / 180;
  const cos = Math.cos(angle) * perPixel;
  const sin = Math.sin(angle) * perPixel;
  const box = bounds(light, angle, perPixel, at, width, height);
  const over = new Float32Array(4);
  await forRows(Math.max(0, box.y1 - box.y0), 8, part(options, 0.3, 1), (from, to) => {
    for (let y = box.y0 + from; y < box.y0 + to; y++) {
      for (let x = box.x0, i = y * width + x; x < box.x1; x++, i++) {
        const dx = x + 0.5 - at.x;
        const dy = y + 0.5 - at.y;
        const u = cos * dx + sin * dy + light.width / 2;
        const v = cos * dy - sin * dx + light.height / 2;
        const covered = within(u, light.width, perPixel) * within(v, light.height, perPixel);
        if (covered === 0) continue;
        sample(light, u, v, over);
        const share = opacity * covered * shown(map.data[i]! - disparity, softness);
        if (over[3]! * share === 0) continue;
        composite(output.data, i * 4, over, share);
        if (over[3]! * share >= SOLID) outDepth[i] = disparity;
      }
    }
  });
  return { image: output, depth: { width, height, data: outDepth } };
}

/** How much of the sticker shows before something `nearer` by that much in disparity: all at 0, none at `softness`. */
function shown(nearer: number, softness: number): number {
  if (nearer <= 0) return 1;
  if (nearer >= softness) return 0;
  const s = nearer / softness;
  return 1 - s * s * (3 - 2 * s);
}

function toLight({ width, height, data }: ImageDataLike): Light {
  const out = new Float32Array(width * height * 4);
  for (let p = 0; p < out.length; p += 4) {
    const a = data[p + 3]! / 255;
    for (let c = 0; c < 3; c++) out[p + c] = SRGB_TO_LINEAR[data[p + c]!]! * a;
    out[p + 3] = a;
  }
  return { width, height, data: out };
}

/** Halves until a step of one photo pixel is below two pixels of it. `scale` is the step at full size. */
function halved(light: Light, scale: number): Light {
  let { width, height, data } = light;
  for (let step = scale; step >= 2 && width > 1 && height > 1; step /= 2) {
    // An odd last row or column is left out of the average: half a pixel at the rim.
    const w = width >> 1;
    const h = height >> 1;
    const half = new Float32Array(w * h * 4);
    for (let y = 0, o = 0; y < h; y++) {
      for (let x = 0; x < w; x++) {
        const p = (2 * y * width + 2 * x) * 4;
        const q = p + width * 4;
        for (let c = 0; c < 4; c++, o++)
          half[o] = (data[p + c]! + data[p + 4 + c]! + data[q + c]! + data[q + 4 + c]!) / 4;
      }
    }
    [width, height, data] = [w, h, half];
  }
  return { width, height, data };
}

/** Pixels of the photo that the turned sticker can touch. */
function bounds(
  light: Light,
  angle: number,
  perPixel: number,
  at: { readonly x: number; readonly y: number },
  width: number,
  height: number,
): { x0: number; x1: number; y0: number; y1: number } {
  const w = light.width / perPixel + 2;
  const h = light.height / perPixel + 2;
  const cos = Math.abs(Math.cos(angle));
  const sin = Math.abs(Math.sin(angle));
  const halfX = (w * cos + h * sin) / 2;
  const halfY = (w * sin + h * cos) / 2;
  const clamp = (v: number, n: number) => Math.min(n, Math.max(0, v));
  return {
    x0: clamp(Math.floor(at.x - halfX), width),
    x1: clamp(Math.ceil(at.x + halfX), width),
    y0: clamp(Math.floor(at.y - halfY), height),
    y1: clamp(Math.ceil(at.y + halfY), height),
  };
}

/** How much of a pixel at u lies between the sticker's edges 0 and n; `step` is the size of a pixel. */
function within(u: number, n: number, step: number): number {
  return Math.min(1, Math.max(0, Math.min(u, n - u) / step + 0.5));
}

/** Bilinear at (u, v), pixel centres at .5. */
function sample({ width, height, data }: Light, u: number, v: number, out: Float32Array): void {
  const x = Math.min(width - 1, Math.max(0, u - 0.5));
  const y = Math.min(height - 1, Math.max(0, v - 0.5));
  const xa = Math.floor(x);
  const ya = Math.floor(y);
  const fx = x - xa;
  const fy = y - ya;
  const p = (ya * width + xa) * 4;
  const right = xa + 1 < width ? 4 : 0;
  const down = ya + 1 < height ? width * 4 : 0;
  for (let c = 0; c < 4; c++) {
    const upper = data[p + c]! * (1 - fx) + data[p + right + c]! * fx;
    const lower = data[p + down + c]! * (1 - fx) + data[p + down + right + c]! * fx;
    out[c] = upper * (1 - fy) + lower * fy;
  }
}

function composite(data: Uint8ClampedArray, p: number, over: Float32Array, share: number): void {
  const below = data[p + 3]! / 255;
  const through = (1 - over[3]! * share) * below;
  const alpha = over[3]! * share + through;
  for (let c = 0; c < 3; c++)
    data[p + c] = encodeSrgb8((over[c]! * share + through * SRGB_TO_LINEAR[data[p + c]!]!) / alpha);
  data[p + 3] = Math.round(alpha * 255);
}
