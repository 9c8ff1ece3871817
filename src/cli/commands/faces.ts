import { estimateDepth } from '../../depth/estimate.js';
import { detectFaces, FACES_PARAMS } from '../../portrait/faces.js';
import { define } from '../command.js';
import { numeric } from '../flags.js';
import { openHydraFor, PHOTO_FLAGS } from '../session.js';
import { openPhoto } from '../source.js';

export const faces = define({
  summary: 'JSON: of each face its box and five points in pixels of the upright photo, confidence, disparity.',
  details: 'The largest comes first.',
  flags: { threshold: numeric(FACES_PARAMS.threshold, 'Options'), ...PHOTO_FLAGS },
  prepare: (flags) => async (from, _out, work) => {
    const hydra = await openHydraFor('faces', work);
    // Opened once: depth and faces read the same features.
    const file = await openPhoto(from, flags, work);
    const photo = await hydra.open(file, { signal: work.signal });
    try {
      const depth = await estimateDepth(photo, { hydra, ...work.task(0, 0.8) });
      const found = await detectFaces(photo, { hydra, depth, threshold: flags.threshold, signal: work.signal });
      return { photo: from.path, width: file.width, height: file.height, faces: found.map((f) => rounded(f)) };
    } finally {
      photo.close();
    }
  },
});

/** Hundredths of a pixel and thousandths of the rest: more digits would only look exact. */
function rounded<T>(value: T, key = ''): T {
  if (typeof value === 'number') {
    const digits = key === 'confidence' || key === 'disparity' ? 3 : 2;
    return Number(value.toFixed(digits)) as T;
  }
  if (Array.isArray(value)) return value.map((v) => rounded(v)) as T;
  return Object.fromEntries(Object.entries(value as object).map(([k, v]) => [k, rounded(v, k)])) as T;
}
