import { encodeSrgb8, SRGB_TO_LINEAR } from '../../src/image/colour.js';
import { createImage, type ImageDataLike, type OutputImage } from '../../src/image/image-data.js';

/** An image over another of its size, or over one opaque colour (8-bit codes); in linear light. */
export function composeOver(
  image: ImageDataLike,
  background: ImageDataLike | readonly [number, number, number],
): OutputImage {
  const { width, height, data } = image;
  const out = createImage(width, height, image.colorSpace);
  const below = 'data' in background ? background.data : undefined;
  const colour = below ? [] : (background as readonly number[]);
  for (let p = 0; p < data.length; p += 4) {
    const a = data[p + 3]! / 255;
    const b = (1 - a) * (below ? below[p + 3]! / 255 : 1);
    const sum = a + b;
    if (sum === 0) continue;
    for (let c = 0; c < 3; c++) {
      const under = SRGB_TO_LINEAR[below ? below[p + c]! : colour[c]!]!;
      out.data[p + c] = a === 1 ? data[p + c]! : encodeSrgb8((a * SRGB_TO_LINEAR[data[p + c]!]! + b * under) / sum);
    }
    out.data[p + 3] = Math.round(255 * sum);
  }
  return out;
}
