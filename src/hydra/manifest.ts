import { RelievoError } from '../core/errors.js';
import { taskOutputs } from './tasks.js';

/** One feature map a backbone publishes: its node is `outputs[tap]`, shape [1, h / stride, w / stride, channels]. */
export interface TapSpec {
  readonly tap: string;
  readonly stride: number;
  readonly channels: number;
}

/** How a backbone wants its picture: `(rgb / 255 - mean) / std`, NHWC, sides multiples of `multipleOf`, about `area` pixels. */
export interface Preprocess {
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
  readonly multipleOf: number;
  readonly area: number;
}

interface ManifestBase {
  /** Unique name, e.g. `relievo-depth`: letters, digits, `.`, `_`, `-`. */
  readonly id: string;
  /** Semantic version; a head names the range of its backbone. */
  readonly version: string;
  /** File name of the TF.js graph model, beside the manifest. */
  readonly model: string;
  /** Bytes of all files together: the total of the progress report. */
  readonly bytes: number;
  /** SHA-256 (hex) of every file: `model` and its weight shards. Nothing is used before it matches. */
  readonly sha256: Readonly<Record<string, string>>;
  readonly licence: string;
  readonly trainedOn: string | readonly string[];
}

export interface BackboneManifest extends ManifestBase {
  readonly kind: 'backbone';
  readonly preprocess: Preprocess;
  readonly provides: readonly TapSpec[];
  /** Name of the graph's input node. */
  readonly input: string;
  /** Tap -> name of the graph's output node. */
  readonly outputs: Readonly<Record<string, string>>;
}

export interface HeadManifest extends ManifestBase {
  readonly kind: 'head';
  /** What it answers to in `hydra.run(task, …)`. */
  readonly task: string;
  /** `module`: `id@^major.minor`; `taps`: which of its feature maps the head reads, as it was made for. */
  readonly requires: { readonly module: string; readonly taps: readonly TapSpec[] };
  /** Tap -> name of the graph's input node. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Output name -> name of the graph's output node, shape [1, h, w, channels]. */
  readonly outputs: Readonly<Record<string, string>>;
}

/**
 * How a whole network wants its picture: `(rgb / 255 - mean) / std` in its own layout, either of one fixed size (the
 * photo is stretched to it) or like a backbone's.
 */
export interface NetworkPreprocess {
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
  /** Default: `'NHWC'`. */
  readonly layout?: 'NHWC' | 'NCHW' | undefined;
  /** Width of its input in pixels, where it is fixed. Default: by `multipleOf` and `area`. */
  readonly width?: number | undefined;
  /** Height of its input in pixels, where it is fixed. Default: by `multipleOf` and `area`. */
  readonly height?: number | undefined;
  /** Of what the sides of its input are multiples, in pixels. Needed without `width` and `height`. */
  readonly multipleOf?: number | undefined;
  /** About how many pixels its input has. Needed without `width` and `height`. */
  readonly area?: number | undefined;
}

/** A network that shares nothing: its own backbone and head in one graph, such as any depth network's export. */
export interface NetworkManifest extends ManifestBase {
  readonly kind: 'network';
  readonly task: string;
  readonly preprocess: NetworkPreprocess;
  /** Name of the graph's input node. */
  readonly input: string;
  /** Output name -> name of the graph's output node: [h, w], [1, h, w], or with channels in the input's layout. */
  readonly outputs: Readonly<Record<string, string>>;
  /** What the number in `disparity` grows with: nearness, or (`'depth'`) distance, which is inverted. Default: `'disparity'`. */
  readonly answers?: 'disparity' | 'depth' | undefined;
}

export type ModuleManifest = BackboneManifest | HeadManifest | NetworkManifest;

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const SHA256 = /^[0-9a-f]{64}$/;
const MAX_BYTES = 512 * 2 ** 20;

/**
 * Checks a `module.json`, which may come from anywhere.
 *
 * @throws RelievoError `MODEL_CONTRACT` naming the field.
 */
export function checkManifest(value: unknown): ModuleManifest {
  const m = value as ModuleManifest;
  const need = (ok: unknown, what: string) => {
    if (!ok) throw contract(`module.json: ${what}.`);
  };
  need(isObject(m), 'expected an object');
  need(typeof m.id === 'string' && NAME.test(m.id), `'id' must be a plain name`);
  need(parseVersion(m.version), `'version' must be MAJOR.MINOR.PATCH`);
  need(Number.isInteger(m.bytes) && m.bytes > 0 && m.bytes <= MAX_BYTES, `'bytes' must be 1 to ${MAX_BYTES}`);
  need(isObject(m.sha256), `'sha256' must map file names to hashes`);
  for (const [file, hash] of Object.entries(m.sha256)) {
    // A name is joined to the module's address: no folder, no parent, no scheme.
    need(NAME.test(file), `'${file.slice(0, 99)}' is not a plain file name`);
    need(typeof hash === 'string' && SHA256.test(hash), `'sha256.${file}' must be 64 hex digits`);
  }
  need(typeof m.model === 'string' && Object.hasOwn(m.sha256, m.model), `'model' must be one of the files in 'sha256'`);
  if (m.kind === 'backbone') {
    checkPreprocess(m.preprocess, need);
    checkFreeSize(m.preprocess, need);
    need(typeof m.input === 'string', `'input' must name the graph's input`);
    need(Array.isArray(m.provides) && m.provides.length > 0 && m.provides.length <= 64, `'provides' must list taps`);
    for (const t of m.provides) {
      checkTap('provides', t, need);
      need(
        isObject(m.outputs) && typeof own(m.outputs, t.tap) === 'string',
        `'outputs' must name a node for '${t.tap}'`,
      );
    }
  } else if (m.kind === 'head') {
    need(isObject(m.requires) && parseRequirement(m.requires.module), `'requires.module' must look like id@^1.2`);
    const taps = m.requires.taps;
    need(Array.isArray(taps) && taps.length > 0 && taps.length <= 64, `'requires.taps' must list taps`);
    for (const t of taps) {
      checkTap('requires.taps', t, need);
      need(isObject(m.inputs) && typeof own(m.inputs, t.tap) === 'string', `'inputs' must name a node for '${t.tap}'`);
    }
    checkTask(m, need);
  } else if (m.kind === 'network') {
    const p = m.preprocess;
    checkPreprocess(p, need);
    need(
      p.layout === undefined || p.layout === 'NHWC' || p.layout === 'NCHW',
      `'preprocess.layout' must be NHWC or NCHW`,
    );
    if (p.width === undefined && p.height === undefined) checkFreeSize(p, need);
    else need(isInt(p.width, 1, 2048) && isInt(p.height, 1, 2048), `'preprocess' needs width and height up to 2048`);
    need(typeof m.input === 'string', `'input' must name the graph's input`);
    need(
      m.answers === undefined || m.answers === 'disparity' || m.answers === 'depth',
      `'answers' must be 'disparity' or 'depth'`,
    );
    checkTask(m, need);
  } else {
    throw contract(
      `module.json: 'kind' must be 'backbone', 'head' or 'network', received ${JSON.stringify((m as ManifestBase & { kind?: unknown }).kind)}.`,
    );
  }
  return m;
}

type Need = (ok: unknown, what: string) => void;

function checkPreprocess(p: NetworkPreprocess, need: Need): void {
  const triple = (v: unknown) => Array.isArray(v) && v.length === 3 && v.every(Number.isFinite);
  need(isObject(p) && triple(p.mean) && triple(p.std), `'preprocess' needs mean and std of three numbers`);
  need(
    p.std.every((s) => s > 0),
    `'preprocess.std' must be positive`,
  );
}

function checkFreeSize(p: NetworkPreprocess, need: Need): void {
  need(isInt(p.multipleOf, 1, 256), `'preprocess.multipleOf' must be 1 to 256`);
  need(isInt(p.area, p.multipleOf! ** 2, 4_194_304), `'preprocess.area' must be at most 4194304 pixels`);
}

function checkTap(where: string, t: TapSpec, need: Need): void {
  need(isObject(t) && typeof t.tap === 'string' && NAME.test(t.tap), `'${where}' has a tap without a name`);
  need(isInt(t.stride, 1, 256) && isInt(t.channels, 1, 65536), `'${where}': tap '${t.tap}' needs stride and channels`);
}

function checkTask(m: HeadManifest | NetworkManifest, need: Need): void {
  need(typeof m.task === 'string' && NAME.test(m.task), `'task' must be a plain name`);
  need(isObject(m.outputs) && Object.keys(m.outputs).length > 0, `'outputs' must name at least one node`);
  for (const [name, node] of Object.entries(m.outputs)) {
    need(NAME.test(name) && typeof node === 'string', `'outputs' must map plain names to nodes`);
  }
  const wanted = Object.keys(taskOutputs(m.task));
  need(
    wanted.every((name) => Object.hasOwn(m.outputs, name)),
    `task '${m.task}' needs output ${wanted.join(', ')}, '${m.id}' gives ${Object.keys(m.outputs).join(', ')}`,
  );
}

/**
 * Checks a head against the backbone it names.
 *
 * @param registered what there is instead, for the message.
 * @throws RelievoError `MODEL_CONTRACT` with both sides of the mismatch.
 */
export function checkHead(
  head: HeadManifest,
  backbone: BackboneManifest | undefined,
  registered: readonly string[] = [],
): BackboneManifest {
  const wanted = parseRequirement(head.requires.module)!;
  if (!backbone || backbone.id !== wanted.id) {
    throw contract(
      `head '${head.id}' needs backbone '${head.requires.module}', which is not registered (registered: ${registered.join(', ') || 'none'}). Register it first.`,
    );
  }
  if (!satisfies(backbone.version, wanted.version)) {
    throw contract(
      `head '${head.id}' needs '${head.requires.module}', registered is ${backbone.id}@${backbone.version}.`,
    );
  }
  for (const { tap, stride, channels } of head.requires.taps) {
    const have = backbone.provides.find((t) => t.tap === tap);
    if (!have) {
      const names = backbone.provides.map((t) => t.tap).join(', ');
      throw contract(`head '${head.id}' reads tap '${tap}', backbone '${backbone.id}' provides ${names}.`);
    }
    if (have.stride !== stride || have.channels !== channels) {
      throw contract(
        `head '${head.id}' reads tap '${tap}' with stride ${stride} and ${channels} channels, ` +
          `backbone '${backbone.id}' provides stride ${have.stride} and ${have.channels} channels.`,
      );
    }
  }
  return backbone;
}

/** `id@^1.2` -> its id. */
export function requiredBackbone(head: HeadManifest): string {
  return parseRequirement(head.requires.module)!.id;
}

export function contract(message: string): RelievoError {
  return new RelievoError('MODEL_CONTRACT', message);
}

function parseVersion(v: unknown): readonly number[] | undefined {
  const m = typeof v === 'string' ? /^(\d{1,6})(?:\.(\d{1,6}))?(?:\.(\d{1,6}))?$/.exec(v) : null;
  return m?.slice(1).map((n) => Number(n ?? 0));
}

function parseRequirement(v: unknown): { id: string; version: readonly number[] } | undefined {
  const m = typeof v === 'string' ? /^([^@]{1,100})@\^([\d.]{1,20})$/.exec(v) : null;
  const version = parseVersion(m?.[2]);
  return m && version && NAME.test(m[1]!) ? { id: m[1]!, version } : undefined;
}

/** Caret ranges as npm reads them: the leftmost non-zero number may not change. */
function satisfies(version: string, range: readonly number[]): boolean {
  const v = parseVersion(version)!;
  const fixed = range[0]! > 0 ? 0 : range[1]! > 0 ? 1 : 2;
  for (let i = 0; i < 3; i++) {
    if (v[i] !== range[i]) return i > fixed && v[i]! > range[i]!;
  }
  return true;
}

function isObject(v: unknown): v is Record<string, unknown> {
  return typeof v === 'object' && v !== null && !Array.isArray(v);
}

function isInt(v: unknown, min: number, max: number): boolean {
  return Number.isInteger(v) && (v as number) >= min && (v as number) <= max;
}

/** Own property only: a manifest is hostile until checked, and `__proto__` is not a tap. */
function own(o: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(o, key) ? o[key] : undefined;
}
