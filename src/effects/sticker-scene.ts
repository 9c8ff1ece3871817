import { invalid, numbers } from '../core/params.js';
import { forRows, part, type TaskOptions } from '../core/task.js';
import { checkDepth, type DepthMap } from '../depth/depth-map.js';
import { encodeSrgb8, SRGB_TO_LINEAR } from '../image/colour.js';
import { toSpace } from '../image/colour-space.js';
import { checkImage, createImage, type ImageDataLike, type OutputImage } from '../image/image-data.js';
import { matchMatte, type Matte } from '../image/matte.js';
import { readShadow, type Shadow } from './contact-shadow.js';
import { matchDepth } from './match-depth.js';
import { matteFromDepth } from './matte-from-depth.js';
import { resolvePlace, subjectMedian } from './place.js';
import { STICKER_PARAMS, WIDTH_AT_PARAMS, type Sticker, type StickerResult, type Surroundings } from './sticker.js';
import { GROUND_SQUASH, shadowAt, shadowPlane, type ShadowPlane } from './shadow-plane.js';
import { renderText } from './text.js';
import { Unmixer } from './unmix.js';

/** Share of the sticker from which the depth of a pixel is the sticker's. */
const SOLID = 0.5;
/** Distance from the subject within which its matte, not the depth, says what is hidden; share of the long side. */
const MATTE_ZONE = 0.02;
/** Share of a matte from which it says that there is something. */
const PRESENT = 0.02;

/** Premultiplied linear RGBA, interleaved. */
interface Light {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** A sticker whose options are read and whose place is known. */
interface Placed {
  readonly light: Light;
  readonly relief: DepthMap | undefined;
  readonly at: { readonly x: number; readonly y: number };
  readonly disparity: number;
  /** Cells of `light` per pixel of the photo. */
  readonly perPixel: number;
  readonly angle: number;
  readonly opacity: number;
  readonly softness: number;
  readonly thickness: number;
  readonly shadow: Shadow | undefined;
  readonly byColour: boolean;
}

/** What `placeSticker` does once the names of its options are checked: loaded with the first sticker. */
export async function placeAll(
  image: ImageDataLike,
  depth: DepthMap,
  stickers: readonly Sticker[],
  { matte, createCanvas }: Surroundings,
  options: TaskOptions,
): Promise<StickerResult> {
  options.signal?.throwIfAborted();
  checkImage('sticker', image);
  stickers.forEach(checkSticker);
  const map = await matchDepth('sticker', depth, image, part(options, 0, 0.2));
  const subject =
    matte !== undefined && matte !== 'depth'
      ? await matchMatte('sticker', matte, image, { signal: options.signal })
      : undefined;
  const placed: Placed[] = [];
  for (const s of stickers) placed.push(await prepare(s, image, map, subject, { matte, createCanvas }, options.signal));
  placed.sort((a, b) => a.disparity - b.disparity);

  const { width, height } = image;
  const output = createImage(width, height, image.colorSpace);
  output.data.set(image.data);
  const scene = new Scene(image, output, { width, height, data: map.data.slice() }, subject);
  const subjectAt = subject ? subjectMedian(map, subject) : 0;
  for (const [k, one] of placed.entries()) {
    const at = (v: number) => 0.2 + (0.8 * (k + v)) / placed.length;
    const hider = subject
      ? one.disparity < subjectAt
        ? subject
        : undefined
      : one.byColour
        ? await matteFromDepth(image, map, { split: one.disparity, ...part(options, at(0), at(0.3)) })
        : undefined;
    await scene.place(one, hider, hider === subject, part(options, at(0.3), at(1)));
  }
  options.onProgress?.(1);
  return { image: output, depth: scene.depth };
}

function checkSticker(s: Sticker): void {
  const { at } = s;
  if (!Number.isFinite(at?.x) || !Number.isFinite(at?.y)) throw invalid('sticker', 'at', '{ x, y } in pixels', at);
  if (s.text !== undefined && s.image !== undefined)
    throw invalid('sticker', 'image', 'absent when there is text', s.image);
  if (s.text === undefined) checkImage('sticker image', s.image as ImageDataLike);
  if (s.relief) checkDepth('sticker relief', s.relief);
}

async function prepare(
  sticker: Sticker,
  photo: ImageDataLike,
  map: DepthMap,
  subject: Matte | undefined,
  { matte, createCanvas }: Surroundings,
  signal: AbortSignal | undefined,
): Promise<Placed> {
  const { at, relief } = sticker;
  const disparity = resolvePlace('sticker', sticker.disparity, map, subject);
  const { width, rotation, ...values } = numbers('sticker', STICKER_PARAMS, { ...sticker });
  const size =
    sticker.widthAt === undefined
      ? width
      : (width * disparity) / numbers('sticker', WIDTH_AT_PARAMS, { ...sticker }).widthAt;
  const pixels = Math.max(1, size * photo.width);
  const drawn = sticker.text ? renderText(sticker.text, pixels, createCanvas) : sticker.image!;
  const picture = await toSpace(drawn, photo.colorSpace, { signal });
  const scale = picture.width / pixels;
  const light = await toLight(picture, scale, signal);
  return {
    ...values,
    light,
    relief,
    at,
    disparity,
    perPixel: (scale * light.width) / picture.width,
    angle: (rotation * Math.PI) / 180,
    shadow: readShadow('sticker', sticker.shadow),
    byColour: matte === 'depth' || (matte === undefined && typeof sticker.disparity !== 'number'),
  };
}

/** The picture as far as it is composed. */
class Scene {
  readonly depth: DepthMap & { readonly data: Float32Array };
  readonly #photo: ImageDataLike;
  readonly #output: OutputImage;
  readonly #zone: Uint8Array | undefined;
  readonly #over = new Float32Array(4);

  constructor(photo: ImageDataLike, output: OutputImage, depth: DepthMap, subject: Matte | undefined) {
    this.#photo = photo;
    this.#output = output;
    this.depth = depth;
    this.#zone = subject && around(subject, Math.max(2, Math.round(Math.max(photo.width, photo.height) * MATTE_ZONE)));
  }

  /**
   * @param hider share of each pixel that hides the sticker.
   * @param isSubject it is the subject's alone: away from it the depth says what hides.
   */
  async place(one: Placed, hider: Matte | undefined, isSubject: boolean, options: TaskOptions): Promise<void> {
    const { width, height } = this.#output;
    const { light, at, perPixel, angle, relief } = one;
    const cos = Math.cos(angle) * perPixel;
    const sin = Math.sin(angle) * perPixel;
    const box = bounds(light, angle, perPixel, at);
    const unmixer = hider && new Unmixer(this.#photo, hider.data);
    const zone = isSubject ? this.#zone : undefined;
    const depth = this.depth.data;
    const data = this.#output.data;
    const over = this.#over;

    /** Paints `over` by a share, behind what hides it. Returns the share that shows. */
    const paint = (x: number, y: number, i: number, share: number, disparity: number): number => {
      const hidden = hider && (!zone || zone[i]) ? hider.data[i]! : 0;
      const shows = hider && (!zone || zone[i]) ? 1 : shown(depth[i]! - disparity, one.softness);
      if (hidden >= 1 || shows === 0) return 0;
      if (hidden > 0) {
        unmixer!.at(x, y);
        for (let c = 0; c < 3; c++) over[c] = hidden * unmixer!.near[c]! * over[3]! + (1 - hidden) * over[c]!;
      }
      composite(data, i * 4, over, share * shows);
      return (1 - hidden) * shows;
    };

    if (one.shadow) {
      const shadow = one.shadow;
      const plane = await castShadow(one, shadow, box, { width, height }, cos, sin, part(options, 0, 0.2));
      const x0 = Math.max(0, Math.floor(plane.x0));
      const y0 = Math.max(0, Math.floor(plane.y0));
      const x1 = Math.min(width, Math.ceil(plane.x0 + plane.width * plane.cell));
      const y1 = Math.min(height, Math.ceil(plane.y0 + plane.height * plane.cell));
      await forRows(Math.max(0, y1 - y0), 8, part(options, 0.2, 0.4), (from, to) => {
        for (let y = y0 + from; y < y0 + to; y++) {
          for (let x = x0, i = y * width + x0; x < x1; x++, i++) {
            const gap = (one.disparity - depth[i]!) / shadow.reach;
            if (gap >= 1) continue;
            const dark =
              shadow.strength * one.opacity * shadowAt(plane, x + 0.5, y + 0.5) * (1 - Math.max(0, gap)) ** 2;
            if (dark < 0.002) continue;
            over.fill(0);
            over[3] = 1;
            const alpha = data[i * 4 + 3]!;
            paint(x, y, i, dark, one.disparity);
            data[i * 4 + 3] = alpha;
          }
        }
      });
    }

    const x0 = Math.max(0, box.x0);
    const x1 = Math.min(width, box.x1);
    const y0 = Math.max(0, box.y0);
    await forRows(Math.max(0, Math.min(height, box.y1) - y0), 8, part(options, 0.4, 1), (from, to) => {
      for (let y = y0 + from; y < y0 + to; y++) {
        for (let x = x0, i = y * width + x0; x < x1; x++, i++) {
          const dx = x + 0.5 - at.x;
          const dy = y + 0.5 - at.y;
          const u = cos * dx + sin * dy + light.width / 2;
          const v = cos * dy - sin * dx + light.height / 2;
          const covered = within(u, light.width, perPixel) * within(v, light.height, perPixel);
          if (covered === 0) continue;
          sample(light, u, v, over);
          const share = one.opacity * covered;
          if (over[3]! * share === 0) continue;
          const own = relief
            ? one.disparity + (reliefAt(relief, u / light.width, v / light.height) - 0.5) * one.thickness
            : one.disparity;
          const disparity = Math.min(1, Math.max(0, own));
          const alpha = over[3]! * share;
          if (alpha * paint(x, y, i, share, disparity) >= SOLID) depth[i] = disparity;
        }
      }
    });
  }
}

/** The outline as it falls on what is behind (drop) or below it (ground). */
async function castShadow(
  { light, at, perPixel }: Placed,
  shadow: Shadow,
  box: { x0: number; x1: number; y0: number; y1: number },
  { width, height }: { readonly width: number; readonly height: number },
  cos: number,
  sin: number,
  options: TaskOptions,
): Promise<ShadowPlane> {
  const side = Math.max(width, height);
  const ground = shadow.kind === 'ground';
  const shiftX = ground ? 0 : shadow.x * side;
  const shiftY = ground ? 0 : shadow.y * side;
  const over = new Float32Array(4);
  const flat = (light.height * GROUND_SQUASH) / perPixel;
  const radius = shadow.blur * side;
  // What lies farther outside the photo than the blur reaches cannot be seen in it.
  const area = {
    x0: Math.max(-2 * radius, box.x0 + shiftX),
    x1: Math.min(width + 2 * radius, box.x1 + shiftX),
    y0: Math.max(-2 * radius, box.y0 + shiftY),
    y1: Math.min(height + 2 * radius, box.y1 + shiftY + (ground ? flat : 0)),
  };
  const coverage = (x: number, y: number) => {
    const dx = x - at.x - shiftX;
    const dy = y - at.y - shiftY;
    const u = cos * dx + sin * dy + light.width / 2;
    let v = cos * dy - sin * dx;
    v = ground ? light.height / 2 + (v - light.height / 2) / GROUND_SQUASH : v + light.height / 2;
    if (u < 0 || v < 0 || u >= light.width || v >= light.height) return 0;
    sample(light, u, v, over);
    return over[3]!;
  };
  return shadowPlane(area, radius, coverage, options);
}

/** 1 within `reach` pixels (a square) of where a matte is not 0. */
function around({ width, height, data }: Matte, reach: number): Uint8Array {
  const spread = (from: (i: number) => boolean, n: number, lines: number, step: number, jump: number) => {
    const out = new Uint8Array(data.length);
    for (let l = 0; l < lines; l++) {
      let last = -Infinity;
      for (let k = 0; k < n + reach; k++) {
        if (k < n && from(l * jump + k * step)) {
          for (let j = Math.max(0, last + 1, k - reach); j < k; j++) out[l * jump + j * step] = 1;
          last = k;
        }
        if (k < n && k - last <= reach) out[l * jump + k * step] = 1;
      }
    }
    return out;
  };
  const rows = spread((i) => data[i]! >= PRESENT, width, height, 1, width);
  return spread((i) => rows[i] === 1, height, width, width, 1);
}

/** Nearest sample of a relief at a share of its sides. */
function reliefAt({ width, height, data }: DepthMap, u: number, v: number): number {
  const x = Math.min(width - 1, Math.max(0, Math.floor(u * width)));
  const y = Math.min(height - 1, Math.max(0, Math.floor(v * height)));
  return data[y * width + x]!;
}

/** How much of the sticker shows before something `nearer` by that much in disparity: all at 0, none at `softness`. */
function shown(nearer: number, softness: number): number {
  if (nearer <= 0) return 1;
  if (nearer >= softness) return 0;
  const s = nearer / softness;
  return 1 - s * s * (3 - 2 * s);
}

/**
 * Premultiplied linear light, halved until a step of one photo pixel is below two of its own. `scale` is the step at
 * full size.
 */
async function toLight(image: ImageDataLike, scale: number, signal: AbortSignal | undefined): Promise<Light> {
  const { width, height, data } = image;
  const read = (p: number, c: number) => {
    const a = data[p + 3]! / 255;
    return c === 3 ? a : SRGB_TO_LINEAR[data[p + c]!]! * a;
  };
  // The first halving reads the bytes: a large picture never becomes floats at its full size.
  let light: Light | undefined;
  for (let step = scale; step >= 2; step /= 2) {
    const from: Light | undefined = light;
    const size: { readonly width: number; readonly height: number } = from ?? image;
    if (size.width < 2 || size.height < 2) break;
    light = await halved(size, from ? (p, c) => from.data[p + c]! : read, signal);
  }
  if (light) return light;
  const out = new Float32Array(width * height * 4);
  await forRows(height, 16, { signal }, (y0, y1) => {
    for (let p = y0 * width * 4; p < y1 * width * 4; p += 4) for (let c = 0; c < 4; c++) out[p + c] = read(p, c);
  });
  return { width, height, data: out };
}

/** Means of 2 × 2. An odd last row or column is left out: half a pixel at the rim. */
async function halved(
  from: { readonly width: number; readonly height: number },
  read: (p: number, c: number) => number,
  signal: AbortSignal | undefined,
): Promise<Light> {
  const width = from.width >> 1;
  const height = from.height >> 1;
  const data = new Float32Array(width * height * 4);
  const down = from.width * 4;
  await forRows(height, 16, { signal }, (y0, y1) => {
    for (let y = y0, o = y0 * width * 4; y < y1; y++) {
      for (let x = 0, p = 2 * y * down; x < width; x++, p += 8) {
        for (let c = 0; c < 4; c++, o++)
          data[o] = (read(p, c) + read(p + 4, c) + read(p + down, c) + read(p + down + 4, c)) / 4;
      }
    }
  });
  return { width, height, data };
}

/** Pixels of the photo that the turned sticker can touch; they may lie outside. */
function bounds(
  light: Light,
  angle: number,
  perPixel: number,
  at: { readonly x: number; readonly y: number },
): { x0: number; x1: number; y0: number; y1: number } {
  const w = light.width / perPixel + 2;
  const h = light.height / perPixel + 2;
  const cos = Math.abs(Math.cos(angle));
  const sin = Math.abs(Math.sin(angle));
  const halfX = (w * cos + h * sin) / 2;
  const halfY = (w * sin + h * cos) / 2;
  return {
    x0: Math.floor(at.x - halfX),
    x1: Math.ceil(at.x + halfX),
    y0: Math.floor(at.y - halfY),
    y1: Math.ceil(at.y + halfY),
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
