import { RelievoError } from '../core/errors.js';
import { createDepthMap, type DepthMap } from './depth-map.js';
import { auxiliaryImages } from './jpeg.js';

/** A depth map that a photo carries, as it is stored. */
export interface EmbeddedDepth {
  /**
   * `gdepth`: Google's XMP (Lens Blur, many Android cameras); `xdm`: the same under Intel's name; `dynamic-depth`: a
   * picture behind the photo, described by XMP (Android); `apple`: an auxiliary image of a portrait JPEG.
   */
  readonly kind: 'gdepth' | 'xdm' | 'dynamic-depth' | 'apple';
  /** The map as an image file: JPEG or PNG, one grey value per pixel. */
  readonly file: Uint8Array;
  /** A stored value 0..1 as relative disparity 0..1: 1 at the nearest value that the map can hold, 0 at the farthest. */
  readonly toDisparity: (stored: number) => number;
  /** Distances of disparity 1 and 0 in the file's unit, where it says so; metres unless it says otherwise. */
  readonly near?: number;
  readonly far?: number;
}

/**
 * Finds the depth map that a photo's file carries: JPEG with GDepth or XDM XMP, Dynamic Depth, or an Apple auxiliary
 * image. XMP is read by exifr. A HEIC's auxiliary images are HEVC, which neither browsers nor sharp decode.
 *
 * @returns undefined when there is none.
 * @throws RelievoError `CORRUPT_IMAGE` when the file announces one and it is damaged, `INVALID_DEPTH` when its range
 *   makes no sense.
 */
export async function findEmbeddedDepth(bytes: Uint8Array): Promise<EmbeddedDepth | undefined> {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return undefined;
  const xmp = await readXmp(bytes);
  return fromGoogle(xmp) ?? fromDynamicDepth(xmp, bytes) ?? (await fromApple(bytes));
}

/**
 * The map as it was decoded, as disparities and upright.
 *
 * @param at the stored value 0..1 of a pixel.
 * @param orientation the photo's, as EXIF has it (TIFF 6.0: what row 0 and column 0 are).
 */
export function uprightDepth(
  { toDisparity }: EmbeddedDepth,
  stored: { readonly width: number; readonly height: number; readonly at: (pixel: number) => number },
  orientation = 1,
): DepthMap {
  const turned = orientation >= 5 && orientation <= 8;
  const width = turned ? stored.height : stored.width;
  const height = turned ? stored.width : stored.height;
  const mirrorX = [2, 3, 7, 8].includes(orientation);
  const mirrorY = [3, 4, 6, 7].includes(orientation);
  const data = new Float32Array(width * height);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const [u, v] = turned ? [y, x] : [x, y];
      const sx = mirrorX ? stored.width - 1 - u : u;
      const sy = mirrorY ? stored.height - 1 - v : v;
      data[i] = Math.min(1, Math.max(0, toDisparity(stored.at(sy * stored.width + sx))));
    }
  }
  return createDepthMap(width, height, data);
}

type Node = Readonly<Record<string, unknown>>;

async function readXmp(bytes: Uint8Array): Promise<Node> {
  const { default: exifr } = await import('../vendor/exifr.js');
  try {
    const options = { tiff: false, xmp: true, multiSegment: true, mergeOutput: false } as const;
    return ((await exifr.parse(bytes, options)) as Node | undefined) ?? {};
  } catch {
    return {}; // no readable metadata is no metadata: the picture may be whole
  }
}

/** The first object, at any depth, for which `test` holds. Nesting is bounded: files may come from anywhere. */
function find(node: unknown, test: (n: Node) => boolean, depth = 0): Node | undefined {
  if (typeof node !== 'object' || node === null || depth > 12) return undefined;
  if (!Array.isArray(node) && test(node as Node)) return node as Node;
  for (const value of Object.values(node)) {
    const found = find(value, test, depth + 1);
    if (found) return found;
  }
  return undefined;
}

const isText = (v: unknown): v is string => typeof v === 'string' && v !== '';

/** GDepth, and XDM's Depthmap, which has the same fields: the map is base64 in the XMP itself. */
function fromGoogle(xmp: Node): EmbeddedDepth | undefined {
  const gdepth = find(xmp['GDepth'], (n) => isText(n['Data']));
  const node = gdepth ?? find(xmp, (n) => isText(n['Data']) && isText(n['Format']) && 'Near' in n && 'Far' in n);
  if (!node) return undefined;
  let file: Uint8Array;
  try {
    file = Uint8Array.from(atob((node['Data'] as string).replace(/\s+/g, '')), (c) => c.charCodeAt(0));
  } catch (cause) {
    throw new RelievoError('CORRUPT_IMAGE', "the photo's own depth map is damaged (not base64).", { cause });
  }
  return { kind: gdepth ? 'gdepth' : 'xdm', file, ...range(node) };
}

/** Dynamic Depth 1.0: XMP lists the pictures that follow the photo in its file, and which of them is the depth. */
function fromDynamicDepth(xmp: Node, bytes: Uint8Array): EmbeddedDepth | undefined {
  const map = find(xmp, (n) => isText(n['DepthURI']) && isText(n['Format']));
  if (!map) return undefined;
  const directory = find(xmp, (n) => Array.isArray(n['Directory']))?.['Directory'] as unknown[] | undefined;
  const items = (directory ?? []).map((li) => (find(li, (n) => 'Length' in n || 'DataURI' in n) ?? {}) as Node);
  const at = items.findIndex((item) => item['DataURI'] === map['DepthURI']);
  if (at < 0) return undefined;
  // The items stand at the file's end, one after the other: counted from there, the photo's own length does not matter.
  const length = (item: Node) => Math.max(0, Number(item['Length']) || 0) + Math.max(0, Number(item['Padding']) || 0);
  let end = bytes.length;
  for (const item of items.slice(at + 1)) end -= length(item);
  const start = end - length(items[at]!);
  if (!(start > 0 && end > start))
    throw new RelievoError('CORRUPT_IMAGE', "the photo's own depth map is cut off. Copy the file again.");
  return { kind: 'dynamic-depth', file: bytes.subarray(start, end), ...range(map) };
}

/**
 * Range formats of the depth map specification (developers.google.com/depthmap-metadata/encoding): stored 0 is near,
 * 1 is far. RangeInverse is linear in inverse depth: n = far (d - near) / (d (far - near)); RangeLinear in depth.
 */
function range(node: Node): Pick<EmbeddedDepth, 'toDisparity' | 'near' | 'far'> {
  const near = Number(node['Near']);
  const far = Number(node['Far']);
  if (!(near > 0 && far > near && Number.isFinite(far)))
    throw new RelievoError('INVALID_DEPTH', `the photo's own depth map says near ${node['Near']}, far ${node['Far']}.`);
  if (node['Format'] === 'RangeInverse') return { near, far, toDisparity: (n) => 1 - n };
  if (node['Format'] === 'RangeLinear') {
    const least = 1 / far;
    const span = 1 / near - least;
    return { near, far, toDisparity: (n) => (1 / (near + n * (far - near)) - least) / span };
  }
  throw new RelievoError('INVALID_DEPTH', `the photo's own depth map has an unknown format '${node['Format']}'.`);
}

/** Apple: an image of the file's multi-picture index, whose own XMP says what it holds and between which values. */
async function fromApple(bytes: Uint8Array): Promise<EmbeddedDepth | undefined> {
  for (const file of auxiliaryImages(bytes)) {
    const info = (await readXmp(file))['apdi'] as Node | undefined;
    const type = info?.['AuxiliaryImageType'];
    // Mattes are stored as 'depth' too, with a subtype that says so.
    if (!info || (type !== 'disparity' && type !== 'depth') || info['AuxiliaryImageSubType'] !== undefined) continue;
    const low = Number(info['FloatMinValue']);
    const high = Number(info['FloatMaxValue']);
    if (!(high > low && Number.isFinite(high) && Number.isFinite(low)))
      throw new RelievoError('INVALID_DEPTH', `the photo's own depth map says ${low} to ${high}.`);
    // Disparity in 1/m, the larger the nearer; it is relative to what the map can hold, as all of ours are.
    if (type === 'disparity') {
      return { kind: 'apple', file, toDisparity: (v) => v, ...(low > 0 && { near: 1 / high, far: 1 / low }) };
    }
    if (!(low > 0)) throw new RelievoError('INVALID_DEPTH', `the photo's own depth map says ${low} m to ${high} m.`);
    const span = 1 / low - 1 / high;
    const toDisparity = (v: number) => (1 / (low + v * (high - low)) - 1 / high) / span;
    return { kind: 'apple', file, toDisparity, near: low, far: high };
  }
  return undefined;
}
