import { DISPOSE, type Closable } from '../core/closable.js';
import { RelievoError } from '../core/errors.js';
import { lazy } from '../core/lazy.js';
import { invalid, numbers, readOptions, TASK, type NumberTable } from '../core/params.js';
import { Shared } from '../core/shared.js';
import type { TaskOptions } from '../core/task.js';
import { decode, type Decoder, type ImageInput } from '../image/decode.js';
import { checkImage, MAX_PIXELS } from '../image/image-data.js';
import { mirrorRows, resizeToTensor } from '../image/resize.js';
import { BACKENDS, type Backend } from './backends.js';
import type { withinBounds } from './bounds.js';
import { BUILTIN_BACKBONE, BUILTIN_TASKS, builtinLocation } from './builtin.js';
import { FeatureCache, FeatureSet, type FeatureTensor } from './features.js';
import { checkGraph, readGraph, weightBytes, type Graph } from './graph.js';
import {
  checkAddress,
  concat,
  loadFile,
  loadFiles,
  loadJson,
  locate,
  type FetchLike,
  type ModuleLocation,
} from './loader.js';
import {
  checkHead,
  checkManifest,
  contract,
  requiredBackbone,
  type BackboneManifest,
  type HeadManifest,
  type ModuleManifest,
  type NetworkManifest,
} from './manifest.js';
import { Photo } from './photo.js';
import { taskOutputs } from './tasks.js';
import {
  activate,
  compileShaders,
  defaultBackends,
  finishShaders,
  loadTf,
  shadersCompiled,
  type GraphModel,
  type Tensor,
  type Tf,
} from './tf.js';

export interface HydraOptions extends TaskOptions {
  /**
   * Shipped heads to load now, by task: `'depth'`, `'matte'`, `'faces'`. It says when they come, not what is computed: a
   * shipped head that is asked for later is loaded then. Default: `['depth', 'matte']`, what `estimateDepth` uses. `[]`
   * loads none: register your own.
   */
  modules?: readonly string[] | undefined;
  /** TF.js backend, or several in the order to try. Default: webgpu, webgl, wasm, cpu; the first that computes right numbers. */
  backend?: Backend | readonly Backend[] | undefined;
  /** Folder (URL) that holds `relievo-backbone/` and the heads. Default: beside the package. */
  modelBaseUrl?: string | URL | undefined;
  /** Folder (URL) of TF.js's `.wasm` files, for the WASM backend in a page. Default: where TF.js looks for them. */
  wasmBaseUrl?: string | undefined;
  /** Used for every download. Default: the global `fetch`. */
  fetch?: FetchLike | undefined;
  /** Decodes image files where the runtime cannot: pass `readImage` of relievo/node. Default: the browser's own; none in Node. */
  decoder?: Decoder | undefined;
  /** Largest photo, in pixels. Default: 64,000,000. */
  maxPixels?: number | undefined;
  /** Bound on the features kept for photos seen before, in bytes. Default: 64 MiB, about 30 photos. */
  cacheBytes?: number | undefined;
}

/** One output plane of a head: interleaved, [height, width, channels]. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Float32Array;
}

/** How a network is shown a photo. Only the plain look, without either, is kept as features. */
export interface Look {
  /** Sides of the network's input over what its module asks for. Default: 1. A network of one size keeps it. */
  zoom?: number | undefined;
  /** Left and right change places: in the answer, too. Default: false. */
  mirror?: boolean | undefined;
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

/** A module whose description has arrived and been checked by itself, not yet against the others. */
interface Described {
  readonly manifest: ModuleManifest;
  readonly location: ModuleLocation;
  readonly graph: Graph;
  /** The verified bytes of its graph, until it is built. */
  graphBytes?: Uint8Array<ArrayBuffer>;
}

interface Module extends Described {
  model?: GraphModel;
  loading?: Shared<GraphModel>;
}

/** What a Hydra loads that is not told otherwise. */
const DEFAULT_MODULES = ['depth', 'matte'];

const OPTION_NAMES = [
  'modules',
  'backend',
  'modelBaseUrl',
  'wasmBaseUrl',
  'fetch',
  'decoder',
  'maxPixels',
  'cacheBytes',
  ...TASK,
];
const HYDRA_PARAMS = {
  maxPixels: { default: MAX_PIXELS, min: 1, max: Infinity, unit: 'pixels', doc: 'Largest photo.' },
  cacheBytes: { default: 64 * 2 ** 20, min: 0, max: Infinity, unit: 'bytes', doc: 'Bound on the features kept.' },
} as const satisfies NumberTable;
/** Networks are fully convolutional, but a panorama of 30 : 1 would get an input of one cell's height and endless width. */
const MAX_SIDE = 1024;

/**
 * Neural networks as modules: backbones turn a photo into features once, heads answer questions from them. Each module
 * loads and runs by itself.
 */
export class Hydra implements Closable {
  readonly backend: Backend;
  readonly #tf: Tf;
  readonly #options: HydraOptions;
  readonly #maxPixels: number;
  /** Comes with TensorFlow.js. */
  readonly #within: typeof withinBounds;
  readonly #modules = new Map<string, Module>();
  readonly #heads = new Map<string, string>();
  readonly #cache: FeatureCache<Photo>;
  /** Shipped modules on their way here, by folder. */
  readonly #arriving = new Map<string, Shared<Described>>();
  #backboneRuns = 0;
  #closed = false;

  private constructor(
    tf: Tf,
    backend: Backend,
    options: HydraOptions & { readonly maxPixels: number; readonly cacheBytes: number },
    within: typeof withinBounds,
  ) {
    this.#tf = tf;
    this.#within = within;
    this.backend = backend;
    this.#options = options;
    this.#maxPixels = options.maxPixels;
    this.#cache = new FeatureCache(options.cacheBytes);
  }

  /**
   * Starts a backend and loads the shipped modules for the tasks asked for. Progress counts bytes.
   *
   * @throws RelievoError `INVALID_PARAM`, `DEPENDENCY_MISSING`, `BACKEND_UNAVAILABLE`, `MODEL_NETWORK`, `MODEL_CORRUPT`,
   *   `MODEL_CONTRACT`; the signal's reason. After a failure nothing stays behind.
   */
  static async load(options: HydraOptions = {}): Promise<Hydra> {
    options = readOptions('Hydra.load', options, OPTION_NAMES);
    const { modules = DEFAULT_MODULES, modelBaseUrl, wasmBaseUrl } = options;
    const tasks = checkBuiltin('Hydra.load', modules);
    const bounds = numbers('Hydra.load', HYDRA_PARAMS, options as Record<string, unknown>);
    if (modelBaseUrl !== undefined) checkAddress('Hydra.load', 'modelBaseUrl', modelBaseUrl);
    if (wasmBaseUrl !== undefined && typeof wasmBaseUrl !== 'string')
      throw invalid('Hydra.load', 'wasmBaseUrl', 'the address of a folder', wasmBaseUrl);
    const backends = options.backend === undefined ? undefined : checkBackends(options.backend);
    // On its way while browsers are asked for a GPU, which holds this thread up.
    const arriving = loadTf();
    arriving.catch(() => {}); // awaited below, unless something is wrong before
    const wanted = backends ?? (await defaultBackends());
    options.signal?.throwIfAborted();
    const [tf, { withinBounds }] = await Promise.all([arriving, lazy(() => import('./bounds.js'))]);
    const hydra = new Hydra(tf, await activate(tf, wanted, wasmBaseUrl), { ...options, ...bounds }, withinBounds);
    try {
      await hydra.add(tasks, { signal: options.signal, onProgress: options.onProgress });
    } catch (error) {
      hydra.close();
      throw error;
    }
    return hydra;
  }

  /** Tasks with a head or network here. `run` answers the shipped ones, too, and loads what they need. */
  get tasks(): readonly string[] {
    return [...this.#heads.keys()];
  }

  /** True after {@link close}: every call throws `DISPOSED`. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Whether a task is answered by the head that ships with the package, loaded or not, and by nobody else's. */
  isShipped(task: string): boolean {
    const id = this.#heads.get(task) ?? shippedHead(task);
    return id !== undefined && id === shippedHead(task);
  }

  /** How often a backbone has run: stays put while heads reuse its features. */
  get backboneRuns(): number {
    return this.#backboneRuns;
  }

  /**
   * Loads shipped heads, and their backbone, where their tasks are not answered yet: ahead of the call that would load
   * them anyway. Calls that ask for the same at once share one download.
   *
   * @throws RelievoError as {@link Hydra.load}.
   */
  async add(tasks: readonly string[], options: TaskOptions = {}): Promise<void> {
    this.#alive();
    options = readOptions('add', options, TASK);
    tasks = checkBuiltin('add', tasks, this.#heads);
    const wanted = tasks.filter((t) => !this.#heads.has(t)).map((t) => BUILTIN_TASKS[t]!);
    if (wanted.length) await this.#bring([BUILTIN_BACKBONE, ...wanted], options);
    await this.#ensure([...new Set(tasks.flatMap((t) => this.#needs(this.#answering(t))))], options);
  }

  /**
   * Adds a module: ours or anybody's. Reads and checks its `module.json` and its graph now; weights are loaded at first
   * use. A head or network of a task already known takes its place.
   *
   * @param location folder of the module, or a function from file name to address.
   * @throws RelievoError `MODEL_CONTRACT` with both sides of the mismatch, `MODEL_NETWORK`, `MODEL_CORRUPT`.
   */
  async register(location: ModuleLocation, options: TaskOptions = {}): Promise<ModuleManifest> {
    this.#alive();
    const { signal } = readOptions('register', options, TASK);
    const described = await this.#describe(location, signal);
    this.#adopt(described);
    return described.manifest;
  }

  /**
   * Decodes, turns upright and checks a photo. Its features are extracted at first use and kept while the cache has room.
   *
   * @throws RelievoError `UNSUPPORTED_IMAGE`, `CORRUPT_IMAGE`, `IMAGE_TOO_LARGE`; `FILE_NOT_FOUND` of an address.
   */
  async open(input: ImageInput | Photo, options: TaskOptions = {}): Promise<Photo> {
    this.#alive();
    const { signal } = readOptions('open', options, TASK);
    signal?.throwIfAborted();
    const { decoder } = this.#options;
    const maxPixels = this.#maxPixels;
    if (input instanceof Photo) {
      checkImage('open', input, maxPixels);
      return input;
    }
    const photo = new Photo(await decode(input, { maxPixels, decoder, fetch: this.#fetch, signal }));
    signal?.throwIfAborted();
    return photo;
  }

  /**
   * The backbone's features of a photo. A plain look runs at most once per photo while they are cached, also when several heads ask
   * at the same time. The caller owns what it gets: `close()` it.
   */
  async extract(
    photo: Photo,
    backbone: string = BUILTIN_BACKBONE,
    options: TaskOptions & Look = {},
  ): Promise<FeatureSet> {
    this.#alive();
    options = readLook('extract', options);
    checkPhoto('extract', photo);
    if (typeof backbone !== 'string') throw invalid('extract', 'backbone', 'the id of a module', backbone);
    if (backbone === BUILTIN_BACKBONE) await this.#bring([backbone], options);
    const module = this.#modules.get(backbone);
    if (module?.manifest.kind !== 'backbone') throw missing(`backbone '${backbone}'`, [...this.#modules.keys()]);
    const [model] = await this.#ensure([backbone], options);
    this.#alive();
    options.signal?.throwIfAborted();
    // From here to `put` nothing awaits: two heads that ask at once cannot both miss the cache.
    const plain = (options.zoom ?? 1) === 1 && !options.mirror;
    const cached = plain && this.#cache.get(photo, backbone);
    if (cached) return cached.share();
    const features = this.#runBackbone(photo, module.manifest, model!, options);
    if (plain) {
      this.#cache.put(photo, features.share());
      photo.keptBy(this.#cache);
    }
    return features;
  }

  /**
   * Runs one head, or a whole network; a shipped head is loaded where it is not yet. Pixels that were not opened before
   * are opened for this call only. A {@link Look} at features has been taken already.
   *
   * @returns its output planes by name, e.g. `{ disparity }`.
   * @throws RelievoError `MODEL_MISSING` for an unknown task, `BAD_OUTPUT` when the network answers NaN or Inf,
   *   `MODEL_CONTRACT` when it answers another shape than it promised.
   */
  async run(
    task: string,
    input: ImageInput | Photo | FeatureSet,
    options: TaskOptions & Look = {},
  ): Promise<Record<string, Plane>> {
    this.#alive();
    options = readLook('run', options);
    if (typeof task !== 'string') throw invalid('run', 'task', 'the name of a task', task);
    if (!this.#heads.has(task) && shippedHead(task)) await this.add([task], options);
    const { manifest } = this.#answering(task);
    const planes =
      manifest.kind === 'head'
        ? await this.#runHead(manifest, input, options)
        : await this.#runNetwork(manifest, input, options);
    options.signal?.throwIfAborted();
    return planes;
  }

  /**
   * Runs every loaded module once on a blank picture, before the first photo comes. On WebGL it asks for all shaders at
   * once first, so that the browser compiles them side by side and the page does not wait for each.
   */
  async warmUp(options: TaskOptions = {}): Promise<void> {
    this.#alive();
    options = readOptions('warmUp', options, TASK);
    const blank = new Photo({ width: 256, height: 256, data: new Uint8ClampedArray(256 * 256 * 4).fill(127) });
    const needed = [...new Set(this.tasks.flatMap((t) => this.#needs(this.#answering(t))))];
    const models = await this.#ensure(needed, options);
    try {
      this.#activate();
      await compileShaders(this.#tf, () => this.#tf.tidy(() => this.#feedBlank(needed, models, blank)));
      options.signal?.throwIfAborted();
      for (const task of this.tasks) await this.run(task, blank, options);
    } finally {
      blank.close();
    }
  }

  /** Puts a blank picture through modules; what comes out is for nobody. */
  #feedBlank(ids: readonly string[], models: readonly GraphModel[], blank: Photo): void {
    const backbones = new Map<string, FeatureSet>();
    const modules = ids.map((id, i) => ({ manifest: this.#modules.get(id)!.manifest, model: models[i]! }));
    for (const { manifest, model } of modules) {
      if (manifest.kind === 'backbone') backbones.set(manifest.id, this.#features(blank, manifest, model));
    }
    for (const { manifest, model } of modules) {
      if (manifest.kind !== 'head') continue;
      const inputs = this.#headInputs(manifest, backbones.get(requiredBackbone(manifest))!);
      model.execute(inputs, Object.values(manifest.outputs));
    }
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
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cache.clear();
    for (const m of this.#modules.values()) m.model?.dispose();
    this.#modules.clear();
    this.#heads.clear();
  }

  [DISPOSE](): void {
    this.close();
  }

  readonly #fetch: FetchLike = (url, init) => (this.#options.fetch ?? globalThis.fetch)(url, init);

  #alive(): void {
    if (this.#closed) throw new RelievoError('DISPOSED', 'this Hydra was closed: load a new one.');
  }

  /** Another library on the page may have switched TF.js to a backend of its own since. */
  #activate(): void {
    if (this.#tf.getBackend() !== this.backend) void this.#tf.setBackend(this.backend);
  }

  async #describe(location: ModuleLocation, signal: AbortSignal | undefined): Promise<Described> {
    const manifest = checkManifest(await loadJson(locate(location, 'module.json'), this.#fetch, signal));
    const graphBytes = await loadFile(manifest, location, manifest.model, this.#fetch, { signal });
    return { manifest, location, graph: readGraph(manifest, graphBytes), graphBytes };
  }

  /** Registers shipped modules that are not here yet, in their order. */
  async #bring(folders: readonly string[], { signal }: TaskOptions): Promise<void> {
    const missing = folders.filter((f) => !this.#modules.has(f));
    const described = await Promise.all(missing.map((f) => this.#arrival(f).join({ signal })));
    missing.forEach((f) => this.#arriving.delete(f));
    this.#alive();
    for (const d of described) {
      // Another call may have been first, or the host has registered a head of its own for the task since.
      const there = this.#modules.has(d.manifest.id);
      if (!there && !(d.manifest.kind === 'head' && this.#heads.has(d.manifest.task))) this.#adopt(d);
    }
  }

  /** A shipped module's description; who asks while it is on its way waits for the same. */
  #arrival(folder: string): Shared<Described> {
    const under = this.#arriving.get(folder);
    if (under?.pending && !under.abandoned) return under;
    const location = builtinLocation(folder, this.#options.modelBaseUrl);
    const arrival = new Shared(({ signal }) => this.#describe(location, signal));
    this.#arriving.set(folder, arrival);
    return arrival;
  }

  /** Nothing of a module that is refused stays behind. */
  #adopt(described: Described): void {
    this.#alive();
    const { manifest, graph } = described;
    if (this.#modules.has(manifest.id)) throw contract(`a module '${manifest.id}' is registered already.`);
    if (manifest.kind === 'head') {
      const backbone = this.#modules.get(requiredBackbone(manifest))?.manifest;
      const { provides } = checkHead(manifest, backbone?.kind === 'backbone' ? backbone : undefined, [
        ...this.#modules.keys(),
      ]);
      checkGraph(manifest, graph, provides);
    } else {
      checkGraph(manifest, graph);
    }
    this.#modules.set(manifest.id, described);
    if (manifest.kind !== 'backbone') this.#heads.set(manifest.task, manifest.id);
  }

  /** The module that answers a task. @throws RelievoError `MODEL_MISSING`. */
  #answering(task: string): { readonly manifest: HeadManifest | NetworkManifest } {
    const id = this.#heads.get(task);
    const manifest = id === undefined ? undefined : this.#modules.get(id)?.manifest;
    if (!manifest || manifest.kind === 'backbone') throw missing(`head for '${task}'`, this.tasks);
    return { manifest };
  }

  #needs({ manifest }: { readonly manifest: HeadManifest | NetworkManifest }): string[] {
    return manifest.kind === 'head' ? [requiredBackbone(manifest), manifest.id] : [manifest.id];
  }

  async #runHead(
    manifest: HeadManifest,
    input: ImageInput | Photo | FeatureSet,
    options: TaskOptions & Look,
  ): Promise<Record<string, Plane>> {
    const backbone = requiredBackbone(manifest);
    // Both at once, so that a first call downloads them side by side.
    const [model] = await this.#ensure([manifest.id, backbone], options);
    let passing: Photo | undefined;
    let features: FeatureSet;
    if (input instanceof FeatureSet) {
      features = input.share();
    } else {
      const photo = await this.open(input, { signal: options.signal });
      if (photo !== input) passing = photo;
      features = await this.extract(photo, backbone, options);
    }
    try {
      if (features.backbone !== backbone)
        throw contract(`head '${manifest.id}' reads '${backbone}', these features are of '${features.backbone}'.`);
      const inputs = this.#headInputs(manifest, features);
      const outputs = this.#execute(manifest.id, model!, () => inputs, Object.values(manifest.outputs));
      return await this.#read(manifest, outputs);
    } finally {
      features.close();
      passing?.close();
    }
  }

  #headInputs(manifest: HeadManifest, features: FeatureSet): Record<string, Tensor> {
    return Object.fromEntries(
      manifest.requires.taps.map(({ tap }) => [manifest.inputs[tap]!, features.tap(tap) as Tensor] as const),
    );
  }

  /** A network that shares nothing: nothing of it is kept for the photo either. */
  async #runNetwork(
    manifest: NetworkManifest,
    input: ImageInput | Photo | FeatureSet,
    options: TaskOptions & Look,
  ): Promise<Record<string, Plane>> {
    if (input instanceof FeatureSet)
      throw contract(`'${manifest.id}' is a whole network: it reads a photo, not the features of '${input.backbone}'.`);
    const [model] = await this.#ensure([manifest.id], options);
    const photo = await this.open(input, { signal: options.signal });
    checkImage('run', photo, this.#maxPixels);
    const { mean, std, layout = 'NHWC', multipleOf = 1, area = 1, ...fixed } = manifest.preprocess;
    const { width, height } =
      fixed.width !== undefined && fixed.height !== undefined
        ? { width: fixed.width, height: fixed.height }
        : networkSize(photo.width, photo.height, { multipleOf, area }, options.zoom);
    const pixels = resizeToTensor(photo, width, height, mean, std);
    if (options.mirror) mirrorRows(pixels, width, 3);
    const feed = () => {
      const nhwc = this.#tf.tensor4d(pixels, [1, height, width, 3]);
      return { [manifest.input]: layout === 'NCHW' ? this.#tf.transpose(nhwc, [0, 3, 1, 2]) : nhwc };
    };
    const planes = await this.#read(
      manifest,
      this.#execute(manifest.id, model!, feed, Object.values(manifest.outputs)),
      layout,
    );
    const { disparity } = planes;
    if (manifest.answers === 'depth' && disparity) planes['disparity'] = { ...disparity, data: invert(disparity.data) };
    return planes;
  }

  /** @throws RelievoError `MODEL_CONTRACT` for what TF.js makes of a graph that cannot be run. */
  #execute(id: string, model: GraphModel, feed: () => Record<string, Tensor>, outputs: string[]): Tensor[] {
    this.#activate();
    finishShaders(this.#tf);
    try {
      return this.#within(this.#tf, () => this.#tf.tidy(() => [model.execute(feed(), outputs)].flat()));
    } catch (cause) {
      throw new RelievoError(
        'MODEL_CONTRACT',
        `module '${id}' cannot be run: ${cause instanceof Error ? cause.message : cause}`,
        { cause },
      );
    }
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
    await shadersCompiled();
    this.#alive();
    return models;
  }

  async #loadModule(module: Module, signal: AbortSignal, onProgress: (done: number) => void): Promise<GraphModel> {
    const { manifest, location } = module;
    let bytes = 0;
    const count = (n: number) => {
      bytes += n;
      onProgress(Math.min(1, bytes / manifest.bytes));
    };
    const known = new Map(module.graphBytes ? [[manifest.model, module.graphBytes]] : []);
    const files = await loadFiles(manifest, location, this.#fetch, signal, count, known);
    const model = await this.#build(manifest, files);
    if (this.#closed || signal.aborted) {
      model.dispose();
      signal.throwIfAborted();
      this.#alive();
    }
    module.model = model;
    delete module.graphBytes;
    return model;
  }

  async #build(manifest: ModuleManifest, files: Map<string, Uint8Array<ArrayBuffer>>): Promise<GraphModel> {
    this.#activate();
    try {
      // Checked when the module was registered.
      const json = JSON.parse(new TextDecoder().decode(files.get(manifest.model)));
      const groups = json.weightsManifest as { paths: string[]; weights: never[] }[];
      const weightData = concat(groups.flatMap((g) => g.paths).map((p) => files.get(p)!)).buffer;
      const needed = weightBytes(groups);
      if (needed !== weightData.byteLength)
        throw new Error(`its weights take ${needed} bytes, its shards hold ${weightData.byteLength}`);
      return await this.#tf.loadGraphModel({
        load: async () => ({
          modelTopology: json.modelTopology,
          signature: json.signature,
          weightSpecs: groups.flatMap((g) => g.weights),
          weightData,
        }),
      });
    } catch (cause) {
      throw new RelievoError(
        'MODEL_CONTRACT',
        `module '${manifest.id}' is not a TF.js graph model that can be built: ${cause instanceof Error ? cause.message : cause}`,
        { cause },
      );
    }
  }

  #runBackbone(photo: Photo, manifest: BackboneManifest, model: GraphModel, look: Look): FeatureSet {
    const features = this.#features(photo, manifest, model, look);
    this.#backboneRuns++;
    return features;
  }

  #features(photo: Photo, manifest: BackboneManifest, model: GraphModel, look: Look = {}): FeatureSet {
    checkImage('extract', photo, this.#maxPixels);
    this.#activate();
    const { mean, std } = manifest.preprocess;
    const { width, height } = networkSize(photo.width, photo.height, manifest.preprocess, look.zoom);
    const pixels = resizeToTensor(photo, width, height, mean, std);
    if (look.mirror) mirrorRows(pixels, width, 3);
    const taps = manifest.provides.map((t) => t.tap);
    const feed = () => ({ [manifest.input]: this.#tf.tensor4d(pixels, [1, height, width, 3]) });
    const tensors = this.#execute(
      manifest.id,
      model,
      feed,
      taps.map((t) => manifest.outputs[t]!),
    );
    for (const [i, { tap, stride, channels }] of manifest.provides.entries()) {
      const want = [1, Math.ceil(height / stride), Math.ceil(width / stride), channels];
      const got = tensors[i]!.shape;
      if (got.length !== 4 || want.some((v, k) => v !== got[k])) {
        tensors.forEach((t) => t.dispose());
        throw contract(
          `backbone '${manifest.id}' promises tap '${tap}' as [${want.join(', ')}] (stride ${stride}), its graph gave [${got.join(', ')}].`,
        );
      }
    }
    return new FeatureSet(
      manifest.id,
      width,
      height,
      Object.fromEntries(taps.map((t, i) => [t, tensors[i] as FeatureTensor])),
    );
  }

  /** Tensors -> planes by output name; the tensors are gone after. @throws RelievoError `MODEL_CONTRACT`, `BAD_OUTPUT`. */
  async #read(
    { id, task, outputs }: HeadManifest | NetworkManifest,
    tensors: readonly Tensor[],
    layout: 'NHWC' | 'NCHW' = 'NHWC',
  ): Promise<Record<string, Plane>> {
    try {
      const wanted = taskOutputs(task);
      const planes = await Promise.all(
        Object.keys(outputs).map(async (name, i) => {
          const plane = await this.#plane(id, tensors[i]!, layout);
          if (Object.hasOwn(wanted, name) && wanted[name] !== plane.channels) {
            throw contract(
              `module '${id}' answered '${name}' with ${plane.channels} channels, task '${task}' needs ${wanted[name]}.`,
            );
          }
          return [name, plane] as const;
        }),
      );
      return Object.fromEntries(planes);
    } finally {
      tensors.forEach((t) => t.dispose());
    }
  }

  async #plane(id: string, tensor: Tensor, layout: 'NHWC' | 'NCHW'): Promise<Plane> {
    // Exports of one plane drop the channel, the batch, or both: [h, w], [1, h, w], [h, w, 1].
    const { shape } = tensor;
    const full =
      shape.length === 2
        ? [1, ...shape, 1]
        : shape.length !== 3
          ? shape
          : shape[0] === 1
            ? [...shape, 1]
            : [1, ...shape];
    const nchw = layout === 'NCHW' && shape.length === 4;
    const [n, a, b, c] = full as [number, number, number, number];
    if (full.length !== 4 || n !== 1)
      throw contract(`module '${id}' answered shape [${shape.join(', ')}], expected [1, h, w, c].`);
    let moved: Tensor | undefined;
    if (nchw) moved = this.#tf.tidy(() => this.#tf.transpose(tensor, [0, 2, 3, 1]));
    try {
      const data = (await (moved ?? tensor).data()) as Float32Array;
      if (!data.every(Number.isFinite)) {
        throw new RelievoError(
          'BAD_OUTPUT',
          `module '${id}' answered NaN or Inf on backend '${this.backend}'. Load Hydra with another 'backend'.`,
        );
      }
      return nchw ? { width: c, height: b, channels: a, data } : { width: b, height: a, channels: c, data };
    } finally {
      moved?.dispose();
    }
  }
}

/**
 * Distance -> inverse distance. Nothing is nearer than a thousandth of the median, where a network's error would weigh
 * endlessly.
 */
function invert(distance: Float32Array): Float32Array {
  const median = Float32Array.from(distance).sort()[distance.length >> 1]!;
  const least = Math.max(median * 1e-3, 1e-6);
  return distance.map((v) => 1 / Math.max(v, least));
}

/** Id of the shipped head that answers a task. */
function shippedHead(task: string): string | undefined {
  return Object.hasOwn(BUILTIN_TASKS, task) ? BUILTIN_TASKS[task] : undefined;
}

/** Tasks in a copy of the list. @param others answered already, by whomever. */
function checkBuiltin(owner: string, given: readonly string[], others?: ReadonlyMap<string, string>): string[] {
  const wrong = (received: unknown) =>
    invalid(owner, 'modules', `a list of ${Object.keys(BUILTIN_TASKS).join(', ')}`, received);
  if (!Array.isArray(given)) throw wrong(given);
  return Array.from(given as readonly string[], (t) => {
    if (typeof t === 'string' && (others?.has(t) || Object.hasOwn(BUILTIN_TASKS, t))) return t;
    throw wrong(t);
  });
}

function checkBackends(given: Backend | readonly Backend[]): Backend[] {
  const wanted = Array.isArray(given) ? Array.from(given as readonly Backend[]) : [given as Backend];
  const wrong = wanted.find((b) => !BACKENDS.includes(b));
  if (wanted.length && wrong === undefined && !wanted.includes(wrong!)) return wanted;
  throw invalid('Hydra.load', 'backend', `one or a list of ${BACKENDS.join(', ')}`, wrong ?? given);
}

const LOOK_PARAMS = {
  zoom: { default: 1, min: 0.25, max: 4, unit: 'times', doc: "Sides of the network's input over what it asks for." },
} as const satisfies NumberTable;

function readLook(owner: string, given: TaskOptions & Look): TaskOptions & Look {
  const options = readOptions(owner, given, ['zoom', 'mirror', ...TASK]);
  const { zoom, mirror } = options;
  if (zoom !== undefined) numbers(owner, LOOK_PARAMS, { zoom });
  if (mirror !== undefined && typeof mirror !== 'boolean') throw invalid(owner, 'mirror', 'true or false', mirror);
  return options;
}

function checkPhoto(owner: string, photo: Photo): void {
  if (!(photo instanceof Photo)) throw invalid(owner, 'photo', 'what open() returned', photo);
}

/** Aspect-preserving input size: about `area` pixels, sides multiples of `multipleOf`, `zoom` times as long. */
export function networkSize(
  width: number,
  height: number,
  { area, multipleOf }: Pick<BackboneManifest['preprocess'], 'area' | 'multipleOf'>,
  zoom = 1,
) {
  const scale = zoom * Math.sqrt(area / (width * height));
  const side = (v: number) => Math.min(MAX_SIDE, Math.max(1, Math.round((v * scale) / multipleOf)) * multipleOf);
  return { width: side(width), height: side(height) };
}

function missing(what: string, known: readonly string[]): RelievoError {
  return new RelievoError('MODEL_MISSING', `no ${what} is registered. Known: ${known.join(', ') || 'none'}.`);
}
