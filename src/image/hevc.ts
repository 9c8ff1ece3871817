/** Main brands of HEIF files that hold HEVC (ISO/IEC 23008-12, annex B); AVIF's are others. */
const HEVC_BRANDS = new Set(['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx']);

/** Whether a file is HEIC: a HEIF whose pictures are HEVC. */
export function isHevc(bytes: Uint8Array): boolean {
  const text = (from: number) => String.fromCharCode(...bytes.subarray(from, from + 4));
  if (text(4) !== 'ftyp') return false;
  // `mif1` says HEIF of any kind: the compatible brands after it say which.
  if (text(8) !== 'mif1') return HEVC_BRANDS.has(text(8));
  const end = Math.min(bytes.length, 64, (bytes[2]! << 8) | bytes[3]!);
  for (let at = 16; at + 4 <= end; at += 4) if (HEVC_BRANDS.has(text(at))) return true;
  return false;
}
