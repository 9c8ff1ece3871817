import type { DepthMap, ImageDataLike } from '../../../src/index.js';
import { depthOf, noisy, paint, type Colour } from '../../effects/helpers.js';

interface Scene {
  readonly image: ImageDataLike;
  readonly depth: DepthMap;
}

/** A background that recedes, two figures before it, one with a soft rim, and lights that clip. */
function people(width: number, height: number, alphaAt: (x: number, y: number) => number = () => 255): Scene {
  const texture = noisy(width, height, 7);
  const inside = (x: number, y: number, cx: number, cy: number, r: number) =>
    Math.hypot(x / width - cx, ((y / height - cy) * height) / width) / r;
  const figures = [
    { cx: 0.5, cy: 0.6, r: 0.2, d: 0.8, tint: [230, 190, 160] },
    { cx: 0.85, cy: 0.75, r: 0.14, d: 1, tint: [40, 60, 160] },
    { cx: 0.2, cy: 0.5, r: 0.1, d: 0.45, tint: [30, 90, 40] },
  ];
  const image = paint(width, height, (x, y) => {
    const p = (y * width + x) * 4;
    let c = [0, 1, 2].map((i) => texture.data[p + i]! * 0.8 + (x % 23 < 3 && y % 19 < 3 ? 120 : 0));
    for (const f of figures) {
      const share = Math.min(1, Math.max(0, (1 - inside(x, y, f.cx, f.cy, f.r)) * f.r * width + 0.5));
      c = c.map((v, i) => v + share * (f.tint[i]! * (0.7 + (0.3 * texture.data[p]!) / 255) - v));
    }
    return [...c, alphaAt(x / width, y / height)] as unknown as Colour;
  });
  const depth = depthOf(width, height, (x, y) => {
    let d = 0.35 * (y / height);
    for (const f of figures) if (inside(x, y, f.cx, f.cy, f.r) < 1) d = Math.max(d, f.d);
    return d;
  });
  return { image, depth };
}

export const SCENES: Record<string, () => Scene> = {
  people: () => people(220, 160),
  'odd size': () => people(131, 97),
  transparent: () =>
    people(150, 110, (x, y) => Math.round(255 * Math.min(1, Math.max(0, 1.5 - 2 * Math.hypot(x - 0.5, y - 0.5))))),
  'one pixel': () => people(1, 1),
  'a column': () => people(1, 70),
  'a row': () => people(90, 1),
  'noise in depth': () => ({
    image: noisy(96, 80, 3),
    depth: depthOf(96, 80, (x, y) => (Math.abs(Math.sin((x >> 2) * 12.9 + (y >> 2) * 78.2)) * 437.5) % 1),
  }),
};
