import type { ImageDataLike } from '../image/image-data.js';

/** An opened photo: upright pixels with an identity, under which its features are cached. It is an `ImageData` to every operator. */
export class Photo implements ImageDataLike {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray | Uint8Array;
  readonly colorSpace: PredefinedColorSpace;

  constructor(pixels: ImageDataLike) {
    this.width = pixels.width;
    this.height = pixels.height;
    this.data = pixels.data;
    this.colorSpace = pixels.colorSpace ?? 'srgb';
  }
}
