import { jest } from '@jest/globals';
import { copyFile, mkdtemp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { run } from '../../src/cli/run.js';
import { BOKEH_PARAMS } from '../../src/effects/bokeh.js';
import { Hydra } from '../../src/hydra/hydra.js';
import { Photo } from '../../src/hydra/photo.js';
import { readDepth, readImageFile, writeGDepth } from '../../src/node/index.js';
import { ASTRONAUT } from '../helpers/photos.js';

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'relievo-'))));
afterEach(() => rm(folder, { recursive: true }));
const at = (...name: string[]) => join(folder, ...name);

async function relievo(args: string[], signal = new AbortController().signal) {
  let [out, err] = ['', ''];
  const code = await run(args, { stdout: { write: (t) => (out += t) }, stderr: { write: (t) => (err += t) }, signal });
  return { code, out, err };
}

/** The portrait at another size, as a photo of its own. */
const portrait = (name: string, width = 128) => sharp(ASTRONAUT).resize(width).toFile(at(name));

test('depth writes a 16-bit grey PNG of the upright size', async () => {
  await sharp(ASTRONAUT)
    .resize(120, 90, { fit: 'cover' })
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toFile(at('turned.jpg'));
  expect(await relievo(['depth', at('turned.jpg'), '-o', at('d.png')])).toMatchObject({ code: 0, err: '' });
  const meta = await sharp(at('d.png')).metadata();
  expect([meta.width, meta.height, meta.depth, meta.channels]).toEqual([90, 120, 'ushort', 1]);
  const { data } = await readDepth(at('d.png'));
  expect(Math.max(...data) - Math.min(...data)).toBeGreaterThan(0.9);
});

test('--visualise writes colour', async () => {
  await portrait('a.png');
  await relievo(['depth', at('a.png'), '--visualise', '-o', at('c.png')]);
  const { channels } = await sharp(at('c.png')).metadata();
  expect(channels).toBeGreaterThanOrEqual(3);
});

test('--depth-quality best is another map than one look gives; other words are wrong usage', async () => {
  await portrait('a.png');
  const map = async (name: string, ...flags: string[]) => {
    expect(await relievo(['depth', at('a.png'), '-o', at(name), ...flags])).toMatchObject({ code: 0, err: '' });
    return readFile(at(name));
  };
  const [one, fast, best] = [
    await map('one.png'),
    await map('fast.png', '--depth-quality', 'fast'),
    await map('best.png', '--depth-quality', 'best'),
  ];
  expect([fast.equals(one), best.equals(one)]).toEqual([true, false]);
  const wrong = await relievo(['depth', at('a.png'), '-o', at('b.png'), '--depth-quality', 'finest']);
  expect([wrong.code, wrong.err.includes('fast')]).toEqual([2, true]);
});

test('depth and faces are read off one opened photo, which is closed', async () => {
  await portrait('a.png');
  const opened: unknown[] = [];
  const open = jest.spyOn(Hydra.prototype, 'open');
  const close = jest.spyOn(Photo.prototype, 'close');
  try {
    expect(await relievo(['bokeh', at('a.png'), '--focus', 'faces', '-o', at('b.png')])).toMatchObject({ code: 0 });
    for (const [i, { value }] of open.mock.results.entries()) {
      if (open.mock.calls[i]![0] instanceof Photo) continue;
      opened.push(await value);
    }
    expect(opened.length).toBe(1);
    expect(close.mock.contexts).toEqual(opened);
  } finally {
    open.mockRestore();
    close.mockRestore();
  }
});

test('--depth is taken as it is: value / 65535, not normalised', async () => {
  // Left half at 0.25, right half at 0.5; in focus 0.5: the left is blurred by aperture · side · 0.25, the right not at all.
  await sharp(
    Buffer.from(Array.from({ length: 64 * 64 * 3 }, (_, i) => ((Math.floor(i / 3) % 64) % 8 < 4 ? 255 : 0))),
    { raw: { width: 64, height: 64, channels: 3 } },
  )
    .png()
    .toFile(at('stripes.png'));
  const depth = Uint16Array.from({ length: 64 * 64 }, (_, i) => (i % 64 < 32 ? 16384 : 32768));
  await sharp(depth, { raw: { width: 64, height: 64, channels: 1 } })
    .toColourspace('grey16')
    .png()
    .toFile(at('d.png'));
  const call = (focus: string) =>
    relievo([
      'bokeh',
      at('stripes.png'),
      '--depth',
      at('d.png'),
      '--focus',
      focus,
      '--aperture',
      '0.2',
      '--overwrite',
      '-o',
      at('o.png'),
    ]);
  const contrast = async (x0: number) => {
    const { data } = await readImageFile(at('o.png'));
    const row = Array.from({ length: 16 }, (_, x) => data[(32 * 64 + x0 + x) * 4]!);
    return Math.max(...row) - Math.min(...row);
  };
  expect(await call('0.5')).toMatchObject({ code: 0, err: '' });
  expect(await contrast(44)).toBe(255);
  expect(await contrast(4)).toBeLessThan(120);
  // A map stretched to 0..1 would put the left half out of reach of 0.25.
  expect(await call('0.25')).toMatchObject({ code: 0 });
  expect(await contrast(4)).toBe(255);
});

test('--focus by point sharpens what is there', async () => {
  await portrait('a.png', 256);
  const variance = async (file: string, box: { left: number; top: number; width: number; height: number }) => {
    const { data } = await sharp(file)
      .extract(box)
      .greyscale()
      .convolve({ width: 3, height: 3, kernel: [0, 1, 0, 1, -4, 1, 0, 1, 0], offset: 128, scale: 1 })
      .raw()
      .toBuffer({ resolveWithObject: true });
    const mean = data.reduce((a, b) => a + b) / data.length;
    return data.reduce((s, v) => s + (v - mean) ** 2, 0) / data.length;
  };
  const face = { left: 90, top: 30, width: 50, height: 50 };
  const flag = { left: 2, top: 2, width: 30, height: 60 };
  expect(
    await relievo(['bokeh', at('a.png'), '--focus', '112,55', '--aperture', '0.06', '-o', at('face.png')]),
  ).toMatchObject({ code: 0, err: '' });
  expect(
    await relievo(['bokeh', at('a.png'), '--focus', '12,20', '--aperture', '0.06', '-o', at('flag.png')]),
  ).toMatchObject({ code: 0 });
  expect(await variance(at('face.png'), face)).toBeGreaterThan(3 * (await variance(at('flag.png'), face)));
  expect(await variance(at('flag.png'), flag)).toBeGreaterThan(1.5 * (await variance(at('face.png'), flag)));
});

test('every number of the lens has a flag, which reaches the picture', async () => {
  await portrait('a.png', 96);
  await sharp(Buffer.alloc(96 * 96), { raw: { width: 96, height: 96, channels: 1 } })
    .png()
    .toFile(at('d.png'));
  const call = async (...lens: string[]) => {
    const files = [
      'bokeh',
      at('a.png'),
      '--depth',
      at('d.png'),
      '--focus=1',
      '--shape=5',
      '--overwrite',
      '-o',
      at('o.png'),
    ];
    expect(await relievo([...files, ...lens])).toMatchObject({ code: 0, err: '' });
    return Buffer.from((await readImageFile(at('o.png'))).data);
  };
  const plain = await call('--aperture=0.1');
  for (const name of Object.keys(BOKEH_PARAMS) as (keyof typeof BOKEH_PARAMS)[]) {
    const flag = name === 'catsEye' ? 'cats-eye' : name;
    const value = BOKEH_PARAMS[name].max * 0.7;
    const changed = await call(...(name === 'aperture' ? [] : ['--aperture=0.1']), `--${flag}=${value}`);
    expect([name, changed.equals(plain)]).toEqual([name, false]);
    const tooLarge = await relievo(['bokeh', at('a.png'), `--${flag}=${BOKEH_PARAMS[name].max + 1}`]);
    expect(tooLarge).toMatchObject({ code: 2, err: expect.stringContaining(`--${flag}`) });
  }
});

test('info prints JSON of the upright size', async () => {
  await sharp(ASTRONAUT).resize(60, 40, { fit: 'cover' }).withMetadata({ orientation: 8 }).jpeg().toFile(at('p.jpg'));
  const { code, out } = await relievo(['info', at('p.jpg')]);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toEqual({
    photo: at('p.jpg'),
    width: 40,
    height: 60,
    format: 'jpeg',
    orientation: 8,
    bits: 8,
    frames: 1,
    colorSpace: 'srgb',
    depth: null,
  });
});

test('the depth that a photo carries is used, reported, and can be refused', async () => {
  await portrait('a.jpg');
  const photo = await readImageFile(at('a.jpg'));
  const ramp = Float32Array.from({ length: 1024 }, (_, i) => (i % 32) / 31);
  await writeGDepth(at('own.jpg'), photo, { width: 32, height: 32, data: ramp });
  expect(JSON.parse((await relievo(['info', at('own.jpg')])).out).depth).toEqual({
    source: 'gdepth',
    width: 32,
    height: 32,
    disparity: { min: 0, max: 1 },
    distance: { nearest: 1, farthest: 100 },
  });
  const source = async (...args: string[]) => {
    const { code, out } = await relievo(['depth', at('own.jpg'), '-o', at('d.png'), '--overwrite', '--json', ...args]);
    expect(code).toBe(0);
    return JSON.parse(out).source;
  };
  expect(await source()).toBe('gdepth');
  const { width, data } = await readDepth(at('d.png'));
  expect(width).toBe(128);
  expect(data[64 * 128]! < 0.1 && data[64 * 128 + 127]! > 0.9).toBe(true);
  expect(await source('--network')).toBe('network');
  // And the photo with the network's depth put into it reads back.
  expect((await relievo(['depth', at('a.jpg'), '--gdepth', '-o', at('both.jpg')])).code).toBe(0);
  expect(JSON.parse((await relievo(['info', at('both.jpg')])).out).depth.source).toBe('gdepth');
});

test('cutout: nothing, a colour or a photo behind the subject', async () => {
  await portrait('a.png');
  const half = Buffer.from(Array.from({ length: 64 }, (_, i) => (i % 8 < 4 ? 255 : 0)));
  await sharp(half, { raw: { width: 8, height: 8, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toFile(at('m.png'));
  const corner = async (...args: string[]) => {
    const call = ['cutout', at('a.png'), '--matte', at('m.png'), '--overwrite', '-o', at('o.png'), ...args];
    expect(await relievo(call)).toMatchObject({ code: 0, err: '' });
    const { data } = await readImageFile(at('o.png'));
    return [...data.subarray(127 * 4, 128 * 4)];
  };
  expect((await corner())[3]).toBe(0);
  expect(await corner('--background', '#102030')).toEqual([16, 32, 48, 255]);
  await sharp({ create: { width: 9, height: 5, channels: 3, background: '#0a0' } })
    .png()
    .toFile(at('b.png'));
  expect(await corner('--background', at('b.png'))).toEqual([0, 170, 0, 255]);
  expect(await relievo(['cutout', at('a.png'), '--background', '#12345', '-o', at('o.png')])).toMatchObject({
    code: 1,
  });
});

test('depth writes meshes and pairs', async () => {
  await portrait('a.jpg');
  const depth = (...args: string[]) => relievo(['depth', at('a.jpg'), ...args]);
  expect(await depth('-o', at('a.glb'), '--vertices', '32')).toMatchObject({ code: 0, err: '' });
  expect((await readFile(at('a.glb'))).toString('latin1', 0, 4)).toBe('glTF');
  expect(await depth('-o', at('a.ply'), '--vertices', '32')).toMatchObject({ code: 0, err: '' });
  expect((await readFile(at('a.ply'))).toString('latin1', 0, 3)).toBe('ply');
  expect(await depth('-o', at('p.jpg'), '--pair')).toMatchObject({ code: 0, err: '' });
  // The pair is a photo with depth: read back from it, as itself.
  expect(JSON.parse((await relievo(['depth', at('p.jpg'), '--json', '-o', at('d.png')])).out).source).toBe('pair');
  expect(await depth('-o', at('a.glb'), '--pair')).toMatchObject({ code: 2 });
  expect(await depth('-o', at('p.jpg'), '--pair', '--gdepth')).toMatchObject({ code: 2 });
  expect(await depth('-o', at('a.ply'), '--vertices', '1')).toMatchObject({ code: 2 });
});

test('edit uses the depth that the photo carries', async () => {
  await portrait('a.png', 64);
  const photo = await readImageFile(at('a.png'));
  // All of it is far: the whole photo gets the background's look.
  await writeGDepth(at('own.jpg'), photo, { width: 2, height: 2, data: new Float32Array(4) });
  const recipe = { version: 1, steps: [{ op: 'grade', split: 0.5, background: { exposure: -5 } }] };
  await writeFile(at('r.json'), JSON.stringify(recipe));
  const brightest = async (...more: string[]) => {
    expect(
      await relievo(['edit', at('own.jpg'), '--recipe', at('r.json'), '--overwrite', '-o', at('e.png'), ...more]),
    ).toMatchObject({
      code: 0,
    });
    return Math.max(...(await readImageFile(at('e.png'))).data.filter((_, i) => i % 4 === 1));
  };
  expect(await brightest()).toBeLessThan(60);
  expect(await brightest('--network')).toBeGreaterThan(150);
});

test('parallax writes a looping animation, or a picture for two eyes', async () => {
  await portrait('a.png');
  const call = ['parallax', at('a.png'), '--frames', '3', '--size', '64', '-o', at('w.gif')];
  expect(await relievo(call)).toMatchObject({ code: 0, err: '' });
  const { width, height, pages, loop } = await sharp(at('w.gif')).metadata();
  expect([width, height, pages, loop]).toEqual([64, 64, 3, 0]);
  expect(await relievo(['parallax', at('a.png'), '--stereo', 'side-by-side', '-o', at('s.png')])).toMatchObject({
    code: 0,
  });
  expect((await sharp(at('s.png')).metadata()).width).toBe(256);
  expect(await relievo(['parallax', at('a.png'), '--motion', 'jump'])).toMatchObject({ code: 2 });
});

test('a folder: one bad photo does not stop the rest, and the exit code says so', async () => {
  await mkdir(at('in'));
  await portrait('in/a.jpg');
  await portrait('in/a.png');
  await portrait('in/b.webp');
  await writeFile(at('in/bad.jpg'), 'no picture');
  await writeFile(at('in/notes.txt'), 'left alone');
  const { code, err, out } = await relievo(['depth', at('in'), '-o', at('out'), '--json']);
  expect(code).toBe(1);
  expect(err).toContain('bad.jpg');
  expect(err).toContain('1 of 4 photos failed');
  expect((await readdir(at('out'))).sort()).toEqual(['a-2-depth.png', 'a-depth.png', 'b-depth.png']);
  const lines = out
    .trim()
    .split('\n')
    .map((l) => JSON.parse(l));
  expect(lines.map((l) => l.code ?? 'ok')).toEqual(['ok', 'ok', 'ok', 'UNSUPPORTED_IMAGE']);
});

test.each([
  [['frobnicate'], 'unknown command'],
  [['depth'], 'which photo'],
  [['bokeh', 'x.png', '--aperture', '-3'], 'aperture'],
  [['bokeh', 'x.png', '--aperture', 'wide'], 'aperture'],
  [['bokeh', 'x.png', '--focus', 'everything'], '--focus'],
  [['bokeh', 'x.png', '--focus', 'face:x'], '--focus'],
  [['bokeh', 'x.png', '--shape', '4'], '--shape'],
  [['faces', 'x.png', '--threshold', '2'], '--threshold'],
  [['depth', 'x.png', '--colour'], '--colour'],
])('wrong usage %j exits with 2 and one line', async (args, word) => {
  const { code, err, out } = await relievo(args);
  expect([code, out]).toEqual([2, '']);
  expect(err).toMatch(/^relievo: [^\n]*\n$/);
  expect(err).toContain(word);
});

test.each([
  ['missing.png', undefined, 'does not exist'],
  ['empty.png', '', 'empty'],
  ['text.png', 'hello hello hello hello', 'not a picture'],
])('%s exits with 1, one line, and no output file', async (name, content, word) => {
  if (content !== undefined) await writeFile(at(name), content);
  const { code, err } = await relievo(['bokeh', at(name), '-o', at('o.png')]);
  expect(code).toBe(1);
  expect(err).toMatch(/^relievo: [^\n]*\n$/);
  expect(err).toContain(word);
  expect(await readdir(folder)).not.toContain('o.png');
});

test('an abort leaves the old result in place and no part of a new one', async () => {
  await copyFile(ASTRONAUT, at('a.png'));
  await writeFile(at('d.png'), 'old');
  const stop = new AbortController();
  setTimeout(() => stop.abort(new DOMException('Interrupted.', 'AbortError')), 60);
  const { code, err } = await relievo(['depth', at('a.png'), '--overwrite', '-o', at('d.png')], stop.signal);
  expect([code, err]).toEqual([130, 'relievo: Interrupted.\n']);
  expect((await readdir(folder)).sort()).toEqual(['a.png', 'd.png']);
});

test('--help explains every command, and no command at all is wrong usage', async () => {
  const { code, out } = await relievo(['--help']);
  expect(code).toBe(0);
  for (const c of ['depth', 'bokeh', 'cutout', 'parallax', 'faces', 'info']) expect(out).toContain(`\n  ${c} `);
  expect((await relievo([])).code).toBe(2);
});

test('edit applies a recipe, with a table beside it, and names what is wrong in it', async () => {
  await portrait('a.png', 96);
  await sharp(Buffer.alloc(96 * 96, 128), { raw: { width: 96, height: 96, channels: 1 } })
    .png()
    .toFile(at('d.png'));
  await writeFile(at('inv.cube'), 'LUT_1D_SIZE 2\n1 1 1\n0 0 0\n');
  const edit = async (recipe: unknown) => {
    await writeFile(at('r.json'), typeof recipe === 'string' ? recipe : JSON.stringify(recipe));
    const flags = ['--recipe', at('r.json'), '--depth', at('d.png'), '--overwrite', '-o', at('o.png')];
    return relievo(['edit', at('a.png'), ...flags]);
  };
  const look = (lut: string) => ({ version: 1, steps: [{ op: 'grade', ranges: [{ lut }] }] });
  expect(await edit(look('inv.cube'))).toMatchObject({ code: 0, err: '' });
  const [before, after] = [await readImageFile(at('a.png')), await readImageFile(at('o.png'))];
  for (let i = 0; i < before.data.length; i += 4)
    expect(Math.abs(before.data[i]! + after.data[i]! - 255)).toBeLessThanOrEqual(1);
  expect(await edit({ version: 1, steps: [{ op: 'bokeh', aperture: 9 }] })).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^relievo: [^\n]*r\.json: steps\[0\]\.aperture: expected a number[^\n]*\n$/),
  });
  for (const name of ['../inv.cube', '/etc/hostname', 'missing.cube'])
    expect(await edit(look(name))).toMatchObject({ code: 1, err: expect.stringContaining('steps[0].ranges[0].lut') });
  expect(await edit('{')).toMatchObject({ code: 1, err: expect.stringContaining('not JSON') });
});

test('edit writes text behind the person', async () => {
  await portrait('a.png', 256);
  const sticker = { op: 'sticker', text: { text: 'MMM', colour: '#00ff00' }, at: { x: 128, y: 60 }, width: 1 };
  await writeFile(at('r.json'), JSON.stringify({ version: 1, steps: [{ ...sticker, disparity: 'behind-subject' }] }));
  expect(await relievo(['edit', at('a.png'), '--recipe', at('r.json'), '-o', at('o.png')])).toMatchObject({
    code: 0,
    err: '',
  });
  const { width, height, data } = await readImageFile(at('o.png'));
  const green = (x: number, y: number) => {
    const [r, g, b] = data.subarray((y * width + x) * 4);
    return g! > 200 && r! < 90 && b! < 90;
  };
  const columns = Array.from({ length: width }, (_, x) =>
    Array.from({ length: height }, (_, y) => green(x, y)).some(Boolean),
  );
  expect(columns.slice(0, 60).filter(Boolean).length).toBeGreaterThan(20);
  expect(columns.slice(196).filter(Boolean).length).toBeGreaterThan(20);
  expect(columns.filter((on) => !on).length).toBeGreaterThan(40); // her head
});

test('edit takes a preset, and is told which there are', async () => {
  await portrait('a.png', 64);
  expect(await relievo(['edit', at('a.png'), '--preset', 'noir', '-o', at('o.png')])).toMatchObject({
    code: 0,
    err: '',
  });
  const { data } = await readImageFile(at('o.png'));
  for (let i = 0; i < data.length; i += 4) expect(Math.abs(data[i]! - data[i + 1]!)).toBeLessThanOrEqual(1);
  expect(await relievo(['edit', at('a.png'), '--preset', 'neon'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('colour-pop'),
  });
  expect((await relievo(['edit', at('a.png')])).code).toBe(2);
});
