/** What is fuzzed: each reads bytes from anywhere, and may answer with a result or a RelievoError, nothing else. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import sharp from 'sharp';
import { GraphWriter } from '../../examples/graph-model.mjs';
import { findEmbeddedDepth } from '../../dist/depth/embedded.js';
import { Hydra, isRelievoError, parseCube, pipeline, PRESETS } from '../../dist/index.js';
import { readDepth, readEmbeddedDepth, readImage, writeGDepth } from '../../dist/node/index.js';
import { ROOT } from '../../scripts/setup.mjs';

const photo = (width, height) => ({
  width,
  height,
  data: Uint8ClampedArray.from({ length: width * height * 4 }, (_, i) => (i % 4 === 3 ? 255 : (i * 37) % 256)),
});
const ramp = (width, height) => ({
  width,
  height,
  data: Float32Array.from({ length: width * height }, (_, i) => (i % width) / width),
});
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const check = (ok, what) => {
  if (!ok) throw new Error(what);
};

/** A backbone and a head of one convolution each, as files by address. */
function tinyModules(folder) {
  const manifest = {
    preprocess: { mean: [0, 0, 0], std: [1, 1, 1], multipleOf: 8, area: 1024 },
    ...{ input: 'image', outputs: { s4: 's4' }, provides: [{ tap: 's4', stride: 4, channels: 4 }] },
  };
  const backbone = new GraphWriter();
  const image = backbone.input('image', [-1, -1, -1, 3]);
  const kernel = Array.from({ length: 108 }, (_, i) => Math.sin(i));
  backbone.output(
    's4',
    backbone.conv('c', image, [3, 3, 3, 4], kernel, { stride: 4, activation: 'Relu6' }),
    [-1, -1, -1, 4],
  );
  backbone.write(join(folder, 'tiny'), { id: 'tiny', kind: 'backbone', ...manifest });
  const head = new GraphWriter();
  const x = head.input('s4', [-1, -1, -1, 4]);
  head.output('disparity', head.conv('c', x, [1, 1, 4, 1], [1, 2, 3, 4]), [-1, -1, -1, 1]);
  head.write(join(folder, 'tiny-depth'), {
    ...{ id: 'tiny-depth', kind: 'head', task: 'depth', inputs: { s4: 's4' }, outputs: { disparity: 'disparity' } },
    requires: { module: 'tiny@^1.0', taps: [{ tap: 's4', stride: 4, channels: 4 }] },
  });
  const files = ['module.json', 'model.json', 'group1-shard1of1.bin'];
  return Object.fromEntries(
    ['tiny', 'tiny-depth'].flatMap((m) => files.map((f) => [`${m}/${f}`, readFileSync(join(folder, m, f))])),
  );
}

export async function makeTargets() {
  const folder = mkdtempSync(join(tmpdir(), 'relievo-fuzz-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const modules = tinyModules(folder);
  const names = Object.keys(modules);
  let started; // TensorFlow.js, whose tensors are counted

  const small = { raw: { width: 16, height: 12, channels: 4 } };
  const encoded = sharp(photo(16, 12).data, small);
  const jpeg = join(folder, 'photo.jpg');
  await writeGDepth(jpeg, photo(16, 12), ramp(16, 12));
  const grey = sharp(Buffer.from(Array.from({ length: 192 }, (_, i) => i)), {
    raw: { width: 16, height: 12, channels: 1 },
  });
  const depthFile = join(folder, 'depth.png');

  const cubes = [
    'LUT_3D_SIZE 2\n' + '0 0 0\n1 0.5 0\n'.repeat(4),
    'TITLE "x"\nLUT_1D_SIZE 3\nDOMAIN_MIN 0 0 0\nDOMAIN_MAX 1 1 1\n0 0 0\n.5 .5 .5\n1 1 1\n',
  ];
  const recipes = [
    ...Object.values(PRESETS),
    {
      version: 1,
      size: { width: 16, height: 12 },
      steps: [{ op: 'bokeh', focus: { x: 3, y: 4 }, aperture: 0.05, shape: 6 }],
    },
    { version: 1, steps: [{ op: 'sticker', text: { text: 'A', colour: '#fff' }, at: { x: 3, y: 4 }, disparity: 0.5 }] },
    { version: 1, steps: [{ op: 'strokes', strokes: [{ kind: 'nearer', points: [{ x: 1, y: 1 }], radius: 0.1 }] }] },
    { version: 1, steps: [{ op: 'background', background: { gradient: { from: '#fff', to: 'red', angle: 30 } } }] },
    {
      version: 1,
      steps: [{ op: 'parallax', x: 0.02, pivot: 'subject' }, { op: 'relight', preset: 'stage' }, { op: 'visualise' }],
    },
  ];

  return {
    'module loader': {
      // The first byte says which file is changed, its lowest bit whether its hash is, too.
      seeds: names.flatMap((name, i) =>
        [0, 1].map((honest) => Buffer.concat([Buffer.of(2 * i + honest), modules[name]])),
      ),
      async run(bytes) {
        started ??= Hydra.load({ modules: [], backend: 'cpu' });
        await started;
        const { numTensors } = tf.memory();
        const name = names[(bytes[0] >> 1) % names.length] ?? names[0];
        const files = { ...modules, [name]: bytes.subarray(1) };
        if (bytes[0] & 1 && !name.endsWith('module.json')) {
          const manifest = `${name.split('/')[0]}/module.json`;
          const json = JSON.parse(modules[manifest]);
          json.sha256[name.split('/')[1]] = sha256(files[name]);
          json.bytes += 1e6;
          files[manifest] = Buffer.from(JSON.stringify(json));
        }
        const fetch = async (url) => {
          const file = files[new URL(url).pathname.slice(1)];
          return file ? new Response(file) : new Response('', { status: 404 });
        };
        const hydra = await Hydra.load({ modules: [], backend: 'cpu', fetch });
        try {
          for (const m of ['tiny', 'tiny-depth']) await hydra.register(`http://fuzz/${m}`);
          const { disparity } = await hydra.run('depth', photo(32, 24));
          check(disparity.data.every(Number.isFinite), 'a disparity that is no number');
        } finally {
          hydra.close();
          check(tf.memory().numTensors === numTensors, `${tf.memory().numTensors - numTensors} tensors left`);
        }
      },
    },
    recipes: {
      seeds: recipes.map((r) => Buffer.from(JSON.stringify(r))),
      async run(bytes) {
        const edit = pipeline(bytes.toString());
        const { image, depth } = await edit.run(photo(16, 12), ramp(16, 12));
        check(image.data.length === image.width * image.height * 4, 'an image of the wrong size');
        check(
          depth.data.every((v) => v >= 0 && v <= 1),
          'a depth beyond 0..1',
        );
        check({}.polluted === undefined && Object.keys(Object.prototype).length === 0, 'a changed prototype');
      },
    },
    'LUT parser': {
      seeds: cubes.map((c) => Buffer.from(c)),
      async run(bytes) {
        const { data, size, dimensions } = parseCube(bytes.toString());
        check(data.length === size ** dimensions * 3 && data.every(Number.isFinite), 'a table with holes');
      },
    },
    'depth files': {
      seeds: [
        await grey.clone().toColourspace('b-w').png().toBuffer(),
        await grey.clone().toColourspace('grey16').png().toBuffer(),
        await encoded.clone().jpeg().toBuffer(),
        Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8"/></svg>'),
      ],
      async run(bytes) {
        writeFileSync(depthFile, bytes);
        const { data, width, height } = await readDepth(depthFile, { maxPixels: 1e6 });
        check(data.length === width * height && data.every((v) => v >= 0 && v <= 1), 'a depth beyond 0..1');
      },
    },
    'embedded depth': {
      seeds: [
        readFileSync(jpeg),
        // The same with a range that makes no sense.
        Buffer.from(readFileSync(jpeg, 'latin1').replace('GDepth:Far="100"', 'GDepth:Far="0.1"'), 'latin1'),
        await encoded.clone().withMetadata({ orientation: 6 }).jpeg().toBuffer(),
      ],
      async run(bytes) {
        await findEmbeddedDepth(bytes);
        const found = await readEmbeddedDepth(bytes, { maxPixels: 1e6 });
        if (found)
          check(
            found.depth.data.every((v) => v >= 0 && v <= 1),
            'a depth beyond 0..1',
          );
      },
    },
    pictures: {
      seeds: [
        readFileSync(jpeg),
        ...(await Promise.all(
          ['png', 'webp', 'gif', 'tiff', 'avif'].map((f) => encoded.clone().toFormat(f).toBuffer()),
        )),
        await sharp(join(ROOT, 'assets/astronaut.png')).resize(24).withIccProfile('p3').png().toBuffer(),
      ],
      async run(bytes) {
        const { data, width, height } = await readImage(bytes, { maxPixels: 1e6 });
        check(data.length === width * height * 4, 'an image of the wrong size');
      },
    },
  };
}

export { isRelievoError };
