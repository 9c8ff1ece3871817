import { RelievoError } from '../core/errors.js';

/**
 * Relative disparity (inverse depth) of a photo: row-major, `data[y * width + x]` in 0..1, 1 = nearest,
 * 0 = farthest or sky. Inverse depth, because a thin lens's circle of confusion is linear in it.
 */
export interface DepthMap {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

const ONE_BITS = 0x3f800000;

/** Wraps disparities as a {@link DepthMap}. @throws RelievoError `INVALID_DEPTH`. */
export function createDepthMap(width: number, height: number, data: Float32Array): DepthMap {
  const map = { width, height, data };
  checkDepth('depth', map);
  return map;
}

/**
 * Checks shape and values. A map from elsewhere may hold anything; one NaN would spread over a whole blur disc.
 *
 * @throws RelievoError `INVALID_DEPTH` naming the first bad value and its pixel.
 */
export function checkDepth(owner: string, depth: DepthMap): void {
  const d = depth as Partial<DepthMap> | null | undefined;
  if (!d || !(d.data instanceof Float32Array) || d.data.length !== d.width! * d.height! || d.data.length === 0) {
    throw new RelievoError('INVALID_DEPTH', `${owner}: expected a DepthMap ({ width, height, data: Float32Array }).`);
  }
  const { data, width } = d as DepthMap;
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
}

/** Nearest sample at a point of the map, in pixels (centres at .5), clamped to the map. */
export function disparityAt(depth: DepthMap, x: number, y: number): number {
  const xi = Math.min(depth.width - 1, Math.max(0, Math.floor(x)));
  const yi = Math.min(depth.height - 1, Math.max(0, Math.floor(y)));
  return depth.data[yi * depth.width + xi]!;
}
