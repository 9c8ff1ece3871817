import type Sharp from 'sharp';
import { RelievoError } from '../core/errors.js';
import { checkPeer } from './peers.js';

/**
 * sharp is an optional peer: only hosts that read or write files in Node need it.
 *
 * @throws RelievoError `DEPENDENCY_MISSING` without it, or with a version that is too old or too new.
 */
export async function loadSharp(): Promise<typeof Sharp> {
  let sharp: typeof Sharp;
  try {
    sharp = (await import('sharp')).default;
  } catch (cause) {
    throw new RelievoError(
      'DEPENDENCY_MISSING',
      'reading and writing image files in Node needs sharp: npm install sharp',
      { cause },
    );
  }
  checkPeer('sharp', sharp.versions?.sharp);
  return sharp;
}
