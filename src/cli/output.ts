import { extname } from 'node:path';
import { checkFits, writeWhole, encodeDepth, encodeImage, type WriteOptions } from '../node/write.js';
import { ANIMATION_PARAMS, encodeAnimation } from '../node/animation.js';
import { encodeGDepth, writeDepthPair } from '../node/embedded-depth.js';
import type { DepthMap } from '../depth/depth-map.js';
import type { ImageDataLike } from '../image/image-data.js';
import type { NodeImage } from '../node/read.js';
import type { Work } from './io.js';
import { STDIO } from './source.js';
import { SOFTWARE } from './version.js';

export interface OutputOptions {
  /** Path, or `-`. */
  readonly path: string;
  /** Says the format; the path's own where it has one. */
  readonly ending: string;
  readonly quality?: number | undefined;
  readonly overwrite: boolean;
}

/** Where the result of one photo goes. It names Relievo as its maker, so that no later call takes it for a photo. */
export class Output {
  readonly path: string;
  readonly ending: string;
  readonly #given: OutputOptions;
  /** Stands for the path where an encoder looks at its ending. */
  readonly #name: string;

  constructor(given: OutputOptions) {
    this.#given = given;
    this.path = given.path;
    this.ending = given.ending;
    const name = given.path === STDIO ? 'result' : given.path;
    this.#name = extname(name).toLowerCase() === given.ending ? name : `${name}${given.ending}`;
  }

  /** Before the work: whether a picture of that size can be written. @throws RelievoError `IMAGE_TOO_LARGE`. */
  check(size: { readonly width: number; readonly height: number }): void {
    checkFits(this.#name, size);
  }

  async image(image: ImageDataLike, work: Work, from?: NodeImage): Promise<void> {
    await this.bytes(await encodeImage(this.#name, image, this.#options(work, from)), work);
  }

  async depth(map: DepthMap, work: Work): Promise<void> {
    await this.bytes(await encodeDepth(map, this.#options(work)), work);
  }

  /** The photo, carrying its depth. */
  async withDepth(photo: NodeImage, map: DepthMap, work: Work): Promise<void> {
    await this.bytes(await encodeGDepth(this.#name, photo, map, this.#options(work, photo)), work);
  }

  /** The photo, and its depth beside it. */
  async pair(photo: NodeImage, map: DepthMap, work: Work): Promise<void> {
    await writeDepthPair(this.path, photo, map, this.#options(work, photo));
  }

  async film(frames: AsyncIterable<ImageDataLike>, work: Work) {
    const quality = this.#given.quality ?? ANIMATION_PARAMS.quality.default;
    const { bytes, ...size } = await encodeAnimation(this.#name, frames, { ...this.#options(work), quality });
    await this.bytes(bytes, work);
    return size;
  }

  async bytes(bytes: Uint8Array, work: Work): Promise<void> {
    if (this.path !== STDIO) return writeWhole(this.path, bytes, this.#options(work));
    work.signal.throwIfAborted();
    work.stdout.write(bytes);
  }

  #options({ signal }: Work, from?: NodeImage): WriteOptions {
    const { quality, overwrite } = this.#given;
    return { quality, overwrite, software: SOFTWARE, signal, ...(from && { metadataFrom: from.file }) };
  }
}
