import { applyBokeh, type BokehOptions } from '../../../src/effects/index.js';

declare global {
  interface Window {
    /** Whether the bytes of several threads are those of one, and how many threads ran. */
    threads(count: number): Promise<{ same: boolean; started: number; ended: number; isolated: boolean }>;
    /** Aborts at each share of the progress: the error's name, and how many ms later it came. */
    aborts(shares: readonly number[], count: number): Promise<{ name: string; after: number }[]>;
  }
}

let started = 0;
let ended = 0;
const Real = Worker;
window.Worker = class extends Real {
  constructor(...args: ConstructorParameters<typeof Worker>) {
    super(...args);
    started++;
  }
  override terminate() {
    ended++;
    super.terminate();
  }
};

/** A near, noisy disc before a far ramp. */
function scene(width: number, height: number) {
  const data = new Uint8ClampedArray(width * height * 4);
  const disparity = new Float32Array(width * height);
  for (let i = 0, s = 1; i < disparity.length; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    const inside = Math.hypot(x - width / 2, (y - height / 2) / 1.5) < width / 5;
    data.set([inside ? 200 : s >>> 24, (x >> 4) * 40 + (s >>> 28), (y >> 4) * 40, 255], i * 4);
    disparity[i] = inside ? 0.7 : (0.3 * y) / height;
  }
  return [
    { width, height, data },
    { width, height, data: disparity },
  ] as const;
}

const OPTIONS: BokehOptions = { focus: 0.7, aperture: 0.08 };

window.threads = async (count) => {
  const given = scene(600, 800);
  const one = await applyBokeh(...given, { ...OPTIONS, threads: 1 });
  started = ended = 0;
  const many = await applyBokeh(...given, { ...OPTIONS, threads: count });
  const same = many.data.every((v, i) => v === one.data[i]);
  return { same, started, ended, isolated: crossOriginIsolated };
};

window.aborts = async (shares, count) => {
  const given = scene(1600, 1200);
  await applyBokeh(...given, { ...OPTIONS, threads: count }); // compiles
  const out = [];
  for (const share of shares) {
    const controller = new AbortController();
    let asked = 0;
    const onProgress = (done: number) => {
      if (done < share || asked) return;
      // Not from within the work: as a click would.
      setTimeout(() => {
        asked = performance.now();
        controller.abort();
      });
      asked = Infinity;
    };
    const error: unknown = await applyBokeh(...given, {
      ...OPTIONS,
      threads: count,
      signal: controller.signal,
      onProgress,
    }).catch((e: unknown) => e);
    out.push({ name: (error as Error).name, after: performance.now() - asked });
  }
  return out;
};
