import { estimateDepth } from '../depth/estimate.js';
import { detectFaces } from '../portrait/faces.js';
import { numberFlag, type Command } from './command.js';
import { openHydraFor, openPhoto } from './session.js';

export const faces: Command = {
  usage: `relievo faces PHOTO… [--threshold 0.4]
  JSON: of each face, largest first, its box and five points in pixels of the upright photo, confidence, disparity.`,
  options: { threshold: { type: 'string' }, 'max-megapixels': { type: 'string' } },
  prepare: (flags) => {
    const threshold = numberFlag(flags, 'threshold', 0, 1);
    return async (path, _out, io) => {
      const hydra = await openHydraFor('faces', io);
      // Opened once: depth and faces read the same features.
      const file = await openPhoto(path, flags, io);
      const photo = await hydra.open(file, { signal: io.signal });
      try {
        const depth = await estimateDepth(photo, { hydra, signal: io.signal });
        const found = await detectFaces(photo, { hydra, depth, threshold, signal: io.signal });
        return { photo: path, width: file.width, height: file.height, faces: found.map((f) => rounded(f)) };
      } finally {
        hydra.close(photo);
      }
    };
  },
};

/** Hundredths of a pixel and thousandths of the rest: more digits would only look exact. */
function rounded<T>(value: T, key = ''): T {
  if (typeof value === 'number') {
    const digits = key === 'confidence' || key === 'disparity' ? 3 : 2;
    return Number(value.toFixed(digits)) as T;
  }
  if (Array.isArray(value)) return value.map((v) => rounded(v)) as T;
  return Object.fromEntries(Object.entries(value as object).map(([k, v]) => [k, rounded(v, k)])) as T;
}
