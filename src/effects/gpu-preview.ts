import { DISPOSE } from '../core/closable.js';
import { RelievoError } from '../core/errors.js';
import type { DepthMap } from '../depth/depth-map.js';
import { Context, type Device } from '../gpu/index.js';
import type { Face } from '../image/face.js';
import { checkImage, type ImageDataLike, type OutputImage } from '../image/image-data.js';
import { matchMatte } from '../image/matte.js';
import { resizeImage } from '../image/resize.js';
import { Part, Scene } from './gpu-part.js';
import { canRun, factsAfter, holds, Picture, pictureTile, planPass } from './gpu-steps.js';
import { matchDepth } from './match-depth.js';
import type { Frame, GpuPass, Operator, Prepared } from './operator.js';
import { copy, SHOW } from './picture-shaders.js';
import { readRecipe, type Recipe, type Step } from './pipeline.js';
import { readSteps } from './run-recipe.js';
import type { Preview, PreviewCost, PreviewOptions, PreviewPhoto, RenderOptions } from './preview.js';
import { groups, runGroup, type ReadStep } from './steps.js';

const MAX_PIXELS = { gpu: 2_000_000, software: 500_000 };

interface Photo {
  /** At the preview's size; points of its faces too. */
  readonly frame: Frame;
  /** Size of the photo that was given. */
  readonly given: { readonly width: number; readonly height: number };
}

/** The picture after so many steps, and all that was worked out for those that follow. */
interface Stage {
  /** The steps that led here, as JSON. */
  readonly key: string;
  readonly picture: Picture;
  readonly frame: Frame;
  /** What plans keep while image and depth stay. */
  readonly memo: Map<string, unknown>;
  /** What an operator worked out of the picture, for its next draw. */
  prepared?: { readonly by: Operator; readonly of: Prepared };
}

type Input = readonly Step[] | Recipe | string;

export class GpuPreview implements Preview {
  readonly #context: Context;
  readonly #options: PreviewOptions;
  #photo: Photo | undefined;
  #device: Device | undefined;
  #stages: Stage[] = [];
  #parts = new Map<DepthMap, { readonly scene: Scene; readonly part: Part }>();
  /** Resources by name, as they were loaded from the last table of them. */
  #found = new Map<string, unknown>();
  #resources: RenderOptions['resources'];
  #shown: { readonly recipe: Input; readonly options: RenderOptions } | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #waiting: (() => void) | undefined;
  #cost: PreviewCost = { steps: 0, onCpu: 0, passes: 0, readBacks: 0 };
  #readBacks = 0;

  /** @hidden Use `createPreview`. */
  constructor(options: PreviewOptions) {
    const { canvas, precision } = options;
    const onRestored = () => {
      // A canvas that comes back is empty: the last picture is drawn again.
      if (this.#shown) this.render(this.#shown.recipe, this.#shown.options).catch(() => {});
    };
    this.#context = new Context({ canvas, precision, floats: 'optional', onRestored });
    this.#options = options;
  }

  get canvas(): HTMLCanvasElement | OffscreenCanvas {
    return this.#context.canvas;
  }

  get software(): boolean {
    return this.#context.device.software;
  }

  get cost(): PreviewCost {
    return this.#cost;
  }

  async setPhoto(image: ImageDataLike, depth: DepthMap, options: PreviewPhoto = {}): Promise<void> {
    this.#alive();
    const { signal, matte, faces } = options;
    signal?.throwIfAborted();
    checkImage('preview', image);
    const { width, height } = this.#sizeOf(image);
    const smaller = width < image.width || height < image.height;
    const small = smaller ? await resizeImage(image, width, height, { signal }) : image;
    const map = await matchDepth('preview', depth, small, options);
    const subject = matte && (await matchMatte('preview', matte, small, { signal }));
    signal?.throwIfAborted();
    await this.#turn(async () => {
      this.#drop();
      const scale = { x: width / image.width, y: height / image.height };
      const frame = { image: small, depth: map, matte: subject, faces: faces?.map((f) => scaledFace(f, scale)) };
      this.#photo = { frame, given: { width: image.width, height: image.height } };
      this.#shown = undefined;
    });
  }

  render(recipe: Input, options: RenderOptions = {}): Promise<boolean> {
    // Of the calls that wait the latest counts: a slider sends more than can be drawn.
    this.#waiting?.();
    let superseded = false;
    const skip = () => (superseded = true);
    this.#waiting = skip;
    return this.#turn(async () => {
      if (this.#waiting === skip) this.#waiting = undefined;
      if (superseded) return false;
      this.#shown = { recipe, options };
      await this.#draw(recipe, options, (device, picture) => {
        const { width, height } = picture.whole;
        if (this.canvas.width !== width || this.canvas.height !== height)
          device.resize(width, height, picture.colorSpace);
        else device.colour(picture.colorSpace);
        const uniforms = { u_photo: picture.texture(), u_toCanvas: 1 };
        device.draw({ shader: SHOW, to: 'canvas', uniforms, reads: 1 });
      });
      return true;
    });
  }

  toImage(recipe: Input, options: RenderOptions = {}): Promise<OutputImage> {
    return this.#turn(async () => {
      const { width, height, data, colorSpace } = await this.#draw(recipe, options, (_, picture) => picture.image());
      // The preview goes on with its own pixels.
      return new ImageData(new Uint8ClampedArray(data), width, height, { colorSpace: colorSpace ?? 'srgb' });
    });
  }

  close(): void {
    if (this.#context.disposed) return;
    this.#context.dispose();
    this.#stages = [];
    this.#parts.clear();
    this.#photo = undefined;
  }

  [DISPOSE](): void {
    this.close();
  }

  /** One call after the other. */
  #turn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(() => {
      this.#alive();
      return work();
    });
    this.#last = mine.catch(() => {});
    return mine;
  }

  async #draw<T>(input: Input, options: RenderOptions, finish: (device: Device, picture: Picture) => T): Promise<T> {
    if (!this.#photo) throw new RelievoError('INVALID_PARAM', `preview: call setPhoto before a picture is made.`);
    const { frame, given } = this.#photo;
    const recipe = readRecipe(input);
    if (options.resources !== this.#resources) {
      this.#resources = options.resources;
      this.#found.clear();
      this.#drop();
    }
    const steps = await readSteps(recipe, frame.image, options, given, this.#found);
    return this.#context.attempt(async (device) => {
      this.#alive();
      if (device !== this.#device) this.#drop();
      this.#device = device;
      const before = { passes: device.draws, readBacks: this.#readBacks };
      const { stage, ...cost } = await this.#run(device, recipe, steps, options);
      const result = finish(device, stage.picture);
      await device.done();
      this.#cost = {
        ...cost,
        passes: device.draws - before.passes,
        readBacks: this.#readBacks - before.readBacks,
      };
      return result;
    });
  }

  /** Brings the stages up to what the recipe asks for, from the first step that differs on. */
  async #run(
    device: Device,
    recipe: Recipe,
    steps: readonly ReadStep[],
    { signal, createCanvas }: RenderOptions,
  ): Promise<{ stage: Stage; steps: number; onCpu: number }> {
    const { frame } = this.#photo!;
    if (this.#stages.length === 0) {
      this.#stages.push({ key: '', picture: new Picture(device, frame.image, this.#count), frame, memo: new Map() });
    }
    let worked = 0;
    let onCpu = 0;
    let key = '';
    let first = 0;
    let changed = false;
    const all = groups(steps);
    for (const [g, group] of all.entries()) {
      signal?.throwIfAborted();
      key += JSON.stringify([recipe.size, recipe.steps.slice(first, (first += group.length))]);
      const old = this.#stages[g + 1];
      if (!changed && old?.key === key) continue;
      changed = true;
      worked += group.length;
      const from = this.#stages[g]!;
      let stage: Stage | undefined;
      if (canRun(group, device)) {
        const { picture, memo } = from;
        const reduced = picture.reduced;
        const known = { ...from.frame, image: picture.whole, reduced, memo, createCanvas };
        const pass = await planPass(group, known, { signal });
        if (pass !== 'on the CPU' && (!pass || holds(pass, device)))
          stage = await this.#stage(device, key, from, { pass, by: group[0]!.operator }, old, signal);
      }
      if (!stage) {
        onCpu += group.length;
        const image = from.picture.image();
        const result = await runGroup(group, { ...from.frame, image, createCanvas }, { signal });
        const picture = new Picture(device, result.image ?? image, this.#count);
        stage = { key, picture, frame: { ...from.frame, ...result }, memo: new Map() };
      }
      this.#forget(g + 1);
      this.#stages[g + 1] = stage;
    }
    for (let g = all.length + 1; g < this.#stages.length; g++) this.#forget(g);
    this.#stages.length = all.length + 1;
    const depths = new Set(this.#stages.map((s) => s.frame.depth));
    for (const [depth, { part }] of this.#parts) {
      if (depths.has(depth)) continue;
      part.dispose();
      this.#parts.delete(depth);
    }
    return { stage: this.#stages.at(-1)!, steps: worked, onCpu };
  }

  /** @param old what stood in its place: its texture is drawn over. */
  async #stage(
    device: Device,
    key: string,
    from: Stage,
    { pass, by }: { readonly pass: GpuPass | undefined; readonly by: Operator },
    old: Stage | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Stage> {
    const { depth } = from.frame;
    const { width, height } = depth;
    const { scene, part: on } = this.#part(device, depth);
    const texture = from.picture.texture();
    const preparation = pass?.preparation;
    const serves = from.prepared?.by === by && preparation?.serves(from.prepared.of);
    const seen = preparation && !serves ? await preparation.look?.(from.picture.whole, { signal }) : undefined;
    const facts = factsAfter(pass, from.picture);
    // From here on nothing waits: a call that is aborted leaves the stages as they are.
    const to = old?.picture.take(width, height) ?? device.texture('picture', width, height);
    try {
      if (preparation && !serves) {
        from.prepared?.of.dispose();
        delete from.prepared;
        from.prepared = { by, of: preparation.make(device, pictureTile(on, scene, texture, facts), seen) };
      }
      if (pass) pass.draw(device, on, texture, to, from.prepared?.of);
      else copy(device, texture, to);
      device.checkMemory();
    } catch (error) {
      device.free(to);
      this.#drop();
      throw error;
    }
    on.forget(to);
    const picture = new Picture(device, from.picture.whole, this.#count);
    picture.replace(to, facts.colorSpace, facts.opaque);
    return { key, picture, frame: { ...from.frame, depth: pass?.depthAfter ?? depth }, memo: new Map() };
  }

  #part(device: Device, depth: DepthMap): { readonly scene: Scene; readonly part: Part } {
    let known = this.#parts.get(depth);
    if (!known) {
      const { width, height } = depth;
      const scene = new Scene(depth);
      known = { scene, part: new Part(device, scene, { x: 0, y: 0, width, height }) };
      this.#parts.set(depth, known);
    }
    return known;
  }

  #forget(index: number): void {
    const stage = this.#stages[index];
    stage?.prepared?.of.dispose();
    stage?.picture.dispose();
  }

  #drop(): void {
    this.#stages.forEach((_, g) => this.#forget(g));
    this.#stages = [];
    for (const { part } of this.#parts.values()) part.dispose();
    this.#parts.clear();
  }

  #sizeOf({ width, height }: ImageDataLike): { width: number; height: number } {
    const { maxSize } = this.#context.device;
    const maxPixels = this.#options.maxPixels ?? MAX_PIXELS[this.software ? 'software' : 'gpu'];
    const scale = Math.min(1, Math.sqrt(maxPixels / (width * height)), maxSize / Math.max(width, height));
    const side = (n: number) => Math.max(1, Math.min(maxSize, Math.round(n * scale)));
    return scale === 1 ? { width, height } : { width: side(width), height: side(height) };
  }

  readonly #count = (what: 'upload' | 'readBack') => {
    if (what === 'readBack') this.#readBacks++;
  };

  #alive(): void {
    if (this.#context.disposed) throw new RelievoError('DISPOSED', 'preview: it was closed; create another one.');
  }
}

function scaledFace(face: Face, { x, y }: { readonly x: number; readonly y: number }): Face {
  const { box } = face;
  return { ...face, box: { x: box.x * x, y: box.y * y, width: box.width * x, height: box.height * y } };
}
