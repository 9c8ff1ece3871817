import * as tf from '@tensorflow/tfjs-core';
import { Hydra } from '../../src/hydra/index.js';
import { PROBE_VALUES, probeOutput } from '../../src/hydra/tf.js';
import { rejection } from '../helpers/photos.js';

test('the probe knows what the CPU backend computes, up to the size that half floats hold', async () => {
  const hydra = await Hydra.load({ modules: [], backend: 'cpu' });
  const out = probeOutput(tf as never);
  const values = await out.data();
  out.dispose();
  hydra.close();
  const picked = Array.from(values.filter((_, i) => i % 16 === 0));
  picked.forEach((v, i) => expect(v).toBeCloseTo(PROBE_VALUES[i]!, 0));
  expect(picked.length).toBe(PROBE_VALUES.length);
  const largest = Math.max(...values.map(Math.abs));
  expect(largest).toBeGreaterThan(32_768);
  expect(largest).toBeLessThan(65_504);
});

/** A backend that starts and answers, but its kernel says something else. */
async function withKernel<T>(name: string, lie: (right: tf.TensorInfo) => void, work: () => Promise<T>): Promise<T> {
  await (await Hydra.load({ modules: [], backend: 'cpu' })).close();
  const kernel = tf.getKernel(name, 'cpu');
  tf.unregisterKernel(name, 'cpu');
  tf.registerKernel({
    ...kernel,
    kernelFunc: (args) => {
      const right = kernel.kernelFunc(args) as tf.TensorInfo;
      lie(right);
      return right;
    },
  });
  try {
    return await work();
  } finally {
    tf.unregisterKernel(name, 'cpu');
    tf.registerKernel(kernel);
  }
}

const valuesOf = ({ dataId }: tf.TensorInfo) => tf.backend().readSync(dataId) as Float32Array;

test.each<[string, string, (right: tf.TensorInfo) => void]>([
  ['a convolution of nothing but noughts', 'FusedConv2D', (t) => valuesOf(t).fill(0)],
  [
    'a depthwise convolution that is 2 % off',
    'FusedDepthwiseConv2D',
    (t) => valuesOf(t).forEach((v, i, a) => (a[i] = v + 0.4)),
  ],
  ['halves that overflow', 'ResizeBilinear', (t) => valuesOf(t).forEach((v, i, a) => (a[i] = Math.max(v, -16_384)))],
  ['NaN', 'ResizeBilinear', (t) => valuesOf(t).fill(NaN)],
])('a backend that computes something else is not taken: %s', async (_, kernel, lie) => {
  const error = await withKernel(kernel, lie, () => rejection(Hydra.load({ modules: [], backend: 'cpu' })));
  expect(error.code).toBe('BACKEND_UNAVAILABLE');
  expect(error.message).toMatch(/cpu: wrong numbers on the probe/);
});

test('the next backend takes its place', async () => {
  const hydra = await withKernel(
    'FusedConv2D',
    (t) => valuesOf(t).fill(1),
    () => Hydra.load({ modules: [], backend: ['webgpu', 'webgl', 'cpu', 'wasm'] }),
  );
  expect(hydra.backend).toBe('wasm');
  hydra.close();
});

test('warmUp runs every head and leaves no tensors', async () => {
  const hydra = await Hydra.load({ modules: ['depth', 'matte'] });
  const before = hydra.memory().tensors;
  await hydra.warmUp();
  expect(hydra.memory()).toMatchObject({ tensors: before, cachedFeatures: 0 });
  hydra.close();
});

test('a browser that never answers whether it has WebGPU is asked no longer than a few seconds', async () => {
  const { navigator } = globalThis;
  const gpu = { requestAdapter: () => new Promise(() => {}) };
  Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true });
  try {
    const found = await rejection(Hydra.load({ modules: [], backend: 'webgpu' }));
    expect(found).toMatchObject({ code: 'BACKEND_UNAVAILABLE', message: expect.stringContaining('no WebGPU adapter') });
  } finally {
    Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true });
  }
}, 10_000);
