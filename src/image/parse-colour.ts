import { invalid } from '../core/params.js';

/** The sixteen names of HTML 4, as HTML defines them. */
const NAMES: Readonly<Record<string, string>> = {
  black: '000000',
  silver: 'c0c0c0',
  gray: '808080',
  white: 'ffffff',
  maroon: '800000',
  red: 'ff0000',
  purple: '800080',
  fuchsia: 'ff00ff',
  green: '008000',
  lime: '00ff00',
  olive: '808000',
  yellow: 'ffff00',
  navy: '000080',
  blue: '0000ff',
  teal: '008080',
  aqua: '00ffff',
};

/** Bytes of a colour: `#rgb`, `#rgba`, `#rrggbb`, `#rrggbbaa`, or one of HTML's sixteen names. Undefined for anything else. */
export function parseColour(text: unknown): [r: number, g: number, b: number, a: number] | undefined {
  if (typeof text !== 'string') return undefined;
  const name = text.toLowerCase();
  const hex = Object.hasOwn(NAMES, name) ? NAMES[name]! : name.startsWith('#') ? name.slice(1) : '';
  if (!/^([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/.test(hex)) return undefined;
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
