import { forRows, part, type TaskOptions } from '../core/task.js';
import type { DepthMap } from '../depth/depth-map.js';
import { encodeSrgb8, SRGB_TO_LINEAR } from '../image/colour.js';
import { checkImage, createImage, type ImageDataLike, type OutputImage } from '../image/image-data.js';
import { shadowAt } from './shadow-plane.js';
import { matchDepth } from './match-depth.js';
import {
  castShadow,
  coverRow,
  LEAST_DARK,
  planStickers,
  shown,
  SOLID,
  type Hider,
  type Placed,
} from './sticker-plan.js';
import type { Sticker, StickerResult, Surroundings } from './sticker.js';
import { Unmixer } from './unmix.js';

/** What `placeSticker` does once the names of its options are checked: loaded with the first sticker. */
export async function placeAll(
  image: ImageDataLike,
  depth: DepthMap,
  stickers: readonly Sticker[],
  surroundings: Surroundings,
  options: TaskOptions,
): Promise<StickerResult> {
  options.signal?.throwIfAborted();
  image = checkImage('sticker', image);
  const map = await matchDepth('sticker', depth, image, part(options, 0, 0.2));
  const { placed, hiderOf } = await planStickers(image, map, stickers, surroundings, { signal: options.signal });
  const { width, height } = image;
  const output = createImage(width, height, image.colorSpace);
  output.data.set(image.data);
  const scene = new Scene(image, output, { width, height, data: map.data.slice() });
  for (const [k, one] of placed.entries()) {
    const at = (v: number) => 0.2 + (0.8 * (k + v)) / placed.length;
    const hider = await hiderOf(one, part(options, at(0), at(0.3)));
    await scene.place(one, hider, part(options, at(0.3), at(1)));
  }
  options.onProgress?.(1);
  return { image: output, depth: scene.depth };
}

/** The picture as far as it is composed. */
class Scene {
  readonly depth: DepthMap & { readonly data: Float32Array };
  readonly #photo: ImageDataLike;
  readonly #output: OutputImage;
  readonly #over = new Float32Array(4);

  constructor(photo: ImageDataLike, output: OutputImage, depth: DepthMap) {
    this.#photo = photo;
    this.#output = output;
    this.depth = depth;
  }

  async place(one: Placed, hider: Hider | undefined, options: TaskOptions): Promise<void> {
    const { width, height } = this.#output;
    const { box } = one;
    const unmixer = hider && new Unmixer(this.#photo, hider.matte.data);
    const depth = this.depth.data;
    const data = this.#output.data;
    const over = this.#over;

    /** Paints `over` by a share, behind what hides it. Returns the share that shows. */
    const paint = (x: number, y: number, i: number, share: number, disparity: number): number => {
      const byMatte = hider && (!hider.zone || hider.zone[i]);
      const hidden = byMatte ? hider.matte.data[i]! : 0;
      const shows = byMatte ? 1 : shown(depth[i]! - disparity, one.softness);
      if (hidden >= 1 || shows === 0) return 0;
      if (hidden > 0) {
        unmixer!.at(x, y);
        for (let c = 0; c < 3; c++) over[c] = hidden * unmixer!.near[c]! * over[3]! + (1 - hidden) * over[c]!;
      }
      composite(data, i * 4, over, share * shows);
      return (1 - hidden) * shows;
    };

    if (one.shadow) {
      const shadow = one.shadow;
      const plane = await castShadow(one, shadow, { width, height }, part(options, 0, 0.2));
      const x0 = Math.max(0, Math.floor(plane.x0));
      const y0 = Math.max(0, Math.floor(plane.y0));
      const x1 = Math.min(width, Math.ceil(plane.x0 + plane.width * plane.cell));
      const y1 = Math.min(height, Math.ceil(plane.y0 + plane.height * plane.cell));
      await forRows(Math.max(0, y1 - y0), 8, part(options, 0.2, 0.4), (from, to) => {
        for (let y = y0 + from; y < y0 + to; y++) {
          for (let x = x0, i = y * width + x0; x < x1; x++, i++) {
            const gap = (one.disparity - depth[i]!) / shadow.reach;
            if (gap >= 1) continue;
            const dark =
              shadow.strength * one.opacity * shadowAt(plane, x + 0.5, y + 0.5) * (1 - Math.max(0, gap)) ** 2;
            if (dark < LEAST_DARK) continue;
            over.fill(0);
            over[3] = 1;
            const alpha = data[i * 4 + 3]!;
            paint(x, y, i, dark, one.disparity);
            data[i * 4 + 3] = alpha;
          }
        }
      });
    }

    const x0 = Math.max(0, box.x0);
    const x1 = Math.min(width, box.x1);
    const y0 = Math.max(0, box.y0);
    await forRows(Math.max(0, Math.min(height, box.y1) - y0), 8, part(options, 0.4, 1), (from, to) => {
      for (let y = y0 + from; y < y0 + to; y++) {
        coverRow(one, y, x0, x1, over, (x, share, disparity) => {
          const i = y * width + x;
          const alpha = over[3]! * share;
          if (alpha * paint(x, y, i, share, disparity) >= SOLID) depth[i] = disparity;
        });
      }
    });
  }
}

function composite(data: Uint8ClampedArray, p: number, over: Float32Array, share: number): void {
  const below = data[p + 3]! / 255;
  const through = (1 - over[3]! * share) * below;
  const alpha = over[3]! * share + through;
  for (let c = 0; c < 3; c++)
    data[p + c] = encodeSrgb8((over[c]! * share + through * SRGB_TO_LINEAR[data[p + c]!]!) / alpha);
  data[p + 3] = Math.round(alpha * 255);
}
