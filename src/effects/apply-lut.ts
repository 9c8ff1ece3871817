import { linearToSrgb, srgbToLinear } from '../image/colour.js';
import type { Lut } from './lut.js';

/** Encoded values of light, at even steps of its root, and the reverse: as exact as 8 bits need, without a power. */
const STEPS = 4096;
const ENCODED = /* @__PURE__ */ Float32Array.from({ length: STEPS + 1 }, (_, i) => linearToSrgb((i / STEPS) ** 2));
const LINEAR = /* @__PURE__ */ Float32Array.from({ length: STEPS + 1 }, (_, i) => srgbToLinear(i / STEPS));

function encoded(v: number): number {
  return v >= 1 ? 1 : v > 0 ? ENCODED[(Math.sqrt(v) * STEPS + 0.5) | 0]! : 0;
}

function linear(v: number): number {
  return v >= 1 ? 1 : v > 0 ? LINEAR[(v * STEPS + 0.5) | 0]! : 0;
}

/**
 * Applies a table to planes of linear light, in place. A cube is read by tetrahedra (Sakamoto & Itooka 1981; Kasson et
 * al. 1995), a curve by straight lines. Input beyond the domain is held to its ends.
 *
 * @param strength 0..1: how much of the result replaces the input, on the encoded scale.
 */
export function applyLut(
  lut: Lut,
  strength: number,
  r: Float32Array,
  g: Float32Array,
  b: Float32Array,
  from: number,
  to: number,
): void {
  const { size, data, domainMin, domainMax, dimensions } = lut;
  const top = size - 1;
  const [r0, g0, b0] = domainMin;
  const scale = domainMin.map((low, c) => top / (domainMax[c]! - low));
  const [rs, gs, bs] = scale as [number, number, number];
  const G = size * 3;
  const B = size * size * 3;
  for (let i = from; i < to; i++) {
    const er = encoded(r[i]!);
    const eg = encoded(g[i]!);
    const eb = encoded(b[i]!);
    const x = hold((er - r0) * rs, top);
    const y = hold((eg - g0) * gs, top);
    const z = hold((eb - b0) * bs, top);
    // The last cell holds the end too, so that its far corner is never read beyond the table.
    const xi = Math.min(x | 0, top - 1);
    const yi = Math.min(y | 0, top - 1);
    const zi = Math.min(z | 0, top - 1);
    const fx = x - xi;
    const fy = y - yi;
    const fz = z - zi;
    let cr: number;
    let cg: number;
    let cb: number;
    if (dimensions === 1) {
      cr = data[xi * 3]! * (1 - fx) + data[xi * 3 + 3]! * fx;
      cg = data[yi * 3 + 1]! * (1 - fy) + data[yi * 3 + 4]! * fy;
      cb = data[zi * 3 + 2]! * (1 - fz) + data[zi * 3 + 5]! * fz;
    } else {
      // From the cell's first corner to its last along the axes in the order of their fractions.
      const p = xi * 3 + yi * G + zi * B;
      const last = p + 3 + G + B;
      let q: number;
      let s: number;
      let high: number;
      let middle: number;
      let low: number;
      if (fx >= fy) {
        if (fy >= fz) {
          q = p + 3;
          s = p + 3 + G;
          high = fx;
          middle = fy;
          low = fz;
        } else if (fx >= fz) {
          q = p + 3;
          s = p + 3 + B;
          high = fx;
          middle = fz;
          low = fy;
        } else {
          q = p + B;
          s = p + 3 + B;
          high = fz;
          middle = fx;
          low = fy;
        }
      } else if (fz >= fy) {
        q = p + B;
        s = p + G + B;
        high = fz;
        middle = fy;
        low = fx;
      } else if (fz >= fx) {
        q = p + G;
        s = p + G + B;
        high = fy;
        middle = fz;
        low = fx;
      } else {
        q = p + G;
        s = p + 3 + G;
        high = fy;
        middle = fx;
        low = fz;
      }
      const w0 = 1 - high;
      const w1 = high - middle;
      const w2 = middle - low;
      cr = w0 * data[p]! + w1 * data[q]! + w2 * data[s]! + low * data[last]!;
      cg = w0 * data[p + 1]! + w1 * data[q + 1]! + w2 * data[s + 1]! + low * data[last + 1]!;
      cb = w0 * data[p + 2]! + w1 * data[q + 2]! + w2 * data[s + 2]! + low * data[last + 2]!;
    }
    r[i] = linear(er + strength * (cr - er));
    g[i] = linear(eg + strength * (cg - eg));
    b[i] = linear(eb + strength * (cb - eb));
  }
}

function hold(v: number, top: number): number {
  return v > top ? top : v > 0 ? v : 0;
}
