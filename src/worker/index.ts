import type { Remote as Wrapped } from 'comlink';
import { proxy, releaseProxy, transfer, wrap } from '../vendor/comlink.js';
import { DISPOSE, type Closable } from '../core/closable.js';
import { RelievoError } from '../core/errors.js';
import { hasMethods, invalid, readOptions, TASK } from '../core/params.js';
import type { TaskOptions } from '../core/task.js';
import { beside, webWorkerFrom } from '../core/threads.js';
import type { DepthMap } from '../depth/depth-map.js';
import type { DepthStream, DepthStreamOptions } from '../depth/stream.js';
import type { PipelineOptions, PipelineResult, Recipe, Step } from '../effects/pipeline.js';
import type { ImageInput } from '../image/decode.js';
import { drawableSize, unreadable } from '../image/drawable.js';
import { createImage, isPixels, refuseClosed, type ImageDataLike } from '../image/image-data.js';
import {
  CLOSED_STREAM,
  scriptsOf,
  type Answer,
  type Functions,
  type Handle,
  type Opened,
  type Remote,
  type SentError,
  type WorkerHydraOptions,
} from './protocol.js';

/** A photo opened in the worker. Its pixels stay there; every call of the same worker takes it for an image. */
export interface WorkerPhoto extends Closable {
  readonly width: number;
  readonly height: number;
  readonly colorSpace: PredefinedColorSpace;
}

export interface WorkerOptions extends WorkerHydraOptions, TaskOptions {
  /** The worker to use, for hosts that start it themselves. It has to run `relievo/worker/worker`. Default: a new one. */
  worker?: Worker | undefined;
  /**
   * Addresses of scripts whose operators recipes may name: each exports one by default, or a list of them, as
   * `definePointOperator` and `defineOperator` make them. Default: none.
   */
  operators?: readonly (string | URL)[] | undefined;
}

/** A {@link DepthStream} in the worker: what is shown of it on the page is the same. */
export type WorkerDepthStream = Pick<DepthStream, keyof DepthStream>;

const NAMES_OF_OPTIONS = [
  ...['worker', 'operators', 'modules', 'backend', 'modelBaseUrl', 'wasmBaseUrl', 'maxPixels', 'cacheBytes'],
  ...TASK,
];

type Image = ImageInput | WorkerPhoto;
/** The first argument may be a photo of the worker, too; `hydra` is the worker's own. */
type InWorker<F> = F extends (image: never, ...rest: infer R) => infer P ? (image: Image, ...rest: R) => P : never;

/** Relievo in a thread of its own: the same functions with the same options, and nothing runs on the page's thread. */
export type RelievoWorker = Closable & { readonly [K in keyof Functions]: InWorker<Functions[K]> } & {
  /** The TF.js backend that the worker found. */
  readonly backend: string;
  /** Decodes a photo there, once: what follows sends no pixels. */
  open(image: ImageInput, options?: Pick<TaskOptions, 'signal'>): Promise<WorkerPhoto>;
  /** Applies a recipe: what `pipeline(recipe).run(image, depth)` does. */
  run(
    recipe: readonly Step[] | Recipe | string,
    image: Image,
    depth: DepthMap,
    options?: Omit<PipelineOptions, 'decoder' | 'createCanvas'>,
  ): Promise<PipelineResult>;
  /**
   * Depth of a video or a webcam, frame by frame: a {@link DepthStream} in the worker. The caller's frames stay open and may be
   * closed at once.
   *
   * @throws RelievoError `INVALID_PARAM`.
   */
  createDepthStream(options?: Omit<DepthStreamOptions, 'hydra'>): Promise<WorkerDepthStream>;
};

const NAMES: { readonly [K in keyof Functions]: true } = {
  estimateDepth: true,
  estimateMatte: true,
  cutOut: true,
  detectFaces: true,
  shrinkImage: true,
  readEmbeddedDepth: true,
  applyBokeh: true,
  applyGrade: true,
  applyHaze: true,
  applyRelight: true,
  applyVignette: true,
  applyParallax: true,
};

/**
 * Starts a worker and loads the networks there.
 *
 * ```ts
 * const relievo = await createWorker();
 * const photo = await relievo.open(file);
 * const depth = await relievo.estimateDepth(photo);
 * const blurred = await relievo.applyBokeh(photo, depth, { focus: 'subject', aperture: 0.03 });
 * ```
 *
 * Depth maps and mattes that it returned stay in the worker as well, as long as the page holds them: giving one back
 * sends no data. Progress and abort pass through. Elements (`img`, `video`, canvas) are read on the page, since a worker
 * cannot; files are decoded in the worker.
 *
 * @throws RelievoError as `Hydra.load`; `BACKEND_UNAVAILABLE` when no worker can be started.
 */
export async function createWorker(options: WorkerOptions = {}): Promise<RelievoWorker> {
  const read = readOptions('createWorker', options, NAMES_OF_OPTIONS);
  const { worker: own, operators = [], signal, onProgress, ...hydra } = read;
  if (own !== undefined && !hasMethods(own, ['postMessage'])) throw invalid('createWorker', 'worker', 'a Worker', own);
  const scripts = scriptsOf(operators);
  const worker = own ?? startWorker();
  const link = new Link(worker);
  try {
    const backend = (await link.ask((id, r, progress) => r.load(id, hydra, scripts, progress), {
      signal,
      onProgress,
    })) as string;
    return new Client(link, backend) as unknown as RelievoWorker;
  } catch (error) {
    link.end();
    throw error;
  }
}

/** @throws RelievoError `BACKEND_UNAVAILABLE` in Node, and where the page's policy forbids workers. */
function startWorker(): Worker {
  if (typeof Worker !== 'function') {
    throw new RelievoError(
      'BACKEND_UNAVAILABLE',
      'createWorker: there are no Web Workers here (Node has none). Call the functions of relievo directly.',
    );
  }
  try {
    return webWorkerFrom(
      () => new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'relievo' }),
      () => beside(import.meta.url, 'worker.js'),
      { type: 'module', name: 'relievo' },
    );
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RelievoError(
      'BACKEND_UNAVAILABLE',
      `createWorker: the browser refuses to start a worker: ${why}. Allow it in the page's policy ('worker-src'), or call the functions of relievo directly.`,
      { cause },
    );
  }
}

type Progress = (done: number) => void;

/** Photos, by the worker that they lie in; a closed one still knows whose it was. */
const owners = new WeakMap<object, Link>();

/** Calls with their ends: abort, errors of the worker itself, its end. */
class Link {
  readonly #remote: Wrapped<Remote>;
  readonly #worker: Worker;
  readonly #ended: Promise<never>;
  #end!: (error: unknown) => void;
  #calls = 0;
  #alive = true;
  readonly #handles = new WeakMap<object, number>();
  readonly #forgotten = new FinalizationRegistry<number>((handle) => this.release(handle));

  constructor(worker: Worker) {
    this.#worker = worker;
    this.#remote = wrap<Remote>(worker);
    this.#ended = new Promise<never>((_, reject) => (this.#end = reject));
    this.#ended.catch(() => {}); // nobody may be waiting
    const failed = (why: string) =>
      this.#end(
        new RelievoError('BACKEND_UNAVAILABLE', `the worker failed: ${why}. Check its address and the page's policy.`),
      );
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      failed(event.message || 'its script could not be loaded');
    });
    worker.addEventListener('messageerror', () => failed('its answer could not be read'));
  }

  async ask(
    call: (id: number, remote: Wrapped<Remote>, progress?: Progress & object) => Promise<Answer>,
    task: TaskOptions = {},
  ): Promise<unknown> {
    const { signal, onProgress } = readOptions('worker', task, TASK);
    if (!this.#alive) throw new RelievoError('DISPOSED', 'this worker was closed: create a new one.');
    signal?.throwIfAborted();
    const id = ++this.#calls;
    let stop: (() => void) | undefined;
    const aborted = new Promise<never>((_, reject) => {
      stop = () => {
        void this.#remote.abort(id);
        reject(signal!.reason);
      };
      signal?.addEventListener('abort', stop);
    });
    aborted.catch(() => {});
    // Messages still on their way when the call has ended are no progress any more.
    let open = true;
    const progress = onProgress && proxy((done: number) => void (open && !signal?.aborted && onProgress(done)));
    try {
      const found = await Promise.race([call(id, this.#remote, progress), aborted, this.#ended]);
      if ('error' in found) throw revive(found.error);
      const value = unpack(found.value);
      if (found.handle !== undefined) this.hold(value as object, found.handle);
      return value;
    } catch (cause) {
      if (!(cause instanceof DOMException && cause.name === 'DataCloneError')) throw cause;
      const what = 'something in this call cannot go to another thread: a function, or a picture that is closed';
      throw new RelievoError('INVALID_PARAM', `${what} (${cause.message}).`, { cause });
    } finally {
      open = false;
      if (stop) signal?.removeEventListener('abort', stop);
    }
  }

  hold(value: object, handle: number): void {
    this.#handles.set(value, handle);
    if (!('data' in value)) owners.set(value, this);
    this.#forgotten.register(value, handle, value);
  }

  /** Handles in the place of what lies in the worker. @throws RelievoError `DISPOSED` for a photo that was closed. */
  refer(value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value;
    const handle = this.#handles.get(value);
    if (handle !== undefined) return { relievoHandle: handle } satisfies Handle;
    const owner = owners.get(value);
    if (owner === this) throw new RelievoError('DISPOSED', 'this photo was closed: open it again.');
    if (owner) throw new RelievoError('INVALID_PARAM', 'this photo lies in another worker: open it in this one.');
    return value;
  }

  forget(value: object): void {
    const handle = this.#handles.get(value);
    if (handle === undefined) return;
    this.#handles.delete(value);
    this.#forgotten.unregister(value);
    this.release(handle);
  }

  reset(handle: number): void {
    if (this.#alive) void this.#remote.reset(handle);
  }

  release(handle: number): void {
    if (this.#alive) void this.#remote.release(handle);
  }

  end(): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.#end(new RelievoError('DISPOSED', 'this worker was closed while it worked.'));
    this.#remote[releaseProxy]();
    this.#worker.terminate();
  }
}

function plainJson(recipe: readonly Step[] | Recipe): string {
  try {
    return JSON.stringify(recipe) ?? '';
  } catch (cause) {
    throw new RelievoError('INVALID_PARAM', 'run: expected a recipe of plain JSON.', { cause });
  }
}

class Client {
  readonly backend: string;
  readonly #link: Link;

  constructor(link: Link, backend: string) {
    this.#link = link;
    this.backend = backend;
    for (const name of Object.keys(NAMES))
      Object.defineProperty(this, name, { value: (...args: unknown[]) => this.#call(name, args), enumerable: true });
  }

  async open(image: ImageInput, options: Pick<TaskOptions, 'signal'> = {}): Promise<WorkerPhoto> {
    const [input, moved] = await movable(image);
    const send = (id: number, r: Wrapped<Remote>) => r.open(id, moved.length ? transfer(input, moved) : input);
    const { handle, ...of } = (await this.#link.ask(send, options)) as Opened;
    const photo = new PhotoClient(this.#link, of);
    this.#link.hold(photo, handle);
    return photo;
  }

  async run(
    recipe: readonly Step[] | Recipe | string,
    image: Image,
    depth: DepthMap,
    options: PipelineOptions = {},
  ): Promise<PipelineResult> {
    const text = typeof recipe === 'string' ? recipe : plainJson(recipe);
    const { signal, onProgress, ...rest } = readOptions('run', options);
    const [input, moved] = await this.#image(image);
    const args = transfer([input, this.#link.refer(depth)], moved);
    const work = { signal, onProgress };
    return (await this.#link.ask((id, r, p) => r.run(id, text, args, this.#options(rest), p), work)) as PipelineResult;
  }

  async createDepthStream(options: Omit<DepthStreamOptions, 'hydra'> = {}): Promise<WorkerDepthStream> {
    const handle = (await this.#link.ask((id, r) => r.stream(id, options))) as number;
    const stream = new StreamClient(this.#link, handle);
    this.#link.hold(stream, handle);
    return stream;
  }

  close(): void {
    this.#link.end();
  }

  [DISPOSE](): void {
    this.close();
  }

  async #call(name: string, given: unknown[]): Promise<unknown> {
    const last = given.at(-1);
    const hasOptions = given.length > 1 && isOptions(last);
    const { signal, onProgress, ...rest } = (hasOptions ? last : {}) as TaskOptions & Record<string, unknown>;
    if ('hydra' in rest)
      throw new RelievoError('INVALID_PARAM', `${name}: 'hydra' cannot be given to a worker, which has its own.`);
    const [image, ...more] = hasOptions ? given.slice(0, -1) : given;
    const [input, moved] = await this.#image(image as Image);
    const args = transfer([input, ...more.map((v) => this.#link.refer(v))], moved);
    return this.#link.ask((id, r, p) => r.call(id, name, args, this.#options(rest), p), { signal, onProgress });
  }

  async #image(image: Image): Promise<[unknown, Transferable[]]> {
    const known = this.#link.refer(image);
    return known === image ? movable(image as ImageInput) : [known, []];
  }

  #options(options: object): Record<string, unknown> {
    return Object.fromEntries(Object.entries(options).map(([k, v]) => [k, this.#link.refer(v)]));
  }
}

class PhotoClient implements WorkerPhoto {
  readonly width: number;
  readonly height: number;
  readonly colorSpace: PredefinedColorSpace;
  readonly #link: Link;

  constructor(link: Link, { width, height, colorSpace }: Omit<Opened, 'handle'>) {
    this.width = width;
    this.height = height;
    this.colorSpace = colorSpace;
    this.#link = link;
  }

  close(): void {
    this.#link.forget(this);
  }

  [DISPOSE](): void {
    this.close();
  }
}

class StreamClient implements WorkerDepthStream {
  readonly #link: Link;
  readonly #handle: number;
  #closed = false;
  /** Settled when the frames so far are on their way: they arrive in their order. */
  #sent: Promise<unknown> = Promise.resolve();

  constructor(link: Link, handle: number) {
    this.#link = link;
    this.#handle = handle;
  }

  async next(frame: ImageInput, options: Pick<TaskOptions, 'signal'> = {}): Promise<DepthMap | undefined> {
    if (this.#closed) throw new RelievoError('DISPOSED', CLOSED_STREAM);
    readOptions('depthStream', options, ['signal']).signal?.throwIfAborted();
    const read = frameToMove(frame);
    const before = this.#sent;
    this.#sent = read.catch(() => {});
    await before;
    const [input, moved] = await read;
    try {
      const ask = (id: number, r: Wrapped<Remote>) => r.next(id, this.#handle, transfer(input, moved));
      return (await this.#link.ask(ask, options)) as DepthMap | undefined;
    } finally {
      // Where it was never sent. What has moved is closed already.
      for (const own of moved) if ('close' in own) (own as VideoFrame).close();
    }
  }

  reset(): void {
    if (!this.#closed) this.#link.reset(this.#handle);
  }

  close(): void {
    this.#closed = true;
    this.#link.forget(this);
  }

  [DISPOSE](): void {
    this.close();
  }
}

/** A frame of our own to be moved: the caller's stays open, and may be closed or drawn over before this one is sent. */
async function frameToMove(frame: ImageInput): Promise<[unknown, Transferable[]]> {
  if (isPixels(frame)) {
    const data = frame.data.slice();
    return [{ ...size(frame), data, colorSpace: frame.colorSpace }, [data.buffer]];
  }
  if (typeof VideoFrame === 'function' && frame instanceof VideoFrame) {
    drawableSize(frame); // not closed
    const own = frame.clone(); // of the same memory
    return [own, [own]];
  }
  if (typeof ImageBitmap === 'function' && frame instanceof ImageBitmap) {
    drawableSize(frame);
    const own = await createImageBitmap(frame);
    return [own, [own]];
  }
  return movable(frame);
}

const size = ({ width, height }: ImageDataLike) => ({ width, height });

/** Options come last and are plain; a depth map is plain, too, but has data. A file is not. */
function isOptions(v: unknown): v is object {
  return Object.prototype.toString.call(v) === '[object Object]' && !('data' in (v as object));
}

/** An input as it can be posted, and what of it moves. What belongs to the page (elements) becomes a bitmap. */
async function movable(image: ImageInput): Promise<[unknown, Transferable[]]> {
  // Relative addresses are the page's: the worker's script may lie elsewhere.
  if (typeof image === 'string' || image instanceof URL) return [new URL(image, document.baseURI).href, []];
  const element =
    typeof HTMLElement === 'function' &&
    (image instanceof HTMLElement || (typeof SVGElement === 'function' && image instanceof SVGElement));
  const canvas = typeof OffscreenCanvas === 'function' && image instanceof OffscreenCanvas;
  if (!isPixels(image))
    drawableSize(image); // nothing blank, nothing closed
  else refuseClosed('open', image);
  if (!element && !canvas) return [image, []];
  try {
    const bitmap = await createImageBitmap(image as ImageBitmapSource);
    // Read one pixel: of another origin's picture the browser would say so only when it is sent, as a fault of sending.
    const context = new OffscreenCanvas(1, 1).getContext('2d')!;
    context.drawImage(bitmap, 0, 0, 1, 1, 0, 0, 1, 1);
    context.getImageData(0, 0, 1, 1);
    return [bitmap, [bitmap]];
  } catch (cause) {
    throw unreadable(cause);
  }
}

/** Pixels as the page knows them: an ImageData. */
function unpack(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  const v = value as Partial<ImageDataLike> & Record<string, unknown>;
  if (v.data instanceof Uint8ClampedArray && v.colorSpace)
    return createImage(v.width!, v.height!, v.colorSpace, v.data as Uint8ClampedArray<ArrayBuffer>);
  if (Array.isArray(value)) return value.map(unpack);
  return Object.fromEntries(Object.entries(v).map(([k, e]) => [k, unpack(e)]));
}

function revive({ name, message, code, cause }: SentError): Error {
  const options = cause && { cause: revive(cause) };
  if (code) return new RelievoError(code, message, options);
  return name === 'AbortError' ? new DOMException(message, name) : Object.assign(new Error(message, options), { name });
}
