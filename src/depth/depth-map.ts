import { RelievoError } from '../core/errors.js';
import { invalid } from '../core/params.js';
import { readRaster } from '../image/image-data.js';

/**
 * Relative disparity (inverse depth) of a photo: row-major, `data[y * width + x]` in 0..1, 1 = nearest,
 * 0 = farthest or sky. Inverse depth, because a thin lens's circle of confusion is linear in it.
 */
export interface DepthMap {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
  /** How sure the network is. Maps from elsewhere, and those made of this one, go without. */
  readonly confidence?: Confidence | undefined;
}

/**
 * How sure the network is of a map, row-major on a grid of its own that covers the photo: the chance, 0..1, that the
 * disparity is off by less than half the map's mean absolute deviation.
 */
export interface Confidence {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

const ONE_BITS = 0x3f800000;

/** Wraps disparities as a {@link DepthMap}. @throws RelievoError `INVALID_DEPTH`. */
export function createDepthMap(width: number, height: number, data: Float32Array): DepthMap {
  return checkDepth('depth', { width, height, data });
}

/**
 * Checks shape and values. A map from elsewhere may hold anything; one NaN would spread over a whole blur disc.
 *
 * @returns its sides and data as they were read.
 * @throws RelievoError `INVALID_DEPTH` naming the first bad value and its pixel.
 */
export function checkDepth(owner: string, depth: DepthMap): DepthMap {
  const { width, height, data } = depthShape(owner, depth);
  // As whole numbers the bits of 0..1 are in the order of the values; one comparison leaves out NaN and all else.
  const bits = new Int32Array(data.buffer, data.byteOffset, data.length);
  for (let i = 0; i < bits.length; i++) {
    if (bits[i]! >>> 0 <= ONE_BITS) continue;
    const v = data[i]!;
    if (!(v >= 0 && v <= 1)) {
      throw new RelievoError(
        'INVALID_DEPTH',
        `${owner}: disparity must be within 0..1, found ${v} at (${i % width}, ${Math.floor(i / width)}). ` +
          `Normalise the map first: 1 = nearest, 0 = farthest.`,
      );
    }
  }
  return { width, height, data };
}

/** As {@link checkDepth}, without a look at the values. */
function depthShape(owner: string, depth: DepthMap): DepthMap {
  const read = readRaster(depth, ['Float32Array'], 1);
  if (typeof read !== 'string') return read as DepthMap;
  throw new RelievoError(
    'INVALID_DEPTH',
    `${owner}: expected a DepthMap ({ width, height, data: Float32Array }), ${read}.`,
  );
}

/**
 * Nearest sample at a point of the map, in pixels (centres at .5), clamped to the map.
 *
 * @throws RelievoError `INVALID_DEPTH`, `INVALID_PARAM`.
 */
export function disparityAt(depth: DepthMap, x: number, y: number): number {
  const { width, height, data } = depthShape('disparityAt', depth);
  for (const v of [x, y]) if (!Number.isFinite(v)) throw invalid('disparityAt', 'x, y', 'numbers in pixels', v);
  const xi = Math.min(width - 1, Math.max(0, Math.floor(x)));
  const yi = Math.min(height - 1, Math.max(0, Math.floor(y)));
  return data[yi * width + xi]!;
}
