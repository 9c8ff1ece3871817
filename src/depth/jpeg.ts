/** One segment before the pixels of a JPEG: its marker, and its bytes from the marker on. */
export interface Segment {
  readonly marker: number;
  readonly start: number;
  readonly end: number;
}

const MULTI_PICTURE = 'MPF\0';
export const XMP = ['http://ns.adobe.com/xap/1.0/\0', 'http://ns.adobe.com/xmp/extension/\0'] as const;
/** A long map in XMP takes a thousand segments; more than this is made to be read for long. */
const MOST_SEGMENTS = 10_000;
/** More pictures than this in one file is not a photo's index. */
const MOST_PICTURES = 32;

/** The segments up to the pixels; fewer when the file is damaged. */
export function segments(bytes: Uint8Array): Segment[] {
  const found: Segment[] = [];
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff && found.length < MOST_SEGMENTS) {
    const marker = bytes[at + 1]!;
    if (marker === 0xda || marker === 0xd9) break;
    const end = at + 2 + ((bytes[at + 2]! << 8) | bytes[at + 3]!);
    if (end < at + 4 || end > bytes.length) break;
    found.push({ marker, start: at, end });
    at = end;
  }
  return found;
}

export function begins(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** The further pictures of a multi-picture file (CIPA DC-007): views, not copies. Whatever does not fit is left out. */
export function auxiliaryImages(bytes: Uint8Array): Uint8Array[] {
  const index = segments(bytes).find((s) => s.marker === 0xe2 && begins(bytes, s.start + 4, MULTI_PICTURE));
  if (!index) return [];
  const base = index.start + 8; // offsets count from here
  const view = new DataView(bytes.buffer, bytes.byteOffset + base, index.end - base);
  try {
    const little = view.getUint16(0) === 0x4949;
    const u16 = (at: number) => view.getUint16(at, little);
    const u32 = (at: number) => view.getUint32(at, little);
    const directory = u32(4);
    const images: Uint8Array[] = [];
    for (let k = 0; k < u16(directory); k++) {
      const entry = directory + 2 + 12 * k;
      if (u16(entry) !== 0xb002) continue; // the list of pictures, 16 bytes each
      const count = Math.min(MOST_PICTURES, Math.floor(u32(entry + 4) / 16));
      for (let i = 1; i < count; i++) {
        const size = u32(u32(entry + 8) + 16 * i + 4);
        const start = base + u32(u32(entry + 8) + 16 * i + 8);
        if (start + size > bytes.length || bytes[start] !== 0xff || bytes[start + 1] !== 0xd8) continue;
        images.push(bytes.subarray(start, start + size));
      }
    }
    return images;
  } catch (error) {
    if (error instanceof RangeError) return []; // an offset beyond the segment
    throw error;
  }
}

/** A JPEG with these XMP segments in the place of any that it had. */
export function withXmp(jpeg: Uint8Array, packets: readonly Uint8Array[]): Uint8Array {
  const dropped = segments(jpeg).filter(
    (s) => s.marker === 0xe1 && XMP.some((name) => begins(jpeg, s.start + 4, name)),
  );
  const parts: Uint8Array[] = [];
  let from = 2;
  // EXIF's standard wants its segment first: XMP follows what stands at the beginning.
  const first = segments(jpeg).find((s) => s.marker !== 0xe0 && s.marker !== 0xe1)?.start ?? 2;
  let inserted = false;
  const insert = () => {
    for (const packet of packets) {
      const head = Uint8Array.of(0xff, 0xe1, (packet.length + 2) >> 8, (packet.length + 2) & 255);
      parts.push(head, packet);
    }
    inserted = true;
  };
  parts.push(jpeg.subarray(0, 2));
  for (const s of [...dropped, { start: jpeg.length, end: jpeg.length }]) {
    if (!inserted && s.start >= first) {
      parts.push(jpeg.subarray(from, first));
      insert();
      from = first;
    }
    parts.push(jpeg.subarray(from, s.start));
    from = s.end;
  }
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}
