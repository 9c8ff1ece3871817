import NAMES from '../vendor/color-name.js';
import { invalid } from '../core/params.js';

/**
 * Bytes of a CSS colour: `#rgb`, `#rgba`, `#rrggbb`, `#rrggbbaa`, `transparent`, or one of the 148 names of CSS Color 4,
 * in any case. Undefined for anything else.
 */
export function parseColour(text: unknown): [r: number, g: number, b: number, a: number] | undefined {
  if (typeof text !== 'string') return undefined;
  const name = text.toLowerCase();
  if (name === 'transparent') return [0, 0, 0, 0];
  if (Object.hasOwn(NAMES, name)) {
    const [r, g, b] = NAMES[name as keyof typeof NAMES];
    return [r, g, b, 255];
  }
  if (!/^#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/.test(name)) return undefined;
  const hex = name.slice(1);
  const long = hex.length <= 4 ? [...hex].map((c) => c + c).join('') : hex;
  const byte = (i: number) => parseInt(long.slice(2 * i, 2 * i + 2), 16);
  return [byte(0), byte(1), byte(2), long.length === 8 ? byte(3) : 255];
}

/** @throws RelievoError `INVALID_PARAM`. */
export function requireColour(owner: string, param: string, value: unknown): [number, number, number, number] {
  const colour = parseColour(value);
  if (!colour) throw invalid(owner, param, "a colour such as '#0a84ff' or 'white'", value);
  return colour;
}
