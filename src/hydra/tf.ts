/**
 * TensorFlow.js, loaded when a Hydra is: importing relievo costs no network, and the graph of src/effects never
 * reaches this file.
 */
import type * as TfCore from '@tensorflow/tfjs-core';
import type * as TfInPackage from './tfjs/core.js';
import { RelievoError } from '../core/errors.js';
import { lazy } from '../core/lazy.js';
import { within } from '../core/task.js';
import { BACKENDS, type Backend } from './backends.js';

export type Tf = typeof TfInPackage;
export type { GraphModel } from '@tensorflow/tfjs-converter';
export type { Tensor } from '@tensorflow/tfjs-core';

let loading: Promise<Tf> | undefined;

/** @throws RelievoError `DEPENDENCY_MISSING`; the next call tries again. */
export function loadTf(): Promise<Tf> {
  loading ??= lazy(() => import('./tfjs/core.js'));
  return loading.catch((error) => {
    loading = undefined; // a rejected load is forgotten, so that the next call can succeed
    throw error;
  });
}

/** Only the chosen backend is downloaded. */
const REGISTER: Readonly<Record<Backend, (tf: Tf, wasmBaseUrl: string | undefined) => Promise<unknown>>> = {
  webgpu: () => import('./tfjs/webgpu.js'),
  webgl: () => import('./tfjs/webgl.js'),
  cpu: () => import('./tfjs/cpu.js'),
  wasm: async (tf, wasmBaseUrl) => (await import('./wasm.js')).registerWasm(tf, wasmBaseUrl),
};

let warned = false;

/** Slow without a word would look like Relievo's own speed. */
function warnOfPlainJavaScript(failures: readonly string[]): void {
  const wasm = failures.find((f) => f.startsWith('wasm: '));
  if (!wasm || warned) return;
  warned = true;
  console.warn(
    `Relievo runs its networks in plain JavaScript, about five times slower than in WebAssembly, which could not be used (` +
      `${wasm.slice(6)}). Allow 'wasm-unsafe-eval' in the page's policy, or name the folder that holds the package's .wasm files by 'wasmBaseUrl'.`,
  );
}

/**
 * Activates the first of `wanted` that computes right numbers on a probe, not only starts: drivers exist whose
 * shaders compile and answer nonsense.
 *
 * @throws RelievoError `BACKEND_UNAVAILABLE` naming what was tried and why each failed.
 */
export async function activate(tf: Tf, wanted: readonly Backend[], wasmBaseUrl: string | undefined): Promise<Backend> {
  const failures: string[] = [];
  for (const name of wanted) {
    try {
      if (name === 'webgpu' && !(await webGpu())) throw new Error('no WebGPU adapter');
      if (name === 'webgl' && !webGl()) throw new Error('no WebGL context');
      await REGISTER[name](tf, wasmBaseUrl);
      // TF.js opens its threads with the text of a function of its own, which minifiers make depend on names outside it:
      // in a bundle of Vite 8, crossOriginIsolated, it never started.
      if (name === 'wasm') tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
      if (!(await tf.setBackend(name))) throw new Error('did not start');
      await tf.ready();
      await probe(tf);
      if (name === 'cpu') warnOfPlainJavaScript(failures);
      return name;
    } catch (error) {
      failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new RelievoError('BACKEND_UNAVAILABLE', `no TensorFlow.js backend works here (${failures.join('; ')}).`);
}

/**
 * The default order: a GPU where there is one, otherwise SIMD; plain JavaScript last. WebGL that the processor only
 * imitates is not a GPU: measured on two cores, it takes 8 s for a first photo where WASM takes 0.6 s. WebGPU is not
 * tried where its package is not installed, see {@link activate}.
 */
export async function defaultBackends(): Promise<readonly Backend[]> {
  const gpu = hasGpu();
  // Who has WebGPU has WebGL: without it nobody asks, for Chromium says on the console that there is none.
  const skipped: Partial<Record<Backend, boolean>> = { webgl: !gpu, webgpu: !gpu || !(await hasWebGpu()) };
  return BACKENDS.filter((b) => !skipped[b]);
}

/** What of WebGPU is asked for; the types come with TypeScript's next library. */
interface Adapter {
  readonly isFallbackAdapter?: boolean;
  readonly info?: {
    readonly isFallbackAdapter?: boolean;
    readonly architecture?: string;
    readonly description?: string;
  };
}

/** An adapter that is not there by then is none. */
const ADAPTER_MS = 3000;

async function webGpu(): Promise<Adapter | null> {
  const { gpu } = (globalThis.navigator ?? {}) as { gpu?: { requestAdapter(): Promise<Adapter | null> } };
  return (gpu && (await within(ADAPTER_MS, gpu.requestAdapter()).catch(() => null))) ?? null;
}

async function hasWebGpu(): Promise<boolean> {
  const adapter = await webGpu();
  if (!adapter || adapter.isFallbackAdapter || adapter.info?.isFallbackAdapter) return false;
  return !SOFTWARE.test(`${adapter.info?.architecture} ${adapter.info?.description}`);
}

/** @param real only one that can be told from what the processor imitates. */
function webGl(real = false): WebGL2RenderingContext | null {
  try {
    const offscreen = typeof OffscreenCanvas === 'function' ? new OffscreenCanvas(1, 1) : undefined;
    const found = offscreen?.getContext('webgl2');
    // Some engines give WebGL to an element only. WebKitGTK then calls anything that draws "Apple GPU".
    if (found || (offscreen && real) || typeof document !== 'object') return found ?? null;
    return document.createElement('canvas').getContext('webgl2');
  } catch {
    return null;
  }
}

/** Names that rendering on the processor goes by: Chromium, Mesa (two), Windows, macOS. */
const SOFTWARE = /swiftshader|llvmpipe|softpipe|basic render|apple software/i;

function hasGpu(): boolean {
  const gl = webGl(true);
  if (!gl) return false;
  const info = gl.getExtension('WEBGL_debug_renderer_info');
  return !SOFTWARE.test(String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER)));
}

/** What the WebGL backend has for compiling apart from running. */
interface Compiler {
  checkCompileCompletion(): void;
  checkCompileCompletionAsync(): Promise<unknown>;
  getUniformLocations(): void;
}

/** Shaders that were asked for and are not yet waited for. */
let compiling: Promise<void> | undefined;

/**
 * Asks for all shaders that `run` needs at once, without running it, and waits for them without blocking: browsers
 * compile them side by side on threads of their own. Other backends have nothing that blocks.
 *
 * @param run is called once; the tensors that it makes hold nothing and have to be gone when it returns.
 */
export async function compileShaders(tf: Tf, run: () => void): Promise<void> {
  if (tf.getBackend() !== 'webgl') return;
  await compiling;
  const backend = tf.backend() as unknown as Compiler;
  tf.env().set('ENGINE_COMPILE_ONLY', true);
  try {
    run();
  } finally {
    tf.env().set('ENGINE_COMPILE_ONLY', false);
    const mine = backend.checkCompileCompletionAsync().then(() => {
      // Whoever could not wait has done it.
      if (compiling === mine) finish(backend);
    });
    compiling = mine;
  }
  await compiling;
}

/** When shaders that were asked for are there. */
export async function shadersCompiled(): Promise<void> {
  await compiling?.catch(() => {}); // whoever asked for them is told
}

/** Waits for shaders that were asked for, blocking: nothing can run before its shader is there. */
export function finishShaders(tf: Tf): void {
  if (!compiling || tf.getBackend() !== 'webgl') return;
  const backend = tf.backend() as unknown as Compiler;
  backend.checkCompileCompletion();
  finish(backend);
}

function finish(backend: Compiler): void {
  compiling = undefined;
  backend.getUniformLocations();
}

/** Numbers that look like noise and are the same everywhere, -1..1. */
const scattered = (n: number, factor: number) =>
  Float32Array.from({ length: n }, (_, i) => ((i * factor) % 101) / 50 - 1);

/**
 * The operations that the networks are made of, as small as they go: fused convolution, also of many channels and with a
 * stride, fused depthwise convolution, addition, bilinear enlargement. Its largest values are about 40,000, which half
 * floats hold and what clips earlier does not.
 */
export function probeOutput(tf: Tf): TfCore.Tensor4D {
  return tf.tidy(() => {
    const x = tf.tensor4d(scattered(9 * 7 * 3, 37), [1, 9, 7, 3]);
    const wide = tf.fused.conv2d({
      x,
      filter: tf.tensor4d(scattered(3 * 3 * 3 * 16, 29), [3, 3, 3, 16]),
      strides: 2,
      pad: 'same',
      bias: tf.tensor1d(scattered(16, 17)),
      activation: 'relu',
    });
    const spread = tf.fused.depthwiseConv2d({
      x: wide,
      filter: tf.tensor4d(scattered(3 * 3 * 16, 23), [3, 3, 16, 1]),
      strides: 1,
      pad: 'same',
      bias: tf.tensor1d(scattered(16, 19)),
      activation: 'relu6',
    });
    const mixed = tf.fused.conv2d({
      x: tf.add<TfCore.Tensor4D>(wide, spread),
      filter: tf.tensor4d(scattered(16 * 4, 31), [1, 1, 16, 4]),
      strides: 1,
      pad: 'same',
    });
    const scaled = tf.mul<TfCore.Tensor4D>(mixed, PROBE_SCALE);
    return tf.image.resizeBilinear(scaled, [10, 8], false, true);
  });
}

const PROBE_SCALE = 4800;

/**
 * Every 16th value of {@link probeOutput} on the CPU backend, where single precision is all that rounds:
 * `node bench/probe.mjs` prints them.
 */
export const PROBE_VALUES = [
  -5628.8, 8227.9, -5250.4, 1247.4, -4493.5, -12713.6, -5710.1, -15345.2, -8900.1, -6647.5, -13741.1, -1556.1, -20233.0,
  -70.9, -21873.2, -5028.6, -18661.7, -16429.2, -17056.0, -22129.5,
] as readonly number[];

/** Half floats carry 11 bits, sums of a hundred of them less. */
const PROBE_TOLERANCE = 0.01;

async function probe(tf: Tf): Promise<void> {
  const out = probeOutput(tf);
  try {
    const got = await out.data();
    const scale = PROBE_VALUES.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    PROBE_VALUES.forEach((want, i) => {
      if (!(Math.abs(got[i * 16]! - want) <= PROBE_TOLERANCE * scale))
        throw new Error(`wrong numbers on the probe (${got[i * 16]} instead of ${want})`);
    });
  } finally {
    out.dispose();
  }
}
