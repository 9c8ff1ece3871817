import { DISPOSE } from '../core/closable.js';
import { isRelievoError, RelievoError } from '../core/errors.js';
import { part, type TaskOptions } from '../core/task.js';
import { createImage, isOpaque, type ImageDataLike, type OutputImage } from '../image/image-data.js';
import { Context, type Device, type Texture } from '../gpu/index.js';
import { partsReach } from './edge-parts.js';
import type { Gpu, GpuOptions, GpuTransfers } from './gpu.js';
import { Part, Scene } from './gpu-part.js';
import { around, cutRows, type Region } from '../image/region.js';
import type { Frame, GpuPass, PictureTile, Prepared } from './operator.js';
import { REDUCE, TO_BYTES } from './picture-shaders.js';
import type { PointLines } from './point-program.js';
import { groups, named, planPoints, runGroup, type ReadStep, type StepsResult } from './steps.js';

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
          const pass = await planPass(group, known, part(inner, 0, 0.3));
          inner = part(inner, 0.3, 1);
          if (!pass) continue;
          if (pass !== 'on the CPU' && (await board.run(pass, picture, inner))) {
            frame = { ...frame, depth: pass.depthAfter ?? frame.depth };
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
  return operator.gpu !== undefined && (operator.gpu.needsFloats !== true || device.targets === 'float');
}

/** Whether the GPU holds what it needs besides the photo. */
export function holds(pass: GpuPass, device: Device): boolean {
  return pass.fits?.(device.maxSize) ?? true;
}

/** What a group does to this photo; undefined: nothing. */
export async function planPass(
  group: readonly ReadStep[],
  frame: Frame,
  task: TaskOptions,
): Promise<GpuPass | 'on the CPU' | undefined> {
  const { operator, options, path } = group[0]!;
  if (operator.kind === 'whole') return named(path, async () => operator.gpu!.plan(options, frame, task));
  const plans = await planPoints(group, frame, task.signal);
  if (plans.length === 0) return undefined;
  const lines = plans.flatMap(({ glsl }) => glsl ?? []);
  // One of them is written for the CPU alone: so the run stays one pass over the picture.
  return lines.length === plans.length ? pointsPass(lines) : 'on the CPU';
}

function pointsPass(lines: readonly PointLines[]): GpuPass {
  return {
    tiling: (photo) => ({ margin: partsReach(photo) }),
    draw: (_device, on, from, to) => (on as Part).points(lines, from, to),
  };
}

/** A part and the picture on it, as a preparation needs them. */
export function pictureTile(on: Part, scene: Scene, picture: Texture, facts: PictureFacts): PictureTile {
  const { region, whole, depth, depthTexture } = on;
  return { region, whole, depth, depthTexture, picture, range: scene.range, ...facts };
}

type PictureFacts = Pick<PictureTile, 'opaque' | 'colorSpace'>;

/** What is known of the picture after a pass. */
export function factsAfter(pass: GpuPass | undefined, before: Picture): PictureFacts {
  return { opaque: pass?.opaque ?? before.opaque, colorSpace: pass?.colorSpace ?? before.colorSpace };
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
  async run(pass: GpuPass, picture: Picture, task: TaskOptions): Promise<boolean> {
    if (!holds(pass, this.#device)) return false;
    const { width, height } = this.scene.depth;
    const facts = factsAfter(pass, picture);
    const seen = await pass.preparation?.look?.(picture.whole, task);
    const whole = { x: 0, y: 0, width, height };
    const { maxSize } = this.#device;
    if (width <= maxSize && height <= maxSize && width * height <= this.#maxPixels) {
      this.#whole ??= new Part(this.#device, this.scene, whole);
      const to = this.#device.texture('picture', width, height);
      await this.#draw(pass, this.#whole, picture.texture(), to, seen, facts);
      picture.replace(to, facts.colorSpace, facts.opaque);
      return true;
    }
    const tiles = this.#tiles(pass);
    if (!tiles) return false;
    this.dispose();
    const image = picture.image();
    const out = createImage(width, height, facts.colorSpace);
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
        await this.#draw(pass, one, from, to, seen && cutRows(seen, width, region, 1), facts);
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
    pass: GpuPass,
    on: Part,
    from: Texture,
    to: Texture,
    seen: Uint8Array | undefined,
    facts: PictureFacts,
  ): Promise<void> {
    const device = this.#device;
    const prepared: Prepared | undefined = pass.preparation?.make(
      device,
      pictureTile(on, this.scene, from, facts),
      seen,
    );
    try {
      pass.draw(device, on, from, to, prepared);
      device.checkMemory();
    } finally {
      prepared?.dispose();
    }
    on.forget(to);
    await device.done();
  }

  #tiles(pass: GpuPass): { region: Region; inside: Region }[] | undefined {
    const { depth, range } = this.scene;
    const { width, height } = depth;
    const { margin, cell = 1 } = pass.tiling?.({ width, height, range }) ?? { margin: 1 };
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
