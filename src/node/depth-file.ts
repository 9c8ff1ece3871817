import { RelievoError } from '../core/errors.js';
import { checkSize, MAX_PIXELS } from '../image/image-data.js';
import { createDepthMap, type DepthMap } from '../depth/depth-map.js';
import { checkFormat, readBytes, type ReadOptions } from './read.js';
import { loadSharp } from './sharp.js';

/**
 * Reads a disparity map from a grey picture and takes it as it is: 16-bit value / 65535, 8-bit value / 255, never
 * normalised again.
 *
 * @throws RelievoError `FILE_NOT_FOUND`, `UNSUPPORTED_IMAGE`, `CORRUPT_IMAGE`, `IMAGE_TOO_LARGE`.
 */
export async function readDepth(path: string, options: ReadOptions = {}): Promise<DepthMap> {
  const sharp = await loadSharp();
  const bytes = await readBytes(path, options.signal);
  if (bytes.byteLength === 0) throw new RelievoError('CORRUPT_IMAGE', `${path} is empty (0 bytes).`);
  const open = () => sharp(bytes, { limitInputPixels: false, failOn: 'error' });
  const meta = await open()
    .metadata()
    .catch((cause) => {
      throw new RelievoError(
        'UNSUPPORTED_IMAGE',
        `${path} is not a picture that can be read: a depth map is a grey PNG.`,
        { cause },
      );
    });
  checkFormat(meta.format, path);
  checkSize(path, meta.width, meta.height, options.maxPixels ?? MAX_PIXELS);
  const wide = meta.depth === 'ushort';
  // A single channel without any colour conversion: the numbers are disparities, not light.
  const { data, info } = await open()
    .removeAlpha()
    .extractChannel(0)
    .toColourspace(wide ? 'grey16' : 'b-w')
    .raw({ depth: wide ? 'ushort' : 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .catch((cause) => {
      throw new RelievoError('CORRUPT_IMAGE', `${path} is damaged or cut off. Copy or export it again.`, { cause });
    });
  const values = wide ? new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2) : data;
  const top = wide ? 65535 : 255;
  return createDepthMap(
    info.width,
    info.height,
    Float32Array.from(values, (v) => v / top),
  );
}
