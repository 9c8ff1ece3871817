import { applyPalette, GIFEncoder, quantize } from 'gifenc';
import type { ImageDataLike } from 'relievo';

/** Frames as an endless GIF, for browsers that encode no video. Opaque, in 256 colours of the first: all show the same scene. */
export async function encodeGif(frames: AsyncIterable<ImageDataLike>, fps: number): Promise<Blob> {
  const gif = GIFEncoder();
  let palette: ReturnType<typeof quantize> | undefined;
  for await (const { width, height, data } of frames) {
    const first = !palette;
    palette ??= quantize(data, 256);
    const options = { ...(first && { palette, repeat: 0 }), delay: 1000 / fps };
    gif.writeFrame(applyPalette(data, palette), width, height, options);
  }
  gif.finish();
  return new Blob([gif.bytes()], { type: 'image/gif' });
}
