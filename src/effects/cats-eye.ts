import { columnsInReach, sumRow, type Kernel, type Region } from './aperture.js';

/**
 * The barrel of the lens: off the axis its round end covers a part of the aperture. What is left is the aperture cut
 * by a disc of its own size that is shifted along the radius of the picture: a cat's eye ("mechanical vignetting":
 * Ray, "Applied Photographic Optics", 2002). Behind the focus the side away from the middle is cut, before it the other.
 */
export interface Barrel {
  /** Shift at the corner of the picture, in radii of the aperture. */
  readonly shift: number;
  /** Middle of the picture in pixels, and half its diagonal. */
  readonly x: number;
  readonly y: number;
  readonly halfDiagonal: number;
  /** Height over width of the aperture. */
  readonly squeeze: number;
}

/**
 * The barrel of a photo of which rows from `top` on are looked at; undefined where it cuts nothing.
 *
 * @param photo its size, and where in it the picture begins that is looked at.
 */
export function barrelOf(
  { catsEye, squeeze }: { readonly catsEye: number; readonly squeeze: number },
  { x, y, width, height }: Region,
  top = 0,
): Barrel | undefined {
  if (catsEye === 0) return undefined;
  const halfDiagonal = Math.hypot(width, height) / 2;
  return { shift: catsEye, x: width / 2 - x, y: height / 2 - y - top, halfDiagonal, squeeze };
}

/** Lines of a row over which the barrel's extent is averaged. */
export const SUBROWS = 4;

/**
 * As `spread` in aperture.ts, of a kernel that the barrel cuts. The shift is linear in the place, so that along a row
 * only the barrel's centre moves.
 *
 * @param size side of a cell in pixels.
 */
export function spreadThroughBarrel(
  source: Float32Array,
  from: Region,
  target: Float32Array,
  to: Region,
  channels: number,
  kernel: Kernel,
  sums: Float64Array,
  barrel: Barrel,
  size: number,
): void {
  const shiftX = to.x - from.x;
  const shiftY = to.y - from.y;
  const { needed, read } = columnsInReach(source, from, to, kernel.reach);
  const stride = from.width + 3;
  const plane = to.width * to.height;
  const cut = new Cut(kernel, barrel, to, size);
  const scale = cut.scales(needed);
  for (let y = 0; y < from.height; y++) {
    if (read[2 * y]! >= read[2 * y + 1]!) continue;
    sumRow(source, y, from, channels, sums);
    for (const { left, right, weight, rows } of kernel.runs) {
      for (const dy of rows) {
        const outY = y + dy - shiftY;
        if (outY < 0 || outY >= to.height) continue;
        const half = cut.half(outY, dy);
        if (half <= 0) continue;
        const end = needed[2 * outY + 1]!;
        for (let x = needed[2 * outY]!, q = outY * to.width + x; x < end; x++, q++) {
          const centre = cut.centre(x);
          const a = Math.max(left, centre - half);
          const b = Math.min(right, centre + half);
          if (a >= b) continue;
          // Collects from column + 0.5 - b to column + 0.5 - a.
          const column = x + shiftX + 0.5;
          const i0 = Math.floor(column - b);
          const i1 = Math.floor(column - a);
          const f0 = column - b - i0;
          const f1 = column - a - i1;
          const w = weight * scale[q]!;
          for (let c = 0, o = q, p0 = i0, p1 = i1; c < channels; c++, o += plane, p0 += stride, p1 += stride) {
            const s0 = sums[p0]! + f0 * (sums[p0 + 1]! - sums[p0]!);
            const s1 = sums[p1]! + f1 * (sums[p1 + 1]! - sums[p1]!);
            target[o] = target[o]! + (s1 - s0) * w;
          }
        }
      }
    }
  }
}

/** The barrel's disc as an output sees it: its radii, and how far its centre moves per cell from the axis; in cells. */
export function barrelDisc(
  { radius }: Kernel,
  { shift, halfDiagonal, squeeze }: Barrel,
  size: number,
): { radius: [x: number, y: number]; step: [x: number, y: number] } {
  const radiusX = Math.abs(radius) / Math.sqrt(squeeze);
  const radiusY = Math.abs(radius) * Math.sqrt(squeeze);
  // The kernel's sign turns the shift round behind the focus.
  const perPixel = (Math.sign(radius) * shift) / halfDiagonal;
  const stepX = perPixel * radiusX * size;
  const stepY = perPixel * radiusY * size;
  // The shift s = step · p belongs to the place p that light comes from; it arrives at q = p + u. With p = q - u,
  // |u - s| < r becomes |u - step · q / (1 + step)| < r / (1 + step).
  return {
    radius: [radiusX / (1 + stepX), radiusY / (1 + stepY)],
    step: [stepX / (1 + stepX), stepY / (1 + stepY)],
  };
}

/** The barrel's disc seen from the cells of a window. */
class Cut {
  readonly #kernel: Kernel;
  readonly #to: Region;
  readonly #radiusX: number;
  readonly #radiusY: number;
  readonly #x: number;
  readonly #y: number;
  readonly #stepX: number;
  readonly #stepY: number;

  constructor(kernel: Kernel, barrel: Barrel, to: Region, size: number) {
    this.#kernel = kernel;
    this.#to = to;
    const { radius, step } = barrelDisc(kernel, barrel, size);
    [this.#radiusX, this.#radiusY] = radius;
    [this.#stepX, this.#stepY] = step;
    this.#x = step[0] * (to.x + 0.5 - barrel.x / size);
    this.#y = step[1] * (to.y + 0.5 - barrel.y / size);
  }

  /** Column of the disc's centre from a cell, in cells. */
  centre(x: number): number {
    return this.#x + x * this.#stepX;
  }

  /** Half the disc's width at `dy` rows from a cell of row y. */
  half(y: number, dy: number): number {
    const row = dy - 0.5 - (this.#y + y * this.#stepY);
    let sum = 0;
    for (let k = 0; k < SUBROWS; k++) {
      const v = (row + (k + 0.5) / SUBROWS) / this.#radiusY;
      if (v * v < 1) sum += Math.sqrt(1 - v * v);
    }
    return (sum / SUBROWS) * this.#radiusX;
  }

  /** 1 over the sum of the weights of what is left of the kernel, by cell. */
  scales(needed: Int32Array): Float32Array {
    const { width, height } = this.#to;
    const areas = new Float32Array(width * height);
    for (let y = 0; y < height; y++) {
      for (const { left, right, weight, rows } of this.#kernel.runs) {
        for (const dy of rows) {
          const half = this.half(y, dy);
          if (half <= 0) continue;
          for (let x = needed[2 * y]!, q = y * width + x; x < needed[2 * y + 1]!; x++, q++) {
            const centre = this.centre(x);
            const length = Math.min(right, centre + half) - Math.max(left, centre - half);
            if (length > 0) areas[q] = areas[q]! + weight * length;
          }
        }
      }
    }
    return areas.map((area) => (area > 1e-6 ? 1 / area : 0));
  }
}
