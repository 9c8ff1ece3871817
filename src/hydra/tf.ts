/**
 * TensorFlow.js, loaded when a Hydra is: importing relievo costs no network, and the graph of src/effects never
 * reaches this file.
 */
import type * as TfCore from '@tensorflow/tfjs-core';
import type * as TfConverter from '@tensorflow/tfjs-converter';
import { RelievoError } from '../core/errors.js';

export type Tf = typeof TfCore & Pick<typeof TfConverter, 'loadGraphModel'>;
export type { GraphModel } from '@tensorflow/tfjs-converter';
export type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';

/** Backends in the order they are tried. */
export const BACKENDS = ['webgl', 'wasm', 'cpu'] as const;
export type Backend = (typeof BACKENDS)[number];

let loading: Promise<Tf> | undefined;

export function loadTf(): Promise<Tf> {
  loading ??= Promise.all([import('@tensorflow/tfjs-core'), import('@tensorflow/tfjs-converter')]).then(
    ([core, converter]) => ({ ...core, loadGraphModel: converter.loadGraphModel }),
  );
  return loading.catch((cause) => {
    loading = undefined; // a rejected load is forgotten, so that the next call can succeed
    throw new RelievoError(
      'DEPENDENCY_MISSING',
      'TensorFlow.js could not be loaded: install @tensorflow/tfjs-core and @tensorflow/tfjs-converter.',
      { cause },
    );
  });
}

/** Only the chosen backend is downloaded. */
const REGISTER: Readonly<Record<Backend, (wasmPath: string | undefined) => Promise<unknown>>> = {
  webgl: () => import('@tensorflow/tfjs-backend-webgl'),
  cpu: () => import('@tensorflow/tfjs-backend-cpu'),
  wasm: async (wasmPath) => {
    const wasm = await import('@tensorflow/tfjs-backend-wasm');
    if (wasmPath !== undefined) wasm.setWasmPaths(wasmPath.endsWith('/') ? wasmPath : `${wasmPath}/`);
  },
};

/**
 * Activates the first of `wanted` that computes right numbers on a probe, not only starts: drivers exist whose
 * shaders compile and answer nonsense.
 *
 * @throws RelievoError `BACKEND_UNAVAILABLE` naming what was tried and why each failed.
 */
export async function activate(tf: Tf, wanted: readonly Backend[], wasmPath: string | undefined): Promise<Backend> {
  const failures: string[] = [];
  for (const name of wanted) {
    try {
      if (name === 'webgl' && !webGl()) throw new Error('no WebGL context');
      await REGISTER[name](wasmPath);
      if (!(await tf.setBackend(name))) throw new Error('did not start');
      await tf.ready();
      await probe(tf);
      return name;
    } catch (error) {
      failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new RelievoError('BACKEND_UNAVAILABLE', `no TensorFlow.js backend works here (${failures.join('; ')}).`);
}

/**
 * The default order: a GPU where there is one, otherwise SIMD; plain JavaScript last. WebGL that the processor only
 * imitates is not a GPU: measured on two cores, it takes 8 s for a first photo where WASM takes 0.6 s.
 */
export function defaultBackends(): readonly Backend[] {
  return BACKENDS.filter((b) => b !== 'webgl' || hasGpu());
}

function webGl(): WebGL2RenderingContext | null {
  try {
    if (typeof OffscreenCanvas === 'function') return new OffscreenCanvas(1, 1).getContext('webgl2');
    return typeof document === 'object' ? document.createElement('canvas').getContext('webgl2') : null;
  } catch {
    return null;
  }
}

/** Names that rendering on the processor goes by: Chromium, Mesa (two), Windows, macOS. */
const SOFTWARE = /swiftshader|llvmpipe|softpipe|basic render|apple software/i;

function hasGpu(): boolean {
  const gl = webGl();
  if (!gl) return false;
  const info = gl.getExtension('WEBGL_debug_renderer_info');
  return !SOFTWARE.test(String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER)));
}

/** A 3 × 3 mean of a ramp and a resize: convolution, padding and interpolation as the networks use them. */
async function probe(tf: Tf): Promise<void> {
  const out = tf.tidy(() => {
    const ramp = tf.tensor4d(
      Array.from({ length: 16 }, (_, i) => i),
      [1, 4, 4, 1],
    );
    const mean = tf.conv2d(ramp, tf.fill([3, 3, 1, 1], 1 / 9) as TfCore.Tensor4D, 1, 'same');
    return tf.image.resizeBilinear(mean, [8, 8], false, true);
  });
  try {
    const v = await out.data();
    // By hand: means of the ramp at (1, 1), (1, 2), (2, 1) are 5, 6, 9; the sample lies a quarter of the way along both.
    const want = 6.25;
    const got = v[3 * 8 + 3]!;
    if (!(Math.abs(got - want) < 0.02)) throw new Error(`wrong numbers on the probe (${got} instead of ${want})`);
  } finally {
    out.dispose();
  }
}
