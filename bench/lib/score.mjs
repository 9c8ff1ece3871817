/**
 * PSNR, SSIM, the 99.9th percentile of the error, and PSNR near disparity steps, of two 8-bit RGB pictures.
 * SSIM: Wang et al. 2004, Gaussian window of sigma 1.5, on luma. A border of 3 % of the long side is left out: a lens
 * gathers light from outside the frame there.
 *
 * @param {{width: number, height: number, data: Uint8Array}} ref RGBA
 * @param {{width: number, height: number, data: Uint8Array}} out RGBA of the same size
 * @param {Float32Array} [disparity] 0..1, for `band`
 */
export function score(ref, out, disparity) {
  const { width, height } = ref;
  const border = Math.floor(0.03 * Math.max(width, height));
  const near = disparity && bandMask(disparity, width, height);
  const map = ssimMap(luma(ref), luma(out), width, height);
  const histogram = new Float64Array(256);
  let sum = 0;
  let bandSum = 0;
  let bandCount = 0;
  let ssim = 0;
  let count = 0;
  for (let y = border; y < height - border; y++) {
    for (let x = border; x < width - border; x++) {
      const i = y * width + x;
      let e = 0;
      for (let c = 0; c < 3; c++) {
        const d = Math.abs(ref.data[i * 4 + c] - out.data[i * 4 + c]);
        histogram[d]++;
        e += d * d;
      }
      sum += e;
      count++;
      ssim += map[i];
      if (near?.[i]) {
        bandSum += e;
        bandCount++;
      }
    }
  }
  return {
    psnr: psnr(sum / (3 * count)),
    ssim: ssim / count,
    worst: percentile(histogram, 0.999),
    band: bandCount ? psnr(bandSum / (3 * bandCount)) : NaN,
  };
}

const psnr = (mse) => 10 * Math.log10(255 ** 2 / Math.max(mse, 1e-9));

function percentile(histogram, share) {
  const total = histogram.reduce((a, b) => a + b, 0);
  let seen = 0;
  for (let v = 0; v < histogram.length; v++) {
    seen += histogram[v];
    if (seen > share * (total - 1)) return v;
  }
  return histogram.length - 1;
}

function luma({ data }) {
  const out = new Float64Array(data.length / 4);
  for (let i = 0; i < out.length; i++) out[i] = 0.299 * data[i * 4] + 0.587 * data[i * 4 + 1] + 0.114 * data[i * 4 + 2];
  return out;
}

/** Pixels within 2 % of the long side of a disparity step above 0.04 (a square neighbourhood). */
function bandMask(d, width, height) {
  const r = Math.max(1, Math.floor(0.02 * Math.max(width, height)));
  const sums = new Int32Array((width + 1) * (height + 1));
  for (let y = 0; y < height; y++) {
    let row = 0;
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const step = (x > 0 && Math.abs(d[i] - d[i - 1]) > 0.04) || (y > 0 && Math.abs(d[i] - d[i - width]) > 0.04);
      row += step ? 1 : 0;
      sums[(y + 1) * (width + 1) + x + 1] = sums[y * (width + 1) + x + 1] + row;
    }
  }
  const mask = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const y0 = Math.max(0, y - r) * (width + 1);
    const y1 = Math.min(height, y + r + 1) * (width + 1);
    for (let x = 0; x < width; x++) {
      const x0 = Math.max(0, x - r);
      const x1 = Math.min(width, x + r + 1);
      mask[y * width + x] = sums[y1 + x1] - sums[y0 + x1] - sums[y1 + x0] + sums[y0 + x0] > 0 ? 1 : 0;
    }
  }
  return mask;
}

function ssimMap(x, y, width, height) {
  const c1 = (0.01 * 255) ** 2;
  const c2 = (0.03 * 255) ** 2;
  const mean = (p) => gauss(p, width, height);
  const mul = (p, q) => p.map((v, i) => v * q[i]);
  const mx = mean(x);
  const my = mean(y);
  const xx = mean(mul(x, x));
  const yy = mean(mul(y, y));
  const xy = mean(mul(x, y));
  return mx.map((a, i) => {
    const b = my[i];
    return (
      ((2 * a * b + c1) * (2 * (xy[i] - a * b) + c2)) / ((a * a + b * b + c1) * (xx[i] - a * a + yy[i] - b * b + c2))
    );
  });
}

const SIGMA = 1.5;
const REACH = Math.floor(3 * SIGMA + 0.5);
const KERNEL = Float64Array.from({ length: 2 * REACH + 1 }, (_, i) => Math.exp(-0.5 * ((i - REACH) / SIGMA) ** 2));
const TOTAL = KERNEL.reduce((a, b) => a + b, 0);

/** Gaussian of sigma 1.5 with mirrored borders. */
function gauss(p, width, height) {
  const mirror = (i, n) => (i < 0 ? -i : i >= n ? 2 * n - 2 - i : i);
  const tmp = new Float64Array(p.length);
  const out = new Float64Array(p.length);
  for (let y = 0; y < height; y++)
    for (let k = -REACH; k <= REACH; k++) {
      const w = KERNEL[k + REACH] / TOTAL;
      const from = mirror(y + k, height) * width;
      for (let x = 0; x < width; x++) tmp[y * width + x] += w * p[from + x];
    }
  for (let x = 0; x < width; x++)
    for (let k = -REACH; k <= REACH; k++) {
      const w = KERNEL[k + REACH] / TOTAL;
      const from = mirror(x + k, width);
      for (let y = 0; y < height; y++) out[y * width + x] += w * tmp[y * width + from];
    }
  return out;
}
