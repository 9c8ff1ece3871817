import { DISPOSE, type Closable } from '../core/closable.js';
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
 * What a backbone says about one photo: a tensor per tap. Who gets one from `hydra.extract` owns it and closes it (or takes
 * it by `using`); the tensors go when the last of all that share them is closed.
 */
export class FeatureSet implements Closable {
  readonly backbone: string;
  /** Size of the network's input, in pixels. */
  readonly inputWidth: number;
  readonly inputHeight: number;
  readonly bytes: number;
  readonly #taps: Readonly<Record<string, FeatureTensor>>;
  /** How many share the tensors and are not closed. */
  readonly #sharing: { count: number };
  #closed = false;

  constructor(
    backbone: string,
    inputWidth: number,
    inputHeight: number,
    taps: Readonly<Record<string, FeatureTensor>>,
    sharing = { count: 0 },
  ) {
    this.backbone = backbone;
    this.inputWidth = inputWidth;
    this.inputHeight = inputHeight;
    this.#taps = taps;
    this.bytes = Object.values(taps).reduce((sum, t) => sum + t.size * 4, 0);
    this.#sharing = sharing;
    sharing.count++;
  }

  /** @throws RelievoError `DISPOSED`. */
  tap(name: string): FeatureTensor {
    this.#alive();
    const t = typeof name === 'string' && Object.hasOwn(this.#taps, name) ? this.#taps[name] : undefined;
    if (!t) throw new RelievoError('MODEL_CONTRACT', `backbone '${this.backbone}' gave no tap '${String(name)}'.`);
    return t;
  }

  /** Another owner's, of the same tensors. @throws RelievoError `DISPOSED`. */
  share(): FeatureSet {
    this.#alive();
    return new FeatureSet(this.backbone, this.inputWidth, this.inputHeight, this.#taps, this.#sharing);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (--this.#sharing.count === 0) for (const t of Object.values(this.#taps)) t.dispose();
  }

  [DISPOSE](): void {
    this.close();
  }

  #alive(): void {
    if (this.#closed) throw new RelievoError('DISPOSED', `this FeatureSet was closed: extract the photo again.`);
  }
}

/** Least-recently-used features, bounded by bytes. One that is in use outlives its eviction. */
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

  /** Takes over what it is given: it will be closed. */
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
    this.#entries.get(key)?.forEach((f) => f.close());
    this.#entries.delete(key);
  }

  clear(): void {
    for (const key of [...this.#entries.keys()]) this.drop(key);
  }
}
