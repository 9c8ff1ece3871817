import { RelievoError } from '../core/errors.js';
import { describe } from '../core/params.js';
import { forRows, type TaskOptions } from '../core/task.js';
import { auxiliaryImages } from './jpeg.js';
import { findNode, readXmp, valueOf, type XmpNode } from './xmp.js';

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

/** What `findEmbeddedDepth` does with a JPEG: loaded with the first. */
export async function searchFile(bytes: Uint8Array, options: TaskOptions): Promise<EmbeddedDepth | undefined> {
  const xmp = await readXmp(bytes, options);
  return (await fromGoogle(xmp, options)) ?? fromDynamicDepth(xmp, bytes) ?? (await fromApple(bytes, options));
}

/** GDepth, and XDM's Depthmap, which has the same fields: the map is base64 in the XMP itself. */
async function fromGoogle(xmp: readonly XmpNode[], options: TaskOptions): Promise<EmbeddedDepth | undefined> {
  // A long map lies in a packet of its own, its range in the first.
  const google = (name: string) => {
    const node = findNode(xmp, (n) => valueOf(n, name, 'GDepth') !== undefined);
    return node && valueOf(node, name, 'GDepth');
  };
  const data = google('Data');
  if (data !== undefined) return { kind: 'gdepth', file: await fromBase64(data, options), ...range(google) };
  const names = ['Data', 'Format', 'Near', 'Far'];
  const node = findNode(xmp, (n) => names.every((name) => valueOf(n, name) !== undefined));
  if (!node) return undefined;
  const file = await fromBase64(valueOf(node, 'Data')!, options);
  return { kind: 'xdm', file, ...range((name) => valueOf(node, name)) };
}

/** Characters between two looks at the clock; four of base64 are three bytes. */
const GRAIN = 1 << 18;

async function fromBase64(text: string, options: TaskOptions): Promise<Uint8Array> {
  const out = new Uint8Array(Math.ceil(text.length / 4) * 3);
  let filled = 0;
  let rest = '';
  try {
    await forRows(text.length, GRAIN, options, (from, to) => {
      const known = rest + text.slice(from, to).replace(/\s/g, '');
      const whole = to === text.length ? known.length : known.length & ~3;
      rest = known.slice(whole);
      const bytes = atob(known.slice(0, whole));
      for (let i = 0; i < bytes.length; i++) out[filled++] = bytes.charCodeAt(i);
    });
  } catch (cause) {
    options.signal?.throwIfAborted();
    throw new RelievoError('CORRUPT_IMAGE', "the photo's own depth map is damaged (not base64).", { cause });
  }
  return out.subarray(0, filled);
}

/** Dynamic Depth 1.0: XMP lists the pictures that follow the photo in its file, and which of them is the depth. */
function fromDynamicDepth(xmp: readonly XmpNode[], bytes: Uint8Array): EmbeddedDepth | undefined {
  const map = findNode(xmp, (n) => valueOf(n, 'DepthURI') !== undefined && valueOf(n, 'Format') !== undefined);
  if (!map) return undefined;
  const items: XmpNode[] = [];
  const isItem = (n: XmpNode) => valueOf(n, 'Length') !== undefined || valueOf(n, 'DataURI') !== undefined;
  findNode(xmp, (n) => isItem(n) && items.push(n) < 0); // goes through all of them
  const at = items.findIndex((item) => valueOf(item, 'DataURI') === valueOf(map, 'DepthURI'));
  if (at < 0) return undefined;
  // The items stand at the file's end, one after the other: counted from there, the photo's own length does not matter.
  const bytesOf = (item: XmpNode, name: string) => Math.max(0, Number(valueOf(item, name)) || 0);
  const length = (item: XmpNode) => bytesOf(item, 'Length') + bytesOf(item, 'Padding');
  let end = bytes.length;
  for (const item of items.slice(at + 1)) end -= length(item);
  const start = end - length(items[at]!);
  if (!(start > 0 && end > start))
    throw new RelievoError('CORRUPT_IMAGE', "the photo's own depth map is cut off. Copy the file again.");
  return { kind: 'dynamic-depth', file: bytes.subarray(start, end), ...range((name) => valueOf(map, name)) };
}

/**
 * Range formats of the depth map specification (developers.google.com/depthmap-metadata/encoding): stored 0 is near,
 * 1 is far. RangeInverse is linear in inverse depth: n = far (d - near) / (d (far - near)); RangeLinear in depth.
 */
function range(value: (name: string) => string | undefined): Pick<EmbeddedDepth, 'toDisparity' | 'near' | 'far'> {
  const near = Number(value('Near'));
  const far = Number(value('Far'));
  const format = value('Format');
  if (!(near > 0 && far > near && Number.isFinite(far)))
    throw new RelievoError('INVALID_DEPTH', `the photo's own depth map says near ${near}, far ${far}.`);
  if (format === 'RangeInverse') return { near, far, toDisparity: (n) => 1 - n };
  if (format === 'RangeLinear') {
    const least = 1 / far;
    const span = 1 / near - least;
    return { near, far, toDisparity: (n) => (1 / (near + n * (far - near)) - least) / span };
  }
  throw new RelievoError('INVALID_DEPTH', `the photo's own depth map has an unknown format ${describe(format)}.`);
}

/** Apple: an image of the file's multi-picture index, whose own XMP says what it holds and between which values. */
async function fromApple(bytes: Uint8Array, options: TaskOptions): Promise<EmbeddedDepth | undefined> {
  for (const file of auxiliaryImages(bytes)) {
    const info = findNode(await readXmp(file, options), (n) => valueOf(n, 'AuxiliaryImageType') !== undefined);
    const type = info && valueOf(info, 'AuxiliaryImageType');
    // Mattes are stored as 'depth' too, with a subtype that says so.
    if (!info || (type !== 'disparity' && type !== 'depth') || valueOf(info, 'AuxiliaryImageSubType')) continue;
    const low = Number(valueOf(info, 'FloatMinValue'));
    const high = Number(valueOf(info, 'FloatMaxValue'));
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
