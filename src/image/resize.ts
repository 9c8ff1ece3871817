import { forRows, type TaskOptions } from '../core/task.js';
import { encodeSrgb8, linearToSrgb, SRGB_TO_LINEAR, srgbToLinear, transform } from './colour.js';
import { betweenSpaces } from './colour-space.js';
import { createImage, isOpaque, type ImageDataLike, type OutputImage } from './image-data.js';

/**
 * Area-averaged RGB of an image at another size, `(rgb / 255 - mean) / std`, interleaved Float32 [height, width, 3].
 * Every source pixel counts with the area it covers (what OpenCV calls INTER_AREA); enlarging is bilinear. Transparent
 * pixels are laid over mid-grey first: what they hide is undefined. Other spaces than sRGB are converted, after the
 * averaging: networks have seen sRGB.
 */
export function resizeToTensor(
  image: ImageDataLike,
  width: number,
  height: number,
  mean: readonly number[] = [0, 0, 0],
  std: readonly number[] = [1, 1, 1],
): Float32Array<ArrayBuffer> {
  const out = new Float32Array(width * height * 3);
  const xs = spans(image.width, width);
  const ys = spans(image.height, height);
  const opaque = isOpaque(image.data);
  // Rows first: a source row is read once and summed in registers, and reused where two target rows share it.
  const line = new Float32Array(width * 3);
  let held = -1;
  for (let y = 0; y < height; y++) {
    const row = out.subarray(y * width * 3, (y + 1) * width * 3);
    for (let k = ys.start[y]!; k < ys.start[y + 1]!; k++) {
      if (held !== ys.index[k]!) {
        held = ys.index[k]!;
        if (opaque) averageOpaqueRow(image, held, xs, line);
        else averageRow(image, held, xs, line);
      }
      const w = ys.weight[k]!;
      for (let i = 0; i < line.length; i++) row[i] = row[i]! + w * line[i]!;
    }
  }
  const toSrgb = betweenSpaces(image.colorSpace ?? 'srgb', 'srgb');
  if (toSrgb) {
    for (let i = 0; i < out.length; i += 3) {
      const light = transform(toSrgb, [lightOf(out[i]!), lightOf(out[i + 1]!), lightOf(out[i + 2]!)]);
      for (let c = 0; c < 3; c++) out[i + c] = 255 * linearToSrgb(Math.min(1, Math.max(0, light[c]!)));
    }
  }
  for (let c = 0; c < 3; c++) {
    const scale = 1 / (255 * std[c]!);
    const shift = mean[c]! / std[c]!;
    for (let i = c; i < out.length; i += 3) out[i] = out[i]! * scale - shift;
  }
  return out;
}

/** Left and right of an interleaved image change places, in place. */
export function mirrorRows(data: Float32Array, width: number, channels: number): void {
  for (let row = 0; row < data.length; row += width * channels) {
    for (let a = row, b = row + (width - 1) * channels; a < b; a += channels, b -= channels) {
      for (let c = 0; c < channels; c++) {
        const left = data[a + c]!;
        data[a + c] = data[b + c]!;
        data[b + c] = left;
      }
    }
  }
}

const lightOf = (code: number) => srgbToLinear(code / 255);

/** As {@link averageRow}, to the bit, of pixels that hide nothing: all that a large photo's time goes into. */
function averageOpaqueRow({ data, width }: ImageDataLike, y: number, xs: Spans, line: Float32Array): void {
  const { start, index, weight } = xs;
  const row = y * width;
  let k = 0;
  for (let x = 0, o = 0; o < line.length; x++, o += 3) {
    let r = 0;
    let g = 0;
    let b = 0;
    for (const end = start[x + 1]!; k < end; k++) {
      const p = (row + index[k]!) << 2;
      const w = weight[k]!;
      r += w * data[p]!;
      g += w * data[p + 1]!;
      b += w * data[p + 2]!;
    }
    line[o] = r;
    line[o + 1] = g;
    line[o + 2] = b;
  }
}

function averageRow(image: ImageDataLike, y: number, xs: Spans, line: Float32Array): void {
  const { data, width } = image;
  const { start, index, weight } = xs;
  for (let x = 0, o = 0; o < line.length; x++, o += 3) {
    let r = 0;
    let g = 0;
    let b = 0;
    for (let k = start[x]!; k < start[x + 1]!; k++) {
      const p = (y * width + index[k]!) * 4;
      const a = data[p + 3]! / 255;
      const grey = 127.5 * weight[k]! * (1 - a);
      r += grey;
      g += grey;
      b += grey;
      const w = weight[k]! * a;
      r += w * data[p]!;
      g += w * data[p + 1]!;
      b += w * data[p + 2]!;
    }
    line[o] = r;
    line[o + 1] = g;
    line[o + 2] = b;
  }
}

/** RGB 0..1, interleaved, as opaque 8-bit pixels. */
export function toPixels(rgb: Float32Array, width: number, height: number): ImageDataLike {
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let i = 0, p = 0; i < rgb.length; i += 3, p += 4) for (let c = 0; c < 3; c++) data[p + c] = 255 * rgb[i + c]!;
  return { width, height, data };
}

/** A plane (row-major) at another size: area-averaged when shrinking, bilinear when enlarging. */
export function resizePlane(
  plane: Float32Array,
  from: { readonly width: number; readonly height: number },
  width: number,
  height: number,
): Float32Array<ArrayBuffer> {
  const xs = spans(from.width, width);
  const ys = spans(from.height, height);
  const out = new Float32Array(width * height);
  const row = new Float32Array(from.width);
  for (let y = 0; y < height; y++) {
    row.fill(0);
    for (let k = ys.start[y]!; k < ys.start[y + 1]!; k++) {
      const wy = ys.weight[k]!;
      const p = ys.index[k]! * from.width;
      for (let i = 0; i < row.length; i++) row[i] = row[i]! + wy * plane[p + i]!;
    }
    for (let x = 0; x < width; x++) {
      let v = 0;
      for (let k = xs.start[x]!; k < xs.start[x + 1]!; k++) v += xs.weight[k]! * row[xs.index[k]!]!;
      out[y * width + x] = v;
    }
  }
  return out;
}

/**
 * An image at another size, in linear light with premultiplied alpha: area-averaged when shrinking, bilinear when
 * enlarging. `cover` keeps the proportions and cuts what stands over, evenly; `stretch` does not.
 */
export async function resizeImage(
  image: ImageDataLike,
  width: number,
  height: number,
  options: TaskOptions & { fit?: 'cover' | 'stretch' } = {},
): Promise<OutputImage> {
  const out = createImage(width, height, image.colorSpace);
  const scale = Math.max(width / image.width, height / image.height);
  const cut = (from: number, to: number) => (options.fit === 'cover' ? (from - to / scale) / 2 : 0);
  const xs = spans(image.width, width, cut(image.width, width));
  const ys = spans(image.height, height, cut(image.height, height));
  const line = new Float32Array(width * 4);
  const sum = new Float32Array(width * 4);
  let held = -1;
  await forRows(height, 1, options, (y) => {
    sum.fill(0);
    for (let k = ys.start[y]!; k < ys.start[y + 1]!; k++) {
      if (held !== ys.index[k]!) {
        held = ys.index[k]!;
        averageLight(image, held, xs, line);
      }
      const w = ys.weight[k]!;
      for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + w * line[i]!;
    }
    for (let i = 0, p = y * width * 4; i < sum.length; i += 4, p += 4) {
      const a = sum[i + 3]!;
      for (let c = 0; c < 3; c++) out.data[p + c] = a > 0 ? encodeSrgb8(sum[i + c]! / a) : 0;
      out.data[p + 3] = Math.round(a * 255);
    }
  });
  return out;
}

function averageLight(image: ImageDataLike, y: number, { start, index, weight }: Spans, line: Float32Array): void {
  const { data, width } = image;
  line.fill(0);
  for (let x = 0, o = 0; o < line.length; x++, o += 4) {
    for (let k = start[x]!; k < start[x + 1]!; k++) {
      const p = (y * width + index[k]!) * 4;
      const a = (weight[k]! * data[p + 3]!) / 255;
      for (let c = 0; c < 3; c++) line[o + c] = line[o + c]! + a * SRGB_TO_LINEAR[data[p + c]!]!;
      line[o + 3] = line[o + 3]! + a;
    }
  }
}

/** For each target sample, the source samples it averages: entries start[i] .. start[i + 1], weights summing to 1. */
interface Spans {
  readonly start: Int32Array;
  readonly index: Int32Array;
  readonly weight: Float32Array;
}

/** @param cut source samples left out at each end. */
function spans(from: number, to: number, cut = 0): Spans {
  const start = new Int32Array(to + 1);
  const index: number[] = [];
  const weight: number[] = [];
  const ratio = (from - 2 * cut) / to;
  for (let i = 0; i < to; i++) {
    start[i] = index.length;
    if (ratio > 1) {
      const a = cut + i * ratio;
      const b = Math.min(from, a + ratio);
      for (let k = Math.floor(a); k < b; k++) {
        const w = (Math.min(b, k + 1) - Math.max(a, k)) / ratio;
        if (w > 1e-6) {
          index.push(k);
          weight.push(w);
        }
      }
    } else {
      const c = Math.min(from - 1, Math.max(0, cut + (i + 0.5) * ratio - 0.5));
      const k = Math.floor(c);
      index.push(k);
      weight.push(1 - (c - k));
      if (c > k) {
        index.push(k + 1);
        weight.push(c - k);
      }
    }
  }
  start[to] = index.length;
  return { start, index: Int32Array.from(index), weight: Float32Array.from(weight) };
}
