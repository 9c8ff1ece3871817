import type { TaskOptions } from '../core/task.js';
import type { FieldsJson, Fields, FieldsValue } from '../core/schema.js';
import type { DepthMap } from '../depth/depth-map.js';
import type { Face } from '../image/face.js';
import type { ImageDataLike } from '../image/image-data.js';
import type { Matte } from '../image/matte.js';
import type { Region } from '../image/region.js';
import type { BackgroundPass } from './background-pass.js';
import type { ResolvedLens } from './bokeh.js';
import type { GradePass } from './grade.js';
import type { HazePass } from './haze.js';
import type { PeakingPass } from './peaking.js';
import type { RelightPass } from './relight.js';
import type { StickersPass } from './sticker-pass.js';
import type { CanvasFactory } from './text.js';
import type { VignettePass } from './vignette.js';
import type { VisualisePass } from './visualise.js';

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

/** Changes pixels that know only themselves. */
export type PointKernel = (strip: Strip) => void;

/** What a point operator does to this photo, for either processor. */
export interface PointPlan {
  readonly kernel: PointKernel;
  /** The same in numbers, for the GPU's passes: point-shaders.ts. */
  readonly pass: PointPass;
}

export type PointPass = GradePass | HazePass | RelightPass | VignettePass;

interface Described<F extends Fields> {
  /** One line for the docs. */
  readonly doc: string;
  /** Its options: validation, defaults, JSON form and the docs' table come from here. */
  readonly options: F;
  /**
   * Parts of a {@link Frame} that make its result better, and that a host works out only for those who use them: the
   * subject's matte, a canvas for text.
   */
  readonly uses?: readonly ('matte' | 'createCanvas')[] | undefined;
}

/** An operator on pixels that know only themselves: next to each other they run in one pass. */
export interface PointOperator<F extends Fields = Fields> extends Described<F> {
  readonly kind: 'point';
  /** Its plan reads the image: a part will not do. */
  readonly readsImage?: boolean | undefined;
  /** Does all that is done once per photo. Undefined: these options change nothing. */
  plan(options: FieldsValue<F>, frame: Frame, task: TaskOptions): Promise<PointPlan | undefined>;
}

/** Any other operator. */
export interface WholeOperator<F extends Fields = Fields> extends Described<F> {
  readonly kind: 'whole';
  run(frame: Frame, options: FieldsValue<F>, task: TaskOptions): Promise<Partial<Frame>>;
  /**
   * What it does to this photo in numbers, for the GPU's passes; undefined: nothing. It should not read the image's
   * pixels, which may lie on the GPU. An operator without it runs on the CPU.
   */
  readonly plan?:
    ((options: FieldsValue<F>, frame: Frame, task: TaskOptions) => Promise<WholePass | undefined>) | undefined;
  /** Its passes draw to floats: without them it runs on the CPU. */
  readonly needsFloats?: boolean | undefined;
}

export type WholePass = BackgroundPass | BokehPass | PeakingPass | StickersPass | VisualisePass;

interface BokehPass {
  readonly op: 'bokeh';
  readonly lens: ResolvedLens;
}

export type Operator<F extends Fields = Fields> = PointOperator<F> | WholeOperator<F>;

/** The JSON of an operator's options. */
export type OptionsJson<O> = O extends Described<infer F> ? FieldsJson<F> : never;

export function pointOperator<F extends Fields>(
  doc: string,
  options: F,
  plan: PointOperator<F>['plan'],
): PointOperator<F> {
  return { kind: 'point', doc, options, plan };
}

export function wholeOperator<F extends Fields>(
  doc: string,
  options: F,
  run: WholeOperator<F>['run'],
  plan?: WholeOperator<F>['plan'],
): WholeOperator<F> {
  return { kind: 'whole', doc, options, run, plan };
}

/** An operator that {@link Described.uses} parts of a frame. */
export function using<F extends Fields>(uses: Described<F>['uses'], operator: WholeOperator<F>): WholeOperator<F> {
  return { ...operator, uses };
}
