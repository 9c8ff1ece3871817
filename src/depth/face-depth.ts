import type { Face } from '../image/face.js';
import type { DepthMap } from './depth-map.js';

/** Half-axes of the ellipse that is read, as a share of the box: forehead, cheeks and chin, not what is beside them. */
const INNER = 0.36;
/** Samples along a side of the box: enough for a quantile, whatever the size. */
const SAMPLES = 24;

/** Disparities within a face: the median, and what all but its outermost tenths lie between. */
export interface FaceDisparities {
  readonly median: number;
  readonly near: number;
  readonly far: number;
}

/** @param size of the picture whose pixels the face is in; the map may have another. */
export function faceDisparities(
  depth: DepthMap,
  { box }: Pick<Face, 'box'>,
  size: { readonly width: number; readonly height: number } = depth,
): FaceDisparities {
  const values: number[] = [];
  for (let j = 0; j < SAMPLES; j++) {
    for (let i = 0; i < SAMPLES; i++) {
      const u = (i + 0.5) / SAMPLES - 0.5;
      const v = (j + 0.5) / SAMPLES - 0.5;
      if (u * u + v * v > INNER * INNER) continue;
      const x = Math.floor(((box.x + (0.5 + u) * box.width) * depth.width) / size.width);
      const y = Math.floor(((box.y + (0.5 + v) * box.height) * depth.height) / size.height);
      // A face at the border reaches beyond the picture.
      if (x >= 0 && y >= 0 && x < depth.width && y < depth.height) values.push(depth.data[y * depth.width + x]!);
    }
  }
  if (values.length === 0) {
    const clamp = (v: number, n: number) => Math.min(n - 1, Math.max(0, Math.floor(v)));
    const x = clamp(((box.x + box.width / 2) * depth.width) / size.width, depth.width);
    const y = clamp(((box.y + box.height / 2) * depth.height) / size.height, depth.height);
    values.push(depth.data[y * depth.width + x]!);
  }
  values.sort((a, b) => a - b);
  const at = (share: number) => values[Math.round(share * (values.length - 1))]!;
  return { median: at(0.5), near: at(0.9), far: at(0.1) };
}
