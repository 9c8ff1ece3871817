import { RelievoError } from '../core/errors.js';
import { contract, type HeadManifest, type ModuleManifest, type NetworkManifest, type TapSpec } from './manifest.js';
import { taskOutputs } from './tasks.js';

/** A node that tensors enter or leave by. Unknown sides are -1; no shape at all is undefined. */
interface Port {
  readonly dtype: string;
  readonly shape: readonly number[] | undefined;
}

/** What a TF.js graph model says about itself, read without building it. */
export interface Graph {
  readonly inputs: ReadonlyMap<string, Port>;
  /** Declared outputs. Any other node can be read as well, of a shape that only running tells. */
  readonly outputs: ReadonlyMap<string, Port>;
  readonly nodes: ReadonlySet<string>;
}

/** TensorFlow's rule for node names. It also keeps `__proto__` out of the objects that TF.js files nodes under. */
const NODE = /^[A-Za-z0-9.][A-Za-z0-9_.\\/>-]{0,499}$/;
/** Make numbers by the million where a graph says how many, and have no place in one that answers the same each time. */
const RANDOM = /^(Stateless)?(Random|TruncatedNormal|Multinomial)/;
const MAX_NODES = 50_000;
const MAX_RANK = 6;
const MAX_ELEMENTS = 2 ** 28;
/** Bytes per value as stored. A string tensor has a length per value in the file, and no use in a network. */
const BYTES: Readonly<Record<string, number>> = { float32: 4, int32: 4, bool: 1, uint8: 1, uint16: 2, float16: 2 };
/** TensorFlow's DataType enum, as a name or a number. */
const DTYPES: Readonly<Record<string, string>> = {
  DT_FLOAT: 'float32',
  1: 'float32',
  DT_HALF: 'float16',
  19: 'float16',
};

/**
 * Reads a graph model's topology, and checks everything that TF.js would take from it on trust: names, shapes, and
 * that the shards hold as many bytes as the weights need.
 *
 * @throws RelievoError `MODEL_CONTRACT`.
 */
export function readGraph(manifest: ModuleManifest, bytes: Uint8Array): Graph {
  const need = (ok: unknown, what: string) => {
    if (!ok) throw contract(`module '${manifest.id}': ${what}.`);
  };
  const json = parse(manifest, bytes);
  need(
    json['format'] === undefined || json['format'] === 'graph-model',
    `${manifest.model} is a '${String(json['format']).slice(0, 40)}', expected a TF.js 'graph-model'`,
  );
  const nodes = record(json['modelTopology'])['node'];
  need(
    Array.isArray(nodes) && nodes.length > 0 && nodes.length <= MAX_NODES,
    `its graph needs 1 to ${MAX_NODES} nodes`,
  );
  const names = new Set<string>();
  const inputs = new Map<string, Port>();
  for (const node of nodes as unknown[]) {
    const { name, op, attr } = record(node);
    need(typeof name === 'string' && NODE.test(name), `its graph has a node without a plain name`);
    need(typeof op === 'string', `node '${name}' has no op`);
    need(
      !RANDOM.test(op as string),
      `node '${name}' is a ${String(op).slice(0, 40)}: its answers would be left to chance`,
    );
    names.add(name as string);
    if (op === 'Placeholder') {
      const { dtype, shape } = record(attr);
      inputs.set(name as string, { dtype: dtypeOf(record(dtype)['type']), shape: shapeOf(record(shape)['shape']) });
    }
  }
  checkWeights(manifest, json['weightsManifest'], need);
  const signature = record(json['signature']);
  const outputs = new Map<string, Port>();
  for (const [key, value] of Object.entries(record(signature['outputs']))) {
    const { name, dtype, tensorShape } = record(value);
    const port = { dtype: dtypeOf(dtype), shape: shapeOf(tensorShape) };
    outputs.set(key, port);
    if (typeof name === 'string') outputs.set(name.split(':')[0]!, port);
  }
  // TF.js also answers to the signature's own names for the inputs.
  for (const [key, value] of Object.entries(record(signature['inputs']))) {
    const port = inputs.get(String(record(value)['name']).split(':')[0]!);
    if (port) inputs.set(key, port);
  }
  return { inputs, outputs, nodes: names };
}

/**
 * Holds a graph against its manifest: every node it names is there, floating-point, and with the channels that come in
 * or have to come out. Names both sides of a mismatch.
 *
 * @param provided the taps of the backbone that a head reads.
 * @throws RelievoError `MODEL_CONTRACT`.
 */
export function checkGraph(manifest: ModuleManifest, graph: Graph, provided: readonly TapSpec[] = []): void {
  if (manifest.kind === 'head') {
    for (const { tap } of manifest.requires.taps) {
      const { channels } = provided.find((p) => p.tap === tap)!;
      checkInput(manifest, graph, manifest.inputs[tap]!, [-1, -1, -1, channels], `tap '${tap}'`);
    }
  } else if (manifest.kind === 'backbone') {
    checkInput(manifest, graph, manifest.input, [-1, -1, -1, 3], 'the picture');
    for (const { tap, channels } of manifest.provides) checkOutput(manifest, graph, manifest.outputs[tap]!, channels);
  } else {
    const { layout, width = -1, height = -1 } = manifest.preprocess;
    const shape = layout === 'NCHW' ? [-1, 3, height, width] : [-1, height, width, 3];
    checkInput(manifest, graph, manifest.input, shape, 'the picture');
  }
  if (manifest.kind !== 'backbone') checkAnswers(manifest, graph);
}

function checkInput(manifest: ModuleManifest, graph: Graph, node: string, want: readonly number[], what: string): void {
  const port = graph.inputs.get(node);
  if (!port) {
    throw contract(
      `module '${manifest.id}' names input '${node}', its graph has ${[...graph.inputs.keys()].join(', ') || 'none'}.`,
    );
  }
  const { shape, dtype } = port;
  const fits = !shape || (shape.length === 4 && shape.every((v, i) => v === -1 || want[i] === -1 || v === want[i]));
  // A batch of another size than one would not take the single photo either.
  if (dtype !== 'float32' || !fits || (shape && shape[0]! > 1)) {
    throw contract(
      `module '${manifest.id}': input '${node}' is ${dtype} ${side(shape)}, ${what} is float32 ${side([1, ...want.slice(1)])}.`,
    );
  }
}

function checkAnswers(manifest: HeadManifest | NetworkManifest, graph: Graph): void {
  const wanted = taskOutputs(manifest.task);
  for (const [name, node] of Object.entries(manifest.outputs)) {
    // A whole network may answer [1, h, w]: only a head's answer is known to end in its channels.
    const channels = manifest.kind === 'head' && Object.hasOwn(wanted, name) ? wanted[name] : undefined;
    checkOutput(manifest, graph, node, channels);
  }
}

function checkOutput(manifest: ModuleManifest, graph: Graph, node: string, channels: number | undefined): void {
  const port = graph.outputs.get(node);
  if (!port && !graph.nodes.has(node.split(':')[0]!)) {
    throw contract(
      `module '${manifest.id}' names output '${node}', its graph has ${[...graph.outputs.keys()].join(', ') || 'no such node'}.`,
    );
  }
  if (!port) return;
  const got = port.shape?.at(-1) ?? -1;
  if (port.dtype !== 'float32' || (channels !== undefined && got !== -1 && got !== channels)) {
    const want = channels === undefined ? '' : ` with ${channels} channels`;
    throw contract(
      `module '${manifest.id}': output '${node}' is ${port.dtype} ${side(port.shape)}, expected float32${want}.`,
    );
  }
}

function checkWeights(manifest: ModuleManifest, groups: unknown, need: (ok: unknown, what: string) => void): void {
  need(Array.isArray(groups) && groups.length > 0 && groups.length <= 1000, `it has no 'weightsManifest'`);
  for (const group of groups as unknown[]) {
    const { paths, weights } = record(group);
    need(Array.isArray(paths) && Array.isArray(weights), `'weightsManifest' needs paths and weights`);
    for (const path of paths as unknown[]) {
      // Also bars every way out of the folder: what is listed there is a plain file name.
      const listed = typeof path === 'string' && Object.hasOwn(manifest.sha256, path);
      need(listed, `weights '${String(path).slice(0, 99)}' are not listed in 'sha256'`);
    }
    for (const weight of weights as unknown[]) {
      const { name, dtype, quantization } = record(weight);
      need(typeof name === 'string' && NODE.test(name), `it has a weight without a plain name`);
      const stored = quantization === undefined ? dtype : record(quantization)['dtype'];
      for (const d of [dtype, stored]) {
        need(
          typeof d === 'string' && Object.hasOwn(BYTES, d),
          `weight '${name}' has dtype '${String(d).slice(0, 40)}'`,
        );
      }
      elements(weight, need);
    }
  }
}

/**
 * Bytes that the weights of a checked graph take in its shards.
 */
export function weightBytes(groups: readonly { readonly weights: readonly unknown[] }[]): number {
  let sum = 0;
  for (const { weights } of groups) {
    for (const w of weights) {
      const { dtype, quantization } = record(w);
      const stored = quantization === undefined ? dtype : record(quantization)['dtype'];
      sum += elements(w, () => {}) * BYTES[stored as string]!;
    }
  }
  return sum;
}

function elements(weight: unknown, need: (ok: unknown, what: string) => void): number {
  const { name, shape } = record(weight);
  const sides = Array.isArray(shape) && shape.length <= MAX_RANK ? (shape as unknown[]) : undefined;
  const count = (sides ?? [NaN]).reduce<number>(
    (n, v) => n * (Number.isInteger(v) && (v as number) >= 0 ? (v as number) : NaN),
    1,
  );
  need(count <= MAX_ELEMENTS, `weight '${name}' has a shape that cannot be`);
  return count;
}

function parse(manifest: ModuleManifest, bytes: Uint8Array): Record<string, unknown> {
  try {
    return record(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch (cause) {
    throw new RelievoError('MODEL_CONTRACT', `module '${manifest.id}': ${manifest.model} is not JSON.`, { cause });
  }
}

/** An object, or one without properties. */
function record(v: unknown): Readonly<Record<string, unknown>> {
  return typeof v === 'object' && v !== null && !Array.isArray(v) ? (v as Record<string, unknown>) : {};
}

function dtypeOf(v: unknown): string {
  if (v === undefined) return 'float32'; // what TF.js takes it for
  const key = String(v);
  return Object.hasOwn(DTYPES, key) ? DTYPES[key]! : key.slice(0, 20).replace(/^DT_/, '').toLowerCase();
}

function shapeOf(v: unknown): number[] | undefined {
  const { dim, unknownRank } = record(v);
  if (!Array.isArray(dim) || unknownRank === true) return undefined;
  return dim.slice(0, MAX_RANK + 1).map((d) => {
    const size = Number(record(d)['size']);
    return Number.isInteger(size) && size > 0 ? size : -1;
  });
}

function side(shape: readonly number[] | undefined): string {
  return shape ? `[${shape.map((v) => (v === -1 ? '?' : v)).join(', ')}]` : 'of unknown shape';
}
