import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { relievo } from '../helpers/command.js';
import { ASTRONAUT } from '../helpers/photos.js';

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'relievo-'))));
afterEach(() => rm(folder, { recursive: true }));
const at = (name: string) => join(folder, name);
const small = () => sharp(ASTRONAUT).resize(48);
const flat = () =>
  sharp(Buffer.alloc(16, 128), { raw: { width: 4, height: 4, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toFile(at('d.png'));

test("'-' reads the photo from standard input and writes the result to standard output", async () => {
  await flat();
  const stdin = await small().png().toBuffer();
  const { code, bytes, err } = await relievo(['haze', '-', '--depth', at('d.png')], { stdin });
  expect([code, err]).toEqual([0, '']);
  await small().png().toFile(at('a.png'));
  await relievo(['haze', at('a.png'), '--depth', at('d.png'), '-o', at('b.png')]);
  expect(bytes).toEqual(await readFile(at('b.png')));
  const jpeg = await relievo(['haze', at('a.png'), '--depth', at('d.png'), '--format', 'jpg', '-o', '-'], { stdin });
  expect((await sharp(jpeg.bytes).metadata()).format).toBe('jpeg');
  const info = await relievo(['info', '-'], { stdin });
  expect(JSON.parse(info.out)).toMatchObject({ photo: '-', width: 48, format: 'png', depth: null });
  const map = await relievo(['depth', '-', '-o', at('m.png')], { stdin });
  expect([map.code, (await sharp(at('m.png')).metadata()).depth]).toEqual([0, 'ushort']);
});

test('a recipe comes from standard input too, but only one thing does', async () => {
  await flat();
  await small().png().toFile(at('a.png'));
  await small().png().toFile(at('b.png'));
  const stdin = Buffer.from(JSON.stringify({ version: 1, steps: [{ op: 'haze' }] }));
  const edit = (...args: string[]) => relievo(['edit', '--recipe', '-', '--depth', at('d.png'), ...args], { stdin });
  expect(await edit(at('a.png'), at('b.png'), '-o', at('out'))).toMatchObject({ code: 0, err: '' });
  expect(await edit('-')).toMatchObject({ code: 2, err: expect.stringContaining('only one thing') });
});

test('a picture is not written to a terminal, nor among JSON, nor for several photos', async () => {
  await small().png().toFile(at('a.png'));
  for (const [args, terminal] of [
    [['-o', '-'], true],
    [['-o', '-', '--json'], false],
    [[at('a.png'), '-o', '-'], false],
  ] as const)
    expect(await relievo(['haze', at('a.png'), ...args], { terminal })).toMatchObject({
      code: terminal || args.length > 1 ? 2 : 0,
    });
});

test('standard input that is empty or no picture says so', async () => {
  for (const [stdin, word] of [
    [Buffer.alloc(0), 'is empty'],
    [Buffer.from('hello hello'), 'is not a picture'],
  ] as const)
    expect(await relievo(['info', '-'], { stdin })).toMatchObject({
      code: 1,
      err: expect.stringMatching(new RegExp(`^relievo: standard input ${word}[^\\n]*\\n$`)),
    });
});

test('a bar on a terminal alone, which leaves nothing behind', async () => {
  await flat();
  await small().png().toFile(at('a.png'));
  await small().png().toFile(at('b.png'));
  const call = (out: string, terminal: boolean) =>
    relievo(['haze', at('a.png'), at('b.png'), '--depth', at('d.png'), '-o', at(out)], { terminal });
  expect((await call('x', false)).err).toBe('');
  const { err } = await call('y', true);
  expect(err).toContain('1/2 a.png');
  expect(err.endsWith('\r\u001b[K')).toBe(true);
});

test('--json: a line per photo, of failures too, also of one photo and of every command', async () => {
  await flat();
  await small().png().toFile(at('a.png'));
  await writeFile(at('bad.png'), 'no picture');
  const one = await relievo(['haze', at('bad.png'), '--depth', at('d.png'), '--json', '-o', at('o.png')]);
  expect([one.code, JSON.parse(one.out)]).toEqual([
    1,
    { photo: at('bad.png'), error: expect.stringContaining('not a picture'), code: 'UNSUPPORTED_IMAGE' },
  ]);
  for (const args of [
    ['depth'],
    ['bokeh', '--depth', at('d.png')],
    ['cutout', '--depth', at('d.png')],
    ['parallax', '--depth', at('d.png'), '--frames=2', '--size=16'],
    ['edit', '--preset=noir', '--depth', at('d.png')],
    ['faces'],
    ['info'],
  ]) {
    const { code, out } = await relievo([
      ...args,
      at('a.png'),
      '--json',
      ...(['faces', 'info'].includes(args[0]!) ? [] : ['-o', at(args[0]!) + '/']),
    ]);
    expect([args[0], code, out.trim().split('\n').length, JSON.parse(out).photo]).toEqual([args[0], 0, 1, at('a.png')]);
  }
});

test.each([
  [['bokeh', 'x.png', '--apperture=0.1'], "unknown option '--apperture': did you mean --aperture?"],
  [['boke', 'x.png'], "unknown command 'boke': did you mean bokeh?"],
  [['edit', 'x.png', '--preset', 'nior'], 'colour-pop'],
  [['bokeh', 'x.png', '--depth', '--network'], '--depth needs a value, but --network follows.'],
  [['bokeh', 'x.png', '-o'], 'argument missing'],
  [['bokeh', 'x.png', '-o', '--json'], '-o needs a value, but --json follows.'],
  [['bokeh'], 'bokeh: which photo? See relievo bokeh --help'],
  [['completion'], "missing required argument 'shell'"],
  [['depth', '-', '--pair'], 'two files do not fit into standard output'],
  [['grade', 'x.png', '--background-exposure', '9'], '--background-exposure: expected a number from -5 to 5 (stops)'],
  [['sticker', 'x.png', '--image', 'y.png'], '--at: expected'],
])('%j: one line that helps, exit code 2', async (args, words) => {
  const { code, err, out } = await relievo(args);
  expect([code, out]).toEqual([2, '']);
  expect(err).toMatch(/^relievo: [^\n]*\n$/);
  expect(err).toContain(words);
});

test.each([
  ['a folder that is not there', 'nope/', 'nope/ does not exist'],
  ['a path through a file', 'a.png/x.png', 'a part of its path is a file'],
  ['a folder without photos', 'empty', 'no photos in'],
  ['a damaged photo', 'cut.png', 'is damaged or cut off'],
  ['a pipe', 'pipe.png', 'is a pipe, not a file'],
  ['a device', 'zero.png', 'is a device, not a file'],
])("%s: one line without the system's words", async (_what, name, words) => {
  await small().png().toFile(at('a.png'));
  await writeFile(at('cut.png'), (await readFile(at('a.png'))).subarray(0, 2000));
  await mkdir(at('empty'));
  execFileSync('mkfifo', [at('pipe.png')]);
  await symlink('/dev/zero', at('zero.png'));
  const { code, err } = await relievo(['depth', `${folder}/${name}`, '-o', at('o.png')]);
  expect(code).toBe(1);
  expect(err).toMatch(/^relievo: [^\n]*\n$/);
  expect(err).toContain(words);
  expect(err).not.toMatch(/\bE[A-Z]{4,}\b|scandir/);
});

test('a recipe reaches files of its folder alone, links resolved, and waits for no pipe', async () => {
  await flat();
  await small().png().toFile(at('a.png'));
  await mkdir(at('recipe'));
  const lut = 'LUT_1D_SIZE 2\n0 0 0\n1 1 1\n';
  await writeFile(at('secret.cube'), lut);
  await writeFile(at('recipe/good.cube'), lut);
  await symlink('good.cube', at('recipe/inner.cube'));
  await symlink('../secret.cube', at('recipe/link.cube'));
  await symlink('/dev/zero', at('recipe/zero.cube'));
  await symlink(folder, at('recipe/up'));
  execFileSync('mkfifo', [at('recipe/pipe.cube')]);
  const edit = async (name: string) => {
    await writeFile(
      at('recipe/r.json'),
      JSON.stringify({ version: 1, steps: [{ op: 'grade', ranges: [{ lut: name }] }] }),
    );
    return relievo([
      'edit',
      at('a.png'),
      '--recipe',
      at('recipe/r.json'),
      '--depth',
      at('d.png'),
      '--overwrite',
      '-o',
      at('o.png'),
    ]);
  };
  for (const name of ['good.cube', 'inner.cube']) expect(await edit(name)).toMatchObject({ code: 0, err: '' });
  for (const name of ['link.cube', 'up/secret.cube', 'zero.cube'])
    expect(await edit(name)).toMatchObject({
      code: 1,
      err: expect.stringContaining('is not in the folder of the recipe'),
    });
  expect(await edit('pipe.cube')).toMatchObject({ code: 1, err: expect.stringContaining('is a pipe') });
  expect(await edit('gone.cube')).toMatchObject({ code: 1, err: expect.stringContaining('gone.cube does not exist') });
});

test('after -- a file may be called like a flag', async () => {
  await small().png().toFile(at('--odd=1.png'));
  const home = process.cwd();
  process.chdir(folder);
  try {
    expect((await relievo(['info', '--', '--odd=1.png'])).code).toBe(0);
  } finally {
    process.chdir(home);
  }
});

test('an operator takes points, choices, files and JSON as its table does', async () => {
  await flat();
  await small().png().toFile(at('a.png'));
  await sharp({ create: { width: 8, height: 8, channels: 4, background: '#00ff00' } })
    .png()
    .toFile(at('logo.png'));
  await writeFile(at('dark.cube'), 'LUT_1D_SIZE 2\n0 0 0\n0 0 0\n');
  const pixel = async (place: number, command: string, ...flags: string[]) => {
    const call = [command, at('a.png'), '--depth', at('d.png'), ...flags, '--overwrite', '-o', at('o.png')];
    expect(await relievo(call)).toMatchObject({ code: 0, err: '' });
    return [
      ...(await sharp(at('o.png'))
        .removeAlpha()
        .extract({ left: place, top: place, width: 1, height: 1 })
        .raw()
        .toBuffer()),
    ];
  };
  expect(
    await pixel(24, 'sticker', '--image', at('logo.png'), '--at', '24,24', '--disparity', '0.9', '--width', '0.5'),
  ).toEqual([0, 255, 0]);
  expect(
    await pixel(24, 'sticker', '--image', at('logo.png'), '--at', '{"x":24,"y":24}', '--disparity', 'in-front'),
  ).toEqual([0, 255, 0]);
  // How much of a person is in that pixel is the network's to say; what is compared is how the colour is read.
  const [r, g, b] = await pixel(2, 'background', '--background', '{"colour":"cyan"}');
  expect([r, g! > 100, g === b]).toEqual([0, true, true]);
  expect(await pixel(2, 'background', '--background', '{"colour":"#00ffff"}')).toEqual([r, g, b]);
  expect(await pixel(2, 'background', '--background', '{"colour":"black"}')).toEqual([0, 0, 0]);
  expect(await pixel(24, 'grade', '--foreground-lut', at('dark.cube'), '--background-lut', at('dark.cube'))).toEqual([
    0, 0, 0,
  ]);
  expect(Math.max(...(await pixel(24, 'grade', '--ranges', '[{"exposure":-5}]')))).toBeLessThan(20);
  expect(await pixel(24, 'visualise', '--map', 'grey')).toEqual([128, 128, 128]);
});

test('a name of a file tells the terminal nothing', async () => {
  const { err } = await relievo(['info', at('x\u001b[2J\n.png')]);
  expect(err).toMatch(/^relievo: [^\p{Cc}]*\n$/u);
});

test('too large for the format is told before the work', async () => {
  await sharp({ create: { width: 17000, height: 4, channels: 3, background: 'red' } })
    .png()
    .toFile(at('wide.png'));
  await flat();
  expect(await relievo(['haze', at('wide.png'), '--depth', at('d.png'), '-o', at('o.webp')])).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^relievo: [^\n]*o\.webp: WebP holds up to 16383 pixels a side[^\n]*\n$/),
  });
  expect(await readdir(folder)).not.toContain('o.webp');
});
