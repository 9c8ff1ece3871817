import { refuse, type Reader } from '../core/schema.js';
import { srgbToLinear, transform, type Row } from '../image/colour.js';
import { betweenSpaces } from '../image/colour-space.js';
import { parseColour } from '../image/parse-colour.js';

/** A colour, as hex or by one of HTML's names, without alpha. */
export const colourField: Reader<string> = {
  expected: "a colour such as '#0a84ff' or 'white'",
  read: (v, where) =>
    typeof v === 'string' && v.length <= 64 && parseColour(v)?.[3] === 255
      ? v
      : refuse(where, "a colour such as '#0a84ff' or 'white', without alpha", v),
};

/** Linear light of a CSS colour (sRGB) in the primaries of an image. */
export function lightOf(colour: string, space: PredefinedColorSpace): Row {
  const [r, g, b] = parseColour(colour)!;
  const light: Row = [r, g, b].map((v) => srgbToLinear(v / 255)) as never;
  const matrix = betweenSpaces('srgb', space);
  return matrix ? transform(matrix, light) : light;
}
