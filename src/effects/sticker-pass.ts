import { lazy } from '../core/lazy.js';
import type { TaskOptions } from '../core/task.js';
import type { DepthMap } from '../depth/depth-map.js';
import type { ShadowPlane } from './shadow-plane.js';
import { cutRows, type Region } from '../image/region.js';
import type { Frame, GpuPass } from './operator.js';
import {
  castShadow,
  coverRow,
  planStickers,
  shown,
  SOLID,
  type Box,
  type Hider,
  type Light,
  type Placed,
} from './sticker-plan.js';
import type { Sticker } from './sticker.js';
import { unmixReach } from './unmix.js';

/** A plane over a rectangle of the photo. */
export interface Patch {
  readonly region: Region;
  readonly data: Float32Array;
}

/** One sticker in numbers, for the GPU. */
export interface StickerLayer extends Pick<Placed, 'at' | 'turn' | 'perPixel' | 'opacity' | 'softness' | 'thickness'> {
  readonly light: Light;
  readonly relief: DepthMap | undefined;
  readonly disparity: number;
  /** Pixels that it may change. */
  readonly region: Region;
  /** Share that hides it, -1 where depth says that; as far around `region` as mixed colours are looked for. */
  readonly hidden: Patch | undefined;
  /** The depth of `region`, where stickers behind it changed that. */
  readonly depth: Patch | undefined;
  readonly shadow: { readonly plane: ShadowPlane; readonly strength: number; readonly reach: number } | undefined;
}

/**
 * What stickers do to a photo whose pixels may lie on the GPU: those are read only for a matte by colour. The depth
 * after them is worked out here, since it needs their outlines alone.
 *
 * @returns undefined when none lies in the photo.
 */
export async function stickersPass(
  { image, depth, matte, createCanvas, memo }: Frame,
  stickers: readonly Sticker[],
  { signal }: TaskOptions,
): Promise<GpuPass | undefined> {
  const { width, height } = depth;
  const { placed, hiderOf } = await planStickers(image, depth, stickers, { matte, createCanvas }, { signal }, memo);
  const reach = unmixReach(depth);
  const layers: StickerLayer[] = [];
  const after = depth.data.slice();
  let margin = 0;
  for (const one of placed) {
    signal?.throwIfAborted();
    const { strength, reach: depthReach } = one.shadow ?? { strength: 0, reach: 1 };
    const plane = one.shadow && (await castShadow(one, one.shadow, depth, { signal }));
    const region = inside(plane ? around(one.box, plane) : one.box, width, height);
    if (!region) continue;
    const hider = await hiderOf(one, { signal });
    const touched = layers.some((l) => overlap(l.region, region));
    layers.push({
      ...one,
      region,
      hidden: hider && hiddenPatch(hider, grown(region, reach, width, height), width),
      depth: touched ? { region, data: cutRows(after, width, region, 1) } : undefined,
      shadow: plane && { plane, strength, reach: depthReach },
    });
    if (hider) margin = reach;
    stamp(one, hider, after, width, inside(one.box, width, height));
  }
  if (layers.length === 0) return undefined;
  const { drawStickers, holdsStickers } = await lazy(() => import('./composing-gpu.js'));
  return {
    tiling: () => ({ margin }),
    fits: (maxSize) => holdsStickers(layers, maxSize),
    depthAfter: { width, height, data: after },
    draw: (device, tile, from, to) => drawStickers(device, layers, tile, from, to),
  };
}

/** The sticker's disparity where most of what is seen is the sticker: as `placeSticker` leaves it. */
function stamp(
  one: Placed,
  hider: Hider | undefined,
  depth: Float32Array,
  width: number,
  on: Region | undefined,
): void {
  const over = new Float32Array(4);
  for (let y = on?.y ?? 0; on && y < on.y + on.height; y++) {
    coverRow(one, y, on.x, on.x + on.width, over, (x, share, disparity) => {
      const i = y * width + x;
      const byMatte = hider && (!hider.zone || hider.zone[i]);
      const shows = byMatte ? 1 - hider.matte.data[i]! : shown(depth[i]! - disparity, one.softness);
      if (over[3]! * share * shows >= SOLID) depth[i] = disparity;
    });
  }
}

function hiddenPatch({ matte, zone }: Hider, region: Region, width: number): Patch {
  const data = cutRows(matte.data, width, region, 1);
  const within = zone && cutRows(zone, width, region, 1);
  within?.forEach((v, i) => v === 0 && (data[i] = -1));
  return { region, data };
}

function around(box: Box, { x0, y0, width, height, cell }: ShadowPlane): Box {
  return {
    x0: Math.min(box.x0, Math.floor(x0)),
    y0: Math.min(box.y0, Math.floor(y0)),
    x1: Math.max(box.x1, Math.ceil(x0 + width * cell)),
    y1: Math.max(box.y1, Math.ceil(y0 + height * cell)),
  };
}

function inside({ x0, y0, x1, y1 }: Box, width: number, height: number): Region | undefined {
  const x = Math.max(0, x0);
  const y = Math.max(0, y0);
  const region = { x, y, width: Math.min(width, x1) - x, height: Math.min(height, y1) - y };
  return region.width > 0 && region.height > 0 ? region : undefined;
}

function grown({ x, y, width, height }: Region, by: number, w: number, h: number): Region {
  return inside({ x0: x - by, y0: y - by, x1: x + width + by, y1: y + height + by }, w, h)!;
}

/** What two rectangles have in common. */
export function overlap(a: Region, b: Region): Region | undefined {
  const x = Math.max(a.x, b.x);
  const y = Math.max(a.y, b.y);
  const width = Math.min(a.x + a.width, b.x + b.width) - x;
  const height = Math.min(a.y + a.height, b.y + b.height) - y;
  return width > 0 && height > 0 ? { x, y, width, height } : undefined;
}
