import { isRelievoError } from '../core/errors.js';
import { oneOf } from '../core/schema.js';
import type { DepthMap } from '../depth/depth-map.js';
import { DEPTH_QUALITIES, defaultHydra, estimateDepth, type DepthQuality } from '../depth/estimate.js';
import { matchDepth } from '../effects/match-depth.js';
import type { Hydra } from '../hydra/hydra.js';
import type { Photo } from '../hydra/photo.js';
import { readDepth } from '../node/depth-file.js';
import { readDepthPair, readEmbeddedDepth, type PhotoDepth } from '../node/embedded-depth.js';
import type { NodeImage } from '../node/read.js';
import type { Face } from '../image/face.js';
import type { Matte } from '../image/matte.js';
import { detectFaces } from '../portrait/faces.js';
import { estimateMatte, showsPeople } from '../portrait/matte.js';
import { file, fromReader, numeric, toggle, type Flag } from './flags.js';
import type { Io, Work } from './io.js';
import { MAX_MEGAPIXELS, nameOf, STDIO, type Source } from './source.js';

/** Flags of every command that reads photos. */
export const PHOTO_FLAGS = { maxMegapixels: numeric(MAX_MEGAPIXELS, 'Photo') };

const NETWORK = toggle("The network's depth, whatever the photo carries or has beside it.", 'Depth');

/** Named apart from `--quality`, the file's. */
const QUALITY = {
  ...fromReader(
    oneOf(DEPTH_QUALITIES),
    'best: the mean of four looks of the network, for six times its time.',
    'Depth',
  ),
  standard: 'fast',
} as Flag<DepthQuality>;

/** Flags of every command that needs depth: instead of the photo's own or the network's. */
export const DEPTH_FLAGS = {
  depth: file('A grey picture, taken as it is: 16-bit value / 65535, 8-bit value / 255.', 'Depth'),
  network: NETWORK,
  depthQuality: QUALITY,
  ...PHOTO_FLAGS,
};

/** The same for the command that writes it. */
export const OWN_DEPTH_FLAGS = { network: NETWORK, depthQuality: QUALITY, ...PHOTO_FLAGS };

/** One Hydra for all photos of a call. */
export async function openHydra(io: Io): Promise<Hydra> {
  return defaultHydra({ signal: io.signal });
}

/** The same, with the shipped head for a task. */
export async function openHydraFor(task: string, io: Io): Promise<Hydra> {
  const hydra = await openHydra(io);
  await hydra.add([task], { signal: io.signal });
  return hydra;
}

/** A photo as the networks see it: opened when the first of them asks, so that its features serve all of them. */
export class OpenedPhoto {
  readonly #image: NodeImage;
  readonly #io: Io;
  #photo: Photo | undefined;

  constructor(image: NodeImage, io: Io) {
    this.#image = image;
    this.#io = io;
  }

  async get(): Promise<Photo> {
    return (this.#photo ??= await (await openHydra(this.#io)).open(this.#image, { signal: this.#io.signal }));
  }

  /** Lets go of the features. */
  close(): void {
    this.#photo?.close();
  }
}

/** Lets go of a photo's features after the work, whatever became of it: a folder of photos must not stay in memory. */
export async function withOpened<T>(image: NodeImage, io: Io, use: (photo: OpenedPhoto) => Promise<T>): Promise<T> {
  const opened = new OpenedPhoto(image, io);
  try {
    return await use(opened);
  } finally {
    opened.close();
  }
}

export interface DepthSource {
  /** At the photo's size. */
  readonly depth: DepthMap;
  /** `file`: --depth; `network`; or what the photo carries. */
  readonly source: 'file' | 'network' | PhotoDepth['kind'];
}

/** Depth that the photo carries, or else has beside it. @throws RelievoError, where it is damaged. */
export async function ownDepth({ path }: Source, photo: NodeImage, io: Io): Promise<PhotoDepth | undefined> {
  const options = { signal: io.signal };
  return (await readEmbeddedDepth(photo.file, options)) ?? (path === STDIO ? undefined : readDepthPair(path, options));
}

/** Depth from --depth, else what the photo carries or has beside it (unless --network), else the network's. */
export async function photoDepth(
  from: Source,
  photo: NodeImage,
  flags: {
    readonly depth?: string | undefined;
    readonly network?: true | undefined;
    readonly depthQuality?: DepthQuality | undefined;
  },
  work: Work,
  [start, end]: readonly [number, number],
  opened?: OpenedPhoto,
): Promise<DepthSource> {
  const options = work.task(start, end);
  const sized = (depth: DepthMap) => matchDepth('depth', depth, photo, options);
  if (flags.depth !== undefined)
    return { depth: await sized(await readDepth(flags.depth, { signal: work.signal })), source: 'file' };
  if (!flags.network) {
    const own = await ownDepth(from, photo, work).catch((error: unknown) => {
      if (!isRelievoError(error)) throw error;
      // A damaged map is no reason to refuse a photo that is whole.
      work.stderr.write(`relievo: ${nameOf(from.path)}: ${error.message} The network estimates it instead.\n`);
      return undefined;
    });
    if (own) return { depth: await sized(own.depth), source: own.kind };
  }
  const seen = (await opened?.get()) ?? photo;
  return {
    depth: await estimateDepth(seen, {
      hydra: await openHydraFor('matte', work),
      quality: flags.depthQuality,
      ...options,
    }),
    source: 'network',
  };
}

/** The photo's faces, if one of the focuses is on them. */
export async function facesFor(focuses: readonly unknown[], photo: OpenedPhoto, io: Io): Promise<Face[] | undefined> {
  const onFaces = (f: unknown) => f === 'faces' || (typeof f === 'object' && f !== null && 'face' in f);
  if (!focuses.some(onFaces)) return undefined;
  return detectFaces(await photo.get(), { hydra: await openHydraFor('faces', io), signal: io.signal });
}

/** The people's matte; undefined where there are none, and what is near is the subject. */
export async function matteOfPeople(photo: OpenedPhoto, io: Io): Promise<Matte | undefined> {
  const matte = await estimateMatte(await photo.get(), {
    hydra: await openHydraFor('matte', io),
    signal: io.signal,
  });
  return showsPeople(matte) ? matte : undefined;
}
