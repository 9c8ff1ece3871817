import { DISPOSE } from '../core/dispose.js';
import { RelievoError } from '../core/errors.js';

/** A tensor of TensorFlow.js, as far as it is promised: hosts need no types of that package. */
export interface FeatureTensor {
  /** `[1, height, width, channels]`. */
  readonly shape: readonly number[];
  /** Number of its values. */
  readonly size: number;
  /** Its values, row by row, the channels of a place next to each other. */
  data(): Promise<Float32Array>;
  dispose(): void;
}

/**
 * What a backbone says about one photo: a tensor per tap. Reference-counted: who gets one from `hydra.extract` owns
 * one reference and gives it back with `dispose()` (or `using`); the tensors go when the last reference does.
 */
export class FeatureSet {
  readonly backbone: string;
  /** Size of the network's input, in pixels. */
  readonly inputWidth: number;
  readonly inputHeight: number;
  readonly bytes: number;
  readonly #taps: Readonly<Record<string, FeatureTensor>>;
  #references = 1;

  constructor(
    backbone: string,
    inputWidth: number,
    inputHeight: number,
    taps: Readonly<Record<string, FeatureTensor>>,
  ) {
    this.backbone = backbone;
    this.inputWidth = inputWidth;
    this.inputHeight = inputHeight;
    this.#taps = taps;
    this.bytes = Object.values(taps).reduce((sum, t) => sum + t.size * 4, 0);
  }

  /** @throws RelievoError `DISPOSED`. */
  tap(name: string): FeatureTensor {
    if (this.#references === 0)
      throw new RelievoError('DISPOSED', `this FeatureSet was disposed: extract the photo again.`);
    const t = this.#taps[name];
    if (!t) throw new RelievoError('MODEL_CONTRACT', `backbone '${this.backbone}' gave no tap '${name}'.`);
    return t;
  }

  retain(): this {
    this.#references++;
    return this;
  }

  dispose(): void {
    if (this.#references === 0 || --this.#references > 0) return;
    for (const t of Object.values(this.#taps)) t.dispose();
  }

  [DISPOSE](): void {
    this.dispose();
  }
}

/** Least-recently-used features, bounded by bytes. Holds one reference to each; one that is in use outlives its eviction. */
export class FeatureCache<Key extends object> {
  readonly #entries = new Map<Key, Map<string, FeatureSet>>();
  readonly #limit: number;

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  get bytes(): number {
    let sum = 0;
    for (const sets of this.#entries.values()) for (const f of sets.values()) sum += f.bytes;
    return sum;
  }

  get size(): number {
    let sum = 0;
    for (const sets of this.#entries.values()) sum += sets.size;
    return sum;
  }

  get(key: Key, backbone: string): FeatureSet | undefined {
    const sets = this.#entries.get(key);
    if (sets) {
      this.#entries.delete(key); // a Map keeps insertion order: back to the young end
      this.#entries.set(key, sets);
    }
    return sets?.get(backbone);
  }

  /** Takes over the caller's reference. */
  put(key: Key, features: FeatureSet): void {
    const sets = this.#entries.get(key) ?? new Map<string, FeatureSet>();
    sets.set(features.backbone, features);
    this.#entries.delete(key);
    this.#entries.set(key, sets);
    for (const old of [...this.#entries.keys()]) {
      if (old === key || this.bytes <= this.#limit) break;
      this.drop(old);
    }
  }

  drop(key: Key): void {
    this.#entries.get(key)?.forEach((f) => f.dispose());
    this.#entries.delete(key);
  }

  clear(): void {
    for (const key of [...this.#entries.keys()]) this.drop(key);
  }
}
