import type { Sharp } from 'sharp';
import { RelievoError } from '../core/errors.js';
import { copyOf, invalid, numbers, type NumberTable } from '../core/params.js';
import { checkSize } from '../image/image-data.js';
import { createDepthMap, type DepthMap } from '../depth/depth-map.js';
import { checkFormat, checkReading, readBytes, type ReadOptions } from './read.js';
import { loadSharp } from './sharp.js';

export interface ReadDepthOptions extends ReadOptions {
  /**
   * What the file's numbers are: `'disparity'`, the larger the nearer, taken as they are; `'distance'`, as depth cameras
   * and scanners write it, 0 where they measured none. Default: 'disparity'.
   */
  meaning?: 'disparity' | 'distance' | undefined;
  /** Metres of a distance of 1 in the file, 1e-6..1000. Default: 0.001, millimetres. */
  unit?: number | undefined;
}

/** A map that was read from distances knows them. */
export interface ReadDepthMap extends DepthMap {
  /** Distances of disparity 1 and 0, in metres. */
  readonly near?: number | undefined;
  readonly far?: number | undefined;
}

const DEPTH_PARAMS = {
  unit: { default: 0.001, min: 1e-6, max: 1000, unit: 'metres', doc: 'Metres of a distance of 1.' },
} as const satisfies NumberTable;
/** Share of the nearest and of the farthest distances left out when the range is set: single bad measurements. */
const RANGE_TAIL = 0.001;
/** Difference between the channels of a pixel, of 255, from which it is a colour; and the share of them in a picture of colours. */
const COLOURED = 8;
const COLOURFUL = 0.001;

/**
 * Reads a depth map from a grey picture. Disparity is taken as it is: 16-bit value / 65535, 8-bit value / 255, never
 * normalised again. Distances become disparities: 1 at the nearest, 0 at the farthest and where none was measured.
 *
 * @throws RelievoError `FILE_NOT_FOUND`, `UNSUPPORTED_IMAGE` (also for a picture in colours), `CORRUPT_IMAGE`,
 *   `IMAGE_TOO_LARGE`, `INVALID_DEPTH` for distances that are all missing, `INVALID_PARAM`.
 */
export async function readDepth(path: string, options: ReadDepthOptions = {}): Promise<ReadDepthMap> {
  const { meaning = 'disparity', unit: metres, ...reading } = copyOf('readDepth', options);
  const { unit } = numbers('readDepth', DEPTH_PARAMS, { unit: metres });
  if (meaning !== 'disparity' && meaning !== 'distance')
    throw invalid('readDepth', 'meaning', "'disparity' or 'distance'", meaning);
  if (meaning === 'disparity' && metres !== undefined)
    throw invalid('readDepth', 'unit', "absent but for meaning: 'distance'", metres);
  const { maxPixels, signal } = checkReading('readDepth', reading);
  const sharp = await loadSharp();
  const bytes = await readBytes(path, signal);
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
  checkSize(path, meta.width, meta.height, maxPixels);
  const damaged = (cause: unknown) => {
    throw new RelievoError('CORRUPT_IMAGE', `${path} is damaged or cut off. Copy or export it again.`, { cause });
  };
  if (meta.channels >= 3) await refuseColours(path, open().removeAlpha(), damaged);
  const wide = meta.depth === 'ushort';
  // A single channel without any colour conversion: the numbers are disparities, not light.
  const { data, info } = await open()
    .removeAlpha()
    .extractChannel(0)
    .toColourspace(wide ? 'grey16' : 'b-w')
    .raw({ depth: wide ? 'ushort' : 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .catch(damaged);
  signal?.throwIfAborted();
  const values = wide ? new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2) : data;
  if (meaning === 'distance') return fromDistances(path, info, values, unit);
  const top = wide ? 65535 : 255;
  return createDepthMap(
    info.width,
    info.height,
    Float32Array.from(values, (v) => v / top),
  );
}

/** A photo, or a map painted in colours, read as disparity would be nonsense that looks like a map. */
async function refuseColours(path: string, picture: Sharp, damaged: (cause: unknown) => never): Promise<void> {
  const { data, info } = await picture.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true }).catch(damaged);
  if (info.channels < 3) return;
  let coloured = 0;
  for (let p = 0; p < data.length; p += info.channels) {
    const [r, g, b] = [data[p]!, data[p + 1]!, data[p + 2]!];
    if (Math.max(r, g, b) - Math.min(r, g, b) > COLOURED) coloured++;
  }
  if (coloured <= COLOURFUL * info.width * info.height) return;
  throw new RelievoError(
    'UNSUPPORTED_IMAGE',
    `${path} is a picture in colours: a depth map is grey, the lighter the nearer. Colours of a visualised map cannot be read back.`,
  );
}

function fromDistances(
  path: string,
  { width, height }: { readonly width: number; readonly height: number },
  values: Uint8Array | Uint16Array,
  unit: number,
): ReadDepthMap {
  const measured = values.filter((v) => v > 0).sort();
  if (measured.length === 0) throw new RelievoError('INVALID_DEPTH', `${path} holds no distance: every pixel is 0.`);
  const at = (share: number) => measured[Math.round(share * (measured.length - 1))]!;
  const [near, far] = [at(RANGE_TAIL), at(1 - RANGE_TAIL)];
  const span = 1 / near - 1 / far;
  const disparity = (v: number) => {
    if (v === 0) return 0;
    return span === 0 ? 0.5 : Math.min(1, Math.max(0, (1 / v - 1 / far) / span));
  };
  return { ...createDepthMap(width, height, Float32Array.from(values, disparity)), near: near * unit, far: far * unit };
}
