import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { relievo } from '../helpers/command.js';
import { ASTRONAUT } from '../helpers/photos.js';

let folder: string;
let home: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'relievo-'));
  home = process.cwd();
  process.chdir(folder);
});
afterEach(async () => {
  process.chdir(home);
  await rm(folder, { recursive: true });
});

/** Small photos that can be told apart. */
const photo = (name: string, shade = 128) =>
  sharp(ASTRONAUT)
    .resize(48)
    .linear(shade / 128, 0)
    .toFile(name);
/** Fast, and without the network. */
const haze = (...args: string[]) => relievo(['haze', '--depth', 'map/d.png', ...args]);
const flatDepth = async () => {
  await mkdir('map');
  await sharp(Buffer.alloc(16, 128), { raw: { width: 4, height: 4, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toFile('map/d.png');
};
const files = async (at = '.') => (await readdir(at)).sort();

test('photos of one name in several folders get results of their own', async () => {
  await flatDepth();
  for (const [i, name] of ['a', 'b', 'c'].entries()) {
    await mkdir(name);
    await photo(`${name}/x.jpg`, 60 + 60 * i);
  }
  const { code, out } = await haze('a/x.jpg', 'b/x.jpg', 'c/x.jpg', '-o', 'out');
  expect([code, out]).toEqual([0, 'out/x-haze.png\nout/x-2-haze.png\nout/x-3-haze.png\n']);
  const light = await Promise.all(
    ['x', 'x-2', 'x-3'].map(async (n) => (await sharp(`out/${n}-haze.png`).stats()).channels[0]!.mean),
  );
  expect(light).toEqual([...light].sort((a, b) => a - b));
  expect(light[2]! - light[0]!).toBeGreaterThan(10);
});

test('a number never takes the name that another photo has by itself; case and spelling of ä make no difference', async () => {
  await flatDepth();
  for (const dir of ['1', '2']) await mkdir(dir);
  for (const name of ['1/x.jpg', '2/x.jpg', '1/x-2.jpg', '1/X.png', '1/\u00e4.jpg', '2/a\u0308.jpg']) await photo(name);
  const { code } = await haze(
    '1/x.jpg',
    '2/x.jpg',
    '1/x-2.jpg',
    '1/X.png',
    '1/\u00e4.jpg',
    '2/a\u0308.jpg',
    '-o',
    'out',
  );
  expect(code).toBe(0);
  const names = (await files('out')).map((n) => n.normalize('NFC').toLowerCase());
  expect(new Set(names).size).toBe(6);
  expect(names).toEqual(expect.arrayContaining(['x-haze.png', 'x-2-haze.png', 'x-3-haze.png', 'x-4-haze.png']));
});

test('what is there stays, and the error says what to do; --overwrite replaces it', async () => {
  await flatDepth();
  await photo('a.png');
  for (const out of ['a-haze.png', 'o.png', 'o.jpg']) {
    await writeFile(out, 'precious');
    const args = out === 'a-haze.png' ? [] : ['-o', out];
    const { code, err } = await haze('a.png', ...args);
    expect(code).toBe(1);
    expect(err).toMatch(/^relievo: [^\n]*exists already and is left as it is\. --overwrite [^\n]*\n$/);
    expect(err).toContain(out);
    expect(await readFile(out, 'utf8')).toBe('precious');
    expect(await haze('a.png', ...args, '--overwrite')).toMatchObject({ code: 0, err: '' });
    expect((await sharp(out).metadata()).width).toBe(48);
  }
});

test('the photo itself is an existing file like any other', async () => {
  await flatDepth();
  await photo('a.png');
  const before = await readFile('a.png');
  expect(await haze('a.png', '-o', 'a.png')).toMatchObject({ code: 1, err: expect.stringContaining('exists already') });
  expect(await readFile('a.png')).toEqual(before);
  await symlink('a.png', 'link.png');
  expect((await haze('a.png', '-o', 'link.png')).code).toBe(1);
  expect(await readFile('a.png')).toEqual(before);
});

test('a photo called like the result of another one is not replaced, with --overwrite neither', async () => {
  await flatDepth();
  await photo('a.png');
  await photo('a-haze.png', 60);
  const before = await readFile('a-haze.png');
  expect(await haze('a.png', 'a-haze.png', '--overwrite')).toMatchObject({
    code: 0,
    out: 'a-2-haze.png\na-haze-haze.png\n',
  });
  expect(await readFile('a-haze.png')).toEqual(before);
});

test("the result of the call before, given again by the shell's pattern, is no photo", async () => {
  await flatDepth();
  await photo('a.png');
  await haze('a.png');
  const { code, err } = await haze('a.png', 'a-haze.png');
  expect(code).toBe(1); // a-haze.png is there
  expect(err).toContain('left out 1 result of Relievo itself');
  expect(err).toContain('1 result exists already');
  expect(await haze('a.png', 'a-haze.png', '--overwrite')).toMatchObject({ code: 0, out: 'a-haze.png\n' });
  // By itself it was meant.
  expect(await haze('a-haze.png')).toMatchObject({ code: 0, out: 'a-haze-haze.png\n' });
});

test('a folder run three times holds what it held after the first; other photos are done', async () => {
  await flatDepth();
  await mkdir('in');
  await photo('in/a.jpg');
  await photo('in/b.png');
  await photo('in/b_depth.png');
  const again = (...more: string[]) => haze('in', '-o', 'in', ...more);
  expect(await again()).toMatchObject({ code: 0, err: expect.stringContaining('left out 1 depth map beside photos') });
  const once = await files('in');
  expect(once).toEqual(['a-haze.png', 'a.jpg', 'b-haze.png', 'b.png', 'b_depth.png']);
  const second = await again();
  expect(second).toMatchObject({ code: 1, out: '' });
  expect(second.err).toContain('2 results exist already and are left');
  expect(await files('in')).toEqual(once);
  expect(await again('--overwrite')).toMatchObject({ code: 0 });
  expect(await files('in')).toEqual(once);
  await photo('in/c.webp');
  expect(await again()).toMatchObject({ code: 1, out: 'in/c-haze.png\n' });
});

test.each([
  ['jpg', ['haze']],
  ['webp', ['haze']],
  ['avif', ['haze']],
  ['png', ['depth', '--visualise']],
  ['png', ['depth']],
  ['jpg', ['depth', '--gdepth']],
  ['gif', ['parallax', '--frames=2', '--size=16']],
  ['webp', ['parallax', '--frames=2', '--size=16']],
])('a %s by %j is recognised as a result, whatever its name', async (ending, [command, ...flags]) => {
  await flatDepth();
  await mkdir('in');
  await photo('a.png');
  const depth = command === 'depth' ? [] : ['--depth', 'map/d.png'];
  const made = await relievo([command!, ...flags, ...depth, 'a.png', '-o', `in/holiday.${ending}`]);
  expect(made).toMatchObject({ code: 0, err: '' });
  expect(await relievo(['info', 'in'])).toMatchObject({
    code: 1,
    err: expect.stringContaining('no photos in in: 1 results and depth maps are left out'),
  });
  expect((await relievo(['info', `in/holiday.${ending}`])).code).toBe(0);
});

test('--pair leaves a depth map that is there, and its photo', async () => {
  await photo('a.jpg');
  await writeFile('b_depth.png', 'precious');
  const { code, err } = await relievo(['depth', 'a.jpg', '--network', '--pair', '-o', 'b.jpg']);
  expect([code, await readFile('b_depth.png', 'utf8')]).toEqual([1, 'precious']);
  expect(err).toContain('b_depth.png exists already and is left as it is. --overwrite');
  expect(await files()).toEqual(['a.jpg', 'b_depth.png']);
});

test('--format names the default result and must fit -o', async () => {
  await flatDepth();
  await photo('a.png');
  expect(await haze('a.png', '--format', 'webp', '--quality', '20')).toMatchObject({ code: 0, out: 'a-haze.webp\n' });
  expect(await haze('a.png', '--format', 'webp', '--quality', '95', '-o', 'plain')).toMatchObject({ code: 0 });
  const [small, large] = [await readFile('a-haze.webp'), await readFile('plain')];
  expect((await sharp(large).metadata()).format).toBe('webp');
  expect(large.length).toBeGreaterThan(1.5 * small.length);
  expect(await haze('a.png', '--format', 'webp', '-o', 'a.jpg')).toMatchObject({ code: 2 });
  expect(await haze('a.png', '--format', 'bmp')).toMatchObject({ code: 2, err: expect.stringContaining('.webp') });
  expect(await haze('a.png', '-o', 'a.bmp')).toMatchObject({ code: 2, err: expect.stringContaining('.webp') });
  expect(await haze('a.png', '--quality', '900')).toMatchObject({ code: 2, err: expect.stringContaining('--quality') });
});

test("a pattern in quotes names photos; one that is a file's name is that file", async () => {
  await flatDepth();
  await mkdir('in/deep', { recursive: true });
  for (const name of ['in/a.jpg', 'in/deep/b.png', 'in/[1].png']) await photo(name);
  await writeFile('in/notes.txt', '');
  const lines = (out: string) =>
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).photo);
  expect(lines((await relievo(['info', 'in/**/*.{jpg,png,txt}', '--json'])).out)).toEqual([
    'in/[1].png',
    'in/a.jpg',
    'in/deep/b.png',
  ]);
  expect(lines((await relievo(['info', 'in/[1].png', '--json'])).out)).toEqual(['in/[1].png']);
  expect(lines((await relievo(['info', join(folder, 'in/*.jpg'), '--json'])).out)).toEqual([
    expect.stringMatching(/\/in\/a\.jpg$/),
  ]);
  expect(await relievo(['info', 'in/*.heic'])).toMatchObject({
    code: 1,
    err: "relievo: no file is called like 'in/*.heic'.\n",
  });
});

test('every colour of CSS is a background', async () => {
  await flatDepth();
  await photo('a.png');
  await sharp({ create: { width: 4, height: 4, channels: 3, background: 'black' } })
    .png()
    .toFile('none.png');
  for (const [name, rgb] of [
    ['magenta', [255, 0, 255]],
    ['orange', [255, 165, 0]],
    ['cyan', [0, 255, 255]],
    ['RebeccaPurple', [102, 51, 153]],
  ] as const) {
    const call = ['cutout', 'a.png', '--matte', 'none.png', '--background', name, '--overwrite', '-o', 'c.png'];
    expect(await relievo(call)).toMatchObject({ code: 0, err: '' });
    expect([
      ...(await sharp('c.png').removeAlpha().extract({ left: 9, top: 9, width: 1, height: 1 }).raw().toBuffer()),
    ]).toEqual(rgb);
  }
  expect(await relievo(['cutout', 'a.png', '--background', 'blurple', '-o', 'd.png'])).toMatchObject({
    code: 1,
    err: "relievo: --background: 'blurple' is neither a colour of CSS nor a file.\n",
  });
});
