import type { Device, Rect, Texture } from '../gpu/index.js';
import type { BackgroundPlan } from './background-pass.js';
import { copy } from './picture-shaders.js';
import { BACKGROUND, stickerShader } from './composing-shaders.js';
import { cutRows, type Region } from '../image/region.js';
import type { Tile } from './operator.js';
import { overlap, type Patch, type StickerLayer } from './sticker-pass.js';
import { unmixCell } from './unmix.js';

/** Whether a GPU holds what the stickers need besides the photo. */
export function holdsStickers(layers: readonly StickerLayer[], maxSize: number): boolean {
  return layers.every(({ light, relief, shadow }) =>
    [light, relief, shadow?.plane].every((t) => !t || (t.width <= maxSize && t.height <= maxSize)),
  );
}

/** Draws stickers one after the other, from far to near. */
export function drawStickers(
  device: Device,
  layers: readonly StickerLayer[],
  on: Tile,
  from: Texture,
  to: Texture,
): void {
  copy(device, from, to);
  let first = true;
  for (const layer of layers) {
    const region = overlap(layer.region, on.region);
    if (!region) continue;
    const at = placeIn(region, on.region);
    withTextures(device, (make) => {
      if (first) {
        drawSticker(device, layer, on, make, { from, photo: from, to, rect: at, origin: on.region });
        return;
      }
      // What a pass reads it must not draw to.
      const { width, height } = region;
      const own = make('picture', width, height);
      drawSticker(device, layer, on, make, {
        ...{ from: to, photo: from, to: own, rect: [0, 0, width, height], origin: region },
      });
      const uniforms = { u_photo: own, u_at: [at[0], at[1]] };
      device.draw({ shader: PUT, to: [to], uniforms, rects: [at], reads: 1 });
    });
    first = false;
  }
}

/** Puts something else behind the subject. */
export function drawBackground(device: Device, pass: BackgroundPlan, on: Tile, from: Texture, to: Texture): void {
  const { region, whole } = on;
  const { width, height, data } = pass.behind ?? NOTHING;
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.length);
  const isWhole = width === whole.width && height === whole.height;
  withTextures(device, (make) => {
    const u_behind = isWhole
      ? make('rgba8', region.width, region.height, cutRows(bytes, width, region, 4))
      : make('rgba8', width, height, bytes);
    const u_share = make('r32f', region.width, region.height, cutRows(pass.share, whole.width, region, 1));
    device.draw({
      shader: BACKGROUND,
      to: [to],
      uniforms: {
        ...{ u_photo: from, u_share, u_behind },
        u_shareAt: [region.x, region.y],
        u_origin: [region.x, region.y],
        u_whole: [whole.width, whole.height],
        u_cell: unmixCell(whole),
      },
      reads: 8,
    });
  });
}

const NOTHING = { width: 1, height: 1, data: new Uint8Array(4) };

interface Target {
  readonly from: Texture;
  /** Before all stickers. */
  readonly photo: Texture;
  readonly to: Texture;
  readonly rect: Rect;
  /** The photo's pixel at the target's first. */
  readonly origin: Region;
}

function drawSticker(
  device: Device,
  layer: StickerLayer,
  on: Tile,
  make: Device['texture'],
  { from, photo, to, rect, origin }: Target,
): void {
  const { light, relief, hidden, depth, shadow } = layer;
  const plane = (p: { width: number; height: number; data: Float32Array }) => make('r32f', p.width, p.height, p.data);
  const patch = ({ region, data }: Patch) => {
    const seen = overlap(region, on.region)!;
    const { x, y } = seen;
    const inside = { ...seen, x: x - region.x, y: y - region.y };
    return { texture: plane({ ...seen, data: cutRows(data, region.width, inside, 1) }), at: [x, y] };
  };
  const under = depth && patch(depth);
  const hider = hidden && patch(hidden);
  device.draw({
    shader: stickerShader({ hider: !!hidden, shadow: !!shadow, relief: !!relief }),
    to: [to],
    rects: [rect],
    uniforms: {
      u_picture: from,
      u_depth: under?.texture ?? on.depthTexture,
      u_depthAt: under?.at ?? [on.region.x, on.region.y],
      u_light: make('rgba32f', light.width, light.height, light.data),
      u_target: [origin.x, origin.y],
      u_origin: [on.region.x, on.region.y],
      u_at: [layer.at.x, layer.at.y],
      u_turn: layer.turn,
      u_perPixel: layer.perPixel,
      u_disparity: layer.disparity,
      u_opacity: layer.opacity,
      u_softness: layer.softness,
      ...(relief && { u_relief: plane(relief), u_thickness: layer.thickness }),
      ...(shadow && {
        u_shadow: plane(shadow.plane),
        u_shadowAt: [shadow.plane.x0, shadow.plane.y0, shadow.plane.cell],
        u_strength: shadow.strength,
        u_reach: shadow.reach,
      }),
      ...(hider && {
        u_photo: photo,
        u_share: hider.texture,
        u_shareAt: hider.at,
        u_whole: [on.whole.width, on.whole.height],
        u_cell: unmixCell(on.whole),
      }),
    },
    reads: 8,
  });
}

/** Frees the textures that the work made. */
function withTextures(device: Device, work: (make: Device['texture']) => void): void {
  const made: Texture[] = [];
  try {
    work((...of) => {
      const texture = device.texture(...of);
      made.push(texture);
      return texture;
    });
  } finally {
    made.forEach((texture) => device.free(texture));
  }
}

/** Where a rectangle lies in a part that holds it. */
function placeIn({ x, y, width, height }: Region, within: Region): Rect {
  return [x - within.x, y - within.y, x - within.x + width, y - within.y + height];
}

const PUT = `
uniform sampler2D u_photo;
uniform ivec2 u_at;
out vec4 o;
void main() { o = texelFetch(u_photo, ivec2(gl_FragCoord.xy) - u_at, 0); }`;
