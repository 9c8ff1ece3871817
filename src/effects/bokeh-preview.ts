import { lazy } from '../core/lazy.js';
import { readSurface } from './surface-options.js';
import type { BokehPreview } from './gpu-bokeh-preview.js';

export type { BokehPreview };

export interface BokehPreviewOptions {
  /** Where pictures appear; it takes the preview's size. Default: a canvas that is nowhere shown. */
  canvas?: HTMLCanvasElement | OffscreenCanvas | undefined;
  /** A larger photo is previewed at this many pixels, 1..64,000,000. Default: 2,000,000; what the GPU can hold bounds it too. */
  maxPixels?: number | undefined;
  /**
   * Of the intermediate pictures: `'half'` or `'full'` floats. Default: what is faster, half on a GPU and full where
   * shaders run on the CPU.
   */
  precision?: 'half' | 'full' | undefined;
}

/** What a picture took. */
export interface BokehPreviewCost {
  /** Passes. */
  readonly passes: number;
  /** Texture reads per pixel of the preview, about. */
  readonly reads: number;
  /** Bytes of textures per pixel of the preview. */
  readonly bytes: number;
}

/**
 * Depth of field on the GPU, to be looked at while a slider moves: what {@link applyBokeh} computes, as WebGL2 passes.
 * They differ by less than a code of 255 on average. Where there is no WebGL2 it throws `BACKEND_UNAVAILABLE`, and the
 * caller uses `applyBokeh`.
 *
 * ```ts
 * const preview = await createBokehPreview({ canvas });
 * await preview.setPhoto(photo, depth);
 * slider.oninput = () => preview.render({ focus: slider.valueAsNumber });
 * ```
 *
 * A graphics context that the browser takes away is made anew and the picture rendered again.
 *
 * @throws RelievoError `BACKEND_UNAVAILABLE`, `CONTEXT_LOST`.
 */
export async function createBokehPreview(options: BokehPreviewOptions = {}): Promise<BokehPreview> {
  const read = readSurface('bokehPreview', options, PREVIEW_PARAMS);
  const { BokehPreview } = await lazy(() => import('./gpu-bokeh-preview.js'));
  return new BokehPreview(read, read.maxPixels ?? PREVIEW_PARAMS.maxPixels.default);
}

const PREVIEW_PARAMS = {
  maxPixels: { default: 2_000_000, min: 1, max: 64_000_000, unit: 'pixels', doc: 'Largest size of the preview.' },
} as const;
