import { hasMethods, invalid, numbers, readOptions, type NumberParam } from '../core/params.js';

/** Options of whatever draws on the GPU. */
export interface SurfaceOptions {
  canvas?: HTMLCanvasElement | OffscreenCanvas | undefined;
  precision?: 'half' | 'full' | undefined;
  maxPixels?: number | undefined;
}

/** @throws RelievoError `INVALID_PARAM`. */
export function readSurface(
  owner: string,
  options: SurfaceOptions,
  params: { readonly maxPixels: NumberParam },
): SurfaceOptions {
  options = readOptions(owner, options, ['canvas', 'precision', 'maxPixels']);
  const { canvas, precision, maxPixels } = options;
  if (canvas !== undefined && !hasMethods(canvas, ['getContext'])) throw invalid(owner, 'canvas', 'a canvas', canvas);
  if (precision !== undefined && precision !== 'half' && precision !== 'full')
    throw invalid(owner, 'precision', "'half' or 'full'", precision);
  if (maxPixels !== undefined) numbers(owner, params, { maxPixels });
  return options;
}
