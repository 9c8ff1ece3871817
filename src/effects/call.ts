import { lazy } from '../core/lazy.js';
import { readOptions } from '../core/params.js';
import { at, readFields, type Fields, type FieldsJson } from '../core/schema.js';
import type { TaskOptions } from '../core/task.js';
import type { DepthMap } from '../depth/depth-map.js';
import { checkFaces } from '../image/face.js';
import { checkImage, type ImageDataLike, type OutputImage } from '../image/image-data.js';
import { checkMatte } from '../image/matte.js';
import { matchDepth } from './match-depth.js';
import type { Frame, PointOperator, WholeOperator } from './operator.js';
import { applyPoint } from './points.js';

type Parts = Pick<Frame, 'matte' | 'faces' | 'createCanvas'>;

/**
 * An operator as a function, as hosts call ours: `const applyGlow = callable(glow)`.
 *
 * @returns `(image, depth, options)` → `{ image, depth }`, on the CPU: a new image, and the depth after it. Beside its own, the options are `signal`,
 *   `onProgress`, `matte`, `faces` and `createCanvas`.
 */
export function callable<F extends Fields>(operator: PointOperator<F> | WholeOperator<F>) {
  return async (
    image: ImageDataLike,
    depth: DepthMap,
    given: FieldsJson<F> & Parts & TaskOptions,
  ): Promise<{ image: OutputImage; depth: DepthMap }> => {
    const { name } = operator;
    const { matte, faces, createCanvas, ...rest } = readOptions(name, given);
    const parts = {
      matte: matte === undefined ? undefined : checkMatte(name, matte),
      faces: faces === undefined ? undefined : checkFaces(name, faces),
      createCanvas,
    };
    if (operator.kind === 'point')
      return { image: await applyPoint(operator, rest, { image, depth, ...parts }), depth };
    const { signal, onProgress, ...options } = rest;
    signal?.throwIfAborted();
    const values = readFields(operator.options, options, at(name));
    image = checkImage(name, image);
    const map = await matchDepth(name, depth, image, { signal });
    const made = await operator.run({ image, depth: map, ...parts }, values, { signal, onProgress });
    const { runPoints } = await lazy(() => import('./run-points.js'));
    const copy = () => runPoints({ image, depth: map }, []);
    return { image: (made.image as OutputImage | undefined) ?? (await copy()), depth: made.depth ?? map };
  };
}
