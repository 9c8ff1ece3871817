import ts from 'typescript';
import type { OPERATORS } from '../../src/effects/operators.js';
import type { OptionsJson } from '../../src/effects/operator.js';
import { PRESETS, type Step } from '../../src/effects/index.js';
import { ROOT } from '../helpers/photos.js';

type Operators = typeof OPERATORS;
type Op = keyof Operators;
type StepOf<K extends Op> = Extract<Step, { op: K }>;

/** Each step as its operator's table reads it. */
type FromTable<K extends Op> = { readonly op: K } & OptionsJson<Operators[K]>;

/** Held to by the compiler: what is no type error here is taken by the table, and no option of it is missing. */
type Taken = { [K in Op]: StepOf<K> extends FromTable<K> ? true : K };
type Complete = {
  [K in Op]: keyof FromTable<K> extends keyof StepOf<K> ? true : Exclude<keyof FromTable<K>, keyof StepOf<K>>;
};
const everyOp = <T extends Record<Op, true>>(): T | undefined => undefined;

test('the types of steps are those of the tables', () => {
  everyOp<Taken>();
  everyOp<Complete>();
  const steps: readonly Step[] = Object.values(PRESETS).flatMap((recipe) => recipe.steps);
  expect(new Set(steps.map((s) => s.op)).size).toBeGreaterThan(1);
});

/** What an editor shows of the word at `|`. */
function hover(text: string): { shown: string; doc: string } {
  const file = `${ROOT}src/hovered.ts`;
  const at = text.indexOf('|');
  const source = text.replace('|', '');
  const host: ts.LanguageServiceHost = {
    getCompilationSettings: () => ({
      strict: true,
      exactOptionalPropertyTypes: true,
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts', 'lib.dom.d.ts'],
      types: [],
    }),
    getScriptFileNames: () => [file],
    getScriptVersion: () => '0',
    getScriptSnapshot: (name) => {
      const content = name === file ? source : ts.sys.readFile(name);
      return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content);
    },
    fileExists: (name) => name === file || ts.sys.fileExists(name),
    readFile: (name) => (name === file ? source : ts.sys.readFile(name)),
    getCurrentDirectory: () => ROOT,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    readDirectory: ts.sys.readDirectory,
    directoryExists: ts.sys.directoryExists,
  };
  const info = ts.createLanguageService(host).getQuickInfoAtPosition(file, at)!;
  return { shown: ts.displayPartsToString(info.displayParts), doc: ts.displayPartsToString(info.documentation) };
}

const step = (text: string) =>
  hover(`import type { Step } from './effects/index.js';\nexport const step: Step = ${text};`);

test.each([
  [`{ op: 'bokeh', |aperture: 0.03 }`, /Radius of the blur disc .* 0\.03/s],
  [`{ op: 'bokeh', |focus: 'subject' }`, /What is sharp/],
  [`{ op: 'grade', background: { |exposure: -0.7 } }`, /Stops/],
  [`{ op: 'grade', background: { |lut: 'film.cube' } }`, /colour table/],
  [`{ op: 'sticker', at: { x: 1, y: 2 }, |disparity: 'in-front' }`, /Where it stands in depth/],
  [`{ op: 'strokes', strokes: [{ kind: 'same', points: [], |radius: 0.1 }] }`, /brush/],
])('an editor tells what %s is', (text, doc) => {
  const told = step(text);
  expect(told.doc).toMatch(doc);
  expect(told.shown).not.toMatch(/Reader|FieldsJson|OptionsJson|ValueOf/);
});

test('and of a step, which there are', () => {
  const { shown } = hover(`import type { Step } from './effects/index.js';\nexport type S = |Step;`);
  expect(shown).toMatch(/type Step = BokehStep \| GradeStep \| HazeStep/);
});
