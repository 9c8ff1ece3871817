/** A rectangle of a photo, in its pixels. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A part of interleaved rows. */
export function cutRows<T extends Float32Array | Uint8Array | Uint8ClampedArray>(
  data: T,
  stride: number,
  { x, y, width, height }: Region,
  channels: number,
): T {
  const out = new (data.constructor as new (n: number) => T)(width * height * channels);
  for (let row = 0; row < height; row++) {
    const from = ((y + row) * stride + x) * channels;
    out.set(data.subarray(from, from + width * channels) as never, row * width * channels);
  }
  return out;
}

/** A region and so many pixels around it, as far as there is an image. It begins on a multiple of `cell`. */
export function around(
  { x, y, width, height }: Region,
  margin: number,
  image: { readonly width: number; readonly height: number },
  cell = 1,
): Region {
  const start = (v: number) => Math.max(0, Math.floor((v - margin) / cell) * cell);
  const [x0, y0] = [start(x), start(y)];
  return {
    x: x0,
    y: y0,
    width: Math.min(image.width, Math.ceil(x + width + margin)) - x0,
    height: Math.min(image.height, Math.ceil(y + height + margin)) - y0,
  };
}
