import type Sharp from 'sharp';
import { RelievoError } from '../core/errors.js';

/** sharp is an optional peer: only hosts that read or write files in Node need it. */
export async function loadSharp(): Promise<typeof Sharp> {
  try {
    return (await import('sharp')).default;
  } catch (cause) {
    throw new RelievoError(
      'DEPENDENCY_MISSING',
      'reading and writing image files in Node needs sharp: npm install sharp',
      { cause },
    );
  }
}
