import exifr from 'exifr';
import fc from 'fast-check';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { findEmbeddedDepth } from '../../src/depth/embedded.js';
import {
  readDepthPair,
  readEmbeddedDepth,
  readImageFile,
  readPhotoDepth,
  writeDepthPair,
  writeGDepth,
} from '../../src/node/index.js';
import { picture, rejection } from '../helpers/photos.js';

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'relievo-'))));
afterAll(() => rm(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

const photo = picture(40, 20, (x) => (x < 20 ? [255, 0, 0] : [0, 0, 255]));
const jpeg = (orientation = 1) =>
  sharp(photo.data, { raw: { width: 40, height: 20, channels: 4 } })
    .removeAlpha()
    .withMetadata({ orientation })
    .jpeg()
    .toBuffer();
/** 4 × 2: 0, 85, 170, 255 from left to right, in both rows but the last value of the second, which is 0. */
const grey = () =>
  sharp(Buffer.from([0, 85, 170, 255, 0, 85, 170, 0]), { raw: { width: 4, height: 2, channels: 1 } }).toColourspace(
    'b-w',
  );
const row = (d: { depth: { data: Float32Array } } | undefined) => [...d!.depth.data.subarray(0, 4)];

const segment = (marker: number, body: Buffer) => {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(body.length + 2, 2);
  return Buffer.concat([head, body]);
};
const xmp = (namespaces: string, attributes: string, inner = '') =>
  segment(
    0xe1,
    Buffer.from(
      `http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">` +
        `<rdf:Description rdf:about="" ${namespaces} ${attributes}>${inner}</rdf:Description></rdf:RDF></x:xmpmeta>`,
    ),
  );
const after = (file: Buffer, ...segments: Buffer[]) =>
  Buffer.concat([file.subarray(0, 2), ...segments, file.subarray(2)]);
const GDEPTH = 'xmlns:GDepth="http://ns.google.com/photos/1.0/depthmap/"';
const gdepth = async (format: string, near: string, far: string, data?: string) =>
  after(
    await jpeg(),
    xmp(
      GDEPTH,
      `GDepth:Format="${format}" GDepth:Near="${near}" GDepth:Far="${far}" GDepth:Mime="image/png" ` +
        `GDepth:Data="${data ?? (await grey().png().toBuffer()).toString('base64')}"`,
    ),
  );

describe('GDepth', () => {
  test('RangeInverse: stored 0 is nearest, and linear in disparity', async () => {
    const found = await readEmbeddedDepth(await gdepth('RangeInverse', '0.5', '4'));
    expect(found).toMatchObject({ kind: 'gdepth', near: 0.5, far: 4 });
    expect(row(found)).toEqual([1, 2 / 3, 1 / 3, 0].map((v) => expect.closeTo(v, 5)));
  });

  test('RangeLinear: linear in distance, so by its reciprocal', async () => {
    const found = await readEmbeddedDepth(await gdepth('RangeLinear', '1', '4'));
    // Distances 1, 2, 3, 4: reciprocals less 1/4, over 3/4.
    expect(row(found)).toEqual([1, (1 / 2 - 1 / 4) / 0.75, (1 / 3 - 1 / 4) / 0.75, 0].map((v) => expect.closeTo(v, 5)));
  });

  test.each([
    ['RangeInverse', '4', '1', 'INVALID_DEPTH'],
    ['RangeInverse', 'x', '1', 'INVALID_DEPTH'],
    ['RangeLinear', '0', '5', 'INVALID_DEPTH'],
    ['Polar', '1', '5', 'INVALID_DEPTH'],
  ])('refuses %s from %s to %s', async (format, near, far, code) => {
    expect(await rejection(readEmbeddedDepth(await gdepth(format, near, far)))).toMatchObject({ code });
  });

  test.each(['!!!!', Buffer.from('no picture').toString('base64')])('refuses data %s', async (data) => {
    const error = await rejection(readEmbeddedDepth(await gdepth('RangeInverse', '1', '2', data)));
    expect(error).toMatchObject({ name: 'RelievoError', code: 'CORRUPT_IMAGE' });
  });

  test('what is written is read by exifr, by us to 16 bits, and is the same photo', async () => {
    const data = Float32Array.from({ length: 200 * 100 }, (_, i) => ((i * 7919) % 20000) / 19999);
    const depth = { width: 200, height: 100, data };
    await writeGDepth(at('g.jpg'), photo, depth, { metadataFrom: await jpeg(3) });
    const bytes = await readFile(at('g.jpg'));
    const tags = await exifr.parse(bytes, { tiff: false, xmp: true, multiSegment: true, mergeOutput: false } as never);
    expect(tags.GDepth).toMatchObject({ Format: 'RangeInverse', Near: 1, Far: 100, Mime: 'image/png' });
    const stored = await sharp(Buffer.from(tags.GDepth.Data, 'base64')).metadata();
    expect([stored.width, stored.height, stored.depth]).toEqual([200, 100, 'ushort']);
    expect(bytes.length).toBeGreaterThan(30000);
    const back = (await readEmbeddedDepth(bytes))!.depth;
    back.data.forEach((v, i) => expect(Math.abs(v - data[i]!)).toBeLessThan(1 / 65535));
    // Written again, the old XMP is replaced.
    await writeGDepth(at('h.jpg'), await readImageFile(at('g.jpg')), {
      width: 1,
      height: 1,
      data: Float32Array.of(0.25),
    });
    expect((await readEmbeddedDepth(await readFile(at('h.jpg'))))!.depth.data[0]).toBeCloseTo(0.25, 4);
    expect((await sharp(bytes).metadata()).orientation ?? 1).toBe(1);
  });

  test('a long map takes several segments', async () => {
    let s = 1;
    const noise = Float32Array.from({ length: 300 * 300 }, () => (s = (s * 16807) % 2147483647) / 2147483647);
    await writeGDepth(at('l.jpg'), photo, { width: 300, height: 300, data: noise });
    const bytes = await readFile(at('l.jpg'));
    expect(bytes.length).toBeGreaterThan(150_000);
    expect((await readEmbeddedDepth(bytes))!.depth.data[12345]).toBeCloseTo(noise[12345]!, 4);
  });
});

test.each([1, 2, 3, 4, 5, 6, 7, 8])('EXIF orientation %i turns the map with the photo', async (orientation) => {
  // The map's unequal corner marks the stored bottom right; the photo's is found the way sharp turns it.
  const map = (await grey().png().toBuffer()).toString('base64');
  const file = after(
    await jpeg(orientation),
    xmp(GDEPTH, `GDepth:Format="RangeInverse" GDepth:Near="1" GDepth:Far="2" GDepth:Data="${map}"`),
  );
  const { depth } = (await readEmbeddedDepth(file))!;
  const stored = await grey().png().toBuffer();
  const { data, info } = await sharp(await sharp(stored).withMetadata({ orientation }).png().toBuffer())
    .autoOrient()
    .toColourspace('b-w')
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect([depth.width, depth.height]).toEqual([info.width, info.height]);
  expect([...depth.data]).toEqual([...data].map((v) => expect.closeTo(1 - v / 255, 5)));
});

test('Dynamic Depth: the picture behind the photo that the XMP names', async () => {
  const map = await grey().png().toBuffer();
  const item = (uri: string, length: number) =>
    `<rdf:li rdf:parseType="Resource"><Container:Item Item:Mime="image/png" Item:Length="${length}" Item:DataURI="${uri}"/></rdf:li>`;
  const file = after(
    await jpeg(),
    xmp(
      ['Device', 'Camera', 'DepthMap', 'Container', 'Item']
        .map((n) => `xmlns:${n}="http://ns.google.com/photos/dd/1.0/${n.toLowerCase()}/"`)
        .join(' '),
      '',
      `<Device:Container><Container:Directory><rdf:Seq>${item('primary', 0)}${item('depth', map.length)}${item('other', 5)}</rdf:Seq></Container:Directory></Device:Container>` +
        `<Device:Cameras><rdf:Seq><rdf:li rdf:parseType="Resource"><Device:Camera><Camera:DepthMap DepthMap:Format="RangeInverse" DepthMap:Near="0.3" DepthMap:Far="9" DepthMap:DepthURI="depth"/></Device:Camera></rdf:li></rdf:Seq></Device:Cameras>`,
    ),
  );
  const found = await readEmbeddedDepth(Buffer.concat([file, map, Buffer.from('other')]));
  expect(found).toMatchObject({ kind: 'dynamic-depth', near: 0.3, far: 9 });
  expect(row(found)).toEqual([1, 2 / 3, 1 / 3, 0].map((v) => expect.closeTo(v, 5)));
  expect(await rejection(readEmbeddedDepth(file))).toMatchObject({ code: 'CORRUPT_IMAGE' });
});

test('XDM: the same fields under another name', async () => {
  const map = (await grey().png().toBuffer()).toString('base64');
  const file = after(
    await jpeg(),
    xmp(
      'xmlns:Depthmap="http://ns.xdm.org/photos/1.0/depthmap/"',
      `Depthmap:Format="RangeInverse" Depthmap:Near="1" Depthmap:Far="3" Depthmap:Data="${map}"`,
    ),
  );
  expect(await readEmbeddedDepth(file)).toMatchObject({ kind: 'xdm', near: 1, far: 3 });
});

describe("Apple's JPEG", () => {
  const aux = async (fields: Record<string, string>) =>
    after(
      await grey().jpeg({ quality: 100 }).toBuffer(),
      xmp(
        'xmlns:apdi="http://ns.apple.com/pixeldatainfo/1.0/"',
        '',
        Object.entries(fields)
          .map(([k, v]) => `<apdi:${k}>${v}</apdi:${k}>`)
          .join(''),
      ),
    );
  /** A multi-picture file: an index segment in the first, the others behind it. */
  const multi = (first: Buffer, others: Buffer[], little = false) => {
    const body = Buffer.alloc(4 + 8 + 2 + 12 + 4 + 16 * (others.length + 1));
    const u16 = (v: number, o: number) => (little ? body.writeUInt16LE(v, o) : body.writeUInt16BE(v, o));
    const u32 = (v: number, o: number) => (little ? body.writeUInt32LE(v, o) : body.writeUInt32BE(v, o));
    body.write('MPF\0', 0, 'latin1');
    body.write(little ? 'II' : 'MM', 4, 'latin1');
    u16(42, 6);
    u32(8, 8);
    u16(1, 12);
    u16(0xb002, 14);
    u16(7, 16);
    u32(16 * (others.length + 1), 18);
    u32(26, 22);
    const total = first.length + body.length + 4;
    let offset = total - 2 - 4 - 4; // from the index's own beginning, behind SOI, marker, length and name
    others.forEach((o, i) => {
      u32(o.length, 30 + 16 * (i + 1) + 4);
      u32(offset, 30 + 16 * (i + 1) + 8);
      offset += o.length;
    });
    return Buffer.concat([after(first, segment(0xe2, body)), ...others]);
  };

  test.each([true, false])('disparity, matte left aside (little-endian index: %p)', async (little) => {
    const matte = await aux({ AuxiliaryImageType: 'depth', AuxiliaryImageSubType: 'portraiteffectsmatte' });
    const map = await aux({ AuxiliaryImageType: 'disparity', FloatMinValue: '0.5', FloatMaxValue: '2' });
    const found = await readEmbeddedDepth(multi(await jpeg(), [matte, map], little));
    expect(found).toMatchObject({ kind: 'apple', near: 0.5, far: 2 });
    expect(row(found)).toEqual([0, 1 / 3, 2 / 3, 1].map((v) => expect.closeTo(v, 1)));
  });

  test('depth in metres becomes disparity', async () => {
    const map = await aux({ AuxiliaryImageType: 'depth', FloatMinValue: '1', FloatMaxValue: '4' });
    const found = await readEmbeddedDepth(multi(await jpeg(), [map]));
    expect(row(found)).toEqual([1, 1 / 3, 1 / 9, 0].map((v) => expect.closeTo(v, 1)));
  });

  test('a range that makes no sense is refused', async () => {
    const map = await aux({ AuxiliaryImageType: 'disparity', FloatMinValue: '2', FloatMaxValue: '1' });
    expect(await rejection(readEmbeddedDepth(multi(await jpeg(), [map])))).toMatchObject({ code: 'INVALID_DEPTH' });
  });
});

test('pairs: NAME_depth beside NAME, white near', async () => {
  const depth = { width: 2, height: 1, data: Float32Array.of(0.2, 1) };
  await writeDepthPair(at('pair.jpg'), photo, depth);
  expect(await readDepthPair(at('nobody.jpg'))).toBeUndefined();
  const found = await readPhotoDepth(at('pair.jpg'));
  expect(found!.kind).toBe('pair');
  expect([...found!.depth.data]).toEqual([0.2, 1].map((v) => expect.closeTo(v, 5)));
});

test('photos without depth, and other files, have none', async () => {
  for (const bytes of [await jpeg(), await grey().png().toBuffer(), Buffer.from('text'), Buffer.alloc(0)])
    expect(await findEmbeddedDepth(bytes)).toBeUndefined();
});

test('a cut or scribbled file gives depth, none, or a typed error; never anything else', async () => {
  await writeFile(at('x.jpg'), '');
  const whole = await gdepth('RangeInverse', '1', '5');
  const damage = fc.record({
    cut: fc.nat(whole.length),
    at: fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 8 }),
  });
  await fc.assert(
    fc.asyncProperty(damage, async ({ cut, at: changes }) => {
      const bytes = Buffer.from(whole);
      for (const [i, v] of changes) bytes[i] = v;
      try {
        await readEmbeddedDepth(bytes.subarray(0, cut));
      } catch (error) {
        expect(error).toMatchObject({ name: 'RelievoError' });
      }
    }),
    { numRuns: 150 },
  );
});
