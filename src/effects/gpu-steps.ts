import { DISPOSE } from '../core/closable.js';
import { isRelievoError, RelievoError } from '../core/errors.js';
import { part, type TaskOptions } from '../core/task.js';
import type { DepthMap } from '../depth/depth-map.js';
import { createImage, isOpaque, type ImageDataLike, type OutputImage } from '../image/image-data.js';
import { Context, type Device, type Texture } from '../gpu/index.js';
import { bokehMargin } from './bokeh-band.js';
import { BokehPasses } from './bokeh-gpu.js';
import { recoverClipped } from './clipped.js';
import { drawBackground, drawStickers, holdsStickers } from './composing-gpu.js';
import type { Gpu, GpuOptions, GpuTransfers } from './gpu.js';
import { Part, Scene } from './gpu-part.js';
import { around, cutRows, type Region } from '../image/region.js';
import type { Frame, PointPass, WholePass } from './operator.js';
import { REDUCE, TO_BYTES } from './point-shaders.js';
import { groups, named, planPoints, runGroup, type ReadStep, type StepsResult } from './steps.js';

/** Point operators in a row, or another operator: what one picture becomes the next by. */
export type Job = { readonly op: 'points'; readonly passes: readonly PointPass[] } | WholePass;

/** Pixels of a picture, or of a part of one, that are worked on at once. */
const MAX_PIXELS = { gpu: 16_000_000, software: 8_000_000 };
/** Parts smaller than this are not tried when memory is short. */
const LEAST_PIXELS = 65_536;
/** Least share of a part's side that is new: with less the CPU is faster. */
const LEAST_INSIDE = 1 / 4;

export class GpuSteps implements Gpu {
  readonly #context: Context;
  readonly #options: GpuOptions;
  /** Pixels to a part that the GPU had memory for. */
  #maxPixels: number;
  #last: Promise<unknown> = Promise.resolve();
  #uploads = 0;
  #readBacks = 0;

  /** @hidden Use `createGpu`. */
  constructor(options: GpuOptions) {
    const { canvas, precision } = options;
    this.#context = new Context({ canvas, precision, floats: 'optional' });
    this.#options = options;
    this.#maxPixels = options.maxPixels ?? MAX_PIXELS[this.software ? 'software' : 'gpu'];
  }

  get software(): boolean {
    return this.#context.device.software;
  }

  get stored(): 'half' | 'full' | 'bytes' {
    const { targets, precision } = this.#context.device;
    return targets === 'bytes' ? 'bytes' : precision;
  }

  get transfers(): GpuTransfers {
    return { uploads: this.#uploads, readBacks: this.#readBacks };
  }

  close(): void {
    this.#context.dispose();
  }

  [DISPOSE](): void {
    this.close();
  }

  /** One recipe after the other: they share the memory. */
  run(steps: readonly ReadStep[], frame: Frame, task: TaskOptions): Promise<StepsResult> {
    const mine = this.#last.then(() => this.#run(steps, frame, task));
    this.#last = mine.catch(() => {});
    return mine;
  }

  async #run(steps: readonly ReadStep[], frame: Frame, task: TaskOptions): Promise<StepsResult> {
    for (;;) {
      try {
        return await this.#context.attempt((device) => this.#runOn(device, steps, frame, task));
      } catch (error) {
        this.#alive();
        // No memory for a part of that size: smaller ones may do.
        if (!isRelievoError(error, 'IMAGE_TOO_LARGE') || this.#maxPixels / 4 < LEAST_PIXELS) throw error;
        this.#maxPixels = Math.min(this.#maxPixels, frame.image.width * frame.image.height) / 4;
      }
    }
  }

  #alive(): void {
    if (this.#context.disposed) throw new RelievoError('DISPOSED', 'gpu: it was closed; create another one.');
  }

  async #runOn(device: Device, steps: readonly ReadStep[], start: Frame, task: TaskOptions): Promise<StepsResult> {
    this.#alive();
    const picture = new Picture(device, start.image, this.#count);
    let frame = start;
    let board: Board | undefined;
    let made = false;
    let done = 0;
    try {
      for (const group of groups(steps)) {
        task.signal?.throwIfAborted();
        let inner = part(task, done / steps.length, (done += group.length) / steps.length);
        if (canRun(group, device)) {
          if (board && board.scene.depth !== frame.depth) board = board.dispose();
          board ??= new Board(device, new Scene(frame.depth), this.#maxPixels, this.#count);
          const known = { ...frame, image: picture.whole, reduced: picture.reduced };
          const job = await planJob(group, known, part(inner, 0, 0.3));
          inner = part(inner, 0.3, 1);
          if (!job) continue;
          if (await board.run(job, picture, inner)) {
            frame = { ...frame, depth: depthAfter(job, frame.depth) };
            made = true;
            inner.onProgress?.(1);
            continue;
          }
        }
        const result = await runGroup(group, { ...frame, image: picture.image() }, inner);
        if (result.image) {
          picture.replace(result.image);
          made = true;
        }
        frame = { ...frame, ...result };
      }
      return { image: made ? (picture.image() as OutputImage) : undefined, depth: frame.depth };
    } finally {
      board?.dispose();
      picture.dispose();
    }
  }

  readonly #count: Count = (what) => {
    if (what === 'upload') this.#uploads++;
    else this.#readBacks++;
  };
}

type Count = (what: 'upload' | 'readBack') => void;

/** Whether the GPU has passes for a group, and draws what they need. */
export function canRun([step]: readonly ReadStep[], device: Device): boolean {
  const { operator } = step!;
  if (operator.kind === 'point') return true;
  if (!operator.plan) return false;
  // Masses and colours of layers do not fit into bytes or halves.
  return operator.needsFloats !== true || device.targets === 'float';
}

/** Whether the GPU holds what it needs besides the photo. */
export function holds(job: Job, device: Device): boolean {
  return job.op !== 'stickers' || holdsStickers(job, device);
}

export function depthAfter(job: Job | undefined, before: DepthMap): DepthMap {
  return job?.op === 'stickers' || job?.op === 'background' ? job.depth : before;
}

export function opaqueAfter(job: Job | undefined, before: Picture): boolean {
  if (job?.op === 'background') return job.opaque;
  return job?.op === 'visualise' || before.opaque;
}

/** What a group does to this photo; undefined: nothing. */
export async function planJob(group: readonly ReadStep[], frame: Frame, task: TaskOptions): Promise<Job | undefined> {
  const { operator, options, path } = group[0]!;
  if (operator.kind === 'whole') return named(path, async () => operator.plan!(options, frame, task));
  const plans = await planPoints(group, frame, task.signal);
  return plans.length > 0 ? { op: 'points', passes: plans.map((p) => p.pass) } : undefined;
}

/** The picture between two steps: on the CPU, on the GPU, or on both. */
export class Picture {
  readonly #device: Device;
  readonly #count: Count;
  #image: ImageDataLike | undefined;
  #texture: Texture | undefined;
  #size: { readonly width: number; readonly height: number; readonly colorSpace: PredefinedColorSpace };
  #opaque: boolean | undefined;

  constructor(device: Device, image: ImageDataLike, count: Count) {
    this.#device = device;
    this.#count = count;
    this.#image = image;
    this.#size = sizeOf(image);
  }

  get colorSpace(): PredefinedColorSpace {
    return this.#size.colorSpace;
  }

  /** As an image whose pixels are read back only if somebody asks for them. */
  get whole(): ImageDataLike {
    if (this.#image) return this.#image;
    const read = () => this.image().data;
    return {
      ...this.#size,
      get data() {
        return read();
      },
    };
  }

  /** Where the pixels are on the GPU only: the picture at a smaller size. */
  get reduced(): Frame['reduced'] {
    if (this.#image || !this.#texture) return undefined;
    const from = this.#texture;
    return async (width, height) => reduce(this.#device, from, width, height);
  }

  get opaque(): boolean {
    return (this.#opaque ??= isOpaque(this.image().data));
  }

  image(): ImageDataLike {
    if (!this.#image) {
      const { width, height, colorSpace } = this.#size;
      this.#count('readBack');
      this.#image = createImage(width, height, colorSpace, toBytes(this.#device, this.#texture!));
    }
    return this.#image;
  }

  texture(): Texture {
    if (!this.#texture) {
      this.#count('upload');
      this.#texture = upload(this.#device, this.#image!);
    }
    return this.#texture;
  }

  /** Another one takes its place, on the CPU or the GPU. Whether it is opaque has to be known of one on the GPU. */
  replace(by: ImageDataLike): void;
  replace(by: Texture, colorSpace: PredefinedColorSpace, opaque: boolean): void;
  replace(by: ImageDataLike | Texture, colorSpace?: PredefinedColorSpace, opaque?: boolean): void {
    this.dispose();
    this.#opaque = opaque;
    if ('handle' in by) {
      this.#image = undefined;
      this.#texture = by;
      this.#size = { width: by.width, height: by.height, colorSpace: colorSpace! };
    } else {
      this.#image = by;
      this.#size = sizeOf(by);
    }
  }

  /** Gives its texture away where it is of that size and may be drawn to. */
  take(width: number, height: number): Texture | undefined {
    const texture = this.#texture;
    if (texture?.format !== 'picture' || texture.width !== width || texture.height !== height) return undefined;
    this.#texture = undefined;
    return texture;
  }

  dispose(): void {
    if (this.#texture) this.#device.free(this.#texture);
    this.#texture = undefined;
  }
}

/** Where a photo is drawn: as a whole, or cut into parts that overlap. */
class Board {
  readonly scene: Scene;
  readonly #device: Device;
  readonly #maxPixels: number;
  readonly #count: Count;
  #whole: Part | undefined;

  constructor(device: Device, scene: Scene, maxPixels: number, count: Count) {
    this.#device = device;
    this.scene = scene;
    this.#maxPixels = maxPixels;
    this.#count = count;
  }

  dispose(): undefined {
    this.#whole?.dispose();
    this.#whole = undefined;
  }

  /** @returns false where the parts would be mostly overlap, or it does not hold what it needs. */
  async run(job: Job, picture: Picture, task: TaskOptions): Promise<boolean> {
    if (!holds(job, this.#device)) return false;
    const { depth } = this.scene;
    const { width, height } = depth;
    const opaque = opaqueAfter(job, picture);
    // To recover nothing it must not be read back.
    const recover = job.op === 'bokeh' ? job.lens.recover : 0;
    const clipped = recover > 0 ? await recoverClipped(picture.whole, recover, task) : undefined;
    const colorSpace = job.op === 'visualise' ? 'srgb' : picture.colorSpace;
    const whole = { x: 0, y: 0, width, height };
    const { maxSize } = this.#device;
    if (width <= maxSize && height <= maxSize && width * height <= this.#maxPixels) {
      this.#whole ??= new Part(this.#device, this.scene, whole);
      const to = this.#device.texture('picture', width, height);
      await this.#draw(job, this.#whole, picture.texture(), to, clipped, opaque, colorSpace);
      picture.replace(to, colorSpace, opaque);
      return true;
    }
    const tiles = this.#tiles(job);
    if (!tiles) return false;
    this.dispose();
    const image = picture.image();
    const out = createImage(width, height, colorSpace);
    for (const [k, { region, inside }] of tiles.entries()) {
      task.signal?.throwIfAborted();
      const one = new Part(this.#device, this.scene, region);
      const bytes = cutRows(
        new Uint8Array(image.data.buffer, image.data.byteOffset, image.data.length),
        width,
        region,
        4,
      );
      this.#count('upload');
      const from = this.#device.texture('rgba8', region.width, region.height, bytes);
      const to = this.#device.texture('picture', region.width, region.height);
      try {
        const around = clipped && cutRows(clipped, width, region, 1);
        await this.#draw(job, one, from, to, around, opaque, colorSpace);
        this.#count('readBack');
        const pixels = toBytes(this.#device, to);
        for (let y = 0; y < inside.height; y++) {
          const row = ((inside.y - region.y + y) * region.width + inside.x - region.x) * 4;
          out.data.set(pixels.subarray(row, row + inside.width * 4), ((inside.y + y) * width + inside.x) * 4);
        }
      } finally {
        one.dispose();
        this.#device.free(from);
        this.#device.free(to);
      }
      task.onProgress?.((k + 1) / tiles.length);
    }
    picture.replace(out);
    return true;
  }

  async #draw(
    job: Job,
    on: Part,
    from: Texture,
    to: Texture,
    clipped: Uint8Array | undefined,
    opaque: boolean,
    colorSpace: PredefinedColorSpace,
  ): Promise<void> {
    const { width, height } = this.scene.depth;
    if (job.op === 'bokeh') {
      const passes = new BokehPasses(this.#device, {
        ...{ picture: from, alpha: !opaque, colorSpace, depth: on.depth, clipped, range: this.scene.range },
        whole: { width, height, x: on.region.x, y: on.region.y },
      });
      try {
        passes.render(job.lens, to);
        this.#device.checkMemory();
      } finally {
        passes.dispose();
      }
    } else drawJob(this.#device, job, on, from, to);
    this.#device.checkMemory();
    await this.#device.done();
  }

  #tiles(job: Job): { region: Region; inside: Region }[] | undefined {
    const { depth } = this.scene;
    const { width, height } = depth;
    const { margin, cell } =
      job.op === 'bokeh'
        ? bokehMargin({ ...job.lens, low: this.scene.range[0], high: this.scene.range[1] }, Math.max(width, height))
        : { margin: job.op === 'points' ? this.scene.margin : 'margin' in job ? job.margin : 1, cell: 1 };
    const side = Math.min(this.#device.maxSize, Math.floor(Math.sqrt(this.#maxPixels)));
    const step = Math.floor((side - 2 * margin - cell) / cell) * cell;
    if (step < side * LEAST_INSIDE) return undefined;
    const out = [];
    for (let y = 0; y < height; y += step) {
      for (let x = 0; x < width; x += step) {
        const inside = { x, y, width: Math.min(step, width - x), height: Math.min(step, height - y) };
        out.push({ region: around(inside, margin, depth, cell), inside });
      }
    }
    return out;
  }
}

/** Draws all jobs but a bokeh. */
export function drawJob(
  device: Device,
  job: Exclude<Job, { op: 'bokeh' }>,
  on: Part,
  from: Texture,
  to: Texture,
): void {
  if (job.op === 'points') on.points(job.passes, from, to);
  else if (job.op === 'stickers') drawStickers(device, job, on, from, to);
  else if (job.op === 'background') drawBackground(device, job, on, from, to);
  else if (job.op === 'visualise') on.visualise(job, to);
  else on.peaking(job, from, to);
}

export function upload(device: Device, { width, height, data }: ImageDataLike): Texture {
  return device.texture('rgba8', width, height, new Uint8Array(data.buffer, data.byteOffset, data.length));
}

function toBytes(device: Device, from: Texture): Uint8ClampedArray<ArrayBuffer> {
  const bytes = device.texture('rgba8', from.width, from.height);
  try {
    device.draw({ shader: TO_BYTES, to: [bytes], uniforms: { u_picture: from }, reads: 1 });
    device.checkMemory();
    return device.read(bytes);
  } finally {
    device.free(bytes);
  }
}

export function reduce(device: Device, from: Texture, width: number, height: number): ImageDataLike {
  const small = device.texture('rgba8', width, height);
  try {
    const u_ratio = [from.width / width, from.height / height];
    device.draw({ shader: REDUCE, to: [small], uniforms: { u_picture: from, u_ratio }, reads: 1 });
    return createImage(width, height, 'srgb', device.read(small));
  } finally {
    device.free(small);
  }
}

function sizeOf({ width, height, colorSpace }: ImageDataLike) {
  return { width, height, colorSpace: colorSpace ?? 'srgb' };
}
