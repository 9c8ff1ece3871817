import { isRelievoError, RelievoError } from '../core/errors.js';
import { part, type TaskOptions } from '../core/task.js';
import type { DepthMap } from '../depth/depth-map.js';
import type { OutputImage } from '../image/image-data.js';
import { around, type Region } from '../image/region.js';
import { partsReach } from './edge-parts.js';
import type { Frame, Operator, PointPlan } from './operator.js';
import { runPoints } from './run-points.js';

/** A step of a recipe with its options as they were read. */
export interface ReadStep {
  /** For messages: `steps[2]`. */
  readonly path: string;
  readonly operator: Operator;
  readonly options: never;
}

/** What the steps made; no image where none of them made one. */
export interface StepsResult {
  readonly image: OutputImage | undefined;
  readonly depth: DepthMap;
}

/** Steps in runs: point operators next to each other are one, any other step is one of its own. */
export function groups(steps: readonly ReadStep[]): ReadStep[][] {
  const out: ReadStep[][] = [];
  for (const step of steps) {
    const last = out.at(-1);
    if (step.operator.kind === 'point' && last?.[0]?.operator.kind === 'point') last.push(step);
    else out.push([step]);
  }
  return out;
}

/** Runs steps on the CPU. Of `start.part`, if there is one, the result has at least that part. */
export async function runSteps(steps: readonly ReadStep[], start: Frame, task: TaskOptions): Promise<StepsResult> {
  let frame = start;
  let made: OutputImage | undefined;
  let done = 0;
  const all = groups(steps);
  const parts = partsOf(all, start);
  for (const [i, group] of all.entries()) {
    const share = part(task, done / steps.length, (done += group.length) / steps.length);
    const result = await runGroup(group, { ...frame, part: parts[i] }, share);
    made = (result.image as OutputImage | undefined) ?? made;
    frame = { ...frame, ...result };
  }
  return { image: made, depth: frame.depth };
}

/** By group the part of its image that the groups after it need; undefined: all of it. */
function partsOf(all: readonly ReadStep[][], { image, part }: Frame): (Region | undefined)[] {
  const parts: (Region | undefined)[] = [];
  let wanted = part;
  for (let i = all.length - 1; i >= 0; i--) {
    parts[i] = wanted;
    const near = all[i]!.every(({ operator }) => operator.kind === 'point' && !operator.readsImage);
    wanted = wanted && near ? around(wanted, partsReach(image), image) : undefined;
  }
  return parts;
}

/** One of the {@link groups}. */
export async function runGroup(group: readonly ReadStep[], frame: Frame, task: TaskOptions): Promise<Partial<Frame>> {
  const { operator, options, path } = group[0]!;
  if (operator.kind === 'whole') return named(path, () => operator.run(frame, options, task));
  const plans = await planPoints(group, frame, task.signal);
  const kernels = plans.map((plan) => plan.kernel);
  return { image: await runPoints(frame, kernels, task) };
}

/** Plans of point operators; those that change nothing have none. */
export async function planPoints(
  group: readonly ReadStep[],
  frame: Frame,
  signal: AbortSignal | undefined,
): Promise<PointPlan[]> {
  const plans: PointPlan[] = [];
  for (const { operator, options, path } of group) {
    if (operator.kind !== 'point') continue;
    const plan = await named(path, () => operator.plan(options, frame, { signal }));
    if (plan) plans.push(plan);
  }
  return plans;
}

/** Says in which step something went wrong. */
export async function named<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isRelievoError(error) || error.code === 'CONTEXT_LOST') throw error;
    throw new RelievoError(error.code, `${path}: ${error.message}`, { cause: error });
  }
}
