import { RelievoError } from '../core/errors.js';
import type { CanvasFactory } from '../effects/text.js';

/**
 * Canvases for text in Node, by the `canvas` package (Cairo and Pango: shaping, right-to-left, emoji where a font has
 * them). Fonts are the system's; `registerFont` of that package adds files.
 *
 * @throws RelievoError `DEPENDENCY_MISSING`.
 */
export async function canvasFactory(): Promise<CanvasFactory> {
  try {
    const { createCanvas } = await import('canvas');
    return (width, height) => createCanvas(width, height) as unknown as HTMLCanvasElement;
  } catch (cause) {
    throw new RelievoError('DEPENDENCY_MISSING', 'text in Node needs canvas: npm install canvas', { cause });
  }
}
