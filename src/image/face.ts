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
