import { RelievoError } from '../core/errors.js';
import { invalid, knownKeys } from '../core/params.js';
import { Shared } from '../core/shared.js';
import type { TaskOptions } from '../core/task.js';
import { decode, type Decoder, type ImageInput } from '../image/decode.js';
import { checkImage, MAX_PIXELS } from '../image/image-data.js';
import { resizeToTensor } from '../image/resize.js';
import { BUILTIN_BACKBONE, BUILTIN_TASKS, builtinLocation } from './builtin.js';
import { FeatureCache, FeatureSet } from './features.js';
import { concat, loadFiles, loadJson, locate, type FetchLike, type ModuleLocation } from './loader.js';
import {
  checkHead,
  checkManifest,
  contract,
  requiredBackbone,
  type BackboneManifest,
  type ModuleManifest,
} from './manifest.js';
import { Photo } from './photo.js';
import {
  activate,
  BACKENDS,
  defaultBackends,
  loadTf,
  type Backend,
  type GraphModel,
  type Tensor,
  type Tf,
} from './tf.js';

export interface HydraOptions extends TaskOptions {
  /** Shipped heads to load, by task. Default: `['depth']`. `[]` loads none: register your own. */
  modules?: readonly string[];
  /** TF.js backend, or several in the order to try. Default: webgl, wasm, cpu; the first that computes right numbers. */
  backend?: Backend | readonly Backend[];
  /** Folder (URL) that holds `relievo-backbone/` and the heads. Default: beside the package. */
  modelBaseUrl?: string | URL;
  /** Folder (URL) of TF.js's `.wasm` files, for the WASM backend in a page. Default: where TF.js looks for them. */
  wasmBaseUrl?: string;
  /** Used for every download. Default: the global `fetch`. */
  fetch?: FetchLike;
  /** Decodes image files where the runtime cannot: pass `readImage` of relievo/node. */
  decoder?: Decoder;
  /** Largest photo, in pixels. Default: 64,000,000. */
  maxPixels?: number;
  /** Bound on the features kept for photos seen before, in bytes. Default: 64 MiB, about 30 photos. */
  cacheBytes?: number;
}

/** One output plane of a head: interleaved, [height, width, channels]. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Float32Array;
}

export interface HydraMemory {
  /** Weights of the loaded modules, in bytes (as Float32 on the backend). */
  readonly weightBytes: number;
  /** Photos whose features are cached, and what they hold. */
  readonly cachedFeatures: number;
  readonly cachedBytes: number;
  /** All tensors of TF.js, also those of the host. */
  readonly tensors: number;
  readonly tensorBytes: number;
}

interface Module {
  readonly manifest: ModuleManifest;
  readonly location: ModuleLocation;
  model?: GraphModel;
  loading?: Shared<GraphModel>;
}

const OPTION_NAMES = [
  'modules',
  'backend',
  'modelBaseUrl',
  'wasmBaseUrl',
  'fetch',
  'decoder',
  'maxPixels',
  'cacheBytes',
  'signal',
  'onProgress',
];
/** Networks are fully convolutional, but a panorama of 30 : 1 would get an input of one cell's height and endless width. */
const MAX_SIDE = 1024;

/**
 * Neural networks as modules: backbones turn a photo into features once, heads answer questions from them. Each module
 * loads and runs by itself.
 */
export class Hydra {
  readonly backend: Backend;
  readonly #tf: Tf;
  readonly #options: HydraOptions;
  readonly #modules = new Map<string, Module>();
  readonly #heads = new Map<string, string>();
  readonly #cache: FeatureCache<Photo>;
  #backboneRuns = 0;
  #disposed = false;

  private constructor(tf: Tf, backend: Backend, options: HydraOptions) {
    this.#tf = tf;
    this.backend = backend;
    this.#options = options;
    this.#cache = new FeatureCache(options.cacheBytes ?? 64 * 2 ** 20);
  }

  /**
   * Starts a backend and loads the shipped modules for the tasks asked for. Progress counts bytes.
   *
   * @throws RelievoError `INVALID_PARAM`, `DEPENDENCY_MISSING`, `BACKEND_UNAVAILABLE`, `MODEL_NETWORK`, `MODEL_CORRUPT`,
   *   `MODEL_CONTRACT`; the signal's reason. After a failure nothing stays behind.
   */
  static async load(options: HydraOptions = {}): Promise<Hydra> {
    knownKeys('Hydra.load', options, OPTION_NAMES);
    const tasks = options.modules ?? ['depth'];
    for (const t of tasks) {
      if (!Object.hasOwn(BUILTIN_TASKS, t))
        throw invalid('Hydra.load', 'modules', `a list of ${Object.keys(BUILTIN_TASKS).join(', ')}`, t);
    }
    const wanted = options.backend === undefined ? defaultBackends() : [options.backend].flat();
    for (const b of wanted) if (!BACKENDS.includes(b)) throw invalid('Hydra.load', 'backend', BACKENDS.join(', '), b);
    options.signal?.throwIfAborted();
    const tf = await loadTf();
    const hydra = new Hydra(tf, await activate(tf, wanted, options.wasmBaseUrl), options);
    try {
      if (tasks.length) await hydra.register(builtinLocation(BUILTIN_BACKBONE, options.modelBaseUrl), options);
      for (const t of tasks) await hydra.register(builtinLocation(BUILTIN_TASKS[t]!, options.modelBaseUrl), options);
      await hydra.#ensure([...hydra.#modules.keys()], options);
    } catch (error) {
      hydra.dispose();
      throw error;
    }
    return hydra;
  }

  /** Tasks that `run` answers. */
  get tasks(): readonly string[] {
    return [...this.#heads.keys()];
  }

  /** How often a backbone has run: stays put while heads reuse its features. */
  get backboneRuns(): number {
    return this.#backboneRuns;
  }

  /**
   * Adds a module: ours or anybody's. Reads and checks its `module.json` now; weights are loaded at first use.
   * A head of a task already known takes its place.
   *
   * @param location folder of the module, or a function from file name to address.
   * @throws RelievoError `MODEL_CONTRACT` with both sides of the mismatch, `MODEL_NETWORK`.
   */
  async register(location: ModuleLocation, { signal }: TaskOptions = {}): Promise<ModuleManifest> {
    this.#alive();
    const manifest = checkManifest(await loadJson(locate(location, 'module.json'), this.#fetch, signal));
    this.#alive();
    if (this.#modules.has(manifest.id)) throw contract(`a module '${manifest.id}' is registered already.`);
    if (manifest.kind === 'head') {
      const backbone = this.#modules.get(requiredBackbone(manifest))?.manifest;
      checkHead(manifest, backbone?.kind === 'backbone' ? backbone : undefined);
      this.#heads.set(manifest.task, manifest.id);
    }
    this.#modules.set(manifest.id, { manifest, location });
    return manifest;
  }

  /**
   * Decodes, turns upright and checks a photo. Its features are extracted at first use and kept while the cache has room.
   *
   * @throws RelievoError `UNSUPPORTED_IMAGE`, `CORRUPT_IMAGE`, `IMAGE_TOO_LARGE`.
   */
  async open(input: ImageInput | Photo, { signal }: TaskOptions = {}): Promise<Photo> {
    this.#alive();
    signal?.throwIfAborted();
    if (input instanceof Photo) return input;
    const { maxPixels = MAX_PIXELS, decoder } = this.#options;
    const photo = new Photo(await decode(input, { maxPixels, decoder }));
    signal?.throwIfAborted();
    return photo;
  }

  /**
   * The backbone's features of a photo. Runs at most once per photo while they are cached, also when several heads ask
   * at the same time. The caller owns one reference: `dispose()` it.
   */
  async extract(photo: Photo, backbone: string = BUILTIN_BACKBONE, options: TaskOptions = {}): Promise<FeatureSet> {
    this.#alive();
    const module = this.#modules.get(backbone);
    if (module?.manifest.kind !== 'backbone') throw missing(`backbone '${backbone}'`, [...this.#modules.keys()]);
    const [model] = await this.#ensure([backbone], options);
    this.#alive();
    options.signal?.throwIfAborted();
    // From here to `put` nothing awaits: two heads that ask at once cannot both miss the cache.
    const cached = this.#cache.get(photo, backbone);
    if (cached) return cached.retain();
    const features = this.#runBackbone(photo, module.manifest, model!);
    this.#cache.put(photo, features.retain());
    return features;
  }

  /**
   * Runs one head. Pixels that were not opened before are opened for this call only.
   *
   * @returns the head's output planes by name, e.g. `{ disparity }`.
   * @throws RelievoError `MODEL_MISSING` for an unknown task, `BAD_OUTPUT` when the network answers NaN or Inf.
   */
  async run(
    task: string,
    input: ImageInput | Photo | FeatureSet,
    options: TaskOptions = {},
  ): Promise<Record<string, Plane>> {
    this.#alive();
    const id = this.#heads.get(task);
    const head = id === undefined ? undefined : this.#modules.get(id);
    if (head?.manifest.kind !== 'head') throw missing(`head for '${task}'`, this.tasks);
    const manifest = head.manifest;
    const backbone = requiredBackbone(manifest);
    // Both at once, so that a first call downloads them side by side.
    const [model] = await this.#ensure([manifest.id, backbone], options);
    let passing: Photo | undefined;
    let features: FeatureSet;
    if (input instanceof FeatureSet) {
      features = input.retain();
    } else {
      const photo = await this.open(input, options);
      if (photo !== input) passing = photo;
      features = await this.extract(photo, backbone, options);
    }
    try {
      if (features.backbone !== backbone)
        throw contract(`head '${manifest.id}' reads '${backbone}', these features are of '${features.backbone}'.`);
      this.#activate();
      const names = Object.keys(manifest.outputs);
      const inputs = Object.fromEntries(manifest.requires.taps.map((t) => [manifest.inputs[t]!, features.tap(t)]));
      const outputs = this.#tf.tidy(() => [model!.execute(inputs, Object.values(manifest.outputs))].flat());
      const planes = await this.#read(outputs, manifest.id);
      options.signal?.throwIfAborted();
      return Object.fromEntries(names.map((n, i) => [n, planes[i]!]));
    } finally {
      features.dispose();
      if (passing) this.close(passing);
    }
  }

  /** Runs every loaded module once on a blank picture: compiles shaders and fills caches before the first photo. */
  async warmUp(options: TaskOptions = {}): Promise<void> {
    const blank = new Photo({ width: 256, height: 256, data: new Uint8ClampedArray(256 * 256 * 4).fill(127) });
    try {
      for (const task of this.tasks) await this.run(task, blank, options);
    } finally {
      this.close(blank);
    }
  }

  /** Forgets a photo's features. */
  close(photo: Photo): void {
    this.#cache.drop(photo);
  }

  memory(): HydraMemory {
    const { numTensors, numBytes } = this.#tf.memory();
    let weightBytes = 0;
    for (const { model } of this.#modules.values()) {
      for (const list of Object.values(model?.weights ?? {})) for (const t of list) weightBytes += t.size * 4;
    }
    return {
      weightBytes,
      cachedFeatures: this.#cache.size,
      cachedBytes: this.#cache.bytes,
      tensors: numTensors,
      tensorBytes: numBytes,
    };
  }

  /** Frees weights and features. Calls under way end with `DISPOSED`. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#cache.clear();
    for (const m of this.#modules.values()) m.model?.dispose();
    this.#modules.clear();
    this.#heads.clear();
  }

  [Symbol.dispose ?? Symbol.for('Symbol.dispose')](): void {
    this.dispose();
  }

  readonly #fetch: FetchLike = (url, init) => (this.#options.fetch ?? globalThis.fetch)(url, init);

  #alive(): void {
    if (this.#disposed) throw new RelievoError('DISPOSED', 'this Hydra was disposed: load a new one.');
  }

  /** Another library on the page may have switched TF.js to a backend of its own since. */
  #activate(): void {
    if (this.#tf.getBackend() !== this.backend) void this.#tf.setBackend(this.backend);
  }

  /** Loads what is not loaded yet; callers that ask for the same module share one download. */
  async #ensure(ids: readonly string[], options: TaskOptions): Promise<GraphModel[]> {
    const modules = ids.map((id) => this.#modules.get(id)!);
    const total = modules.reduce((sum, m) => sum + m.manifest.bytes, 0);
    const done = modules.map((m) => (m.model ? m.manifest.bytes : 0));
    let reported = 0;
    const report = () => {
      const share = Math.min(1, done.reduce((a, b) => a + b, 0) / total);
      if (share > reported) options.onProgress?.((reported = share));
    };
    const models = await Promise.all(
      modules.map(async (m, i) => {
        if (m.model) return m.model;
        if (!m.loading || m.loading.abandoned) {
          const loading = new Shared<GraphModel>((work) => this.#loadModule(m, work.signal, work.onProgress));
          m.loading = loading;
        }
        const mine = m.loading;
        try {
          return await m.loading.join({
            signal: options.signal,
            onProgress: (share) => {
              done[i] = share * m.manifest.bytes;
              report();
            },
          });
        } finally {
          // Loaded or failed, the attempt is over: a failure is not remembered.
          if (m.loading === mine && (m.model || !mine.pending)) delete m.loading;
        }
      }),
    );
    this.#alive();
    return models;
  }

  async #loadModule(module: Module, signal: AbortSignal, onProgress: (done: number) => void): Promise<GraphModel> {
    const { manifest, location } = module;
    let bytes = 0;
    const files = await loadFiles(manifest, location, this.#fetch, signal, (n) => {
      bytes += n;
      onProgress(Math.min(1, bytes / manifest.bytes));
    });
    const model = await this.#build(manifest, files);
    if (this.#disposed || signal.aborted) {
      model.dispose();
      signal.throwIfAborted();
      this.#alive();
    }
    module.model = model;
    return model;
  }

  async #build(manifest: ModuleManifest, files: Map<string, Uint8Array<ArrayBuffer>>): Promise<GraphModel> {
    this.#activate();
    let model: GraphModel;
    try {
      const json = JSON.parse(new TextDecoder().decode(files.get(manifest.model)));
      const groups = json.weightsManifest as { paths: string[]; weights: never[] }[];
      const shards = groups
        .flatMap((g) => g.paths)
        .map((p) => files.get(p) ?? fail(`weights '${p}' are not listed in 'sha256'`));
      model = await this.#tf.loadGraphModel({
        load: async () => ({
          modelTopology: json.modelTopology,
          signature: json.signature,
          weightSpecs: groups.flatMap((g) => g.weights),
          weightData: concat(shards).buffer,
        }),
      });
    } catch (cause) {
      throw new RelievoError(
        'MODEL_CONTRACT',
        `module '${manifest.id}' is not a TF.js graph model that can be built: ${cause instanceof Error ? cause.message : cause}`,
        { cause },
      );
    }
    try {
      this.#checkGraph(manifest, model);
    } catch (error) {
      model.dispose();
      throw error;
    }
    return model;
  }

  /** The graph has the nodes its manifest names, with the channels its backbone publishes. */
  #checkGraph(manifest: ModuleManifest, model: GraphModel): void {
    const inputs = new Map(model.inputs.map((i) => [i.name, i.shape]));
    const wanted: [string, number][] =
      manifest.kind === 'backbone'
        ? [[manifest.input, 3]]
        : manifest.requires.taps.map((t) => {
            const backbone = this.#modules.get(requiredBackbone(manifest))!.manifest as BackboneManifest;
            return [manifest.inputs[t]!, backbone.provides.find((p) => p.tap === t)!.channels];
          });
    for (const [node, channels] of wanted) {
      const shape = inputs.get(node);
      if (!shape)
        throw contract(
          `module '${manifest.id}' names input '${node}', its graph has ${[...inputs.keys()].join(', ')}.`,
        );
      const got = shape.at(-1);
      if (shape.length !== 4 || (got !== -1 && got !== channels)) {
        throw contract(
          `module '${manifest.id}': input '${node}' has shape [${shape.join(', ')}], [1, h, w, ${channels}] comes in.`,
        );
      }
    }
  }

  #runBackbone(photo: Photo, manifest: BackboneManifest, model: GraphModel): FeatureSet {
    checkImage('extract', photo, this.#options.maxPixels);
    this.#activate();
    const { mean, std } = manifest.preprocess;
    const { width, height } = networkSize(photo.width, photo.height, manifest.preprocess);
    const pixels = resizeToTensor(photo, width, height, mean, std);
    const taps = manifest.provides.map((t) => t.tap);
    const tensors = this.#tf.tidy(() => {
      const x = this.#tf.tensor4d(pixels, [1, height, width, 3]);
      return [
        model.execute(
          { [manifest.input]: x },
          taps.map((t) => manifest.outputs[t]!),
        ),
      ].flat();
    });
    this.#backboneRuns++;
    return new FeatureSet(manifest.id, width, height, Object.fromEntries(taps.map((t, i) => [t, tensors[i]!])));
  }

  async #read(tensors: readonly Tensor[], id: string): Promise<Plane[]> {
    try {
      return await Promise.all(
        tensors.map(async (t) => {
          const [n, height, width, channels] = t.shape;
          if (t.shape.length !== 4 || n !== 1)
            throw contract(`module '${id}' answered shape [${t.shape.join(', ')}], expected [1, h, w, c].`);
          const data = (await t.data()) as Float32Array;
          if (!data.every(Number.isFinite)) {
            throw new RelievoError(
              'BAD_OUTPUT',
              `module '${id}' answered NaN or Inf on backend '${this.backend}'. Load Hydra with another 'backend'.`,
            );
          }
          return { width: width!, height: height!, channels: channels!, data };
        }),
      );
    } finally {
      tensors.forEach((t) => t.dispose());
    }
  }
}

/** Aspect-preserving input size: about `area` pixels, sides multiples of `multipleOf`. */
export function networkSize(
  width: number,
  height: number,
  { area, multipleOf }: Pick<BackboneManifest['preprocess'], 'area' | 'multipleOf'>,
) {
  const scale = Math.sqrt(area / (width * height));
  const side = (v: number) => Math.min(MAX_SIDE, Math.max(1, Math.round((v * scale) / multipleOf)) * multipleOf);
  return { width: side(width), height: side(height) };
}

function missing(what: string, known: readonly string[]): RelievoError {
  return new RelievoError('MODEL_MISSING', `no ${what} is registered. Known: ${known.join(', ') || 'none'}.`);
}

function fail(message: string): never {
  throw new Error(message);
}
