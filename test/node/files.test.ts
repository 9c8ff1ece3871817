import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { createCanvas } from 'canvas';
import { decode } from '../../src/image/decode.js';
import { readDepth, readImageFile, writeDepth, writeImage } from '../../src/node/index.js';
import { ASTRONAUT, picture, rejection } from '../helpers/photos.js';

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'relievo-'))));
afterAll(() => rm(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

/** Left half red, right half blue, 40 × 20. */
const halves = () => picture(40, 20, (x) => (x < 20 ? [255, 0, 0] : [0, 0, 255]));
const raw = (p = halves()) => sharp(p.data, { raw: { width: p.width, height: p.height, channels: 4 } });
const pixel = (p: { width: number; data: ArrayLike<number> }, x: number, y: number) =>
  [0, 1, 2, 3].map((c) => p.data[(y * p.width + x) * 4 + c]!);

test.each([1, 2, 3, 4, 5, 6, 7, 8])('EXIF orientation %i comes in upright', async (orientation) => {
  // Stored so that turning by `orientation` gives the halves picture back: libvips turns, we compare with its inverse.
  const stored = await raw().removeAlpha().withMetadata({ orientation }).png().toBuffer();
  await writeFile(at('turned.png'), stored);
  const photo = await readImageFile(at('turned.png'));
  const turned = orientation >= 5;
  expect([photo.width, photo.height, photo.orientation]).toEqual(
    turned ? [20, 40, orientation] : [40, 20, orientation],
  );
  // Where the stored top-left (red) pixel has to appear, by the EXIF standard: "row 0 is the …, column 0 is the …".
  const [x, y] = [
    [0, 0],
    [39, 0],
    [39, 19],
    [0, 19],
    [0, 0],
    [19, 0],
    [19, 39],
    [0, 39],
  ][orientation - 1]!;
  expect(pixel(photo, x!, y!)).toEqual([255, 0, 0, 255]);
});

test('grey, CMYK, 16-bit, palette and animated files become 8-bit RGBA', async () => {
  const files = {
    'grey.png': raw().toColourspace('b-w').png(),
    'wide.png': raw().toColourspace('rgb16').png(),
    'palette.png': raw().png({ palette: true }),
    'cmyk.jpg': raw().toColourspace('cmyk').jpeg({ quality: 95 }),
    'lossy.webp': raw().webp({ quality: 95 }),
    'still.gif': raw().gif(),
  };
  for (const [name, file] of Object.entries(files)) {
    await file.toFile(at(name));
    const p = await readImageFile(at(name));
    expect([name, p.width, p.height, p.data.length]).toEqual([name, 40, 20, 3200]);
    const [r, g, b, a] = pixel(p, 5, 10);
    expect(a).toBe(255);
    if (name === 'grey.png') expect([g, b]).toEqual([r, r]);
    else expect(r! - b!).toBeGreaterThan(150);
  }
  const frames = Buffer.concat(
    [halves().data, picture(40, 20, () => [0, 255, 0]).data].map((d) => Buffer.from(d.buffer)),
  );
  await sharp(frames, { raw: { width: 40, height: 40, channels: 4, pageHeight: 20 } })
    .gif({ delay: [100, 100] })
    .toFile(at('two.gif'));
  const first = await readImageFile(at('two.gif'));
  expect([first.width, first.height, first.pages]).toEqual([40, 20, 2]);
  expect(pixel(first, 5, 10)[0]).toBeGreaterThan(200);
});

test('alpha survives reading and writing; JPEG gets white under it', async () => {
  const ghost = picture(4, 4, () => [200, 100, 50, 128]);
  await writeImage(at('ghost.png'), ghost);
  expect(pixel(await readImageFile(at('ghost.png')), 1, 1)).toEqual([200, 100, 50, 128]);
  await writeImage(at('ghost.jpg'), ghost, { quality: 100 });
  const [r, g, b, a] = pixel(await readImageFile(at('ghost.jpg')), 1, 1);
  expect([Math.abs(r! - 227) < 3, Math.abs(g! - 177) < 3, Math.abs(b! - 152) < 3, a]).toEqual([true, true, true, 255]);
});

test.each([
  ['a text file', Buffer.from('hello, this is no picture at all'), 'UNSUPPORTED_IMAGE'],
  ['an empty file', Buffer.alloc(0), 'CORRUPT_IMAGE'],
  ['markup', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'), 'UNSUPPORTED_IMAGE'],
])('%s is refused', async (_, bytes, code) => {
  await writeFile(at('bad.jpg'), bytes);
  const error = await rejection(readImageFile(at('bad.jpg')));
  expect(error).toMatchObject({ name: 'RelievoError', code });
  expect(error.message).toContain('bad.jpg');
});

test.each([
  ['heic', 'mif1heic'],
  ['mif1', 'mif1miafheic'],
])('HEIC (%s) is refused with what to do; AVIF is read', async (main, compatible) => {
  const size = 16 + compatible.length;
  const head = Buffer.from(`\0\0\0${String.fromCharCode(size)}ftyp${main}\0\0\0\0${compatible}`, 'latin1');
  await writeFile(at('phone.heic'), Buffer.concat([head, Buffer.alloc(64)]));
  expect(await rejection(readImageFile(at('phone.heic')))).toMatchObject({
    code: 'UNSUPPORTED_IMAGE',
    message: expect.stringMatching(/phone\.heic.*HEVC.*Export it as JPEG/),
  });
  await writeImage(at('same.avif'), halves());
  expect((await readImageFile(at('same.avif'))).format).toBe('heif');
});

test('a truncated JPEG and a truncated PNG are refused, not half shown', async () => {
  for (const kind of ['jpeg', 'png'] as const) {
    const whole = await sharp(ASTRONAUT).toFormat(kind).toBuffer();
    await writeFile(at(`cut.${kind}`), whole.subarray(0, whole.length * 0.6));
    expect(await rejection(readImageFile(at(`cut.${kind}`)))).toMatchObject({ code: 'CORRUPT_IMAGE' });
  }
});

test('a header of 20,000 × 20,000 is refused by its numbers, before decoding', async () => {
  const png = await raw().png().toBuffer();
  png.writeUInt32BE(20000, 16);
  png.writeUInt32BE(20000, 20);
  const { crc32 } = await import('node:zlib');
  png.writeUInt32BE((crc32 as (b: Buffer) => number)(png.subarray(12, 29)), 29);
  await writeFile(at('huge.png'), png);
  const error = await rejection(readImageFile(at('huge.png')));
  expect(error).toMatchObject({ code: 'IMAGE_TOO_LARGE', message: expect.stringContaining('20000 × 20000') });
  // The same limit in the page's decoder.
  expect(await rejection(decode(new Uint8Array(png)))).toMatchObject({ code: 'IMAGE_TOO_LARGE' });
});

test('a missing file and a folder say so', async () => {
  expect(await rejection(readImageFile(at('nobody.png')))).toMatchObject({ code: 'FILE_NOT_FOUND' });
  expect((await rejection(readImageFile(folder))).message).toContain('is a folder');
});

test('depth survives 16-bit PNG to half a step; 8-bit is value / 255; nothing is normalised', async () => {
  const data = Float32Array.from({ length: 12 }, (_, i) => 0.2 + i / 40);
  await writeDepth(at('d.png'), { width: 4, height: 3, data });
  const meta = await sharp(at('d.png')).metadata();
  expect([meta.depth, meta.channels]).toEqual(['ushort', 1]);
  const back = await readDepth(at('d.png'));
  back.data.forEach((v, i) => expect(Math.abs(v - data[i]!)).toBeLessThanOrEqual(0.5 / 65535 + 1e-7));
  await sharp(Buffer.from([0, 51, 102, 255]), { raw: { width: 2, height: 2, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toFile(at('d8.png'));
  expect([...(await readDepth(at('d8.png'))).data]).toEqual([0, 0.2, 0.4, 1].map((v) => expect.closeTo(v, 5)));
});

test('an aborted or failed write leaves neither the file nor a part of it', async () => {
  const before = (await readdir(folder)).sort();
  const stop = AbortSignal.abort();
  expect(await rejection(writeImage(at('never.png'), halves(), { signal: stop }))).toMatchObject({
    name: 'AbortError',
  });
  await writeFile(at('file'), '');
  expect(await rejection(writeImage(at('file/under.png'), halves()))).toMatchObject({ code: 'WRITE_FAILED' });
  expect((await readdir(folder)).sort()).toEqual([...before, 'file'].sort());
  expect(await rejection(writeImage(at('x.bmp'), halves()))).toMatchObject({ code: 'INVALID_PARAM' });
});

test('EXIF survives with its orientation reset', async () => {
  await raw()
    .removeAlpha()
    .withExif({ IFD0: { Make: 'Testcam' } })
    .withMetadata({ orientation: 6 })
    .withExifMerge({ IFD0: { Make: 'Testcam' } })
    .jpeg()
    .toFile(at('exif.jpg'));
  const photo = await readImageFile(at('exif.jpg'));
  await writeImage(at('kept.png'), photo, { metadataFrom: photo.file });
  const meta = await sharp(at('kept.png')).metadata();
  expect(meta.exif?.toString('latin1')).toContain('Testcam');
  expect([meta.orientation ?? 1, meta.width, meta.height]).toEqual([1, 20, 40]);
  expect((await readImageFile(at('kept.png'))).data).toEqual(photo.data);
});

test('a canvas of the canvas package is a photo too', async () => {
  const canvas = createCanvas(8, 8);
  const context = canvas.getContext('2d');
  context.fillStyle = '#0a0';
  context.fillRect(0, 0, 8, 8);
  const pixels = await decode(canvas as unknown as HTMLCanvasElement);
  expect([pixels.width, ...pixel(pixels, 3, 3)]).toEqual([8, 0, 170, 0, 255]);
  expect((await readFile(ASTRONAUT)).length).toBeGreaterThan(0);
});
