import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { parseAst } from 'rollup/parseAst';
import { ROOT } from '../helpers/photos.js';

const pkg = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'));
const node = (code: string, ...args: string[]) =>
  execFileSync(process.execPath, [...args, '--input-type=module', '-e', code], { cwd: ROOT, encoding: 'utf8' });

test('every entry imports on a server without touching self, window or document', () => {
  const entries = Object.keys(pkg.exports).filter((e) => !e.includes('*') && !e.endsWith('.json'));
  const exportless = ['./worker/worker']; // a worker's script
  for (const entry of entries) {
    const name = entry.replace('.', pkg.name);
    const out = node(`
      for (const g of ['self', 'window', 'document']) Object.defineProperty(globalThis, g, { get() { throw new Error(g + ' touched'); }, configurable: true });
      const before = Object.keys(globalThis).length;
      const m = await import('${name}');
      console.log(${exportless.includes(entry)} || Object.keys(m).length > 0, Object.keys(globalThis).length === before);`);
    expect([entry, out.trim()]).toEqual([entry, 'true true']);
  }
});

test('the effects reach neither TensorFlow.js nor Node', () => {
  const seen = new Set<string>();
  const visit = (file: string) => {
    if (seen.has(file)) return;
    seen.add(file);
    if (file.startsWith('vendor/')) return; // one file each, held against what it may be by the test below
    const code = readFileSync(`${ROOT}dist/${file}`, 'utf8');
    for (const [, id] of code.matchAll(/(?<!['\"])\b(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)) {
      expect([file, id]).toEqual([file, expect.stringMatching(/^\./)]);
      visit(new URL(id!, `file:///${file}`).pathname.slice(1));
    }
  };
  visit('effects/index.js');
  expect(seen.size).toBeGreaterThan(3);
});

test('a page needs no package beside ours: nothing but the host’s own React is imported by name', () => {
  const named = new Set<string>();
  for (const path of readdirSync(`${ROOT}dist`, { recursive: true, encoding: 'utf8' }))
    if (path.endsWith('.js') && !/^(cli|node)\//.test(path))
      importsOf(parseAst(readFileSync(`${ROOT}dist/${path}`, 'utf8')), named);
  expect([...named].filter((id) => !id.startsWith('.')).sort()).toEqual(['react']);
});

/** What the code imports, from its syntax: texts of messages look like imports, too. */
function importsOf(node: unknown, found: Set<string>): void {
  if (typeof node !== 'object' || node === null) return;
  const { type, source } = node as { type?: string; source?: { value?: unknown } };
  if (/^(Import|Export)/.test(type ?? '') && typeof source?.value === 'string') found.add(source.value);
  for (const child of Object.values(node)) importsOf(child, found);
}

test('what is packed works where it is installed: types, models, command', () => {
  const [{ files }] = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json'], { cwd: ROOT, encoding: 'utf8' }));
  const packed = files.map((f: { path: string }) => f.path) as string[];
  for (const entry of Object.values(pkg.exports) as { types: string; default: string }[]) {
    if (typeof entry === 'string') continue;
    expect(packed).toContain(entry.types.slice(2));
    expect(packed).toContain(entry.default.slice(2));
  }
  for (const m of ['relievo-backbone', 'relievo-depth']) {
    for (const f of ['module.json', 'model.json', 'group1-shard1of1.bin']) expect(packed).toContain(`models/${m}/${f}`);
  }
  expect(packed).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'THIRD_PARTY.md', pkg.bin.relievo]));
  expect(packed.filter((p) => /^(src|test|training|demo|bench|assets)\//.test(p))).toEqual(['training/README.md']);
  // Where the package is read, its links have to lead somewhere.
  const links = [...readFileSync(`${ROOT}README.md`, 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, to]) => to!);
  expect(links.length).toBeGreaterThan(10);
  expect(links.filter((to) => !packed.includes(to))).toEqual([]);
  // Sources in the maps, since src/ is not packed.
  const map = JSON.parse(readFileSync(`${ROOT}dist/index.js.map`, 'utf8'));
  expect(map.sourcesContent).toEqual(map.sources.map(() => expect.any(String)));
});
