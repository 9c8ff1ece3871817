import { DISPOSE, type Closable } from '../core/closable.js';
import { checkImage, Pixels, type ImageDataLike } from '../image/image-data.js';

/** Keeps something that belongs to a photo, until the photo is closed. */
interface Keeper {
  drop(photo: Photo): void;
}

/**
 * An opened photo: upright pixels with an identity, under which its features are cached. Where there are `ImageData`, it
 * is one: `context.putImageData(photo, 0, 0)` draws it.
 */
export class Photo extends Pixels implements Closable {
  readonly #keepers = new Set<Keeper>();
  #closed = false;

  /** @throws RelievoError `UNSUPPORTED_IMAGE`. */
  constructor(pixels: ImageDataLike) {
    super(checkImage('photo', pixels, Infinity));
  }

  /** True after {@link close}: every function then refuses it with `DISPOSED`. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Forgets its features, in every Hydra that has some. */
  close(): void {
    this.#closed = true;
    for (const keeper of this.#keepers) keeper.drop(this);
    this.#keepers.clear();
  }

  [DISPOSE](): void {
    this.close();
  }

  /** @hidden Called by who keeps something of it. */
  keptBy(keeper: Keeper): void {
    this.#keepers.add(keeper);
  }
}
