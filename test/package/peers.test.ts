import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { checkPeer, PEERS } from '../../src/node/peers.js';
import { installPacked } from '../helpers/packed.js';
import { ASTRONAUT, ROOT } from '../helpers/photos.js';

const pkg = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'));

test('package.json promises the versions that the code checks for', () => {
  const numbers = (range: string) =>
    range.split(' ').map((part) =>
      part
        .replace(/[^\d.]/g, '')
        .split('.')
        .map(Number),
    );
  for (const [name, { from, below }] of Object.entries(PEERS)) {
    const [least, first] = numbers(pkg.peerDependencies[name]);
    expect(from.split('.').map(Number).slice(0, least!.length)).toEqual(least);
    expect(below.split('.').map(Number).slice(0, first!.length)).toEqual(first);
  }
});

test.each([
  ['sharp', '0.32.6'],
  ['sharp', undefined],
  ['sharp', '0.36.0'],
  ['sharp', '1.0.0'],
  ['canvas', '2.11.2'],
  ['canvas', '4.0.0-rc3'],
] as const)('%s %s is refused with what was found and what is needed', (name, found) => {
  const { from, below } = PEERS[name];
  let error: unknown;
  try {
    checkPeer(name, found);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toMatchObject({ code: 'DEPENDENCY_MISSING', message: expect.stringContaining(`>=${from} <${below}`) });
  expect((error as Error).message).toContain(`${name} ${found ?? 'of an older version'} is installed`);
});

test.each(['0.33.0', '0.33.5', '0.34.5', '0.35.5', '0.35.5-rc.1'])('sharp %s is taken', (version) => {
  expect(() => checkPeer('sharp', version)).not.toThrow();
});

describe('as packed, in a folder of its own, with the oldest sharp that is promised', () => {
  let folder: string;
  let bin: string;
  const relievo = (...args: string[]) => spawnSync(process.execPath, [bin, ...args], { cwd: folder, encoding: 'utf8' });

  beforeAll(() => void ({ folder, bin } = installPacked('sharp-0.33')));
  afterAll(() => rmSync(folder, { recursive: true }));

  test('the command reads, turns, blurs and writes with its EXIF', async () => {
    await sharp(ASTRONAUT)
      .resize(96, 64, { fit: 'cover' })
      .withExif({ IFD0: { Make: 'Testcam' } })
      .withMetadata({ orientation: 6 })
      .withExifMerge({ IFD0: { Make: 'Testcam' } })
      .jpeg()
      .toFile(join(folder, 'a.jpg'));
    for (const [command, file] of [
      ['depth', 'd.png'],
      ['bokeh', 'b.jpg'],
      ['cutout', 'p.webp'],
    ] as const) {
      const { status, stderr } = relievo(command, 'a.jpg', '--network', '-o', file);
      expect([command, status, stderr]).toEqual([command, 0, '']);
    }
    const { width, height, exif, orientation } = await sharp(join(folder, 'b.jpg')).metadata();
    expect([width, height, orientation ?? 1]).toEqual([64, 96, 1]);
    expect(exif?.includes('Testcam')).toBe(true);
    expect((await sharp(join(folder, 'd.png')).metadata()).depth).toBe('ushort');
  });

  test('a sharp outside of the range is named, not run', () => {
    rmSync(join(folder, 'node_modules/sharp'), { recursive: true });
    mkdirSync(join(folder, 'node_modules/sharp'));
    writeFileSync(join(folder, 'node_modules/sharp/package.json'), '{ "name": "sharp", "main": "index.cjs" }');
    writeFileSync(
      join(folder, 'node_modules/sharp/index.cjs'),
      'module.exports = Object.assign(() => { throw new TypeError("run"); }, { versions: { sharp: "0.36.1" } });',
    );
    const { status, stderr } = relievo('depth', 'a.jpg', '-o', 'e.png');
    expect(status).toBe(1);
    expect(stderr).toMatch(/^relievo: sharp 0\.36\.1 is installed, needed is >=0\.33\.0 <0\.36\.0[^\n]*\n$/);
  });
});
