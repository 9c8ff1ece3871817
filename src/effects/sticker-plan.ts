import { copyOf, invalid, numbers } from '../core/params.js';
import { forRows, type TaskOptions } from '../core/task.js';
import { checkDepth, type DepthMap } from '../depth/depth-map.js';
import { SRGB_TO_LINEAR } from '../image/colour.js';
import { toSpace } from '../image/colour-space.js';
import { checkImage, type ImageDataLike } from '../image/image-data.js';
import { matchMatte, type Matte } from '../image/matte.js';
import { readShadow, type Shadow } from './contact-shadow.js';
import { matteFromDepth } from './matte-from-depth.js';
import { resolvePlace, subjectMedian } from './place.js';
import { GROUND_SQUASH, shadowPlane, type ShadowPlane } from './shadow-plane.js';
import { STICKER_PARAMS, WIDTH_AT_PARAMS, type Sticker, type Surroundings } from './sticker.js';
import { readText, renderText } from './text.js';

/** Stickers as either processor places them: their light, their places, what hides them. */

/** Share of the sticker from which the depth of a pixel is the sticker's. */
export const SOLID = 0.5;
/** Distance from the subject within which its matte, not the depth, says what is hidden; share of the long side. */
const MATTE_ZONE = 0.02;
/** A shadow takes at least this share of the light, or none. */
export const LEAST_DARK = 0.002;
/** Share of a matte from which it says that there is something. */
const PRESENT = 0.02;

/** Premultiplied linear RGBA, interleaved. */
export interface Light {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** A sticker whose options are read and whose place is known. */
export interface Placed {
  readonly light: Light;
  readonly relief: DepthMap | undefined;
  readonly at: { readonly x: number; readonly y: number };
  readonly disparity: number;
  /** Cells of `light` per pixel of the photo. */
  readonly perPixel: number;
  /** A step to the right in the photo, in cells of `light`. */
  readonly turn: readonly [cos: number, sin: number];
  /** Pixels of the photo that it can touch; they may lie outside. */
  readonly box: Box;
  readonly opacity: number;
  readonly softness: number;
  readonly thickness: number;
  readonly shadow: Shadow | undefined;
  readonly byColour: boolean;
}

export interface Box {
  readonly x0: number;
  readonly x1: number;
  readonly y0: number;
  readonly y1: number;
}

/** What hides a sticker besides depth. */
export interface Hider {
  /** Share of each pixel that is before it. */
  readonly matte: Matte;
  /** Where that is said; elsewhere the depth says it. Undefined: everywhere. */
  readonly zone: Uint8Array | undefined;
}

/** Stickers from far to near. */
export interface StickerPlan {
  readonly placed: readonly Placed[];
  hiderOf(one: Placed, options: TaskOptions): Promise<Hider | undefined>;
}

/**
 * Reads the stickers and finds their places.
 *
 * @param photo its pixels are read only where a matte has to be judged by colour.
 * @param map depth of the photo's size.
 * @param memo keeps what depends on photo, depth and the stickers' own pixels.
 */
export async function planStickers(
  photo: ImageDataLike,
  map: DepthMap,
  given: readonly Sticker[],
  { matte, createCanvas }: Surroundings,
  { signal }: TaskOptions,
  memo?: Map<string, unknown>,
): Promise<StickerPlan> {
  const stickers = given.map(checkSticker);
  const subject =
    matte !== undefined && matte !== 'depth' ? await matchMatte('sticker', matte, photo, { signal }) : undefined;
  const lights = new Map<unknown, Halved>();
  const known = memo?.get('lights') as typeof lights | undefined;
  const read: ReadLight = async (key, pixels, make) => {
    let made = known?.get(key) ?? lights.get(key);
    if (!made || made.halvings !== halvings(made.width / pixels)) {
      const picture = await toSpace(make(), photo.colorSpace, { signal });
      const times = halvings(picture.width / pixels);
      made = { halvings: times, width: picture.width, light: await toLight(picture, times, signal) };
    }
    lights.set(key, made);
    return made;
  };
  const placed: Placed[] = [];
  for (const s of stickers) placed.push(await prepare(s, photo, map, subject, { matte, createCanvas }, read));
  placed.sort((a, b) => a.disparity - b.disparity);
  memo?.set('lights', lights);

  const subjectAt = subject ? subjectMedian(map, subject) : 0;
  const zone = () => around(subject!, Math.max(2, Math.round(Math.max(photo.width, photo.height) * MATTE_ZONE)));
  let bySubject = memo?.get('subject') as Hider | undefined;
  const hiderOf = async ({ disparity: split, byColour }: Placed, options: TaskOptions) => {
    if (subject) {
      if (split >= subjectAt) return undefined;
      if (bySubject?.matte.data !== subject.data) bySubject = { matte: subject, zone: zone() };
      memo?.set('subject', bySubject);
      return bySubject;
    }
    if (!byColour) return undefined;
    const kept = memo?.get('hider') as { split: number; hider: Hider } | undefined;
    if (kept?.split === split) return kept.hider;
    const hider = { matte: await matteFromDepth(photo, map, { split, ...options }), zone: undefined };
    memo?.set('hider', { split, hider });
    return hider;
  };
  return { placed, hiderOf };
}

/** Farther from the photo than any sticker reaches. */
const FAR_AWAY = 1e6;

/** Everything of a sticker that is an object, in copies that were read once. */
function checkSticker(s: Sticker): Sticker {
  const { x, y } = copyOf('sticker.at', s.at);
  if (![x, y].every((v) => typeof v === 'number' && Math.abs(v) <= FAR_AWAY))
    throw invalid('sticker', 'at', '{ x, y } in pixels', s.at);
  if (s.text !== undefined && s.image !== undefined)
    throw invalid('sticker', 'image', 'absent when there is text', s.image);
  return {
    ...s,
    at: { x, y },
    ...(s.text === undefined
      ? { image: checkImage('sticker image', s.image as ImageDataLike) }
      : { text: readText(s.text) }),
    ...(s.relief !== undefined && { relief: checkDepth('sticker relief', s.relief) }),
  };
}

/** A picture's light, and what it was made of. */
interface Halved {
  readonly halvings: number;
  /** Of the picture before it was halved. */
  readonly width: number;
  readonly light: Light;
}

/** The light of a picture, to be read `pixels` wide in the photo. It is made anew only where the key is. */
type ReadLight = (key: unknown, pixels: number, make: () => ImageDataLike) => Promise<Halved>;

async function prepare(
  sticker: Sticker,
  photo: ImageDataLike,
  map: DepthMap,
  subject: Matte | undefined,
  { matte, createCanvas }: Surroundings,
  read: ReadLight,
): Promise<Placed> {
  const { at, relief, text, image } = sticker;
  const disparity = resolvePlace('sticker', sticker.disparity, map, subject);
  const { width, rotation, ...values } = numbers('sticker', STICKER_PARAMS, { ...sticker });
  const size =
    sticker.widthAt === undefined
      ? width
      : (width * disparity) / numbers('sticker', WIDTH_AT_PARAMS, { ...sticker }).widthAt;
  const pixels = Math.max(1, size * photo.width);
  const key = text ? JSON.stringify([text, pixels]) : image!.data;
  const { light, width: full } = await read(key, pixels, () =>
    text ? renderText(text, pixels, createCanvas) : image!,
  );
  const perPixel = ((full / pixels) * light.width) / full;
  const angle = (rotation * Math.PI) / 180;
  return {
    ...values,
    light,
    relief,
    at,
    disparity,
    perPixel,
    turn: [Math.cos(angle) * perPixel, Math.sin(angle) * perPixel],
    box: bounds(light, angle, perPixel, at),
    shadow: readShadow('sticker', sticker.shadow),
    byColour: matte === 'depth' || (matte === undefined && typeof sticker.disparity !== 'number'),
  };
}

/** Calls for each pixel of a row that a sticker covers, with its premultiplied light, its share and its disparity. */
export function coverRow(
  { light, at, perPixel, turn: [cos, sin], relief, ...one }: Placed,
  y: number,
  x0: number,
  x1: number,
  over: Float32Array,
  visit: (x: number, share: number, disparity: number) => void,
): void {
  for (let x = x0; x < x1; x++) {
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
    visit(x, share, Math.min(1, Math.max(0, own)));
  }
}

/** The outline as it falls on what is behind (drop) or below it (ground). */
export async function castShadow(
  { light, at, perPixel, turn: [cos, sin], box }: Placed,
  shadow: Shadow,
  { width, height }: { readonly width: number; readonly height: number },
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
export function shown(nearer: number, softness: number): number {
  if (nearer <= 0) return 1;
  if (nearer >= softness) return 0;
  const s = nearer / softness;
  return 1 - s * s * (3 - 2 * s);
}

/** How often a picture is halved until a step of one photo pixel, `step` of its own, is below two. */
function halvings(step: number): number {
  let times = 0;
  for (; step >= 2; step /= 2) times++;
  return times;
}

/** Premultiplied linear light. */
async function toLight(image: ImageDataLike, times: number, signal: AbortSignal | undefined): Promise<Light> {
  const { width, height, data } = image;
  const read = (p: number, c: number) => {
    const a = data[p + 3]! / 255;
    return c === 3 ? a : SRGB_TO_LINEAR[data[p + c]!]! * a;
  };
  // The first halving reads the bytes: a large picture never becomes floats at its full size.
  let light: Light | undefined;
  for (let k = 0; k < times; k++) {
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
function bounds(light: Light, angle: number, perPixel: number, at: { readonly x: number; readonly y: number }): Box {
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
