import type { Closable } from '../core/closable.js';
import { lazy } from '../core/lazy.js';
import { readSurface } from './surface-options.js';
import type { TaskOptions } from '../core/task.js';
import type { Frame } from './operator.js';
import type { ReadStep, StepsResult } from './steps.js';

export interface GpuOptions {
  /** A canvas to take the graphics context of. Default: one that is nowhere shown. */
  canvas?: HTMLCanvasElement | OffscreenCanvas | undefined;
  /** Of pictures between steps: `'half'` or `'full'` floats. Default: half on a GPU, full where shaders run on the CPU. */
  precision?: 'half' | 'full' | undefined;
  /** A larger photo is cut in parts of that many pixels, 65,536..64,000,000. Default: 16,000,000; 8,000,000 where shaders run on the CPU. */
  maxPixels?: number | undefined;
}

/** How often the photo went over to the GPU and back, whole or in the parts that it was cut into. */
export interface GpuTransfers {
  readonly uploads: number;
  readonly readBacks: number;
}

/** A graphics context that runs recipes: {@link PipelineOptions.gpu}. */
export interface Gpu extends Closable {
  /** True when shaders run on the CPU, as far as the browser tells. */
  readonly software: boolean;
  /** How fine pictures are between steps: floats of 16 or 32 bits, or bytes where the GPU draws no floats. */
  readonly stored: 'half' | 'full' | 'bytes';
  /** Transfers since it was made. */
  readonly transfers: GpuTransfers;
  /** @hidden */
  run(steps: readonly ReadStep[], frame: Frame, task: TaskOptions): Promise<StepsResult>;
}

export const GPU_PARAMS = {
  maxPixels: { default: 16_000_000, min: 65_536, max: 64_000_000, unit: 'pixels', doc: 'Largest part of a photo.' },
} as const;

/**
 * A graphics context for recipes. Pictures stay there between steps: one goes over, one comes back. Steps that have no
 * passes run on the CPU in between. What comes out differs from the CPU's by less than a code of 255 on average
 * (docs/gpu.md).
 *
 * ```ts
 * const gpu = await createGpu().catch(() => undefined); // none here: everything runs on the CPU
 * const { image } = await pipeline(recipe).run(photo, depth, { gpu });
 * ```
 *
 * A context that the browser takes away is made anew and the recipe run again, once.
 *
 * @throws RelievoError `BACKEND_UNAVAILABLE` where there is no WebGL2; `INVALID_PARAM`.
 */
export async function createGpu(options: GpuOptions = {}): Promise<Gpu> {
  const read = readSurface('gpu', options, GPU_PARAMS);
  const { GpuSteps } = await lazy(() => import('./gpu-steps.js'));
  return new GpuSteps(read);
}
