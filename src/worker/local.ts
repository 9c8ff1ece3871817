import { DISPOSE } from '../core/closable.js';
import { RelievoError } from '../core/errors.js';
import type { TaskOptions } from '../core/task.js';
import { estimateDepth } from '../depth/estimate.js';
import { DepthStream } from '../depth/stream.js';
import { applyBokeh } from '../effects/bokeh.js';
import { applyGrade } from '../effects/grade.js';
import { applyHaze } from '../effects/haze.js';
import { applyParallax } from '../effects/parallax.js';
import { loadOperators } from '../effects/load-operators.js';
import { pipeline } from '../effects/pipeline.js';
import { applyRelight } from '../effects/relight.js';
import { applyVignette } from '../effects/vignette.js';
import { Hydra } from '../hydra/hydra.js';
import type { Photo } from '../hydra/photo.js';
import { shrinkImage } from '../image/shrink.js';
import { detectFaces } from '../portrait/faces.js';
import { cutOut, estimateMatte } from '../portrait/matte.js';
import { readEmbeddedDepth } from './embedded-depth.js';
import type { RelievoWorker, WorkerOptions } from './index.js';
import { scriptsOf, type Functions, type WorkerHydraOptions } from './protocol.js';

/**
 * What `createWorker` gives, on this thread: for pages in which no worker can be started. Long calls let the page's
 * events through, but are slower than in a worker, and so is the page.
 *
 * @throws RelievoError as `Hydra.load`.
 */
export async function createLocal({
  operators = [],
  ...options
}: WorkerHydraOptions & Pick<WorkerOptions, 'operators'> & TaskOptions = {}): Promise<RelievoWorker> {
  for (const address of scriptsOf(operators)) await loadOperators(address);
  const hydra = await Hydra.load(options);
  const guard = <A extends unknown[], R>(work: (...args: A) => Promise<R>) =>
    async function guarded(...args: A): Promise<R> {
      if (hydra.closed) throw new RelievoError('DISPOSED', 'this instance was closed: create a new one.');
      return work(...args);
    };
  const functions: Functions = {
    estimateDepth: guard((image, o) => estimateDepth(image, { ...o, hydra })),
    estimateMatte: guard((image, o) => estimateMatte(image, { ...o, hydra })),
    cutOut: guard((image, o) => cutOut(image, { ...o, hydra })),
    detectFaces: guard((image, o) => detectFaces(image, { ...o, hydra })),
    shrinkImage: guard(shrinkImage),
    readEmbeddedDepth: guard(readEmbeddedDepth),
    applyBokeh: guard(applyBokeh),
    applyGrade: guard(applyGrade),
    applyHaze: guard(applyHaze),
    applyRelight: guard(applyRelight),
    applyVignette: guard(applyVignette),
    applyParallax: guard(applyParallax),
  };
  const local: Omit<RelievoWorker, keyof Functions> = {
    backend: hydra.backend,
    open: guard((image, o) => hydra.open(image, o)),
    run: guard(async (recipe, image, depth, o) => pipeline(recipe).run(image as Photo, depth, o)),
    createDepthStream: guard(async (o) => new DepthStream({ ...o, hydra })),
    close: () => hydra.close(),
    [DISPOSE]: () => hydra.close(),
  };
  return { ...functions, ...local } as RelievoWorker;
}
