import { part, type TaskOptions } from '../core/task.js';
import type { DepthMap } from '../depth/depth-map.js';
import { createImage, isOpaque, type ImageDataLike, type OutputImage } from '../image/image-data.js';
import { around, cutRows, type Region } from '../image/region.js';
import { completeBehind } from './behind.js';
import { Band, bokehMargin, LOOK, planOf, widestRadius, type BandJob, type Lens } from './bokeh-band.js';
import { renderInThreads, threadsFor } from './bokeh-threads.js';
import { recoverClipped } from './clipped.js';
import { Ranges } from './ranges.js';

/**
 * What `applyBokeh` does once its options are read: loaded with the first photo that is blurred.
 *
 * @param map of the image's size.
 * @param recover as the option of that name; `threads` too.
 * @param inside the part of the result that is wanted: elsewhere it may be empty. Default: all of it.
 */
export async function renderBokeh(
  image: ImageDataLike,
  map: DepthMap,
  optics: Omit<Lens, 'low' | 'high'>,
  recover: number,
  threads: number | undefined,
  options: TaskOptions,
  inside?: Region,
): Promise<OutputImage> {
  const { width, height } = image;
  const output = createImage(width, height, image.colorSpace);
  const photo = { x: 0, y: 0, width, height };
  const [low, high] = (await Ranges.of(map, { signal: options.signal })).within(photo);
  const lens: Lens = { ...optics, low, high };
  const clipped = await recoverClipped(image, recover, { signal: options.signal });
  const channels = isOpaque(image.data) ? 3 : 4;
  const whole: BandJob = {
    ...{ width, height, photo, from: 0, to: height, left: 0, right: width, top: 0, bottom: height },
    ...{ pixels: image.data, depth: map.data, clipped, channels, lens },
  };
  if (inside) {
    const job = cutJob(whole, inside);
    const pixels = new Uint8ClampedArray((job.right - job.left) * (job.to - job.from) * 4);
    await renderAlone(job, pixels, options);
    const { x, y } = job.photo;
    const row = (job.right - job.left) * 4;
    for (let v = job.from, at = 0; v < job.to; v++, at += row)
      output.data.set(pixels.subarray(at, at + row), ((y + v) * width + x + job.left) * 4);
    return output;
  }
  const count = threadsFor(whole, threads);
  let started = 0.1;
  const inThreads = {
    signal: options.signal,
    onProgress: (done: number) => options.onProgress?.((started = 0.1 + 0.9 * done)),
  };
  if (count > 1 && (await renderInThreads(whole, count, output.data, inThreads))) {
    options.onProgress?.(1);
    return output;
  }
  await renderAlone(whole, output.data, part(options, started, 1));
  return output;
}

/** @param output RGBA of the rows and columns to blur. */
async function renderAlone(job: BandJob, output: Uint8ClampedArray, options: TaskOptions): Promise<void> {
  const band = new Band(job);
  const level2 = await band.look(part(options, 0, LOOK));
  await completeBehind(level2, job.channels, widestRadius(job.lens), { signal: options.signal });
  await band.render(level2, output, part(options, LOOK, 1));
}

/** A part to blur, with all around it that matters. */
function cutJob(whole: BandJob, inside: Region): BandJob {
  const { pixels, depth, clipped, photo, lens } = whole;
  const { margin, cell } = bokehMargin(lens, Math.max(photo.width, photo.height));
  const { x, y, width, height } = around(inside, margin, photo, cell);
  const cut = <T extends Float32Array | Uint8Array | Uint8ClampedArray>(data: T, channels: number) =>
    cutRows(data, photo.width, { x, y, width, height }, channels);
  // Tiles begin on cells of every group.
  const grain = 2 ** Math.max(...planOf(lens).groups.map(({ level }) => level));
  const start = (v: number) => Math.floor(v / grain) * grain;
  return {
    ...whole,
    ...{ width, height, photo: { ...photo, x, y }, top: 0, bottom: height },
    ...{ left: start(inside.x - x), right: inside.x - x + inside.width },
    ...{ from: start(inside.y - y), to: inside.y - y + inside.height },
    ...{ pixels: cut(pixels, 4), depth: cut(depth, 1), clipped: clipped && cut(clipped, 1) },
  };
}
