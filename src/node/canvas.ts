import { RelievoError } from '../core/errors.js';
import type { CanvasFactory } from '../image/canvas-factory.js';
import { checkPeer } from './peers.js';

/**
 * Canvases for text in Node, by the `canvas` package (Cairo and Pango: shaping, right-to-left, emoji where a font has
 * them). Fonts are the system's; `registerFont` of that package adds files.
 *
 * @throws RelievoError `DEPENDENCY_MISSING` without it, or with a version that is too old or too new.
 */
export async function canvasFactory(): Promise<CanvasFactory> {
  let canvas;
  try {
    canvas = await import('canvas');
  } catch (cause) {
    throw new RelievoError('DEPENDENCY_MISSING', 'text in Node needs canvas: npm install canvas', { cause });
  }
  checkPeer('canvas', canvas.version);
  const { createCanvas } = canvas;
  return (width, height) => createCanvas(width, height) as unknown as HTMLCanvasElement;
}
