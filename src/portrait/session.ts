import { readOptions, TASK } from '../core/params.js';
import { part, type TaskOptions } from '../core/task.js';
import { defaultHydra } from '../depth/estimate.js';
import type { Hydra } from '../hydra/hydra.js';

export interface PortraitOptions extends TaskOptions {
  /** The Hydra to use; a shipped head that it lacks is loaded. Default: one shared by all calls. */
  hydra?: Hydra | undefined;
}

/** Share of the progress that loading takes. */
const LOADING = 0.3;

/** A Hydra that answers the task, and what is left of the progress. */
export async function hydraFor(
  owner: string,
  task: string,
  options: PortraitOptions,
): Promise<{ hydra: Hydra; rest: TaskOptions }> {
  options = readOptions(owner, options, ['hydra', ...TASK]);
  const hydra = options.hydra ?? (await defaultHydra(part(options, 0, LOADING / 2)));
  await hydra.add([task], part(options, options.hydra ? 0 : LOADING / 2, LOADING));
  return { hydra, rest: part(options, LOADING, 1) };
}
