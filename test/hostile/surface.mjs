/**
 * Everything public that can be called, from the types of the built package: each parameter as a description of what
 * it takes. A new export is here by existing.
 */
import { join } from 'node:path';
import ts from 'typescript';

/** Types that stand for one thing to hand over, by their names. */
const THINGS = new Map(
  Object.entries({
    ...{ ImageDataLike: 'image', OutputImage: 'image', ImageInput: 'image', Photo: 'photo', NodeImage: 'image' },
    ...{ DepthMap: 'depth', Matte: 'matte', Face: 'face', AbortSignal: 'signal', Hydra: 'hydra' },
    ...{ FeatureSet: 'features', Uint8Array: 'bytes', Float32Array: 'floats', ReliefMesh: 'mesh', Lut: 'lut' },
    ...{ CanvasFactory: 'function', FetchLike: 'function', Decoder: 'function', Recipe: 'recipe', Step: 'recipe' },
    ...{ Background: 'background', Focus: 'focus', Pivot: 'focus', ModuleLocation: 'location', Backend: 'backend' },
    ...{ URL: 'address', HTMLCanvasElement: 'canvas', OffscreenCanvas: 'canvas', Worker: 'thing', Gpu: 'thing' },
    ...{ Uint8ClampedArray: 'pixels', Operator: 'operator', Map: 'thing', Region: 'region' },
    ...{ AsyncIterable: 'frames', Iterable: 'frames', Curves: 'thing', GradeRange: 'thing', Resources: 'thing' },
  }),
);

/** How deep options of options are followed. */
const DEPTH = 3;

/**
 * @returns {{ entry: string, name: string, owner?: string, static?: boolean, params: { name: string, takes: object }[] }[]}
 */
export function readSurface(root, entries) {
  const files = entries.map((entry) => join(root, 'dist', entry, 'index.d.ts'));
  const program = ts.createProgram(files, {
    ...{
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
    },
    ...{
      strict: true,
      skipLibCheck: true,
      types: [],
      lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.esnext.disposable.d.ts'],
    },
  });
  const checker = program.getTypeChecker();
  const calls = [];
  const constants = [];
  const seen = new Set();
  for (const [i, file] of files.entries()) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(file));
    for (const exported of checker.getExportsOfModule(module)) {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      const node = symbol.valueDeclaration ?? symbol.declarations?.[0];
      if (!node || seen.has(symbol)) continue;
      seen.add(symbol);
      const at = { entry: entries[i], name: exported.name };
      if (ts.isFunctionDeclaration(node)) calls.push({ ...at, params: paramsOf(node.parameters) });
      else if (ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node)) calls.push(...membersOf(at, node));
      else if (ts.isVariableDeclaration(node)) {
        const [signature] = checker.getTypeAtLocation(node).getCallSignatures();
        if (signature) calls.push({ ...at, params: paramsOf(signature.declaration.parameters) });
        else constants.push(exported.name);
      }
    }
  }
  return { calls, constants };

  function membersOf({ entry, name }, node) {
    const hidden = (m) =>
      ts.getCombinedModifierFlags(m) & ts.ModifierFlags.Private ||
      (m.name && ts.isPrivateIdentifier(m.name)) ||
      ts.getJSDocTags(m).some((t) => t.tagName.text === 'hidden');
    return node.members
      .filter((m) => !hidden(m))
      .flatMap((m) => {
        const params = m.parameters && paramsOf(m.parameters);
        if (ts.isConstructorDeclaration(m)) return [{ entry, name: `new ${name}`, owner: name, make: true, params }];
        if (!ts.isMethodDeclaration(m) && !ts.isMethodSignature(m)) return [];
        const member = m.name.getText();
        const fixed = Boolean(ts.getCombinedModifierFlags(m) & ts.ModifierFlags.Static);
        return [{ entry, name: `${name}.${member}`, owner: name, member, fixed, params }];
      });
  }

  function paramsOf(parameters) {
    return parameters.map((p) => {
      const name = ts.isIdentifier(p.name) ? p.name.text : 'options';
      return { name, optional: Boolean(p.questionToken || p.initializer), takes: ofNode(p.type, DEPTH) };
    });
  }

  function ofNode(node, depth) {
    if (!node) return { kind: 'thing' };
    const named = nameIn(node);
    if (named) return { kind: named };
    return ofType(checker.getTypeFromTypeNode(node), depth);
  }

  /** The first of a type's names that stands for a thing. */
  function nameIn(node) {
    if (ts.isUnionTypeNode(node)) return node.types.map(nameIn).find(Boolean);
    if (ts.isParenthesizedTypeNode(node) || ts.isOptionalTypeNode?.(node)) return nameIn(node.type);
    if (ts.isTypeOperatorNode(node)) return nameIn(node.type);
    if (ts.isArrayTypeNode(node)) {
      const of = nameIn(node.elementType);
      return of && (of === 'recipe' || of === 'backend' ? of : `${of}s`);
    }
    if (ts.isTypeReferenceNode(node)) return THINGS.get(node.typeName.getText());
    return undefined;
  }

  function ofType(given, depth) {
    const type = checker.getNonNullableType(given);
    const alias = type.aliasSymbol?.name ?? type.symbol?.name;
    if (THINGS.has(alias)) return { kind: THINGS.get(alias) };
    const parts = type.isUnion() ? type.types : [type];
    if (parts.every((t) => t.isLiteral())) return { kind: 'choice', values: parts.map((t) => t.value) };
    const flags = (flag) => parts.every((t) => t.flags & flag);
    if (flags(ts.TypeFlags.BooleanLike)) return { kind: 'flag' };
    if (flags(ts.TypeFlags.NumberLike)) return { kind: 'number' };
    if (flags(ts.TypeFlags.StringLike)) return { kind: 'text' };
    if (parts.some((t) => t.getCallSignatures().length)) return { kind: 'function' };
    if (parts.length > 1 && parts.some((t) => THINGS.has(t.aliasSymbol?.name ?? t.symbol?.name)))
      return { kind: 'thing' };
    if (checker.isArrayType(type) || checker.isTupleType(type)) return { kind: 'list' };
    if (flags(ts.TypeFlags.Object | ts.TypeFlags.Intersection) && depth > 0 && parts.length === 1) {
      const fields = {};
      for (const p of checker.getPropertiesOfType(type)) {
        const own = p.valueDeclaration ?? p.declarations?.[0];
        const named = own?.type && nameIn(own.type);
        const optional = Boolean(p.flags & ts.SymbolFlags.Optional);
        const takes = named ? { kind: named } : ofType(checker.getTypeOfSymbol(p), depth - 1);
        fields[p.name] = { ...takes, optional };
      }
      return { kind: 'object', fields };
    }
    return { kind: 'thing' };
  }
}
