import { readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import type { Operator } from '../src/effects/operator.js';
import { OPERATORS } from '../src/effects/operators.js';
import { ROOT } from './helpers/photos.js';
import { optionTables } from './helpers/option-tables.js';

const PAGE = `${ROOT}docs/options.md`;

test('docs/options.md says what the operators take: else run `npm run docs`', async () => {
  const text = optionTables(OPERATORS as unknown as Record<string, Operator>);
  const page = await format(text, { ...(await resolveConfig(PAGE)), parser: 'markdown' });
  if (process.env['UPDATE_DOCS'] && !process.env['CI']) await writeFile(PAGE, page);
  expect(await readFile(PAGE, 'utf8')).toBe(page);
});
