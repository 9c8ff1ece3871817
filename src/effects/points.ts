import { lazy } from '../core/lazy.js';
import { readOptions } from '../core/params.js';
import { at, readFields, type Fields } from '../core/schema.js';
import { part, type TaskOptions } from '../core/task.js';
import { checkImage, type OutputImage } from '../image/image-data.js';
import { matchDepth } from './match-depth.js';
import type { Frame, PointOperator } from './operator.js';

/**
 * One point operator as a call: reads its options, plans and runs it.
 *
 * @throws RelievoError `INVALID_PARAM`, `INVALID_DEPTH`, `UNSUPPORTED_IMAGE`, `IMAGE_TOO_LARGE`; or the signal's reason.
 */
export async function applyPoint<F extends Fields>(
  operator: PointOperator<F>,
  given: TaskOptions,
  { image: photo, depth, ...rest }: Frame,
): Promise<OutputImage> {
  const { name } = operator;
  const { signal, onProgress, ...options } = readOptions(name, given);
  const task = { signal, onProgress };
  signal?.throwIfAborted();
  const values = readFields(operator.options, options, at(name));
  const image = checkImage(name, photo);
  const frame = { image, depth: await matchDepth(name, depth, image, part(task, 0, 0.3)), ...rest };
  const plan = await operator.plan(values, frame, { signal: task.signal });
  const { runPoints } = await lazy(() => import('./run-points.js'));
  return runPoints(frame, plan ? [plan.kernel] : [], part(task, 0.3, 1));
}
