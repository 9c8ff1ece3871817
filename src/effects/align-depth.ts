import { forRows, part, type TaskOptions } from '../core/task.js';
import type { Matte } from '../image/matte.js';

/** Half the width of the band along the matte's contour whose depth is not trusted, as a share of the long side. */
const BAND = 1 / 50;
const SOLID = 0.5;

/**
 * Moves the depth's steps to the contour of a matte: along it a pixel of the subject takes the disparity of the nearest
 * pixel well inside the subject, one of the background that of the nearest well outside. Depth maps miss silhouettes by
 * a few pixels, mattes are made for them. Parts thinner than the band keep the depth that they have.
 *
 * @param depth of the size of the matte.
 */
export async function alignToMatte(
  depth: Float32Array,
  matte: Matte,
  options: TaskOptions = {},
): Promise<Float32Array> {
  const { width, height, data } = matte;
  const reach = Math.max(2, Math.round(Math.max(width, height) * BAND));
  const side = new Uint8Array(width * height);
  await forRows(height, 32, options.signal ? { signal: options.signal } : {}, (y0, y1) => {
    for (let i = y0 * width; i < y1 * width; i++) side[i] = data[i]! >= SOLID ? 1 : 0;
  });
  const out = depth.slice();
  for (const [k, own] of [0, 1].entries()) {
    const nearest = await fromInside(side, own, width, height, reach, part(options, k / 2, k / 2 + 0.5));
    for (const [i, q] of nearest) out[i] = depth[q]!;
  }
  return out;
}

/**
 * For the pixels of one side within `reach` of the other: about the nearest pixel of their side beyond that. First the
 * band burns inwards from the contour, then the answer comes back from where the fire ended.
 */
async function fromInside(
  side: Uint8Array,
  own: number,
  width: number,
  height: number,
  reach: number,
  options: TaskOptions,
): Promise<Map<number, number>> {
  const steps = [1, -1, width, -width];
  const inside = (i: number, step: number) => {
    const q = i + step;
    if (q < 0 || q >= side.length) return false;
    return (step !== 1 && step !== -1) || Math.floor(q / width) === Math.floor(i / width);
  };
  const rings: number[][] = [[]];
  const burnt = new Uint8Array(side.length);
  await forRows(height, 16, options, (y0, y1) => {
    for (let i = y0 * width; i < y1 * width; i++) {
      if (side[i] !== own) continue;
      for (const step of steps) {
        if (!inside(i, step) || side[i + step] === own) continue;
        burnt[i] = 1;
        rings[0]!.push(i);
        break;
      }
    }
  });
  for (let r = 1; r < reach; r++) {
    const next: number[] = [];
    for (const i of rings[r - 1]!) {
      for (const step of steps) {
        const q = i + step;
        if (!inside(i, step) || side[q] !== own || burnt[q]) continue;
        burnt[q] = 1;
        next.push(q);
      }
    }
    rings.push(next);
  }
  const nearest = new Map<number, number>();
  for (let r = rings.length - 1; r >= 0; r--) {
    // Twice, so that a ring's pixels that touch only one another still hear of it.
    for (let pass = 0; pass < 2; pass++) {
      for (const i of rings[r]!) {
        if (nearest.has(i)) continue;
        for (const step of steps) {
          const q = i + step;
          if (!inside(i, step) || side[q] !== own) continue;
          const from = burnt[q] ? nearest.get(q) : q;
          if (from === undefined) continue;
          nearest.set(i, from);
          break;
        }
      }
    }
  }
  return nearest;
}
