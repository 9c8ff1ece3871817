import { readdirSync, readFileSync } from 'node:fs';
import { ROOT } from './helpers/photos.js';

const page = readFileSync(`${ROOT}docs/errors.md`, 'utf8');
/** Text under each heading that is a code. */
const sections = new Map(
  page
    .split(/^### /m)
    .slice(1)
    .map((text) => [/^`(\w+)`/.exec(text)![1]!, text]),
);
const source = readFileSync(`${ROOT}src/core/errors.ts`, 'utf8');
const codes = [...source.matchAll(/^ {2}\| '(\w+)'/gm)].map(([, code]) => code!);

test('docs/errors.md has every code, and no other', () => {
  expect(codes.length).toBeGreaterThan(10);
  expect([...sections.keys()].sort()).toEqual([...codes].sort());
});

test.each([...sections])('%s: cause and cure', (_, text) => {
  expect(text).toMatch(/^\*\*Cause\.\*\* \S/m);
  expect(text).toMatch(/^\*\*Cure\.\*\* \S/m);
});

test('every code is thrown somewhere', () => {
  const files = readdirSync(`${ROOT}src`, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.ts'));
  const code = files.map((f) => readFileSync(`${ROOT}src/${f}`, 'utf8')).join('\n');
  const thrown = [...code.matchAll(/new RelievoError\(\s*'(\w+)'/g)].map(([, c]) => c!);
  expect([...new Set(thrown)].sort()).toEqual([...codes].sort());
});
