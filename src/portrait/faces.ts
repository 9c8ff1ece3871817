import { RelievoError } from '../core/errors.js';
import { numbers, readOptions, TASK, type NumberTable } from '../core/params.js';
import { checkDepth, type DepthMap } from '../depth/depth-map.js';
import { faceDisparities } from '../depth/face-depth.js';
import type { Plane } from '../hydra/hydra.js';
import type { Photo } from '../hydra/photo.js';
import type { ImageInput } from '../image/decode.js';
import type { Face } from '../image/face.js';
import { withPhoto } from './matte.js';
import { hydraFor, type PortraitOptions } from './session.js';

export interface FacesOptions extends PortraitOptions {
  /** Gives each face its median disparity. Of the photo's aspect, any size. Without it they have none. */
  depth?: DepthMap | undefined;
  /** Least confidence, 0..1. Default: 0.4. */
  threshold?: number | undefined;
}

/** Numeric options: default, range and unit. */
export const FACES_PARAMS = {
  threshold: { default: 0.4, min: 0, max: 1, unit: 'confidence', doc: 'Least confidence of a face.' },
} as const satisfies NumberTable;

/** Boxes that overlap more are one face (intersection over union). */
const SAME = 0.4;
/** Faces in a picture: more peaks than this are not looked at. */
const MOST = 400;
/** exp(5) cells is far beyond any picture; a broken network shall not answer Infinity. */
const FARTHEST = 5;

/**
 * Faces, from the features that depth and matte use: boxes, five landmarks, confidence. The largest comes first.
 *
 * @param image pixels, an opened photo, or (in a page) a file or anything a canvas can draw.
 * @throws RelievoError `INVALID_PARAM`, `INVALID_DEPTH`; of loading, of the input; the signal's reason.
 */
export async function detectFaces(image: ImageInput | Photo, options: FacesOptions = {}): Promise<Face[]> {
  const {
    depth: map,
    threshold: least,
    ...session
  } = readOptions('detectFaces', options, [...['depth', 'threshold', 'hydra'], ...TASK]);
  const { threshold } = numbers('detectFaces', FACES_PARAMS, { threshold: least });
  const depth = map === undefined ? undefined : checkDepth('detectFaces', map);
  const { hydra, rest } = await hydraFor('detectFaces', 'faces', session);
  return withPhoto(hydra, image, rest, async (photo) => {
    const { score, box, points } = await hydra.run('faces', photo, rest);
    if (!score || !box || !points)
      throw new RelievoError('MODEL_CONTRACT', `the faces head needs the outputs score, box and points.`);
    const faces = decodeFaces({ score, box, points }, photo, threshold);
    rest.onProgress?.(1);
    if (!depth) return faces;
    return faces.map((f) => ({ ...f, disparity: faceDisparities(depth, f, photo).median }));
  });
}

/**
 * The head's planes -> faces in pixels of the photo: local maxima of the score, boxes around their cells' centres
 * (after CenterNet: Zhou, Wang & Krähenbühl 2019), of overlapping ones the surest. Largest first.
 */
export function decodeFaces(
  { score, box, points }: { readonly score: Plane; readonly box: Plane; readonly points: Plane },
  photo: { readonly width: number; readonly height: number },
  threshold: number,
): Face[] {
  const { width, height, data } = score;
  const sx = photo.width / width;
  const sy = photo.height / height;
  const least = Math.log(threshold / (1 - threshold)); // of the logit
  const faces: Face[] = [];
  for (const i of peaks(data, width, height, least).slice(0, MOST)) {
    const cx = (i % width) + 0.5;
    const cy = Math.floor(i / width) + 0.5;
    const reach = (k: number) => Math.exp(Math.min(FARTHEST, box.data[i * 4 + k]!));
    const [left, top] = [(cx - reach(0)) * sx, (cy - reach(1)) * sy];
    const [right, bottom] = [(cx + reach(2)) * sx, (cy + reach(3)) * sy];
    faces.push({
      box: { x: left, y: top, width: right - left, height: bottom - top },
      points: [0, 2, 4, 6, 8].map((k) => ({
        x: (cx + points.data[i * 10 + k]!) * sx,
        y: (cy + points.data[i * 10 + k + 1]!) * sy,
      })),
      confidence: 1 / (1 + Math.exp(-data[i]!)),
    });
  }
  const kept: Face[] = [];
  for (const f of faces) if (!kept.some((k) => overlap(k.box, f.box) > SAME)) kept.push(f);
  const area = (f: Face) => f.box.width * f.box.height;
  return kept.sort((a, b) => area(b) - area(a));
}

/** Cells that no neighbour exceeds, surest first. Of equal neighbours the first counts. */
function peaks(score: Float32Array, width: number, height: number, least: number): number[] {
  const out: number[] = [];
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const v = score[i]!;
      if (!(v >= least)) continue;
      let top = true;
      for (let b = Math.max(0, y - 1); top && b <= Math.min(height - 1, y + 1); b++) {
        for (let a = Math.max(0, x - 1); top && a <= Math.min(width - 1, x + 1); a++) {
          const j = b * width + a;
          if (score[j]! > v || (score[j] === v && j < i)) top = false;
        }
      }
      if (top) out.push(i);
    }
  }
  return out.sort((a, b) => score[b]! - score[a]!);
}

type Box = Face['box'];

/** Intersection over union. */
export function overlap(a: Box, b: Box): number {
  const w = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const h = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (w <= 0 || h <= 0) return 0;
  return (w * h) / (a.width * a.height + b.width * b.height - w * h);
}
