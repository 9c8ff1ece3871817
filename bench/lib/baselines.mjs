/**
 * What photo editors on the web commonly do, to compare with. Each takes (image RGBA, depth, { focus, aperture }) and
 * returns an opaque RGBA image. All but `gather` blur the encoded pixels, as their models do.
 */
export const toLinear = Float32Array.from({ length: 256 }, (_, i) => {
  const v = i / 255;
  return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
});
export const toCode = (v) => 255 * (v <= 0.0031308 ? v * 12.92 : 1.055 * v ** (1 / 2.4) - 0.055);

/** Blur radius of every pixel, in pixels of the image. */
const radii = ({ width, height }, depth, { focus, aperture }) =>
  depth.data.map((d) => aperture * Math.max(width, height) * Math.abs(d - focus));

/** One Gaussian over the picture, and the picture over it where it is in focus (|d - focus| < 0.1). */
export function maskGaussian(image, depth, settings) {
  const radius = radii(image, depth, settings);
  const outside = radius.filter((_, i) => Math.abs(depth.data[i] - settings.focus) >= 0.1).sort();
  const blurred = gaussian(image, (outside[outside.length >> 1] ?? 0) / 2);
  const out = { ...image, data: new Uint8ClampedArray(image.data) };
  for (let i = 0; i < radius.length; i++) {
    if (Math.abs(depth.data[i] - settings.focus) < 0.1) continue;
    for (let c = 0; c < 3; c++) out.data[i * 4 + c] = blurred[c][i];
  }
  return out;
}

/** Each pixel from the two of a stack of Gaussians around its own sigma (half the disc's radius). */
export function depthGaussian(image, depth, settings) {
  const sigma = radii(image, depth, settings).map((r) => r / 2);
  const largest = sigma.reduce((a, b) => Math.max(a, b), 0);
  const out = { ...image, data: new Uint8ClampedArray(image.data) };
  let from = [0, 1, 2].map((c) => Float32Array.from(sigma, (_, i) => image.data[i * 4 + c]));
  for (let s = 0; s < largest; s += 0.5) {
    const to = gaussian(image, s + 0.5);
    for (let i = 0; i < sigma.length; i++) {
      const t = (sigma[i] - s) / 0.5;
      if (t < 0 || t > 1) continue;
      for (let c = 0; c < 3; c++) out.data[i * 4 + c] = from[c][i] + t * (to[c][i] - from[c][i]);
    }
    from = to;
  }
  return out;
}

/** The mean of the disc of each pixel's own radius, in linear light, without regard to what hides what. */
export function gather(image, depth, settings) {
  const { width, height, data } = image;
  const radius = radii(image, depth, settings);
  const out = { ...image, data: new Uint8ClampedArray(data) };
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const r = radius[y * width + x];
      if (r < 0.5) continue;
      const reach = Math.ceil(r);
      let [red, green, blue, total] = [0, 0, 0, 0];
      for (let j = Math.max(0, y - reach); j <= Math.min(height - 1, y + reach); j++) {
        for (let i = Math.max(0, x - reach); i <= Math.min(width - 1, x + reach); i++) {
          const weight = Math.min(1, r + 0.5 - Math.hypot(i - x, j - y));
          if (weight <= 0) continue;
          const p = (j * width + i) * 4;
          red += weight * toLinear[data[p]];
          green += weight * toLinear[data[p + 1]];
          blue += weight * toLinear[data[p + 2]];
          total += weight;
        }
      }
      out.data.set([toCode(red / total), toCode(green / total), toCode(blue / total)], (y * width + x) * 4);
    }
  }
  return out;
}

/** The three colour planes blurred, codes 0..255. */
function gaussian({ width, height, data }, sigma) {
  const planes = [0, 1, 2].map((c) => Float32Array.from({ length: width * height }, (_, i) => data[i * 4 + c]));
  if (sigma <= 0) return planes;
  const reach = Math.ceil(3 * sigma);
  const kernel = Float32Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-0.5 * ((i - reach) / sigma) ** 2));
  const total = kernel.reduce((a, b) => a + b, 0);
  return planes.map((plane) => {
    const rows = new Float32Array(plane.length);
    const out = new Float32Array(plane.length);
    for (let k = -reach; k <= reach; k++) {
      const w = kernel[k + reach] / total;
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++)
          rows[y * width + x] += w * plane[y * width + Math.min(width - 1, Math.max(0, x + k))];
    }
    for (let k = -reach; k <= reach; k++) {
      const w = kernel[k + reach] / total;
      for (let y = 0; y < height; y++) {
        const from = Math.min(height - 1, Math.max(0, y + k)) * width;
        for (let x = 0; x < width; x++) out[y * width + x] += w * rows[from + x];
      }
    }
    return out;
  });
}
