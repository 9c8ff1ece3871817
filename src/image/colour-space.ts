import { forRows, type TaskOptions } from '../core/task.js';
import {
  encodeSrgb8,
  inverse,
  linearToSrgb,
  multiply,
  rgbToXyz,
  srgbToLinear,
  SRGB_TO_LINEAR,
  transform,
} from './colour.js';
import type { Matrix, Row } from './colour.js';
import { createImage, type ImageDataLike, type OutputImage } from './image-data.js';
import { parseColour } from './parse-colour.js';

/** Linear light of one space -> of another; undefined where they are the same. */
export function betweenSpaces(from: PredefinedColorSpace, to: PredefinedColorSpace): Matrix | undefined {
  return from === to ? undefined : multiply(inverse(rgbToXyz(to)), rgbToXyz(from));
}

/**
 * An image in another colour space: what is put into a photo has to be in the photo's own. Colours that the space does
 * not hold are clipped. An image that is in it already is returned as it is.
 */
export async function toSpace(
  image: ImageDataLike,
  space: PredefinedColorSpace = 'srgb',
  options: TaskOptions = {},
): Promise<ImageDataLike> {
  const matrix = betweenSpaces(image.colorSpace ?? 'srgb', space);
  if (!matrix) return image;
  return convert(image, [SRGB_TO_LINEAR, SRGB_TO_LINEAR, SRGB_TO_LINEAR], matrix, space, options);
}

/** An image whose bytes become linear light by a table per channel, and that the light of a space by a matrix. */
export async function convert(
  { width, height, data }: ImageDataLike,
  [red, green, blue]: readonly Float32Array[],
  [[rr, rg, rb], [gr, gg, gb], [br, bg, bb]]: Matrix,
  space: PredefinedColorSpace,
  options: TaskOptions,
): Promise<OutputImage> {
  const out = createImage(width, height, space);
  await forRows(height, 16, options, (y0, y1) => {
    for (let p = y0 * width * 4; p < y1 * width * 4; p += 4) {
      const r = red![data[p]!]!;
      const g = green![data[p + 1]!]!;
      const b = blue![data[p + 2]!]!;
      out.data[p] = encodeSrgb8(rr * r + rg * g + rb * b);
      out.data[p + 1] = encodeSrgb8(gr * r + gg * g + gb * b);
      out.data[p + 2] = encodeSrgb8(br * r + bg * g + bb * b);
      out.data[p + 3] = data[p + 3]!;
    }
  });
  return out;
}

/** Bytes of a CSS colour, which is sRGB, in a space. @param colour one that `parseColour` reads. */
export function colourIn(colour: string, space: PredefinedColorSpace = 'srgb'): [number, number, number, number] {
  const [r, g, b, a] = parseColour(colour)!;
  const matrix = betweenSpaces('srgb', space);
  if (!matrix) return [r, g, b, a];
  const light = transform(matrix, [r, g, b].map((v) => srgbToLinear(v / 255)) as unknown as Row);
  const [x, y, z] = light.map((v) => Math.round(255 * linearToSrgb(Math.min(1, Math.max(0, v)))));
  return [x!, y!, z!, a];
}

/** Linear light of a CSS colour in the primaries of a space. @param colour one that `parseColour` reads. */
export function lightOf(colour: string, space: PredefinedColorSpace): Row {
  const [r, g, b] = parseColour(colour)!;
  const light: Row = [r, g, b].map((v) => srgbToLinear(v / 255)) as never;
  const matrix = betweenSpaces('srgb', space);
  return matrix ? transform(matrix, light) : light;
}
