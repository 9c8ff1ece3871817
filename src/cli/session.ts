import { defaultHydra } from '../depth/estimate.js';
import type { Hydra } from '../hydra/hydra.js';
import { readImageFile, type NodeImage } from '../node/read.js';
import { numberFlag, type Flags, type Io } from './command.js';

/** One Hydra for all photos of a call. TF.js's notices about its own speed are not the caller's business. */
export async function openHydra(io: Io): Promise<Hydra> {
  return defaultHydra({ signal: io.signal });
}

export async function openPhoto(path: string, flags: Flags, io: Io): Promise<NodeImage> {
  const megapixels = numberFlag(flags, 'max-megapixels', 0.000001, 1000);
  return readImageFile(path, { signal: io.signal, ...(megapixels !== undefined && { maxPixels: megapixels * 1e6 }) });
}
