/**
 * What the library reads from the answer to a task: output name -> channels. A module of one of these tasks must give
 * them; any other task is the host's own, with any outputs.
 *
 * - `depth`: relative disparity, up to scale and shift, larger = nearer. It may give `doubt` (1) as well: ln of the error to
 *   expect in each pixel, in mean absolute deviations of the map.
 * - `matte`: logit of the share of a person in the pixel.
 * - `faces`: on a grid of cells; `score`: logit of a face's centre in the cell; `box`: ln of the distances from the
 *   cell's centre to the left, top, right and bottom edge, in cells; `points`: dx, dy from the cell's centre, in cells,
 *   of the eye, the eye, the tip of the nose, and the two corners of the mouth, each pair from left to right in an
 *   upright picture.
 */
export const TASK_OUTPUTS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  depth: { disparity: 1 },
  matte: { matte: 1 },
  faces: { score: 1, box: 4, points: 10 },
};

/** Outputs a task must have, or none for a task of the host's own. */
export function taskOutputs(task: string): Readonly<Record<string, number>> {
  return Object.hasOwn(TASK_OUTPUTS, task) ? TASK_OUTPUTS[task]! : {};
}
