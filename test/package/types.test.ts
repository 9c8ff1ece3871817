import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packed } from '../helpers/packed.js';
import { ROOT } from '../helpers/photos.js';

const pkg = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'));
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');

/** A fresh project: the package and what comes with it, as `npm install relievo` lays it out. No @types, no peers. */
let folder: string;
beforeAll(() => {
  folder = packed();
  for (const name of Object.keys(pkg.dependencies))
    symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'app.ts'), APP);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What a user writes; each line is a promise of the types. */
const APP = `
  import { applyBokeh, createBokehPreview, createImage, createPreview, DepthStream, estimateDepth, Hydra, pipeline } from 'relievo';
  import type { EstimateOptions, Step } from 'relievo';
  import 'relievo/element';
  import { readImageFile, writeImage } from 'relievo/node';
  import { createWorker } from 'relievo/worker';

  export async function tour(file: File, context: CanvasRenderingContext2D, signal: AbortSignal | undefined) {
    using hydra = await Hydra.load({ signal });
    const photo = await hydra.open(file, { signal });
    // What is not set may be said to be undefined.
    const options: EstimateOptions = { hydra: undefined, signal: undefined, onProgress: undefined };
    const depth = await estimateDepth(photo, { ...options, hydra });
    context.putImageData(await applyBokeh(photo, depth, { focus: 'subject' }), 0, 0);
    using features = await hydra.extract(photo);
    const values: Float32Array = await features.tap('s8').data();
    const step: Step = { op: 'bokeh', focus: 'subject', aperture: 0.03 };
    const { image } = await pipeline([step, { op: 'grade', background: { exposure: -0.7 } }]).run(photo, depth);
    // @ts-expect-error not an option of that step
    pipeline([{ op: 'bokeh', exposure: 1 }]);
    using stream = new DepthStream({ hydra });
    using preview = await createPreview();
    using bokeh = await createBokehPreview();
    using worker = await createWorker({ worker: undefined });
    await writeImage('out.png', createImage(image.width, image.height, 'srgb', image.data));
    return [await readImageFile('in.png'), stream, preview, bokeh, worker, values];
  }`;

const STRICT = {
  target: 'ES2022', // as wherever `using` is not yet: its types come with the package
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  noEmit: true,
  types: [],
};

test.each([
  ['bundler', { module: 'ESNext', moduleResolution: 'bundler' }],
  ['node16', { module: 'node16', moduleResolution: 'node16' }],
  ['nodenext', { module: 'nodenext' }],
])('a fresh strict project type-checks, library and all: %s', (name, more) => {
  const config = `tsconfig.${name}.json`;
  writeFileSync(join(folder, config), JSON.stringify({ compilerOptions: { ...STRICT, ...more }, files: ['app.ts'] }));
  const { stdout, status } = spawnSync(process.execPath, [TSC, '-p', config], { cwd: folder, encoding: 'utf8' });
  expect([stdout, status]).toEqual(['', 0]);
});

test('so does one of React and Preact, with their types', () => {
  mkdirSync(join(folder, 'node_modules/@types'));
  for (const name of ['react', 'preact', '@types/react', 'csstype'])
    symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
  writeFileSync(
    join(folder, 'view.tsx'),
    `import { RelievoPhoto, useDepth } from 'relievo/react';
     export function View({ file }: { file: File | undefined }) {
       const { depth, error } = useDepth(file, { worker: undefined });
       return <>{depth?.width ?? error?.message}<RelievoPhoto src={file} aperture={undefined} /><relievo-photo src="a.jpg" focus={0.5} /></>;
     }`,
  );
  writeFileSync(join(folder, 'other.ts'), `import 'relievo/element/preact';`);
  const compilerOptions = { ...STRICT, module: 'ESNext', moduleResolution: 'bundler', jsx: 'react-jsx' };
  writeFileSync(
    join(folder, 'tsconfig.view.json'),
    JSON.stringify({ compilerOptions, files: ['view.tsx', 'other.ts'] }),
  );
  const args = [TSC, '-p', 'tsconfig.view.json'];
  const { stdout, status } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  expect([stdout, status]).toEqual(['', 0]);
});
