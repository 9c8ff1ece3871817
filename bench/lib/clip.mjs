import { cutOut } from '../../dist/portrait/index.js';

/** A generator of numbers 0..1 that are the same on every run. */
function random(seed) {
  let s = seed;
  return () => (s = (Math.imul(s, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

/**
 * A film made from the sample portrait: the person, cut out, walks to and fro before the same scene a little smaller, in
 * which it stands still as well; a camera's noise (Gaussian, `sigma` codes) on every frame.
 *
 * @returns frame(k), and `still`: 1 where the walking person never comes near.
 */
export async function film(photo, { frames, sigma, hydra }) {
  const { width, height } = photo;
  const { foreground, matte } = await cutOut(photo, { hydra });
  const side = 0.55;
  const y0 = Math.round(height * (1 - side));
  const at = (k) => Math.round(width * (0.02 + 0.16 * (0.5 - 0.5 * Math.cos((2 * Math.PI * k) / frames))));
  const still = new Uint8Array(width * height).fill(1);
  const put = (data, k, where) => {
    const x0 = at(k);
    for (let y = y0; y < height; y++) {
      for (let x = x0; x < Math.min(width, x0 + Math.round(width * side)); x++) {
        const q = Math.floor((y - y0) / side) * width + Math.floor((x - x0) / side);
        const a = matte.data[q] ?? 0;
        const p = y * width + x;
        if (where && a > 0.02) where(x, y);
        if (data) for (let c = 0; c < 3; c++) data[p * 4 + c] += a * (foreground.data[q * 4 + c] - data[p * 4 + c]);
      }
    }
  };
  const margin = Math.round(width * 0.03);
  for (let k = 0; k < frames; k++)
    put(undefined, k, (x, y) => {
      for (let v = Math.max(0, y - margin); v <= Math.min(height - 1, y + margin); v += margin)
        still.fill(0, v * width + Math.max(0, x - margin), v * width + Math.min(width, x + margin));
    });
  return {
    still,
    /** Pixels of the walking person in a frame. */
    person(k) {
      const mask = new Uint8Array(width * height);
      put(undefined, k, (x, y) => (mask[y * width + x] = 1));
      return mask;
    },
    frame(k) {
      const data = new Uint8ClampedArray(photo.data);
      put(data, k);
      const next = random(k + 1);
      for (let p = 0; p < data.length; p += 4)
        for (let c = 0; c < 3; c++) {
          // Box and Muller 1958.
          const noise = Math.sqrt(-2 * Math.log(next() + 1e-12)) * Math.cos(2 * Math.PI * next());
          data[p + c] += sigma * noise;
        }
      return { width, height, data };
    },
  };
}
