/** What Node makes of the photo, and how near another host's result has to be. */
import sharp from 'sharp';

/** Largest difference in depth, of 255: a browser draws the depth in 8 bits, and may decode a colour otherwise than sharp. */
const DEPTH = 2;
/** Mean difference of the blurred photo, of 255: at an edge of the blur one step of depth may be many of brightness. */
const BLURRED = 1;

/** Grey values 0..255 of a depth, RGB of a photo. */
export async function reference(photo) {
  const { applyBokeh, estimateDepth } = await import('../../dist/index.js');
  const { readImageFile } = await import('../../dist/node/index.js');
  const image = await readImageFile(photo);
  const depth = await estimateDepth(image);
  const at = (x, y) => depth.data[y * depth.width + x];
  if (!(at(220, 130) > at(20, 20) + 0.3)) throw new Error('the face is not before the background');
  const blurred = await applyBokeh(image, depth, { focus: 'subject', aperture: 0.03 });
  if (!(compare(image, blurred, rgb).mean > 1)) throw new Error('nothing is blurred');
  return { depth: { ...depth, data: Float32Array.from(depth.data, (v) => v * 255) }, blurred };
}

const rgb = (image, i) => image.data[Math.floor(i / 3) * 4 + (i % 3)];

function compare(a, b, value, n = a.width * a.height * 3) {
  let [worst, sum] = [0, 0];
  for (let i = 0; i < n; i++) {
    const d = Math.abs(value(a, i) - value(b, i));
    worst = Math.max(worst, d);
    sum += d;
  }
  return { worst, mean: sum / n };
}

/** @throws where a page's canvases are not what Node made. @returns the largest difference in depth, of 255. */
export function check(want, { depth, blurred }) {
  for (const [what, found, size] of [
    ['depth', depth, want.depth],
    ['photo', blurred, want.blurred],
  ])
    if (found.width !== size.width || found.height !== size.height)
      throw new Error(`its ${what} is ${found.width} × ${found.height}`);
  const grey = { ...depth, data: depth.width * depth.height === depth.data.length ? depth.data : every4th(depth.data) };
  const { worst } = compare(grey, want.depth, (image, i) => image.data[i], grey.data.length);
  if (!(worst <= DEPTH)) throw new Error(`its depth is off by ${worst.toFixed(2)} of 255`);
  const { mean } = compare(blurred, want.blurred, rgb);
  if (!(mean <= BLURRED)) throw new Error(`its blurred photo is off by ${mean.toFixed(2)} of 255 in the mean`);
  return worst;
}

const every4th = (data) => Float32Array.from({ length: data.length / 4 }, (_, i) => data[i * 4]);

/** The files that examples/hosts/node writes. */
export async function written(folder) {
  const raw = async (name, pipeline, depth) => {
    const { data, info } = await pipeline(sharp(`${folder}/${name}`))
      .raw({ depth })
      .toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, data };
  };
  const depth = await raw('depth.png', (s) => s.toColourspace('grey16'), 'ushort');
  const words = new Uint16Array(depth.data.buffer, depth.data.byteOffset, depth.data.length / 2);
  return {
    depth: { ...depth, data: Float32Array.from(words, (v) => v / 257) },
    blurred: await raw('blurred.png', (s) => s.ensureAlpha(), 'uchar'),
  };
}
