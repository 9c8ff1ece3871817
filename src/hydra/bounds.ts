import type { Tensor, Tf } from './tf.js';

/** Values of one tensor inside a network: 512 MB as floats, 128 channels of a whole megapixel. */
const MOST_VALUES = 2 ** 27;
/** Bytes that all tensors of a run may come to. */
const MOST_BYTES = 2 ** 31;

type Attributes = Readonly<Record<string, unknown>>;
type RunKernel = (name: string, inputs: Readonly<Record<string, Tensor>>, attributes?: Attributes) => unknown;

const product = (list: unknown) => (list as number[]).reduce((n, v) => n * v, 1);

type Made = (attributes: Attributes, x: Tensor, y: Tensor | undefined) => number;

const resized: Made = ({ size }, { shape }) => shape[0]! * product(size) * shape[3]!;
const padded: Made = ({ paddings }, { shape }) =>
  product((paddings as number[][]).map(([before, after], i) => shape[i]! + before! + after!));
/** At most: as if each side kept what its paddings add. */
const convolved: Made = ({ pad, strides }, { shape, size }, filter) => {
  const around = typeof pad === 'number' ? [[], [pad, pad], [pad, pad]] : Array.isArray(pad) ? (pad as number[][]) : [];
  const grown = product([1, 2].map((i) => 1 + ((around[i] ?? []).reduce((a, b) => a + b, 0) || 0) / (shape[i] ?? 1)));
  return (size * grown * (filter!.shape.at(-1) ?? 1)) / product([strides].flat());
};

/** How many values a kernel makes, of those that make more than they are given: told by its attributes and shapes alone. */
const MADE: Readonly<Record<string, Made>> = {
  Range: ({ start, stop, step }) => Math.abs(((stop as number) - (start as number)) / (step as number)),
  LinSpace: ({ num }) => num as number,
  Fill: ({ shape }) => product(shape),
  Tile: ({ reps }, x) => x.size * product(reps),
  OneHot: ({ depth }, x) => x.size * (depth as number),
  PadV2: padded,
  MirrorPad: padded,
  ResizeBilinear: resized,
  ResizeNearestNeighbor: resized,
  CropAndResize: ({ cropSize }, x, boxes) => boxes!.shape[0]! * product(cropSize) * x.shape[3]!,
  Conv2DBackpropInput: ({ inputShape }) => product(inputShape),
  ScatterNd: ({ shape }) => product(shape),
  SparseToDense: ({ outputShape }) => product(outputShape),
  UnsortedSegmentSum: ({ numSegments }, x) => x.size * (numSegments as number),
  SpaceToBatchND: ({ paddings }, x) => x.size * product((paddings as number[][]).map(([a, b]) => 1 + a! + b!)),
};

/** Of two shapes that are spread over one another, or multiplied as matrices. */
const spread: Made = (_, x, y) => {
  const [a, b] = [x.shape, y?.shape ?? []];
  const rank = Math.max(a.length, b.length);
  return product(Array.from({ length: rank }, (_v, i) => Math.max(a.at(-1 - i) ?? 1, b.at(-1 - i) ?? 1)));
};

function madeBy(name: string, attributes: Attributes, inputs: readonly Tensor[]): number {
  if (Object.hasOwn(MADE, name)) return MADE[name]!(attributes, inputs[0]!, inputs[1]);
  if (/Conv2D/.test(name)) return convolved(attributes, inputs[0]!, inputs[1]);
  if (inputs.length !== 2 || /Gather|Concat|Pack|Sparse|Suppression/.test(name)) return 0;
  return spread(attributes, inputs[0]!, inputs[1]);
}

/**
 * Runs a network that may come from anywhere, and stops it before it takes memory without bounds: a `Range` to 10⁹ is a
 * few bytes in a file. Every kernel passes here; those that make more than they are given are asked first.
 *
 * @throws Error with the kernel's name.
 */
export function withinBounds<T>(tf: Tf, run: () => T): T {
  const engine = tf.engine() as unknown as { runKernel: RunKernel };
  const { runKernel } = engine;
  const most = tf.memory().numBytes + MOST_BYTES;
  engine.runKernel = (name, inputs, attributes = {}) => {
    const made = madeBy(name, attributes, Object.values(inputs));
    // Also for NaN, of attributes that make no sense.
    if (!(made <= MOST_VALUES)) throw new Error(`its ${name} would make ${made} values, the limit is ${MOST_VALUES}`);
    if (tf.memory().numBytes > most) throw new Error(`it holds more than ${MOST_BYTES} bytes of tensors`);
    return runKernel.call(engine, name, inputs, attributes);
  };
  try {
    return run();
  } finally {
    // The prototype's own again.
    delete (engine as { runKernel?: RunKernel }).runKernel;
  }
}
