import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { installPacked, packed } from '../helpers/packed.js';
import * as relievo from '../../src/index.js';
import { ASTRONAUT, ROOT } from '../helpers/photos.js';

/** What README.md and docs/ print, done as printed, with what is packed. */

const blocks = (page: string, language: string) =>
  [...readFileSync(`${ROOT}${page}`, 'utf8').matchAll(/^```(\w+)\n([^]*?)^```/gm)]
    .filter(([, of]) => of === language)
    .map(([, , text]) => text!);

let folder: string;
let bin: string;
beforeAll(async () => {
  ({ folder, bin } = installPacked());
  await sharp(ASTRONAUT).toFile(join(folder, 'portrait.jpg')); // 512 × 512
});
afterAll(() => rmSync(folder, { recursive: true }));

const run = (file: string, args: string[] = [], cwd = folder) =>
  spawnSync(process.execPath, [file, ...args], { cwd, encoding: 'utf8' });

const [inPage, , inNode] = blocks('README.md', 'ts') as [string, string, string];

test('in your app', async () => {
  // Node has no File that it can decode: the pixels of one.
  const given = `
    import { readImageFile } from 'relievo/node';
    const file = await readImageFile('portrait.jpg');
    const logo = { width: 2, height: 2, data: new Uint8ClampedArray(16).fill(255) };`;
  const shown = `process.stderr.write([refocused, popped, image].map((i) => i.width + ' × ' + withLogo.height).join());`;
  writeFileSync(join(folder, 'app.mjs'), `${given}\n${inPage}\n${shown}`);
  const { status, stdout, stderr } = run('app.mjs');
  expect([status, stderr]).toEqual([0, '512 × 512,512 × 512,512 × 512']);
  expect(stdout.trim().split('\n').map(Number).at(-1)).toBe(1);
});

test('in Node', async () => {
  writeFileSync(join(folder, 'files.mjs'), inNode);
  const { status, stderr } = run('files.mjs');
  expect([status, stderr]).toEqual([0, '']);
  expect(await sharp(join(folder, 'portrait-depth.png')).metadata()).toMatchObject({ width: 512, depth: 'ushort' });
  expect(await sharp(join(folder, 'portrait-bokeh.jpg')).metadata()).toMatchObject({ width: 512, format: 'jpeg' });
});

test('on the command line', async () => {
  const there = join(folder, 'there');
  mkdirSync(join(there, 'photos/summer'), { recursive: true });
  for (const file of ['portrait.jpg', 'photos/a.jpg', 'photos/summer/b.jpg'])
    await sharp(ASTRONAUT).resize(160).toFile(join(there, file));
  const lines = blocks('README.md', 'sh').flatMap((text) => text.split('\n'));
  const commands = lines.filter((line) => line.startsWith('relievo '));
  expect(commands.length).toBeGreaterThan(4);
  for (const line of commands) {
    const args = line.replace(/ +#.*/, '').split(/ +/).slice(1);
    const { status, stderr } = run(
      bin,
      args.map((a) => a.replaceAll("'", '')),
      there,
    );
    expect([line, status, stderr]).toEqual([line, 0, expect.not.stringMatching(/^relievo: /m)]);
  }
  expect(readdirSync(there)).toEqual(
    expect.arrayContaining(['portrait-depth.png', 'portrait-bokeh.png', 'orange.jpg', 'wiggle.gif']),
  );
  expect(readdirSync(join(there, 'noir'))).toHaveLength(2);
});

/** An example as a file of its own: what it names of the package is imported, unless it says so itself. */
function asModule(text: string): string {
  const lines = text.split('\n');
  const imports = lines.filter((line) => line.startsWith('import '));
  const rest = lines.filter((line) => !line.startsWith('import ')).join('\n');
  const said = imports.join();
  const named = Object.keys(relievo).filter((name) => RegExp(`\\b${name}\\b`).test(rest) && !said.includes(name));
  return `${imports.join('\n')}\nimport { ${named.join(', ')} } from 'relievo';\nexport async function example() {\n${rest}\n}`;
}

/** What the pages take for granted. */
const GIVEN = `
  import type { DepthMap, Face, Hydra, Matte, Step } from 'relievo';
  declare global {
    const file: File, logo: ImageData, photo: ImageData, matte: Matte, faces: Face[], depth: DepthMap, hydra: Hydra;
    const signal: AbortSignal, recipe: Step[];
    const video: HTMLVideoElement, canvas: HTMLCanvasElement, slider: HTMLInputElement;
  }
  export {};`;

test('every example in TypeScript type-checks', () => {
  const project = packed();
  try {
    for (const name of ['comlink', 'color-name', 'commander', 'exifr', 'image-dimensions', 'tinyglobby', 'twgl.js'])
      symlinkSync(join(ROOT, 'node_modules', name), join(project, 'node_modules', name));
    const files = ['README.md', 'docs/errors.md', 'docs/runtime.md', 'docs/gpu.md', 'docs/composing.md'].flatMap(
      (page) =>
        blocks(page, 'ts').map((text, i) => {
          const name = `${page.replace(/\W/g, '-')}-${i}.ts`;
          writeFileSync(join(project, name), asModule(text));
          return name;
        }),
    );
    writeFileSync(join(project, 'given.d.ts'), GIVEN);
    const compilerOptions = {
      target: 'ES2022',
      module: 'ESNext',
      moduleResolution: 'bundler',
      strict: true,
      noEmit: true,
    };
    writeFileSync(
      join(project, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: { ...compilerOptions, types: [] }, files: [...files, 'given.d.ts'] }),
    );
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    const { stdout } = spawnSync(process.execPath, [tsc, '-p', '.'], { cwd: project, encoding: 'utf8' });
    expect(stdout).toBe('');
  } finally {
    rmSync(project, { recursive: true });
  }
});
