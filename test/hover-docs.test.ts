import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';
import type { NumberParam } from '../src/core/params.js';
import { ROOT } from './helpers/photos.js';

/**
 * What an editor shows of an option: every one that a public function takes says what it is and what it is without it, and
 * what it says of its numbers is what the code's tables have.
 */

interface Option {
  readonly name: string;
  readonly symbol: ts.Symbol;
  readonly doc: string;
  readonly file: string;
}

const { exports } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as {
  exports: Record<string, string | { default: string }>;
};
const entries = Object.values(exports)
  .filter((e) => typeof e === 'object')
  .map((e) => join(ROOT, e.default.replace('./dist/', 'src/').replace(/\.js$/, '.ts')));

const config = ts.getParsedCommandLineOfConfigFile(
  join(ROOT, 'tsconfig.json'),
  {},
  {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: (d) => {
      throw new Error(String(d.messageText));
    },
  },
)!;
const program = ts.createProgram(entries, { ...config.options, skipLibCheck: true });
const checker = program.getTypeChecker();
const OWN = join(ROOT, 'src/');
const fileOf = (symbol: ts.Symbol) => symbol.declarations?.[0]?.getSourceFile().fileName ?? '';

/** Options of everything that can be called from outside, and of what those hold. */
function options(): Option[] {
  const found = new Map<string, Option>();
  const seen = new Set<ts.Type>();
  const visitOptions = (type: ts.Type, of: string) => {
    if (seen.has(type)) return;
    seen.add(type);
    if (type.isUnionOrIntersection()) for (const t of type.types) visitOptions(t, of);
    if (checker.isArrayType(type) || type.symbol?.name === 'ReadonlyArray')
      for (const t of checker.getTypeArguments(type as ts.TypeReference)) visitOptions(t, of);
    for (const symbol of type.isUnion() ? [] : type.getProperties()) {
      const declaration = symbol.declarations?.[0];
      if (!declaration || !fileOf(symbol).startsWith(OWN)) continue;
      const inside = checker.getTypeOfSymbol(symbol);
      if (ts.isPropertySignature(declaration) && symbol.flags & ts.SymbolFlags.Optional) {
        const owner = (declaration.parent as ts.InterfaceDeclaration).name?.text ?? of;
        const name = `${owner}.${symbol.name}`;
        const doc = ts.displayPartsToString(symbol.getDocumentationComment(checker));
        found.set(name, { name, symbol, doc, file: relative(OWN, fileOf(symbol)) });
      }
      if (inside.getCallSignatures().length === 0) visitOptions(inside, `${of}.${symbol.name}`);
    }
  };
  const visitCalls = (type: ts.Type, of: string) => {
    for (const signature of [...type.getCallSignatures(), ...type.getConstructSignatures()])
      for (const parameter of signature.getParameters()) {
        const declared = checker.getTypeOfSymbol(parameter);
        visitOptions(checker.getNonNullableType(declared), `${of}(${parameter.name})`);
      }
  };
  for (const entry of entries) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(entry)!);
    for (let symbol of module ? checker.getExportsOfModule(module) : []) {
      if (symbol.flags & ts.SymbolFlags.Alias) symbol = checker.getAliasedSymbol(symbol);
      const types: ts.Type[] = [];
      // A table such as OPERATORS is no function: what is in it is not called from outside.
      const value = symbol.flags & ts.SymbolFlags.Value ? checker.getTypeOfSymbol(symbol) : undefined;
      if (value && value.getCallSignatures().length + value.getConstructSignatures().length > 0) types.push(value);
      if (symbol.flags & ts.SymbolFlags.Type) types.push(checker.getDeclaredTypeOfSymbol(symbol));
      for (const type of types) {
        visitCalls(type, symbol.name);
        for (const member of type.getProperties())
          if (fileOf(member).startsWith(OWN) && isPublic(member))
            visitCalls(checker.getTypeOfSymbol(member), `${symbol.name}.${member.name}`);
      }
    }
  }
  return [...found.values()];
}

const isPublic = (member: ts.Symbol) =>
  !member.name.startsWith('#') && !member.getJsDocTags(checker).some((tag) => tag.name === 'hidden');

const all = options();

test('the public options are found', () => {
  expect(all.length).toBeGreaterThan(100);
  expect(all.map((o) => o.name)).toEqual(
    expect.arrayContaining([
      'BokehOptions.aperture',
      'HydraOptions.backend',
      'TaskOptions.signal',
      'GradeParams.exposure',
    ]),
  );
});

test('each has a doc comment', () => {
  expect(all.filter((o) => !o.doc).map((o) => o.name)).toEqual([]);
});

test('each says what holds without it', () => {
  expect(all.filter((o) => !/default|without/i.test(o.doc)).map((o) => `${o.name}: ${o.doc}`)).toEqual([]);
});

test('each may be said to be undefined', () => {
  const strict = (o: Option) =>
    o.symbol.declarations!.every((d) => {
      const { type } = d as ts.PropertySignature;
      return !(type && ts.isUnionTypeNode(type) && type.types.some((t) => t.kind === ts.SyntaxKind.UndefinedKeyword));
    });
  expect(all.filter(strict).map((o) => o.name)).toEqual([]);
});

test('default, range and unit of a number are those of its table', async () => {
  const wrong: string[] = [];
  let checked = 0;
  for (const { name, doc, file } of all) {
    const module = (await import(join(OWN, file))) as Record<string, Record<string, NumberParam> | undefined>;
    const key = name.split('.').at(-1)!;
    const param = Object.entries(module)
      .filter(([table]) => table.endsWith('_PARAMS'))
      .map(([, table]) => table![key])
      .find((p) => p?.unit !== undefined);
    if (!param) continue;
    checked++;
    const number = (n: number) => RegExp(`(?<![\\d.])${String(n).replace('.', '\\.')}(?![\\d.]*\\d)`);
    const plain = doc.replace(/(?<=\d),(?=\d{3})/g, '').replaceAll('−', '-');
    const words = param.unit.split(/\W+/).filter((w) => w.length > 3);
    const missing = [
      // In words where it is found in the photo or depends on another option.
      !number(param.default).test(plain) && !/default: [`']?[a-z]/i.test(plain) && `default ${param.default}`,
      !plain.includes(`${param.min}..${param.max}`) && `range ${param.min}..${param.max}`,
      words.length > 0 && !words.some((w) => plain.toLowerCase().includes(w.toLowerCase())) && `unit '${param.unit}'`,
    ].filter(Boolean);
    if (missing.length) wrong.push(`${name} lacks ${missing.join(', ')}: ${doc}`);
  }
  expect(checked).toBeGreaterThan(40);
  expect(wrong).toEqual([]);
});
