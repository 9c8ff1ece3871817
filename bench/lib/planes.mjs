/**
 * A scene of two planes with its exact picture through a lens: a person cut out of a photo, before a made-up wall. The
 * picture is the mean over points of the aperture, through each of which both planes are seen shifted by their
 * own blur: what a ray tracer does, in the one case where no ray needs tracing.
 */
import { cutOut } from '../../dist/portrait/index.js';
import { toCode, toLinear } from './baselines.mjs';

/** Disparities of the person and of the wall. */
export const PERSON = 0.9;
export const WALL = 0.1;
/** Points of the aperture. */
const RAYS = 400;

/** @returns { image, depth } of the scene in focus everywhere, and lens({ focus, aperture }). */
export async function planes(photo, options) {
  const { foreground, matte: found } = await cutOut(photo, options);
  const matte = clean(found);
  const { width, height } = photo;
  const wall = wallOf(width, height);
  const person = new Float32Array(width * height * 4); // premultiplied, linear
  for (let i = 0; i < matte.data.length; i++) {
    const a = matte.data[i];
    for (let c = 0; c < 3; c++) person[i * 4 + c] = a * toLinear[foreground.data[i * 4 + c]];
    person[i * 4 + 3] = a;
  }
  const sample = (plane, channels, x, y, out) => {
    const fx = Math.min(width - 1, Math.max(0, x));
    const fy = Math.min(height - 1, Math.max(0, y));
    const [x0, y0] = [Math.min(width - 2, Math.floor(fx)), Math.min(height - 2, Math.floor(fy))];
    for (let c = 0; c < channels; c++) {
      const at = (j, i) => plane[((y0 + j) * width + x0 + i) * channels + c];
      const [u, v] = [fx - x0, fy - y0];
      out[c] = (1 - v) * ((1 - u) * at(0, 0) + u * at(0, 1)) + v * ((1 - u) * at(1, 0) + u * at(1, 1));
    }
  };
  const render = (near, far, rays) => {
    const sum = new Float64Array(width * height * 3);
    const [p, w] = [new Float32Array(4), new Float32Array(3)];
    for (let k = 0; k < rays; k++) {
      // Evenly over the disc (Vogel's spiral).
      const r = rays === 1 ? 0 : Math.sqrt((k + 0.5) / rays);
      const [u, v] = [r * Math.cos(k * 2.399963), r * Math.sin(k * 2.399963)];
      for (let y = 0, i = 0; y < height; y++)
        for (let x = 0; x < width; x++, i += 3) {
          sample(person, 4, x + near * u, y + near * v, p);
          sample(wall, 3, x + far * u, y + far * v, w);
          for (let c = 0; c < 3; c++) sum[i + c] += p[c] + (1 - p[3]) * w[c];
        }
    }
    const data = new Uint8ClampedArray(width * height * 4).fill(255);
    for (let i = 0; i < width * height; i++)
      for (let c = 0; c < 3; c++) data[i * 4 + c] = Math.round(toCode(sum[i * 3 + c] / rays));
    return { width, height, data };
  };
  return {
    image: render(0, 0, 1),
    depth: { width, height, data: Float32Array.from(matte.data, (a) => (a > 0.5 ? PERSON : WALL)) },
    lens({ focus, aperture }) {
      const strength = aperture * Math.max(width, height);
      return render(strength * (PERSON - focus), strength * (WALL - focus), RAYS);
    },
  };
}

/** The largest connected part of a matte with a narrow edge: half-seen things behind the person are of neither plane. */
function clean({ width, height, data }) {
  const steep = Float32Array.from(data, (a) => Math.min(1, Math.max(0, (a - 0.5) / 0.4 + 0.5)));
  const part = new Int32Array(data.length);
  let [largest, most] = [0, 0];
  for (let start = 0, id = 1; start < data.length; start++) {
    if (steep[start] === 0 || part[start] !== 0) continue;
    const open = [start];
    let size = 0;
    part[start] = id;
    while (open.length > 0) {
      const i = open.pop();
      size++;
      const x = i % width;
      const next = [x > 0 ? i - 1 : -1, x < width - 1 ? i + 1 : -1, i - width, i + width];
      for (const j of next)
        if (j >= 0 && j < data.length && steep[j] > 0 && part[j] === 0) {
          part[j] = id;
          open.push(j);
        }
    }
    if (size > most) [largest, most] = [id, size];
    id++;
  }
  return { width, height, data: steep.map((a, i) => (part[i] === largest ? a : 0)) };
}

/** Dark planks with lamps, none clipped (what is above white the truth would have to know): linear light. */
function wallOf(width, height) {
  const wall = new Float32Array(width * height * 3);
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i += 3) {
      const plank = Math.floor((8 * x) / width);
      const grain = 0.02 * Math.sin(y / 5 + 7 * plank) + 0.02 * Math.sin(x / 1.7 + y / 23);
      const joint = (8 * x) / width - plank < 0.06 ? 0.3 : 1;
      const shade = joint * (0.1 + 0.03 * (plank % 3) + grain);
      wall.set([1.3 * shade, shade, 0.75 * shade], i);
      const [u, v] = [((10 * x) / width) % 1, ((10 * y) / width) % 1];
      if (Math.hypot(u - 0.5, v - 0.5) < 0.07) wall.set([0.9, 0.75, 0.45], i);
    }
  return wall;
}
