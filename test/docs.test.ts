import { readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import type { Operator } from '../src/effects/operator.js';
import { OPERATORS } from '../src/effects/operators.js';
import { commandPage } from './helpers/command-page.js';
import { ROOT } from './helpers/photos.js';
import { optionTables } from './helpers/option-tables.js';

test('no option is without a line of doc', () => {
  const rows = optionTables(OPERATORS as unknown as Record<string, Operator>).split('\n');
  expect(rows.filter((row) => /^\| `/.test(row)).length).toBeGreaterThan(100);
  expect(rows.filter((row) => /\|\s*\|$/.test(row) && row.startsWith('| `'))).toEqual([]);
});

test.each([
  ['options.md', 'what the operators take', () => optionTables(OPERATORS as unknown as Record<string, Operator>)],
  ['cli.md', 'what the command line takes', commandPage],
])('docs/%s says %s: else run `npm run docs`', async (name, _what, text) => {
  const path = `${ROOT}docs/${name}`;
  const page = await format(text(), { ...(await resolveConfig(path)), parser: 'markdown' });
  if (process.env['UPDATE_DOCS'] && !process.env['CI']) await writeFile(path, page);
  expect(await readFile(path, 'utf8')).toBe(page);
});
