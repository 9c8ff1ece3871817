import COLOURS from 'color-name';
import { converter } from 'culori';
import { parseColour } from '../../src/image/parse-colour.js';

/** Somebody else's reading of CSS. */
const css = (text: string) => {
  const { r, g, b, alpha = 1 } = converter('rgb')(text)!;
  return [r, g, b, alpha].map((v) => Math.round(v * 255));
};

test('all names of CSS and every length of hex mean what CSS says, in any case', () => {
  expect(Object.keys(COLOURS).length).toBe(148);
  for (const name of [...Object.keys(COLOURS), 'transparent', '#1a2', '#1a2b', '#10203a', '#10203a80']) {
    expect([name, parseColour(name)]).toEqual([name, css(name)]);
    expect([name, parseColour(name.toUpperCase())]).toEqual([name, css(name)]);
  }
});

test('what is no colour is none', () => {
  const bad = ['', '#', '#12', '#12345', '123', 'ff0000', 'greenish', 'toString', '__proto__', 'constructor', ' red'];
  for (const text of [...bad, 7, null, undefined, ['red'], {}]) expect(parseColour(text)).toBeUndefined();
});
