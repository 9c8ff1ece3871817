import { refuse, type Reader } from '../core/schema.js';
import { parseColour } from '../image/parse-colour.js';

/** A colour, as hex or by one of CSS's names, without alpha. */
export const colourField: Reader<string> = {
  expected: "a colour such as '#0a84ff' or 'white'",
  read: (v, where) =>
    typeof v === 'string' && v.length <= 64 && parseColour(v)?.[3] === 255
      ? v
      : refuse(where, "a colour such as '#0a84ff' or 'white', without alpha", v),
};
