import { RelievoError } from '../core/errors.js';
import { createDepthMap, type DepthMap } from '../depth/depth-map.js';
import { createBokehPreview, type BokehPreview } from '../effects/bokeh-preview.js';
import { applyBokeh } from '../effects/bokeh.js';
import { focalRange, type Focus } from '../effects/focus.js';
import { matchDepth } from '../effects/match-depth.js';
import { decode } from '../image/decode.js';
import type { ImageDataLike } from '../image/image-data.js';
import { shrinkImage } from '../image/shrink.js';

/** Most pixels of the picture: on the GPU, and where the CPU draws it. */
const GPU_PIXELS = 2_000_000;
const CPU_PIXELS = 300_000;
const DEFAULT_APERTURE = 0.03;
/** Disparity by which an arrow key moves the plane. */
const STEP = 0.02;

const STYLE = `
:host { display: inline-block; position: relative; max-width: 100%; cursor: crosshair; }
:host([hidden]) { display: none; }
img, canvas { display: block; width: 100%; height: auto; border-radius: inherit; }
canvas { position: absolute; inset: 0; height: 100%; opacity: 0; transition: opacity 0.3s; pointer-events: none; }
canvas.there { opacity: 1; }
@media (prefers-reduced-motion: reduce) { canvas { transition: none; } }`;

/** Attributes of `<relievo-photo>` besides those of every element, for the types of JSX. */
export interface RelievoPhotoAttributes {
  src?: string | undefined;
  depth?: string | undefined;
  focus?: number | string | undefined;
  aperture?: number | string | undefined;
  alt?: string | undefined;
  'wasm-base-url'?: string | undefined;
}

interface Ready {
  readonly image: ImageDataLike;
  readonly depth: DepthMap;
  readonly preview: BokehPreview | undefined;
  readonly canvas: HTMLCanvasElement;
}

/** A server may import this file: there it is a class that nobody makes. */
const Base = (globalThis as { HTMLElement?: typeof HTMLElement }).HTMLElement ?? (class {} as typeof HTMLElement);

/**
 * A photo whose focus follows a tap, in one line of HTML:
 *
 * ```html
 * <relievo-photo src="portrait.jpg" depth="portrait-depth.png" alt="Ada"></relievo-photo>
 * ```
 *
 * | attribute       | what                                                                                            |
 * | --------------- | ----------------------------------------------------------------------------------------------- |
 * | `src`           | address of the photo                                                                            |
 * | `depth`         | address of its depth, a grey picture, white = near; without it the network estimates it         |
 * | `focus`         | `subject` (default), a disparity 0..1, or `x,y` in shares of width and height                   |
 * | `aperture`      | radius of the blur at a disparity difference of 1, share of the long side, 0..0.2; default 0.03 |
 * | `alt`           | as of an `img`                                                                                  |
 * | `wasm-base-url` | folder of TF.js's `.wasm` files, as for `Hydra.load`                                            |
 *
 * The plain photo is there at once and stays where anything fails. Arrow keys move the focal plane: to assistive
 * technology it is a slider from far (0) to near (100). Events: `relievo-ready` when the depth is there, `relievo-focus`
 * (`detail`: the disparity) when a person moved the plane, `relievo-error` (`detail`: the error).
 */
export class RelievoPhoto extends Base {
  static readonly observedAttributes = ['src', 'depth', 'focus', 'aperture', 'alt'];

  /**
   * Estimates the depth in the place of the networks that the element loads itself: a host gives what it has, such as
   * `relievo.estimateDepth` of a worker. It is asked when the photo has been read, for a map of that picture's size.
   */
  estimator: ((image: ImageDataLike, options: { readonly signal: AbortSignal }) => Promise<DepthMap>) | undefined;

  #photo: HTMLImageElement | undefined;
  #ready: Ready | undefined;
  #opening: AbortController | undefined;
  #drawing: AbortController | undefined;
  #queued = false;

  /** The depth of the photo as it is shown; undefined until it is there. */
  get depthMap(): DepthMap | undefined {
    return this.#ready?.depth;
  }

  /** Disparity of the focal plane; undefined until the depth is there. */
  get plane(): number | undefined {
    return this.#ready && this.#plane(this.#ready);
  }

  connectedCallback(): void {
    if (!this.shadowRoot) this.#build();
    this.#open();
  }

  disconnectedCallback(): void {
    this.#close();
  }

  attributeChangedCallback(name: string): void {
    if (!this.isConnected || !this.shadowRoot) return;
    if (name === 'src' || name === 'depth') this.#open();
    else if (name === 'alt') this.#label();
    else this.#draw();
  }

  #build(): void {
    const root = this.attachShadow({ mode: 'open' });
    const style = document.createElement('style');
    style.textContent = STYLE;
    this.#photo = document.createElement('img');
    this.#photo.setAttribute('part', 'photo');
    this.#photo.alt = '';
    root.append(style, this.#photo);
    this.addEventListener('click', (e) => {
      const box = this.#photo!.getBoundingClientRect();
      if (!this.#ready || !box.width || !box.height) return;
      const share = (v: number) => Math.min(1, Math.max(0, v)).toFixed(4);
      this.#move(`${share((e.clientX - box.left) / box.width)},${share((e.clientY - box.top) / box.height)}`);
    });
    this.addEventListener('keydown', (e) => {
      const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[e.key];
      if (!by || !this.#ready) return;
      e.preventDefault();
      this.#move(Math.min(1, Math.max(0, this.#plane(this.#ready) + by * STEP)).toFixed(3));
    });
  }

  #move(focus: string): void {
    this.setAttribute('focus', focus);
    this.#tell('relievo-focus', this.#plane(this.#ready!));
  }

  #tell(name: string, detail?: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));
  }

  #open(): void {
    this.#close();
    const src = this.getAttribute('src');
    if (!src || !this.#photo) return;
    this.#photo.src = src;
    this.#label();
    const { signal } = (this.#opening = new AbortController());
    this.#prepare(src, signal).then(
      (ready) => {
        if (signal.aborted) return ready.preview?.close();
        this.#ready = ready;
        this.shadowRoot!.append(ready.canvas);
        this.#draw();
        this.#tell('relievo-ready');
      },
      (error: unknown) => signal.aborted || this.#tell('relievo-error', error),
    );
  }

  async #prepare(src: string, signal: AbortSignal): Promise<Ready> {
    const bytes = await fetchBytes(src, signal);
    const canvas = document.createElement('canvas');
    canvas.setAttribute('part', 'picture');
    const preview = await gpu(canvas);
    try {
      const image = await shrinkImage(await decode(bytes), { maxPixels: preview ? GPU_PIXELS : CPU_PIXELS, signal });
      const from = this.getAttribute('depth');
      const depth = from
        ? await matchDepth('relievo-photo', greyDepth(await decode(await fetchBytes(from, signal))), image, { signal })
        : await this.#estimate(image, signal);
      await preview?.setPhoto(image, depth, { signal });
      return { image, depth, preview, canvas };
    } catch (error) {
      preview?.close();
      throw error;
    }
  }

  /** The networks come only here. */
  async #estimate(image: ImageDataLike, signal: AbortSignal): Promise<DepthMap> {
    if (this.estimator) return this.estimator(image, { signal });
    const [{ estimateDepth }, { Hydra }] = await Promise.all([
      import('../depth/estimate.js'),
      import('../hydra/hydra.js'),
    ]);
    const wasmBaseUrl = this.getAttribute('wasm-base-url');
    if (wasmBaseUrl === null) return estimateDepth(image, { signal });
    const hydra = await Hydra.load({ wasmBaseUrl: new URL(wasmBaseUrl, document.baseURI).href, signal });
    try {
      return await estimateDepth(image, { hydra, signal });
    } finally {
      hydra.close();
    }
  }

  #close(): void {
    this.#opening?.abort();
    this.#drawing?.abort();
    this.#ready?.preview?.close();
    this.#ready?.canvas.remove();
    this.#ready = undefined;
  }

  /** For assistive technology: a picture, and a slider once there is something to slide. */
  #label(): void {
    const set = (name: string, value: string) => this.setAttribute(name, value);
    set('aria-label', this.getAttribute('alt') ?? '');
    set('role', this.#ready ? 'slider' : 'img');
    if (!this.#ready) return;
    const percent = String(Math.round(this.#plane(this.#ready) * 100));
    set('aria-valuemin', '0');
    set('aria-valuemax', '100');
    set('aria-valuenow', percent);
    if (!this.hasAttribute('tabindex')) this.tabIndex = 0;
  }

  #focus({ depth }: Ready): Focus {
    const text = this.getAttribute('focus') ?? 'subject';
    const [x, y] = text.split(',').map(Number);
    if (x === undefined || !(x >= 0 && x <= 1)) return 'subject';
    if (y === undefined) return x;
    return y >= 0 && y <= 1 ? { x: x * depth.width, y: y * depth.height } : 'subject';
  }

  #plane(ready: Ready): number {
    const { near, far } = focalRange(this.#focus(ready), ready.depth);
    return (near + far) / 2;
  }

  /** Draws what the attributes say; of several wishes while one is drawn, the last. */
  #draw(): void {
    if (!this.#ready || this.#queued) return;
    this.#queued = true;
    queueMicrotask(() => {
      this.#queued = false;
      this.#drawing?.abort();
      this.#drawing = new AbortController();
      const { signal } = this.#drawing;
      this.#label();
      this.#render(signal).catch((error: unknown) => signal.aborted || this.#tell('relievo-error', error));
    });
  }

  async #render(signal: AbortSignal): Promise<void> {
    const ready = this.#ready;
    if (!ready) return;
    const given = this.getAttribute('aperture');
    const options = { focus: this.#focus(ready), aperture: given === null ? DEFAULT_APERTURE : Number(given) };
    const { preview, canvas, image, depth } = ready;
    if (preview) await preview.render(options);
    else {
      const blurred = await applyBokeh(image, depth, { ...options, signal });
      Object.assign(canvas, { width: image.width, height: image.height });
      canvas.getContext('2d', { colorSpace: image.colorSpace ?? 'srgb' })!.putImageData(blurred as ImageData, 0, 0);
    }
    canvas.classList.add('there');
  }
}

/** The GPU's preview, where there is a GPU. */
async function gpu(canvas: HTMLCanvasElement): Promise<BokehPreview | undefined> {
  // A canvas that had a WebGL context gets no other: the GPU is tried on one of its own.
  const probe = await createBokehPreview().catch(() => undefined);
  const real = probe !== undefined && !probe.software;
  probe?.close();
  return real ? createBokehPreview({ canvas, maxPixels: GPU_PIXELS }).catch(() => undefined) : undefined;
}

async function fetchBytes(address: string, signal: AbortSignal): Promise<ArrayBuffer> {
  const response = await fetch(address, { signal }).catch((cause: unknown) => {
    if (signal.aborted) throw cause;
    throw new RelievoError('FILE_NOT_FOUND', `relievo-photo: could not load ${address}.`, { cause });
  });
  if (!response.ok)
    throw new RelievoError('FILE_NOT_FOUND', `relievo-photo: could not load ${address}: HTTP ${response.status}.`);
  return response.arrayBuffer();
}

/** A grey picture as disparities, white = near. */
function greyDepth({ width, height, data }: ImageDataLike): DepthMap {
  return createDepthMap(
    width,
    height,
    Float32Array.from({ length: width * height }, (_, i) => data[i * 4]! / 255),
  );
}
