import { part, type TaskOptions } from '../core/task.js';
import type { DepthMap } from '../depth/depth-map.js';
import { createImage, isOpaque, type ImageDataLike, type OutputImage } from '../image/image-data.js';
import { completeBehind } from './behind.js';
import { Band, LOOK, widestRadius, type BandJob, type Lens } from './bokeh-band.js';
import { renderInThreads, threadsFor } from './bokeh-threads.js';
import { recoverClipped } from './clipped.js';
import { Ranges } from './ranges.js';

/**
 * What `applyBokeh` does once its options are read: loaded with the first photo that is blurred.
 *
 * @param map of the image's size.
 * @param recover as the option of that name; `threads` too.
 */
export async function renderBokeh(
  image: ImageDataLike,
  map: DepthMap,
  optics: Omit<Lens, 'low' | 'high'>,
  recover: number,
  threads: number | undefined,
  options: TaskOptions,
): Promise<OutputImage> {
  const { width, height } = image;
  const output = createImage(width, height, image.colorSpace);
  const [low, high] = (await Ranges.of(map, { signal: options.signal })).within({ x: 0, y: 0, width, height });
  const lens: Lens = { ...optics, low, high };
  const clipped = await recoverClipped(image, recover, { signal: options.signal });
  const channels = isOpaque(image.data) ? 3 : 4;
  const whole: BandJob = {
    ...{ width, height, from: 0, to: height, top: 0, bottom: height },
    ...{ pixels: image.data, depth: map.data, clipped, channels, lens },
  };
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
  const band = new Band(whole);
  const looked = started + (1 - started) * LOOK;
  const level2 = await band.look(part(options, started, looked));
  await completeBehind(level2, channels, widestRadius(lens), { signal: options.signal });
  await band.render(level2, output.data, part(options, looked, 1));
  return output;
}
