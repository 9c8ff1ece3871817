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

/** Balls lit from one side: each has its chromaticity from its shade to where one channel clips. */
function lamps(width: number, height: number): Scene {
  const tints = [
    [1.9, 0.8, 0.5],
    [0.5, 0.7, 2.2],
    [0.6, 1.7, 0.6],
  ] as const;
  const texture = noisy(width, height, 11);
  const ball = (x: number, y: number) => {
    const [i, j] = [Math.floor(x / 30), Math.floor(y / 30)];
    const [u, v] = [(x % 30) / 15 - 1, (y % 30) / 15 - 1];
    return u * u + v * v < 0.7 ? { i, j, light: 0.15 + 0.85 * Math.max(0, (u - v + 1) / 2) } : undefined;
  };
  const image = paint(width, height, (x, y) => {
    const b = ball(x, y);
    const noise = texture.data[(y * width + x) * 4]! / 255;
    const colour = b ? tints[(b.i + b.j) % 3]!.map((c) => c * b.light) : [0.05, 0.06, 0.08];
    const codes = colour.map((c) => Math.min(255, 255 * (c * (0.9 + 0.1 * noise)) ** (1 / 2.2)));
    return [...codes, 255] as unknown as Colour;
  });
  return { image, depth: depthOf(width, height, (x, y) => ((b) => (b ? ((b.i * 3 + b.j) % 5) / 4 : 0))(ball(x, y))) };
}

export const SCENES: Record<string, () => Scene> = {
  people: () => people(220, 160),
  'odd size': () => people(131, 97),
  transparent: () =>
    people(150, 110, (x, y) => Math.round(255 * Math.min(1, Math.max(0, 1.5 - 2 * Math.hypot(x - 0.5, y - 0.5))))),
  lamps: () => lamps(161, 120),
  'one pixel': () => people(1, 1),
  'a column': () => people(1, 70),
  'a row': () => people(90, 1),
  'noise in depth': () => ({
    image: noisy(96, 80, 3),
    depth: depthOf(96, 80, (x, y) => (Math.abs(Math.sin((x >> 2) * 12.9 + (y >> 2) * 78.2)) * 437.5) % 1),
  }),
};
