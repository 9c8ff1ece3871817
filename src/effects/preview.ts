import type { Closable } from '../core/closable.js';
import { lazy } from '../core/lazy.js';
import { readSurface } from './surface-options.js';
import type { TaskOptions } from '../core/task.js';
import type { DepthMap } from '../depth/depth-map.js';
import type { Face } from '../image/face.js';
import type { ImageDataLike, OutputImage } from '../image/image-data.js';
import type { Matte } from '../image/matte.js';
import type { PipelineOptions, Recipe, Step } from './pipeline.js';

export interface PreviewOptions {
  /** Where pictures appear; it takes the preview's size. Default: a canvas that is nowhere shown. */
  canvas?: HTMLCanvasElement | OffscreenCanvas | undefined;
  /**
   * A larger photo is previewed at this many pixels, 1..64,000,000. Default: 2,000,000; 500,000 where shaders run on the CPU. What the
   * GPU can hold bounds it too.
   */
  maxPixels?: number | undefined;
  /** Of pictures between steps: `'half'` or `'full'` floats. Default: half on a GPU, full where shaders run on the CPU. */
  precision?: 'half' | 'full' | undefined;
}

/** What goes with a photo. */
export interface PreviewPhoto extends TaskOptions {
  /** The subject's matte, for steps that use one. Default: they go by the depth. */
  matte?: Matte | undefined;
  /** Faces in the photo, for steps that focus on them: what `detectFaces` returns. Default: none. */
  faces?: readonly Face[] | undefined;
}

/** What the names in a recipe stand for; see {@link PipelineOptions}. */
export type RenderOptions = Pick<PipelineOptions, 'resources' | 'decoder' | 'createCanvas' | 'signal'>;

/** What the last picture took. */
export interface PreviewCost {
  /** Steps that were worked out; the others were there from the picture before. */
  readonly steps: number;
  /** Those of them that ran on the CPU. */
  readonly onCpu: number;
  /** Draws on the GPU. */
  readonly passes: number;
  /** Pictures that came back from the GPU: for a step on the CPU, or for light to be recovered before a late bokeh. */
  readonly readBacks: number;
}

/** A photo and its depth on the GPU, with a recipe applied to them on a canvas. */
export interface Preview extends Closable {
  /** Where the pictures are. One of the preview's own is another one after its context was lost. */
  readonly canvas: HTMLCanvasElement | OffscreenCanvas;
  /** True when shaders run on the CPU, as far as the browser tells. */
  readonly software: boolean;
  readonly cost: PreviewCost;
  /**
   * Takes another photo. Image and depth are kept, not copied: leave them as they are.
   *
   * @param depth of another size it is lifted along the image's edges, or read at the pixels' centres.
   * @throws RelievoError `UNSUPPORTED_IMAGE`, `IMAGE_TOO_LARGE`, `INVALID_DEPTH`, `INVALID_PARAM` (the matte), `CONTEXT_LOST`,
   *   `DISPOSED`.
   */
  setPhoto(image: ImageDataLike, depth: DepthMap, options?: PreviewPhoto): Promise<void>;
  /**
   * Draws the photo with the recipe on {@link canvas}; done when the picture is there. Points in it are pixels of the
   * photo that was given, unless it has a size of its own. What did not change since the last picture is not done again.
   *
   * @returns false where a later call came before its turn: that one's picture is on the canvas.
   * @throws RelievoError as `pipeline().run`; `CONTEXT_LOST`, `DISPOSED`.
   */
  render(recipe: readonly Step[] | Recipe | string, options?: RenderOptions): Promise<boolean>;
  /** As {@link render}, but returns the picture as pixels of the preview's size. */
  toImage(recipe: readonly Step[] | Recipe | string, options?: RenderOptions): Promise<OutputImage>;
}

export const PREVIEW_PARAMS = {
  maxPixels: { default: 2_000_000, min: 1, max: 64_000_000, unit: 'pixels', doc: 'Largest size of the preview.' },
} as const;

/**
 * Any recipe on the GPU, to be looked at while a slider moves: photo, depth and the pictures between steps stay there,
 * and only what changed is drawn again. Steps without passes run on the CPU, once as long as nothing before them changes.
 *
 * ```ts
 * const preview = await createPreview({ canvas });
 * await preview.setPhoto(photo, depth);
 * slider.oninput = () =>
 *   preview.render([{ op: 'bokeh', focus: 'subject' }, { op: 'grade', background: { exposure: slider.valueAsNumber } }]);
 * ```
 *
 * A graphics context that the browser takes away is made anew and the picture drawn again.
 *
 * @throws RelievoError `BACKEND_UNAVAILABLE` where there is no WebGL2; `INVALID_PARAM`, `CONTEXT_LOST`.
 */
export async function createPreview(options: PreviewOptions = {}): Promise<Preview> {
  const read = readSurface('preview', options, PREVIEW_PARAMS);
  const { GpuPreview } = await lazy(() => import('./gpu-preview.js'));
  return new GpuPreview(read);
}
