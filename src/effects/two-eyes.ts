import { invalid } from '../core/params.js';
import { forRows, part, type TaskOptions } from '../core/task.js';
import type { DepthMap } from '../depth/depth-map.js';
import { encodeSrgb8, SRGB_TO_LINEAR } from '../image/colour.js';
import { createImage, type ImageDataLike, type OutputImage } from '../image/image-data.js';
import { matchMatte, type Matte } from '../image/matte.js';
import { leastCrop, reachOf } from './camera-moves.js';
import type { StereoOptions } from './stereo.js';
import { ViewScene } from './view-scene.js';

/**
 * Least-squares red-cyan anaglyph: Dubois, "A projection method to generate anaglyph stereo images", ICASSP 2001, with
 * the coefficients that he published for common glasses. On linear light; rows give red, green, blue of the result.
 */
export const DUBOIS_LEFT = [
  0.4561, 0.500484, 0.176381, -0.0400822, -0.0378246, -0.0157589, -0.0152161, -0.0205971, -0.00546856,
] as const;
export const DUBOIS_RIGHT = [
  -0.0434706, -0.0879388, -0.00155529, 0.378476, 0.73364, -0.0184503, -0.0721527, -0.112961, 1.2264,
] as const;

/**
 * What `stereoPair` does once its options are read.
 *
 * @param map of the image's size.
 * @param views `pivot` is a disparity.
 */
export async function twoEyes(
  image: ImageDataLike,
  map: DepthMap,
  views: {
    readonly layout: NonNullable<StereoOptions['layout']>;
    readonly separation: number;
    readonly pivot: number;
    readonly matte: Matte | undefined;
  },
  task: TaskOptions,
): Promise<OutputImage> {
  const { layout, separation, pivot, matte: given } = views;
  const eyes = [-1, 1].map((s) => ({ x: (s * separation) / 2, y: 0, z: 0, pivot, crop: 1 }));
  const crop = leastCrop(eyes, image);
  const matte = given && (await matchMatte('stereo', given, image, { signal: task.signal }));
  const scene = await ViewScene.open(image, map, reachOf(eyes, image), { ...part(task, 0, 0.4), matte });
  const left = (await scene.render({ ...eyes[0]!, crop }, part(task, 0.4, 0.65))).image;
  const right = (await scene.render({ ...eyes[1]!, crop }, part(task, 0.65, 0.9))).image;
  if (layout === 'anaglyph') return throughGlasses(left, right, part(task, 0.9, 1));
  return layout === 'side-by-side' ? beside(left, right) : beside(right, left);
}

/** What `anaglyph` does. */
export async function throughGlasses(
  left: ImageDataLike,
  right: ImageDataLike,
  options: TaskOptions,
): Promise<OutputImage> {
  const { width, height } = left;
  if (right.width !== width || right.height !== height)
    throw invalid(
      'anaglyph',
      'right',
      `of the left view's size, ${width} × ${height}`,
      `${right.width} × ${right.height}`,
    );
  const out = createImage(width, height, left.colorSpace);
  const l = new Float64Array(3);
  const r = new Float64Array(3);
  await forRows(height, 16, options, (y0, y1) => {
    for (let p = y0 * width * 4; p < y1 * width * 4; p += 4) {
      for (let c = 0; c < 3; c++) {
        l[c] = SRGB_TO_LINEAR[left.data[p + c]!]!;
        r[c] = SRGB_TO_LINEAR[right.data[p + c]!]!;
      }
      for (let c = 0; c < 3; c++) {
        let v = 0;
        for (let k = 0; k < 3; k++) v += DUBOIS_LEFT[c * 3 + k]! * l[k]! + DUBOIS_RIGHT[c * 3 + k]! * r[k]!;
        out.data[p + c] = encodeSrgb8(v);
      }
      out.data[p + 3] = Math.max(left.data[p + 3]!, right.data[p + 3]!);
    }
  });
  return out;
}

function beside(a: OutputImage, b: OutputImage): OutputImage {
  const { width, height } = a;
  const out = createImage(2 * width, height, a.colorSpace);
  for (let y = 0; y < height; y++) {
    const row = y * width * 4;
    out.data.set(a.data.subarray(row, row + width * 4), 2 * row);
    out.data.set(b.data.subarray(row, row + width * 4), 2 * row + width * 4);
  }
  return out;
}
