import { forRows, type TaskOptions } from '../core/task.js';
import { createImage, type OutputImage } from '../image/image-data.js';
import { colourIn } from '../image/colour-space.js';
import { resolveFocus } from './focus.js';
import type { Frame } from './operator.js';
import type { PeakingPlan, PeakingValues } from './peaking.js';

/** Radius of the blur disc, as a share of the long side, up to which a print looks sharp: 1/1500 of its diagonal. */
const SHARP = 1 / 1800;

/** Which edges are marked, and how. */
export function planPeaking(
  { focus = 'subject', aperture, sharpness, colour = '#ff2d95' }: PeakingValues,
  { image, depth, faces }: Frame,
): PeakingPlan {
  const { near, far } = resolveFocus('peaking', focus, depth, { faces, aperture });
  const reach = aperture > 0 ? SHARP / aperture : 1;
  const codes = colourIn(colour, image.colorSpace).slice(0, 3);
  return { near: near + reach, far: far - reach, colour: codes, least: sharpness * 255 };
}

/** A copy of the image with its sharp edges marked. */
export async function markSharp(
  { image, depth }: Frame,
  { near, far, colour, least }: PeakingPlan,
  task: TaskOptions,
): Promise<OutputImage> {
  const { width, height, data } = image;
  const output = createImage(width, height, image.colorSpace);
  output.data.set(data);
  const luma = (p: number) => 0.299 * data[p]! + 0.587 * data[p + 1]! + 0.114 * data[p + 2]!;
  await forRows(height, 16, task, (y0, y1) => {
    for (let y = y0; y < y1; y++) {
      for (let x = 0, i = y * width; x < width; x++, i++) {
        const d = depth.data[i]!;
        if (d > near || d < far) continue;
        const p = i * 4;
        const v = luma(p);
        const right = x < width - 1 ? Math.abs(luma(p + 4) - v) : 0;
        const down = y < height - 1 ? Math.abs(luma(p + width * 4) - v) : 0;
        if (right + down >= least) output.data.set(colour, p);
      }
    }
  });
  return output;
}
