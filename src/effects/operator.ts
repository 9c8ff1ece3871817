import type { TaskOptions } from '../core/task.js';
import type { FieldsJson, Fields, FieldsValue } from '../core/schema.js';
import type { DepthMap } from '../depth/depth-map.js';
import type { Device, Texture } from '../gpu/index.js';
import type { CanvasFactory } from '../image/canvas-factory.js';
import type { Face } from '../image/face.js';
import type { ImageDataLike } from '../image/image-data.js';
import type { Matte } from '../image/matte.js';
import type { Region } from '../image/region.js';

/** What goes from step to step. A step that does not return a part leaves it as it is. */
export interface Frame {
  readonly image: ImageDataLike;
  /** Of the image's size. */
  readonly depth: DepthMap;
  /** The subject's, of any size. Not there without one of the host's. */
  readonly matte?: Matte | undefined;
  /** Faces in the image. Not there without those of the host. */
  readonly faces?: readonly Face[] | undefined;
  /** Makes canvases for text where there are none (Node). Default: the page's. */
  readonly createCanvas?: CanvasFactory | undefined;
  /**
   * The image at a smaller size, where its pixels lie on a GPU: reading those of `image` would bring all of them back. Without
   * it they are at hand.
   */
  readonly reduced?: ((width: number, height: number) => Promise<ImageDataLike>) | undefined;
  /** For what a plan works out of image and depth alone: kept by whoever plans anew while these two stay the same. Default: nothing is kept. */
  readonly memo?: Map<string, unknown> | undefined;
  /** All that is wanted of the step's image: what lies outside of it may be anything. A step may make the whole. Default: the whole. */
  readonly part?: Region | undefined;
}

/**
 * Neighbouring pixels, decoded: linear light 0..1 in the image's own primaries. A kernel writes to `r`, `g` and `b`.
 */
export interface Strip {
  readonly count: number;
  readonly r: Float32Array;
  readonly g: Float32Array;
  readonly b: Float32Array;
  /** Disparities 0..1. */
  readonly depth: Float32Array;
  /** Column and row of each in the image. */
  readonly x: Int32Array;
  readonly y: Int32Array;
}

/** Changes each pixel independently of its neighbours. */
export type PointKernel = (strip: Strip) => void;

/** Collects what a point operator's GLSL needs besides its own lines. */
export interface PointWriter {
  /** The name of a uniform of that value. */
  value(type: 'float' | 'int' | 'vec2' | 'vec3' | 'mat3', value: number | readonly number[]): string;
  /**
   * Up to four channels of equal length in the program's table, read by `entry(int)`, which gives a `vec4`.
   *
   * @param step takes every `step`-th number of a channel. Default: 1.
   * @returns the name of the `int` at which they begin.
   */
  table(channels: readonly ArrayLike<number>[], step?: number): string;
  /** Functions that the lines call; the same text is written once. */
  include(functions: string): void;
}

/** What a point operator does to this photo, for either processor. Both only read what the plan worked out. */
export interface PointPlan {
  readonly kernel: PointKernel;
  /**
   * The kernel's twin: GLSL lines that change `vec3 c`, linear light, of a pixel of disparity `float d` at `ivec2 at` of the
   * photo. There are `toLinear`, `toEncoded` (vec3) and `ramp(v, width)`. Without it the step runs on the CPU.
   */
  readonly glsl?: ((write: PointWriter) => string) | undefined;
}

/** Where a pass draws: the depth of a photo on the GPU, whole or cut to a part. */
export interface Tile {
  /** Of the photo. */
  readonly region: Region;
  /** Size of the photo. */
  readonly whole: { readonly width: number; readonly height: number };
  /** Of the region, and the same as a texture of floats. */
  readonly depth: DepthMap;
  readonly depthTexture: Texture;
}

/** A tile of the picture that a pass is about to change. */
export interface PictureTile extends Tile {
  readonly picture: Texture;
  /** Its alpha is 1 everywhere. */
  readonly opaque: boolean;
  readonly colorSpace: PredefinedColorSpace;
  /** Disparities that occur in the photo. */
  readonly range: readonly [low: number, high: number];
}

/** How a photo that is too large for the GPU is cut. */
export interface Tiling {
  /** Pixels around a part that its own depend on. */
  readonly margin: number;
  /** Parts begin at multiples of it. Default: 1. */
  readonly cell?: number | undefined;
}

/** Textures worked out of a picture, for every draw of one operator on it. */
export interface Prepared {
  dispose(): void;
}

/** What a pass works out of the picture alone; a preview keeps it while options change. */
export interface Preparation<P extends Prepared = Prepared> {
  /** False where `before` lacks something that this pass needs. */
  serves(before: P): boolean;
  /** A plane worked out of the picture's pixels, which are read back for it; undefined: none is needed. */
  look?(picture: ImageDataLike, task: TaskOptions): Promise<Uint8Array | undefined>;
  make(device: Device, tile: PictureTile, seen: Uint8Array | undefined): P;
}

/** What an operator does to this photo on the GPU. */
export interface GpuPass<P extends Prepared = Prepared> {
  /** How the photo may be cut. Default: a pixel of margin. */
  tiling?(photo: { readonly width: number; readonly height: number; readonly range: PictureTile['range'] }): Tiling;
  /** False where the GPU cannot hold what it needs besides the photo: then the CPU runs the step. */
  fits?(maxSize: number): boolean;
  /** The depth after it, where it changes that. */
  readonly depthAfter?: DepthMap | undefined;
  /** Whether its picture lets nothing through. Default: as the one before. */
  readonly opaque?: boolean | undefined;
  /** Of its picture. Default: as the one before. */
  readonly colorSpace?: PredefinedColorSpace | undefined;
  readonly preparation?: Preparation<P> | undefined;
  /** Draws `to` from `from`, which it leaves as it is. */
  draw(device: Device, tile: Tile, from: Texture, to: Texture, prepared: P | undefined): void;
}

interface Described<N extends string, F extends Fields> {
  /** As recipes call it: lower-case letters, digits and dashes. */
  readonly name: N;
  /** One line for the docs. */
  readonly doc: string;
  /** Its options: validation, defaults, JSON form and the docs' table come from here. */
  readonly options: F;
  /**
   * Parts of a {@link Frame} that make its result better, and that a host works out only for those who use them: the
   * subject's matte, a canvas for text. Default: none.
   */
  readonly uses?: readonly ('matte' | 'createCanvas')[] | undefined;
}

/** An operator on pixels independent of their neighbours: those next to each other run in one pass. */
export interface PointOperator<F extends Fields = Fields, N extends string = string> extends Described<N, F> {
  readonly kind: 'point';
  /** Its plan reads the image: a part will not do. Default: false. */
  readonly readsImage?: boolean | undefined;
  /** Does all that is done once per photo. Undefined: these options change nothing. */
  plan(options: FieldsValue<F>, frame: Frame, task: TaskOptions): Promise<PointPlan | undefined>;
}

/** Any other operator. */
export interface WholeOperator<F extends Fields = Fields, N extends string = string> extends Described<N, F> {
  readonly kind: 'whole';
  /** On the CPU: the reference. */
  run(frame: Frame, options: FieldsValue<F>, task: TaskOptions): Promise<Partial<Frame>>;
  /** On the GPU. Without it the step runs on the CPU. */
  readonly gpu?: WholeOnGpu<F> | undefined;
}

interface WholeOnGpu<F extends Fields> {
  /** Its passes draw to floats: without them it runs on the CPU. */
  readonly needsFloats?: boolean | undefined;
  /**
   * What it does to this photo; undefined: nothing. It should not read the image's pixels, which may lie on the GPU.
   */
  plan(options: FieldsValue<F>, frame: Frame, task: TaskOptions): Promise<GpuPass | undefined>;
}

export type Operator<F extends Fields = Fields> = PointOperator<F> | WholeOperator<F>;

/** The JSON of an operator's options. */
export type OptionsJson<O> = O extends { readonly options: infer F extends Fields } ? FieldsJson<F> : never;

/**
 * Defines an operator on single pixels: what it does to a pixel's light follows from that light, its disparity and its
 * place. Pixels in which near and far mix are taken apart before it and put together after.
 *
 * ```ts
 * const dim = definePointOperator({
 *   name: 'dim',
 *   doc: 'Less light on what is far.',
 *   options: { amount: number({ default: 0.5, min: 0, max: 1, unit: 'share', doc: 'Light taken from the farthest.' }) },
 *   plan: async ({ amount }) => ({
 *     kernel: ({ count, r, g, b, depth }) => {
 *       for (let i = 0; i < count; i++) {
 *         const k = 1 - amount * (1 - depth[i]!);
 *         r[i]! *= k; g[i]! *= k; b[i]! *= k;
 *       }
 *     },
 *     glsl: (write) => `c *= 1.0 - ${write.value('float', amount)} * (1.0 - d);`,
 *   }),
 * });
 * ```
 */
export function definePointOperator<const N extends string, F extends Fields>(
  definition: Omit<PointOperator<F, N>, 'kind'>,
): PointOperator<F, N> {
  return { kind: 'point', ...definition };
}

/** Defines an operator on whole pictures: one that looks at a pixel's neighbours, or that changes depth or size. */
export function defineOperator<const N extends string, F extends Fields>(
  definition: Omit<WholeOperator<F, N>, 'kind'>,
): WholeOperator<F, N> {
  return { kind: 'whole', ...definition };
}
