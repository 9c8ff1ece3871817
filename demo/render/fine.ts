import type { DepthMap, ImageDataLike } from 'relievo';

/** Radii of blur, in pixels of the draft, up to which all of the fine structure is there, and from which none is. */
const SHARP = 0.4;
const BLURRED = 1.4;
const LEVELS = 256;
/**
 * Where something nearer lies within so many pixels, it has to be in focus, too: its blur would lie over the place. So no
 * ramp between two sides that are blurred passes for a place in focus either.
 */
const REACH = 6;

/**
 * The fine structure that a small draft lacks of the picture that it was made from: what is in focus gets it back, what is
 * blurred would not show it.
 */
export class Fine {
  readonly #size: { readonly width: number; readonly height: number };
  readonly #lack: Int16Array;
  readonly #levels: Uint8Array;
  readonly #nearest: Uint8Array;

  /**
   * @param large the picture without any blur, and its depth.
   * @param small the same at a draft's size.
   */
  constructor(large: ImageDataLike, depth: DepthMap, small: ImageDataLike) {
    this.#size = { width: large.width, height: large.height };
    const enlarged = new Uint8ClampedArray(large.data.length);
    enlarge(small, large.width, large.height, enlarged);
    this.#lack = new Int16Array(enlarged.length);
    for (let i = 0; i < enlarged.length; i++) this.#lack[i] = large.data[i]! - enlarged[i]!;
    this.#levels = new Uint8Array(depth.data.length);
    for (let i = 0; i < depth.data.length; i++) this.#levels[i] = depth.data[i]! * (LEVELS - 1) + 0.5;
    this.#nearest = nearest(this.#levels, large.width);
  }

  /**
   * @param draft of the size of `small`, with blur.
   * @param aperture as that of the lens.
   * @param range disparities that are sharp.
   */
  addTo(draft: ImageDataLike, aperture: number, range: { readonly near: number; readonly far: number }): ImageData {
    const { width, height } = this.#size;
    const share = Float32Array.from({ length: LEVELS }, (_, i) => {
      const d = i / (LEVELS - 1);
      const off = Math.max(0, d - range.near, range.far - d);
      const radius = off * aperture * Math.max(draft.width, draft.height);
      const t = Math.min(1, Math.max(0, (radius - SHARP) / (BLURRED - SHARP)));
      return 1 - t * t * (3 - 2 * t);
    });
    const data = new Uint8ClampedArray(4 * width * height);
    // Not every browser takes a colour space without an array.
    const out = new ImageData(data, width, height, { colorSpace: draft.colorSpace ?? 'srgb' });
    const [levels, near, lack] = [this.#levels, this.#nearest, this.#lack];
    enlarge(draft, width, height, data);
    for (let p = 0, i = 0; p < levels.length; p++, i += 4) {
      const s = Math.min(share[levels[p]!]!, share[near[p]!]!);
      if (s === 0) continue;
      data[i]! += s * lack[i]!;
      data[i + 1]! += s * lack[i + 1]!;
      data[i + 2]! += s * lack[i + 2]!;
      data[i + 3]! += s * lack[i + 3]!;
    }
    return out;
  }
}

/**
 * Bilinear, into all of `out`, in steps of 1/256: a drag waits for it. Two channels at a time: of a pixel's bytes every other
 * one, so that each has room for what it is multiplied by.
 */
function enlarge(image: ImageDataLike, width: number, height: number, out: Uint8ClampedArray): void {
  const { width: w, height: h } = image;
  const words = (of: ImageDataLike['data']) => new Uint32Array(of.buffer, of.byteOffset, of.length >> 2);
  const [from, to] = [words(image.data), words(out)];
  const left = new Int32Array(width);
  const towards = new Int32Array(width);
  for (let x = 0; x < width; x++) {
    const c = Math.min(w - 1, Math.max(0, ((x + 0.5) * w) / width - 0.5));
    left[x] = Math.floor(c);
    towards[x] = Math.round(256 * (c % 1));
  }
  const even = new Int32Array(w + 1);
  const odd = new Int32Array(w + 1);
  for (let y = 0, i = 0; y < height; y++) {
    const c = Math.min(h - 1, Math.max(0, ((y + 0.5) * h) / height - 0.5));
    const top = w * Math.floor(c);
    const below = Math.min(w * (h - 1), top + w);
    const t = Math.round(256 * (c % 1));
    for (let x = 0; x < w; x++) {
      const [p, q] = [from[top + x]!, from[below + x]!];
      even[x] = mix(p & PAIR, q & PAIR, t);
      odd[x] = mix((p >>> 8) & PAIR, (q >>> 8) & PAIR, t);
    }
    even[w] = even[w - 1]!;
    odd[w] = odd[w - 1]!;
    for (let x = 0; x < width; x++, i++) {
      const k = left[x]!;
      const u = towards[x]!;
      to[i] = mix(even[k]!, even[k + 1]!, u) | (mix(odd[k]!, odd[k + 1]!, u) << 8);
    }
  }
}

const PAIR = 0xff00ff;

/** Of two bytes each; `t` of 256. */
const mix = (a: number, b: number, t: number) => ((Math.imul(a, 256 - t) + Math.imul(b, t) + 0x800080) >>> 8) & PAIR;

/** The greatest level in a window. */
function nearest(levels: Uint8Array, width: number): Uint8Array {
  const height = levels.length / width;
  const pass = (from: Uint8Array, lines: number, line: number, n: number, step: number) => {
    const out = new Uint8Array(from.length);
    for (let y = 0; y < lines; y++)
      for (let x = 0, i = y * line; x < n; x++, i += step) {
        let best = from[i]!;
        const end = i + step * Math.min(REACH, n - 1 - x);
        for (let k = i - step * Math.min(REACH, x); k <= end; k += step) if (from[k]! > best) best = from[k]!;
        out[i] = best;
      }
    return out;
  };
  return pass(pass(levels, height, width, width, 1), width, 1, height, width);
}
