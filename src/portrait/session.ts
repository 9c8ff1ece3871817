import { part, type TaskOptions } from '../core/task.js';
import { defaultHydra } from '../depth/estimate.js';
import type { Hydra } from '../hydra/hydra.js';

export interface PortraitOptions extends TaskOptions {
  /** The Hydra to use; it has to have the head. Default: one shared by all calls, to which the head is added. */
  hydra?: Hydra;
}

/** Share of the progress that loading takes. */
const LOADING = 0.3;

/** A Hydra that answers the task, and what is left of the progress. */
export async function hydraFor(task: string, options: PortraitOptions): Promise<{ hydra: Hydra; rest: TaskOptions }> {
  if (options.hydra) return { hydra: options.hydra, rest: part(options, 0, 1) };
  const hydra = await defaultHydra(part(options, 0, LOADING / 2));
  await hydra.add([task], part(options, LOADING / 2, LOADING));
  return { hydra, rest: part(options, LOADING, 1) };
}
