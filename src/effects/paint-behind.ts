import { invalid, knownKeys, numbers } from '../core/params.js';
import { forRows, part, type TaskOptions } from '../core/task.js';
import type { DepthMap } from '../depth/depth-map.js';
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
import { matteFromDepth } from './matte-from-depth.js';
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
  const { background } = options;
  let { foreground } = options;
  if (foreground) {
    checkImage('background foreground', foreground);
    if (foreground.width !== image.width || foreground.height !== image.height)
      throw invalid(
        'background',
        'foreground',
        "an image of the photo's size",
        `${foreground.width} × ${foreground.height}`,
      );
  }
  foreground &&= await toSpace(foreground, image.colorSpace, { signal: options.signal });
  checkBackground(background);
  const { width, height } = image;
  const map = options.depth && (await matchDepth('background', options.depth, image, part(options, 0, 0.1)));
  if (!options.matte && !map) throw invalid('background', 'matte', 'given, or a depth', undefined);
  const matte = options.matte
    ? await matchMatte('background', options.matte, image, { signal: options.signal })
    : await matteFromDepth(image, map!, { split: options.split, signal: options.signal });
  const behind = await paint(background, image, matte, part(options, 0.2, 0.7));

  const output = createImage(width, height, image.colorSpace);
  const nearest = map ? await farEnd(map, matte.data, { signal: options.signal }) : SUBJECT;
  const outDepth = new Float32Array(width * height);
  const unmixer = new Unmixer(image, matte.data);
  await forRows(height, 4, part(options, 0.7, 1), (y0, y1) => {
    for (let y = y0; y < y1; y++) {
      for (let x = 0, i = y * width; x < width; x++, i++) {
        const share = matte.data[i]!;
        outDepth[i] = share >= SOLID ? (map?.data[i] ?? SUBJECT) : (behind?.depth?.[i] ?? FAR) * nearest;
        mix(output.data, i, x, y, share);
      }
    }
  });
  return { image: output, depth: { width, height, data: outDepth } };

  function mix(out: Uint8ClampedArray, i: number, x: number, y: number, share: number): void {
    const p = i * 4;
    const over = (share * image.data[p + 3]!) / 255;
    if (over === 1) {
      for (let c = 0; c < 3; c++) out[p + c] = (foreground ?? image).data[p + c]!;
      out[p + 3] = 255;
      return;
    }
    const under = behind ? behind.image.data[p + 3]! / 255 : 0;
    const alpha = over + (1 - over) * under;
    if (alpha === 0) return;
    const mixed = share > 0 && share < 1 && !foreground;
    if (mixed) unmixer.at(x, y);
    for (let c = 0; c < 3; c++) {
      const own = mixed ? unmixer.near[c]! : SRGB_TO_LINEAR[(foreground ?? image).data[p + c]!]!;
      const new_ = behind ? SRGB_TO_LINEAR[behind.image.data[p + c]!]! : 0;
      out[p + c] = encodeSrgb8((over * own + (1 - over) * under * new_) / alpha);
    }
    out[p + 3] = Math.round(alpha * 255);
  }
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
    const filled = await fillBehind(photo, flat, covered, part(options, 0, 0.3));
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
  const depth = background.depth
    ? await matchDepth('background', cropped(background.depth, width / height, fit), placed, part(options, 0.3, 0.4))
    : { width, height, data: new Float32Array(width * height) };
  if (bokeh) placed = await applyBokeh(placed, depth, { ...bokeh, ...part(options, 0.4, 0.8) });
  placed = await graded(placed, depth, grade, part(options, 0.8, 1));
  return { image: placed, depth: depth.data };
}

async function graded(
  image: ImageDataLike,
  depth: DepthMap,
  grade: GradeParams | undefined,
  options: TaskOptions,
): Promise<ImageDataLike> {
  return grade ? applyGrade(image, depth, { ranges: [{ ...grade, near: 1, far: 0 }], ...options }) : image;
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
  { from, to, angle }: { readonly from: string; readonly to: string; readonly angle?: number },
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

function checkBackground(background: Background): void {
  const expected = "'transparent', { colour }, { gradient }, { blur } or { image }";
  if (background === 'transparent') return;
  if (typeof background !== 'object' || background === null)
    throw invalid('background', 'background', expected, background);
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
    checkImage('background image', background.image);
    if (background.fit !== undefined && background.fit !== 'cover' && background.fit !== 'stretch')
      throw invalid('background', 'fit', "'cover' or 'stretch'", background.fit);
  }
  if ('gradient' in background) knownKeys('background.gradient', background.gradient ?? {}, ['from', 'to', 'angle']);
}
