import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import {
  readDepth,
  readImageFile,
  writeAnimation,
  writeDepth,
  writeDepthPair,
  writeGDepth,
  writeImage,
} from '../../src/node/index.js';
import { picture, rejection } from '../helpers/photos.js';

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'relievo-'))));
afterEach(() => rm(folder, { recursive: true }));
const at = (name: string) => join(folder, name);
const grey = () => picture(8, 6, () => [90, 90, 90]);
const flat = { width: 8, height: 6, data: new Float32Array(48) };

test('a pipe, a device, a folder and links to them are refused at once: only a file has an end', async () => {
  execFileSync('mkfifo', [at('pipe.png')]);
  await symlink('/dev/zero', at('zero.png'));
  await symlink(at('pipe.png'), at('link.png'));
  await mkdir(at('folder.png'));
  await symlink('loop.png', at('loop.png'));
  await symlink('nothing.png', at('nowhere.png'));
  for (const [name, what] of [
    ['pipe.png', 'is a pipe'],
    ['link.png', 'is a pipe'],
    ['zero.png', 'is a device'],
    ['folder.png', 'is a folder'],
    ['loop.png', 'a link that leads to itself'],
    ['nowhere.png', 'is a link to a file that does not exist'],
    ['none.png', 'does not exist'],
    [`${'x'.repeat(300)}.png`, 'name is too long'],
    ['zero\0.png', 'no name'],
  ] as const)
    for (const read of [readImageFile, readDepth]) {
      const error = await rejection(read(at(name)));
      expect(error).toMatchObject({ code: 'FILE_NOT_FOUND', message: expect.stringContaining(what) });
      expect(error.message).not.toMatch(/E[A-Z]{4,}|\n/);
    }
});

test.each([
  ['writeImage', '.png', (path: string, overwrite?: boolean) => writeImage(path, grey(), { overwrite })],
  ['writeDepth', '.png', (path: string, overwrite?: boolean) => writeDepth(path, flat, { overwrite })],
  ['writeGDepth', '.jpg', (path: string, overwrite?: boolean) => writeGDepth(path, grey(), flat, { overwrite })],
  ['writeDepthPair', '.jpg', (path: string, overwrite?: boolean) => writeDepthPair(path, grey(), flat, { overwrite })],
  ['writeAnimation', '.gif', (path: string, overwrite?: boolean) => writeAnimation(path, [grey()], { overwrite })],
])('%s with overwrite: false leaves what is there', async (_name, ending, write) => {
  await writeFile(at(`old${ending}`), 'old');
  const before = await readdir(folder);
  const error = await rejection(write(at(`old${ending}`), false) as Promise<unknown>);
  expect(error).toMatchObject({ code: 'WRITE_FAILED', message: expect.stringContaining('exists already') });
  expect(await readFile(at(`old${ending}`), 'utf8')).toBe('old');
  expect(await readdir(folder)).toEqual(before);
  await write(at(`new/one${ending}`), false);
  await write(at(`old${ending}`));
  expect(await readFile(at(`old${ending}`))).toEqual(await readFile(at(`new/one${ending}`)));
});

test('a pair is whole or not at all: its depth is not replaced either', async () => {
  await writeFile(at('a_depth.png'), 'old');
  expect(await rejection(writeDepthPair(at('a.jpg'), grey(), flat, { overwrite: false }))).toMatchObject({
    code: 'WRITE_FAILED',
    message: expect.stringContaining('a_depth.png exists'),
  });
  expect(await readdir(folder)).toEqual(['a_depth.png']);
});

test('what cannot be written says why in words', async () => {
  await writeFile(at('file'), '');
  await mkdir(at('folder.png'));
  await symlink('/dev/null', at('null.png'));
  for (const [name, why] of [
    ['file/a.png', 'a part of its path is a file'],
    ['folder.png', 'is a folder'],
    ['null.png', 'is a device'],
    [`${'x'.repeat(300)}.png`, 'the name is too long'],
  ] as const) {
    const error = await rejection(writeImage(at(name), grey()));
    expect(error).toMatchObject({ code: 'WRITE_FAILED', message: expect.stringContaining(why) });
    expect(error.message).not.toMatch(/E[A-Z]{4,}|\n/);
  }
  expect((await readdir(folder)).sort()).toEqual(['file', 'folder.png', 'null.png']);
});

test('a picture that is too large for a format is refused by both numbers', async () => {
  const wide = picture(16390, 1, () => [1, 2, 3]);
  for (const name of ['w.webp', 'w.avif'])
    expect(await rejection(writeImage(at(name), wide))).toMatchObject({
      code: 'IMAGE_TOO_LARGE',
      message: expect.stringMatching(/holds up to 1638[34] pixels a side, the picture has 16390 × 1/),
    });
  await writeImage(at('w.png'), wide);
  expect(await rejection(writeImage(at('q.jpg'), grey(), { quality: 900 }))).toMatchObject({
    code: 'INVALID_PARAM',
    message: expect.stringContaining("'quality'"),
  });
});

test('software is named in every format that has a place for it (TIFF has none that sharp writes), and the pixels stay', async () => {
  const software = 'Testprogram 1.2';
  for (const ending of ['png', 'jpg', 'webp', 'avif']) {
    await writeImage(at(`a.${ending}`), grey(), { software });
    const { exif } = await sharp(at(`a.${ending}`)).metadata();
    expect([ending, exif?.includes(software)]).toEqual([ending, true]);
  }
  const data = Float32Array.from({ length: 48 }, (_, i) => i / 47);
  await writeDepth(at('d.png'), { ...flat, data }, { software });
  const { exif, depth, channels } = await sharp(at('d.png')).metadata();
  expect([exif?.includes(software), depth, channels]).toEqual([true, 'ushort', 1]);
  (await readDepth(at('d.png'))).data.forEach((v, i) => expect(v).toBeCloseTo(i / 47, 4));
  for (const ending of ['gif', 'webp']) {
    await writeAnimation(at(`f.${ending}`), [grey(), grey()], { software });
    expect((await readFile(at(`f.${ending}`))).includes(software)).toBe(true);
    expect(
      (
        await sharp(at(`f.${ending}`), { pages: -1 })
          .raw()
          .toBuffer()
      ).length,
    ).toBeGreaterThan(0);
  }
});
