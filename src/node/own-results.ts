import { open } from 'node:fs/promises';
import { loadSharp } from './sharp.js';

/**
 * The program that a picture's file says made it: EXIF's `Software`, a GIF's last comment. Read from the header, nothing
 * is decoded. Undefined for a file that does not say, or that is no picture.
 */
export async function softwareOf(path: string): Promise<string | undefined> {
  try {
    const sharp = await loadSharp();
    const { exif, format } = await sharp(path, { limitInputPixels: false }).metadata();
    if (format === 'gif') return await lastComment(path);
    if (!exif) return undefined;
    const { default: exifr } = await import('../vendor/exifr.js');
    const tiff = exif.subarray(exif.toString('latin1', 0, 4) === 'Exif' ? 6 : 0);
    const found = (await exifr.parse(tiff, ['Software'])) as { Software?: unknown } | undefined;
    return typeof found?.Software === 'string' ? found.Software : undefined;
  } catch {
    return undefined;
  }
}

/** As the writer puts it: extension 0x21 0xfe, length, text, 0, trailer. */
async function lastComment(path: string): Promise<string | undefined> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const tail = Buffer.alloc(Math.min(size, 260));
    await file.read(tail, 0, tail.length, size - tail.length);
    const at = tail.lastIndexOf(Buffer.of(0x21, 0xfe));
    return at < 0 ? undefined : tail.toString('latin1', at + 3, at + 3 + (tail[at + 2] ?? 0));
  } finally {
    await file.close();
  }
}
