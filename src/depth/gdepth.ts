import { invalid } from '../core/params.js';
import { isArrayOf } from '../image/image-data.js';
import { withXmp } from './jpeg.js';

/** Distances that disparity 1 and 0 are given as: ours are relative, and the format wants numbers. */
const NEAR = 1;
const FAR = 100;
/** Bytes of an extended XMP packet in one segment, whose whole size is 16 bits. */
const CHUNK = 65000;

const wrap = (attributes: string) =>
  `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">` +
  `<rdf:Description rdf:about="" xmlns:GDepth="http://ns.google.com/photos/1.0/depthmap/" ${attributes}/></rdf:RDF></x:xmpmeta>`;

/**
 * Puts a depth map into a JPEG as GDepth XMP (developers.google.com/depthmap-metadata): RangeInverse, so that stored
 * values are linear in disparity. XMP that the JPEG had is replaced.
 *
 * @param map grey PNG, 8 or 16 bits, of 1 - disparity (0 = nearest), stretched over the photo as it is stored.
 * @param md5 of text, as 32 hexadecimal digits: how the two parts of long XMP name each other.
 */
export function embedGDepth(jpeg: Uint8Array, map: Uint8Array, md5: (text: string) => string): Uint8Array {
  for (const [name, bytes] of Object.entries({ jpeg, map }))
    if (!isArrayOf(bytes, 'Uint8Array')) throw invalid('embedGDepth', name, 'the bytes of a file', bytes);
  if (typeof md5 !== 'function') throw invalid('embedGDepth', 'md5', 'a function', md5);
  let binary = '';
  for (let i = 0; i < map.length; i += 8192) binary += String.fromCharCode(...map.subarray(i, i + 8192));
  const long = wrap(`GDepth:Data="${btoa(binary)}"`);
  const guid = String(md5(long)).toUpperCase();
  const short = wrap(
    `xmlns:xmpNote="http://ns.adobe.com/xmp/note/" GDepth:Format="RangeInverse" GDepth:Near="${NEAR}" ` +
      `GDepth:Far="${FAR}" GDepth:Mime="image/png" GDepth:Units="m" GDepth:MeasureType="OpticalAxis" ` +
      `GDepth:Software="Relievo" xmpNote:HasExtendedXMP="${guid}"`,
  );
  const utf8 = new TextEncoder();
  const packets = [utf8.encode(`http://ns.adobe.com/xap/1.0/\0${short}`)];
  const bytes = utf8.encode(long);
  for (let at = 0; at < bytes.length; at += CHUNK) {
    const head = utf8.encode(`http://ns.adobe.com/xmp/extension/\0${guid}`);
    const chunk = bytes.subarray(at, at + CHUNK);
    const packet = new Uint8Array(head.length + 8 + chunk.length);
    packet.set(head);
    new DataView(packet.buffer).setUint32(head.length, bytes.length);
    new DataView(packet.buffer).setUint32(head.length + 4, at);
    packet.set(chunk, head.length + 8);
    packets.push(packet);
  }
  return withXmp(jpeg, packets);
}
