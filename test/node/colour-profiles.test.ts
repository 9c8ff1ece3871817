import exifr from 'exifr';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { converter } from 'culori';
import sharp from 'sharp';
import { run } from '../../src/cli/run.js';
import { profileKind } from '../../src/node/icc.js';
import { readImageFile, writeAnimation, writeDepth, writeImage } from '../../src/node/index.js';
import { ASTRONAUT, picture } from '../helpers/photos.js';

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'relievo-'))));
afterAll(() => rm(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

/** A red that sRGB does not hold, a green, a blue, and a grey: bytes of Display P3. */
const COLOURS = [
  [250, 40, 30],
  [30, 240, 40],
  [40, 30, 250],
  [128, 128, 128],
] as const;
const patches = picture(64, 16, (x) => COLOURS[Math.floor(x / 16)]!);

/** sharp's own Display P3 profile, as it writes it. */
async function p3Profile(): Promise<Buffer> {
  const file = await sharp({ create: { width: 1, height: 1, channels: 3, background: 'red' } })
    .withIccProfile('p3')
    .png()
    .toBuffer();
  return (await sharp(file).metadata()).icc!;
}

/** A JPEG whose bytes mean what `profile` says, with EXIF. */
async function photo(name: string, profile: Buffer, orientation = 1): Promise<string> {
  await writeFile(at(`${name}.icc`), profile);
  const { data, width, height } = patches;
  // Written without a conversion: the raw pixels are declared to be of the profile by a file that carries it.
  const carrier = await sharp({ create: { width, height, channels: 3, background: 'red' } })
    .withIccProfile(at(`${name}.icc`))
    .png()
    .toBuffer();
  const file = await sharp(carrier, { ignoreIcc: true })
    .composite([{ input: Buffer.from(data), raw: { width, height, channels: 4 }, blend: 'source' }])
    .removeAlpha()
    .keepIccProfile()
    .withExif({ IFD0: { Make: 'Testcam' } })
    .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
    .toBuffer();
  // sharp writes every picture upright: the orientation (tag 0x112, a short, little-endian) is set in the bytes.
  const tag = file.indexOf(Buffer.from([0x12, 0x01, 0x03, 0x00, 0x01, 0x00, 0x00, 0x00]));
  file.writeUInt16LE(orientation, tag + 8);
  await writeFile(at(name), file);
  return at(name);
}

/** Other primaries in a profile of the same curve, in D50 as profiles give them. */
function withPrimaries(profile: Buffer, primaries: readonly (readonly number[])[]): Buffer {
  const out = Buffer.from(profile);
  for (let k = 0; k < out.readUInt32BE(128); k++) {
    const tag = ['rXYZ', 'gXYZ', 'bXYZ'].indexOf(out.toString('latin1', 132 + 12 * k, 136 + 12 * k));
    if (tag < 0) continue;
    primaries[tag]!.forEach((v, c) =>
      out.writeInt32BE(Math.round(v * 65536), out.readUInt32BE(136 + 12 * k) + 8 + 4 * c),
    );
  }
  return out;
}
const ADOBE = [
  [0.60974, 0.31111, 0.01947],
  [0.20528, 0.62567, 0.06087],
  [0.14919, 0.06322, 0.74457],
];
const SRGB = [
  [0.43607, 0.22249, 0.01392],
  [0.38515, 0.71687, 0.09708],
  [0.14307, 0.06061, 0.7141],
];

const patch = (image: { width: number; data: ArrayLike<number> }, k: number) =>
  [0, 1, 2].map((c) => image.data[(8 * image.width + 16 * k + 8) * 4 + c]!);
const worst = (a: readonly number[], b: readonly number[]) => Math.max(...a.map((v, c) => Math.abs(v - b[c]!)));

test('profiles are told apart by their primaries and curve', async () => {
  const p3 = await p3Profile();
  expect(profileKind(p3)).toBe('display-p3');
  expect(profileKind(withPrimaries(p3, ADOBE))).toBe('wide');
  expect(profileKind(withPrimaries(p3, SRGB))).toBe('srgb');
  const shipped = await sharp(ASTRONAUT).withIccProfile('srgb').png().toBuffer();
  expect(profileKind((await sharp(shipped).metadata()).icc!)).toBe('srgb');
  expect(profileKind(p3.subarray(0, 200))).toBe('other');
  expect(profileKind(new Uint8Array(0))).toBe('other');
  const cmyk = await sharp(ASTRONAUT).withIccProfile('cmyk').jpeg().toBuffer();
  expect(profileKind((await sharp(cmyk).metadata()).icc!)).toBe('other');
});

test('a Display P3 photo keeps its bytes, and its profile and EXIF on the way out', async () => {
  const path = await photo('p3.jpg', await p3Profile());
  const image = await readImageFile(path);
  expect(image.colorSpace).toBe('display-p3');
  COLOURS.forEach((colour, k) => expect(worst(patch(image, k), colour)).toBeLessThanOrEqual(2));
  for (const name of ['out.png', 'out.jpg', 'out.webp', 'out.avif', 'out.tif']) {
    await writeImage(at(name), image, { metadataFrom: image.file, quality: 100 });
    const { icc, exif, orientation = 1 } = await sharp(at(name)).metadata();
    expect([name, icc && profileKind(icc), orientation]).toEqual([name, 'display-p3', 1]);
    expect(icc!.equals((await sharp(path).metadata()).icc!)).toBe(true);
    // libvips writes no EXIF into TIFF.
    if (!name.endsWith('tif')) expect([name, exif?.toString('latin1').includes('Testcam')]).toEqual([name, true]);
    const again = await readImageFile(at(name));
    COLOURS.forEach((_, k) =>
      expect(worst(patch(again, k), patch(image, k))).toBeLessThanOrEqual(name.endsWith('png') ? 0 : 3),
    );
  }
  // What somebody else's colour management shows is what culori says these bytes are.
  const rgb = converter('rgb');
  const shown = await sharp(at('out.png')).toColourspace('srgb').ensureAlpha().raw().toBuffer();
  const grey = rgb({ mode: 'p3', r: 128 / 255, g: 128 / 255, b: 128 / 255 });
  expect(
    worst(
      patch({ width: 64, data: shown }, 3),
      [grey.r, grey.g, grey.b].map((v) => v * 255),
    ),
  ).toBeLessThan(2);
});

test('without a file to take it from, Display P3 pixels get a profile, and sRGB pixels none', async () => {
  await writeImage(at('new.png'), { ...patches, colorSpace: 'display-p3' });
  expect(profileKind((await sharp(at('new.png')).metadata()).icc!)).toBe('display-p3');
  expect((await readImageFile(at('new.png'))).data).toEqual(patches.data);
  await writeImage(at('plain.png'), patches);
  expect((await sharp(at('plain.png')).metadata()).icc).toBeUndefined();
});

test('other wide RGB is converted to Display P3: the same colours as culori finds', async () => {
  const p3 = converter('p3');
  const image = await readImageFile(await photo('adobe.jpg', withPrimaries(await p3Profile(), ADOBE)));
  expect(image.colorSpace).toBe('display-p3');
  const light = (v: number) => (v <= 10.31475 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
  for (const k of [0, 2, 3]) {
    const [x, y, z] = [0, 1, 2].map((row) => COLOURS[k]!.reduce((s, v, c) => s + ADOBE[c]![row]! * light(v), 0));
    const { r, g, b } = p3({ mode: 'xyz50', x: x!, y: y!, z: z! });
    const expected = [r, g, b].map((v) => 255 * Math.min(1, Math.max(0, v)));
    expect(worst(patch(image, k), expected)).toBeLessThanOrEqual(4);
  }
});

test('an sRGB profile stays; a photo without one gets none', async () => {
  const image = await readImageFile(await photo('srgb.jpg', withPrimaries(await p3Profile(), SRGB)));
  expect(image.colorSpace).toBe('srgb');
  await writeImage(at('kept.jpg'), image, { metadataFrom: image.file });
  expect(profileKind((await sharp(at('kept.jpg')).metadata()).icc!)).toBe('srgb');
  const bare = await sharp(await readFile(ASTRONAUT))
    .jpeg()
    .toBuffer();
  await writeImage(at('bare.jpg'), image, { metadataFrom: bare });
  expect((await sharp(at('bare.jpg')).metadata()).icc).toBeUndefined();
});

test('an edit on the command line keeps profile and EXIF', async () => {
  const path = await photo('turned.jpg', await p3Profile(), 6);
  await writeFile(at('r.json'), JSON.stringify({ version: 1, steps: [{ op: 'grade', background: { exposure: -1 } }] }));
  await writeDepth(at('d.png'), { width: 4, height: 16, data: new Float32Array(64) });
  const io = { stdout: { write: () => true }, stderr: { write: () => true }, signal: new AbortController().signal };
  const args = ['edit', path, '--recipe', at('r.json'), '--depth', at('d.png'), '-o', at('edited.jpg')];
  expect(await run(args, io)).toBe(0);
  const { icc, width, height, orientation = 1 } = await sharp(at('edited.jpg')).metadata();
  expect([icc && profileKind(icc), width, height, orientation]).toEqual(['display-p3', 16, 64, 1]);
  expect(await exifr.parse(at('edited.jpg'))).toMatchObject({ Make: 'Testcam' });
});

test('an animation, which has no profile, is sRGB', async () => {
  await writeAnimation(at('a.webp'), [{ ...patches, colorSpace: 'display-p3' }], { quality: 100 });
  const { data, info } = await sharp(at('a.webp')).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  const shown = patch({ width: info.width, data }, 0);
  expect(worst(shown, [255, 0, 0])).toBeLessThanOrEqual(12); // beyond sRGB's red
});
