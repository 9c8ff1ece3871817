import { copyOf, invalid, knownKeys, numbers, readOptions } from '../core/params.js';
import { forRows, part, type TaskOptions } from '../core/task.js';
import { checkDepth, type DepthMap } from '../depth/depth-map.js';
import { encodeSrgb8, SRGB_TO_LINEAR } from '../image/colour.js';
import { colourIn, toSpace } from '../image/colour-space.js';
import { checkImage, createImage, type ImageDataLike, type OutputImage } from '../image/image-data.js';
import { matchMatte, type Matte } from '../image/matte.js';
import { requireColour } from '../image/parse-colour.js';
import { resizeImage } from '../image/resize.js';
import { applyBokeh } from './bokeh.js';
import { fillBehind, HIDDEN_PIXEL, KNOWN_PIXEL } from './fill-behind.js';
import { applyGrade, type GradeParams } from './grade.js';
import { matchDepth } from './match-depth.js';
import { matteFromDepth, SPLIT_PARAMS } from './matte-from-depth.js';
import {
  BACKGROUND_PARAMS,
  type Background,
  type ReplaceBackgroundOptions,
  type ReplacedBackground,
} from './replace-background.js';
import { Unmixer } from './unmix.js';

/** Disparity of a background that has no depth of its own. */
const FAR = 0;
/** The subject's disparity where no depth is given. */
const SUBJECT = 1;
/** Share from which a pixel's depth is the subject's. */
const SOLID = 0.5;
/** Share of the subject from which a pixel tells nothing about what is behind. */
const COVERED = 0.02;

/** What `replaceBackground` does once the names of its options are checked: loaded with the first background. */
export async function paintBehind(
  image: ImageDataLike,
  options: ReplaceBackgroundOptions & TaskOptions,
): Promise<ReplacedBackground> {
  let { foreground } = options;
  if (foreground !== undefined) {
    foreground = checkImage('background foreground', foreground);
    if (foreground.width !== image.width || foreground.height !== image.height)
      throw invalid(
        'background',
        'foreground',
        "an image of the photo's size",
        `${foreground.width} × ${foreground.height}`,
      );
  }
  foreground &&= await toSpace(foreground, image.colorSpace, { signal: options.signal });
  const { width, height } = image;
  const map =
    options.depth === undefined
      ? undefined
      : await matchDepth('background', options.depth, image, part(options, 0, 0.1));
  const { matte, behind, depth } = await planBehind(image, map, options, part(options, 0.2, 0.7));

  const output = createImage(width, height, image.colorSpace);
  const unmixer = new Unmixer(image, matte.data);
  await forRows(height, 4, part(options, 0.7, 1), (y0, y1) => {
    for (let y = y0; y < y1; y++)
      for (let x = 0, i = y * width; x < width; x++, i++) mix(output.data, i, x, y, matte.data[i]!);
  });
  return { image: output, depth };

  function mix(out: Uint8ClampedArray, i: number, x: number, y: number, share: number): void {
    const p = i * 4;
    const over = (share * image.data[p + 3]!) / 255;
    if (over === 1) {
      for (let c = 0; c < 3; c++) out[p + c] = (foreground ?? image).data[p + c]!;
      out[p + 3] = 255;
      return;
    }
    const under = behind ? behind.data[p + 3]! / 255 : 0;
    const alpha = over + (1 - over) * under;
    if (alpha === 0) return;
    const mixed = share > 0 && share < 1 && !foreground;
    if (mixed) unmixer.at(x, y);
    for (let c = 0; c < 3; c++) {
      const own = mixed ? unmixer.near[c]! : SRGB_TO_LINEAR[(foreground ?? image).data[p + c]!]!;
      const new_ = behind ? SRGB_TO_LINEAR[behind.data[p + c]!]! : 0;
      out[p + c] = encodeSrgb8((over * own + (1 - over) * under * new_) / alpha);
    }
    out[p + 3] = Math.round(alpha * 255);
  }
}

/** What a new background is made of, for either processor. */
export interface BehindPlan {
  /** Of the photo's size. */
  readonly matte: Matte;
  /** The new background; undefined for none. */
  readonly behind: ImageDataLike | undefined;
  /** After it. */
  readonly depth: DepthMap;
}

/**
 * @param photo its pixels are read only for a matte by colour and for its own background, blurred.
 * @param map depth of the photo's size.
 * @param memo keeps the matte by colour.
 */
export async function planBehind(
  photo: ImageDataLike,
  map: DepthMap | undefined,
  { background: put, matte: given, split }: ReplaceBackgroundOptions,
  options: TaskOptions,
  memo?: Map<string, unknown>,
): Promise<BehindPlan> {
  const background = readBackground(put);
  if (split !== undefined) numbers('background', SPLIT_PARAMS, { split });
  const { signal } = options;
  if (given === undefined && !map) throw invalid('background', 'matte', 'given, or a depth', undefined);
  const kept = memo?.get('cut') as { split: number | undefined; matte: Matte } | undefined;
  const matte =
    given !== undefined
      ? await matchMatte('background', given, photo, { signal })
      : kept && kept.split === split
        ? kept.matte
        : await matteFromDepth(photo, map!, { split, signal });
  if (!given) memo?.set('cut', { split, matte });
  const behind = await paint(background, photo, matte, options);

  const { width, height } = photo;
  const nearest = map ? await farEnd(map, matte.data, { signal }) : SUBJECT;
  const data = new Float32Array(width * height);
  await forRows(height, 16, { signal }, (y0, y1) => {
    for (let i = y0 * width; i < y1 * width; i++)
      data[i] = matte.data[i]! >= SOLID ? (map?.data[i] ?? SUBJECT) : (behind?.depth?.[i] ?? FAR) * nearest;
  });
  return { matte, behind: behind?.image, depth: { width, height, data } };
}

interface Painted {
  readonly image: ImageDataLike;
  readonly depth?: Float32Array | undefined;
}

/** The new background at the photo's size; undefined for none. */
async function paint(
  background: Background,
  photo: ImageDataLike,
  matte: Matte,
  options: TaskOptions,
): Promise<Painted | undefined> {
  const { width, height } = photo;
  if (background === 'transparent') return undefined;
  if ('colour' in background) {
    requireColour('background', 'colour', background.colour);
    const word = wordOf(colourIn(background.colour, photo.colorSpace));
    const image = createImage(width, height, photo.colorSpace);
    new Uint32Array(image.data.buffer).fill(word);
    return { image };
  }
  if ('gradient' in background) return { image: await gradient(background.gradient, photo, options) };
  if ('blur' in background) {
    const { blur } = numbers('background', BACKGROUND_PARAMS, { blur: background.blur });
    const covered = new Uint8Array(width * height);
    await forRows(height, 16, { signal: options.signal }, (y0, y1) => {
      for (let i = y0 * width; i < y1 * width; i++) covered[i] = matte.data[i]! > COVERED ? HIDDEN_PIXEL : KNOWN_PIXEL;
    });
    const flat = new Float32Array(width * height);
    // Read once: the pixels may have to come from a GPU.
    const own = { width, height, data: photo.data, colorSpace: photo.colorSpace ?? 'srgb' };
    const filled = await fillBehind(own, flat, covered, part(options, 0, 0.3));
    const depth = { width, height, data: flat };
    const blurred = await applyBokeh(filled.image, depth, { focus: 1, aperture: blur, ...part(options, 0.3, 0.8) });
    return { image: await graded(blurred, depth, background.grade, part(options, 0.8, 1)) };
  }
  const { image, fit = 'cover', bokeh, grade } = background;
  let placed: ImageDataLike =
    image.width === width && image.height === height
      ? image
      : await resizeImage(image, width, height, { ...part(options, 0, 0.3), fit });
  placed = await toSpace(placed, photo.colorSpace, { signal: options.signal });
  // A background without depth is a wall: it is blurred as a whole, when a focus in front of it says so.
  const depth =
    background.depth !== undefined
      ? await matchDepth(
          'background',
          cropped(checkDepth('background depth', background.depth), width / height, fit),
          placed,
          part(options, 0.3, 0.4),
        )
      : { width, height, data: new Float32Array(width * height) };
  if (bokeh !== undefined) placed = await applyBokeh(placed, depth, { ...bokeh, ...part(options, 0.4, 0.8) });
  placed = await graded(placed, depth, grade, part(options, 0.8, 1));
  return { image: placed, depth: depth.data };
}

async function graded(
  image: ImageDataLike,
  depth: DepthMap,
  grade: GradeParams | undefined,
  options: TaskOptions,
): Promise<ImageDataLike> {
  if (grade === undefined) return image;
  return applyGrade(image, depth, { ranges: [{ ...copyOf('background.grade', grade), near: 1, far: 0 }], ...options });
}

/** The middle of a map that `cover` leaves of its picture. */
function cropped(depth: DepthMap, aspect: number, fit: 'cover' | 'stretch'): DepthMap {
  const width = Math.min(depth.width, Math.max(1, Math.round(depth.height * aspect)));
  const height = Math.min(depth.height, Math.max(1, Math.round(depth.width / aspect)));
  if (fit === 'stretch' || (width === depth.width && height === depth.height)) return depth;
  const x0 = (depth.width - width) >> 1;
  const y0 = (depth.height - height) >> 1;
  const data = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const from = (y0 + y) * depth.width + x0;
    data.set(depth.data.subarray(from, from + width), y * width);
  }
  return { width, height, data };
}

async function gradient(
  { from, to, angle }: { readonly from: string; readonly to: string; readonly angle?: number | undefined },
  { width, height, colorSpace }: ImageDataLike,
  options: TaskOptions,
): Promise<OutputImage> {
  requireColour('background.gradient', 'from', from);
  requireColour('background.gradient', 'to', to);
  const [a, b] = [colourIn(from, colorSpace), colourIn(to, colorSpace)];
  const turn = (numbers('background.gradient', BACKGROUND_PARAMS, { angle }).angle * Math.PI) / 180;
  const dx = Math.sin(turn);
  const dy = -Math.cos(turn);
  // CSS: the line is as long as it takes for both corners to have the pure colours. Mixed as encoded, as CSS does.
  const length = Math.abs(width * dx) + Math.abs(height * dy);
  const image = createImage(width, height, colorSpace);
  await forRows(height, 16, options, (y0, y1) => {
    for (let y = y0, p = y0 * width * 4; y < y1; y++) {
      for (let x = 0; x < width; x++, p += 4) {
        const t = ((x + 0.5 - width / 2) * dx + (y + 0.5 - height / 2) * dy) / length + 0.5;
        for (let c = 0; c < 4; c++) image.data[p + c] = a[c]! + t * (b[c]! - a[c]!);
      }
    }
  });
  return image;
}

function wordOf(bytes: readonly number[]): number {
  return new Uint32Array(Uint8Array.from(bytes).buffer)[0]!;
}

/** Least disparity of the subject, without its lowest twentieth: what is behind it must be farther. */
async function farEnd(
  { width, height, data: depth }: DepthMap,
  matte: Float32Array,
  options: TaskOptions,
): Promise<number> {
  const histogram = new Uint32Array(256);
  let total = 0;
  await forRows(height, 16, options, (y0, y1) => {
    for (let i = y0 * width; i < y1 * width; i++) {
      if (matte[i]! < SOLID) continue;
      const bin = Math.floor(depth[i]! * 255);
      histogram[bin] = histogram[bin]! + 1;
      total++;
    }
  });
  let bin = 0;
  for (let seen = histogram[0]!; seen <= total / 20 && bin < 255; seen += histogram[bin]!) bin++;
  return bin / 255;
}

/** The background in a copy, each option read once. @throws RelievoError `INVALID_PARAM`. */
function readBackground(given: Background): Background {
  const expected = "'transparent', { colour }, { gradient }, { blur } or { image }";
  if (given === 'transparent') return given;
  if (typeof given !== 'object' || given === null) throw invalid('background', 'background', expected, given);
  const background = copyOf('background.background', given);
  const kinds = {
    colour: ['colour'],
    gradient: ['gradient'],
    blur: ['blur', 'grade'],
    image: ['image', 'fit', 'depth', 'bokeh', 'grade'],
  };
  const kind = (Object.keys(kinds) as (keyof typeof kinds)[]).find((k) => k in background);
  if (!kind) throw invalid('background', 'background', expected, background);
  knownKeys('background', background, kinds[kind]);
  if ('image' in background) {
    if (background.fit !== undefined && background.fit !== 'cover' && background.fit !== 'stretch')
      throw invalid('background', 'fit', "'cover' or 'stretch'", background.fit);
    return { ...background, image: checkImage('background image', background.image) };
  }
  if (!('gradient' in background)) return background;
  return { gradient: readOptions('background.gradient', background.gradient, ['from', 'to', 'angle']) };
}
