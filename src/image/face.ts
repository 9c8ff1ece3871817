import { RelievoError } from '../core/errors.js';
import { invalid } from '../core/params.js';

/** A face found in a photo, in pixels of the upright photo (origin top-left, pixel centres at .5). */
export interface Face {
  /** From the forehead to the chin, from ear to ear. May reach beyond the photo. */
  readonly box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  /**
   * Five landmarks. Each pair from left to right as seen in an upright picture: eye, eye, tip of the nose, corner of the
   * mouth, corner of the mouth.
   */
  readonly points: readonly { readonly x: number; readonly y: number }[];
  /** 0..1. */
  readonly confidence: number;
  /** Median disparity of the face, 0..1. Not there without a depth map. */
  readonly disparity?: number | undefined;
}

/** Far more than a picture shows; each costs some hundred reads of the depth. */
const MOST_FACES = 1000;

/**
 * Checks faces that come from a caller.
 *
 * @returns them in a copy, each property read once.
 * @throws RelievoError `INVALID_PARAM`.
 */
export function checkFaces(owner: string, faces: readonly Face[]): Face[] {
  try {
    if (!Array.isArray(faces) || faces.length > MOST_FACES)
      throw invalid(owner, 'faces', 'as detectFaces returns them', faces);
    return Array.from(faces as readonly Face[], ({ ...face }) => {
      const { x, y, width, height } = face.box;
      const points = Array.from(face.points ?? [], (p) => ({ x: p.x, y: p.y }));
      if ([x, y, width, height, ...points.flatMap((p) => [p.x, p.y])].every(Number.isFinite))
        return { ...face, box: { x, y, width, height }, points };
      throw invalid(owner, 'faces', 'as detectFaces returns them, with finite numbers', faces);
    });
  } catch (cause) {
    if (cause instanceof RelievoError) throw cause;
    throw invalid(owner, 'faces', 'as detectFaces returns them', faces);
  }
}
