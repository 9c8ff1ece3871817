import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { estimateDepth } from '../../src/depth/estimate.js';
import { readGraph } from '../../src/hydra/graph.js';
import { Hydra } from '../../src/hydra/hydra.js';
import { checkManifest } from '../../src/hydra/manifest.js';
import { GraphWriter, moduleFolder, TINY_TAPS, tinyBackbone, tinyHead } from '../helpers/modules.js';
import { picture, rejection } from '../helpers/photos.js';

const modules = moduleFolder();
afterAll(() => modules.remove());

let hydra: Hydra;
beforeEach(async () => {
  hydra = await Hydra.load({ backend: 'wasm', modules: [] });
});
afterEach(() => hydra.close());

const photo = picture(80, 60, (x, y) => [x * 3, y * 4, (x * y) % 256]);

/** Nothing of what was refused may stay: the same id registers right afterwards. */
async function refused(location: URL, ...words: string[]) {
  const tasks = [...hydra.tasks];
  const error = await rejection(hydra.register(location));
  expect(error).toMatchObject({ name: 'RelievoError', code: 'MODEL_CONTRACT' });
  for (const w of words) expect(error.message).toContain(w);
  expect(hydra.tasks).toEqual(tasks);
}

describe('a head on taps', () => {
  beforeEach(() => hydra.register(tinyBackbone(modules.next())));

  test('of a third-party backbone runs on its features', async () => {
    await hydra.register(tinyHead(modules.next()));
    const { disparity } = await hydra.run('depth', photo);
    // 4096 pixels at 4 : 3 in multiples of 32: 64 × 64, a quarter of it at stride 4.
    expect(disparity).toMatchObject({ width: 16, height: 16, channels: 1 });
    expect(new Set(disparity!.data).size).toBeGreaterThan(50);
    expect((await estimateDepth(photo, { hydra })).width).toBe(80);
  });

  test.each([
    [
      'another stride',
      { requires: { module: 'tiny@^1.1', taps: [{ tap: 's4', stride: 2, channels: 6 }] } },
      {},
      ['stride 2', 'stride 4', 'tiny-depth', 'tiny'],
    ],
    [
      'another number of channels in its manifest',
      { requires: { module: 'tiny@^1.1', taps: [{ tap: 's4', stride: 4, channels: 7 }] } },
      {},
      ['7 channels', '6 channels'],
    ],
    ['another number of channels in its graph', {}, { channels: 5 }, ['[?, ?, ?, 5]', '[1, ?, ?, 6]']],
    ['whole numbers as input', {}, { type: 'DT_INT32' }, ['int32', 'float32']],
    ['another version', { requires: { module: 'tiny@^1.3', taps: [TINY_TAPS[0]] } }, {}, ['^1.3', '1.2.0']],
    [
      'another backbone',
      { requires: { module: 'other@^1', taps: [TINY_TAPS[0]] } },
      {},
      ['other@^1', 'not registered'],
    ],
    [
      'an unknown tap',
      { requires: { module: 'tiny@^1', taps: [{ tap: 's2', stride: 2, channels: 4 }] }, inputs: { s2: 's4' } },
      {},
      ["'s2'", 's4, s8'],
    ],
    ['the outputs of another task', { task: 'faces' }, {}, ['score, box, points', 'disparity']],
    ['too many channels for its task', {}, { out: 2 }, ['[?, ?, ?, 2]', '1 channels']],
    ['an output its graph lacks', { outputs: { disparity: 'nothing' } }, {}, ['nothing', 'disparity']],
    ['an input its graph lacks', { inputs: { s4: 'features' } }, {}, ['features', 's4']],
  ])('with %s is refused when it registers', async (_, change, graph, words) => {
    await refused(tinyHead(modules.next(), change, graph), ...words);
    await hydra.register(tinyHead(modules.next()));
  });
});

describe('a whole network', () => {
  /** Mean brightness in 4 × 4 cells, by an average of the channels and a strided average. */
  function network(change: object, build: (g: GraphWriter) => void): URL {
    const g = new GraphWriter();
    build(g);
    return g.write(modules.next(), {
      id: 'whole',
      kind: 'network',
      task: 'depth',
      input: 'x',
      outputs: { disparity: 'y' },
      ...change,
    });
  }
  const MEAN = Array.from({ length: 48 }, () => 1 / 48);
  const plain = { mean: [0, 0, 0], std: [1, 1, 1] };
  const split = picture(64, 64, (x) => (x < 32 ? [40, 40, 40] : [200, 200, 200]));

  test.each([
    // As MiDaS is exported for TensorFlow: NCHW in, [1, h, w] out, inverse depth.
    [
      'NCHW with a fixed size, answering [1, h, w]',
      { preprocess: { ...plain, layout: 'NCHW', width: 32, height: 32 } },
      (g: GraphWriter) => {
        const x = g.transpose('t', g.input('x', [1, 3, 32, 32]), [0, 2, 3, 1]);
        g.output('y', g.squeeze('s', g.conv('c', x, [4, 4, 3, 1], MEAN, { stride: 4 }), 3), [1, 8, 8]);
      },
      [8, 8],
    ],
    // As ARPortraitDepth: NHWC, an upright fixed size, one channel.
    [
      'NHWC, answering [1, h, w, 1]',
      { preprocess: { ...plain, width: 48, height: 64 } },
      (g: GraphWriter) =>
        g.output('y', g.conv('c', g.input('x', [1, 64, 48, 3]), [4, 4, 3, 1], MEAN, { stride: 4 }), [1, 16, 12, 1]),
      [12, 16],
    ],
    // As Depth Anything: NCHW throughout, sides multiples of 14.
    [
      'NCHW on both ends, of a free size',
      { preprocess: { ...plain, layout: 'NCHW', multipleOf: 14, area: 3136 } },
      (g: GraphWriter) => {
        const x = g.transpose('t', g.input('x', [-1, 3, -1, -1]), [0, 2, 3, 1]);
        g.output(
          'y',
          g.transpose('u', g.conv('c', x, [4, 4, 3, 1], MEAN, { stride: 4 }), [0, 3, 1, 2]),
          [1, 1, -1, -1],
        );
      },
      [14, 14],
    ],
  ])('%s', async (_, change, build, [width, height]) => {
    await hydra.register(network(change, build));
    const { disparity } = await hydra.run('depth', split);
    const before = tf.memory().numTensors;
    expect(disparity).toMatchObject({ width, height, channels: 1 });
    const row = disparity!.data.subarray(width! * 2, width! * 3);
    expect(row[1]).toBeCloseTo(40 / 255, 5);
    expect(row[width! - 2]).toBeCloseTo(200 / 255, 5);
    await hydra.run('depth', split);
    expect(tf.memory().numTensors).toBe(before);
    const depth = await estimateDepth(split, { hydra });
    expect([depth.data[10 * 64 + 10], depth.data[10 * 64 + 50]]).toEqual([0, 1]);
  });

  test('that answers distance is turned into disparity', async () => {
    const at = { preprocess: { ...plain, width: 32, height: 32 }, answers: 'depth' };
    const build = (g: GraphWriter) =>
      g.output('y', g.conv('c', g.input('x', [1, 32, 32, 3]), [4, 4, 3, 1], MEAN, { stride: 4 }), [1, 8, 8, 1]);
    await hydra.register(network(at, build));
    const { disparity } = await hydra.run('depth', split);
    expect(disparity!.data[1]).toBeCloseTo(255 / 40, 3);
    expect(disparity!.data[6]).toBeCloseTo(255 / 200, 3);
  });

  test.each([
    [
      'another layout',
      { preprocess: { ...plain, layout: 'NCHW', width: 32, height: 32 } },
      ['[1, 32, 32, 3]', '[1, 3, 32, 32]'],
    ],
    ['another size', { preprocess: { ...plain, width: 32, height: 64 } }, ['[1, 32, 32, 3]', '[1, 64, 32, 3]']],
    ['an unknown layout', { preprocess: { ...plain, layout: 'HWC', width: 32, height: 32 } }, ['layout']],
    ['no size', { preprocess: plain }, ['multipleOf']],
    ['an endless size', { preprocess: { ...plain, width: 1e9, height: 32 } }, ['width']],
    ['an unknown meaning', { preprocess: { ...plain, width: 32, height: 32 }, answers: 'metres' }, ['answers']],
  ])('with %s is refused', async (_, change, words) => {
    const build = (g: GraphWriter) =>
      g.output('y', g.conv('c', g.input('x', [1, 32, 32, 3]), [4, 4, 3, 1], MEAN, { stride: 4 }), [1, 8, 8, 1]);
    await refused(network(change, build), ...words);
  });

  test('reads photos, not features', async () => {
    await hydra.register(tinyBackbone(modules.next()));
    const build = (g: GraphWriter) =>
      g.output('y', g.conv('c', g.input('x', [1, 32, 32, 3]), [4, 4, 3, 1], MEAN, { stride: 4 }), [1, 8, 8, 1]);
    await hydra.register(network({ preprocess: { ...plain, width: 32, height: 32 } }, build));
    const features = await hydra.extract(await hydra.open(photo), 'tiny');
    expect(await rejection(hydra.run('depth', features))).toMatchObject({ code: 'MODEL_CONTRACT' });
    features.close();
  });
});

test('a backbone whose graph has another stride than it says is found out at the first run, and nothing leaks', async () => {
  const lie = [TINY_TAPS[0], { tap: 's8', stride: 16, channels: 8 }];
  await hydra.register(tinyBackbone(modules.next(), { provides: lie }));
  await hydra.register(tinyHead(modules.next()));
  const first = await rejection(hydra.run('depth', photo));
  expect(first).toMatchObject({ code: 'MODEL_CONTRACT', message: expect.stringContaining('stride 16') });
  const before = tf.memory().numTensors;
  await rejection(hydra.run('depth', photo));
  expect(tf.memory().numTensors).toBe(before);
});

test('a graph with an operation nobody knows is a contract error, not a crash', async () => {
  await hydra.register(tinyBackbone(modules.next()));
  const renamed = (json: { modelTopology: { node: { op: string }[] } }) => {
    json.modelTopology.node.find((n) => n.op === '_FusedConv2D')!.op = 'Teleport';
    return json;
  };
  await hydra.register(tinyHead(modules.next(), {}, {}, renamed as never));
  expect(await rejection(hydra.run('depth', photo))).toMatchObject({
    code: 'MODEL_CONTRACT',
    message: expect.stringMatching(/tiny-depth.*Teleport/),
  });
});

test.each<[string, (g: GraphWriter) => string]>([
  ['Range', (g) => g.operation('big', 'Range', [], [0, 1_000_000_000, 1])],
  ['ResizeBilinear', (g) => g.operation('big', 'ResizeBilinear', ['s4'], [[30_000, 30_000]])],
  ['Fill', (g) => g.operation('big', 'Fill', [], [[40_000, 40_000], 1])],
  ['Tile', (g) => g.operation('big', 'Tile', ['s4'], [[1, 3000, 3000, 1]])],
])('a graph whose %s would fill the memory is stopped before it does', async (kernel, big) => {
  await hydra.register(tinyBackbone(modules.next()));
  const g = new GraphWriter();
  g.input('s4', [-1, -1, -1, 6]);
  g.output('disparity', big(g), [-1, -1, -1, 1]);
  await hydra.register(
    g.write(modules.next(), {
      ...{ id: 'bomb', kind: 'head', task: 'depth', inputs: { s4: 's4' }, outputs: { disparity: 'disparity' } },
      requires: { module: 'tiny@^1.1', taps: [TINY_TAPS[0]] },
    }),
  );
  const before = process.memoryUsage().rss;
  const error = await rejection(hydra.run('depth', photo));
  expect(error).toMatchObject({ code: 'MODEL_CONTRACT', message: expect.stringMatching(`${kernel} would make \\d+`) });
  expect(process.memoryUsage().rss - before).toBeLessThan(200e6);
});

test('a graph that leaves its answer to chance is refused', async () => {
  await hydra.register(tinyBackbone(modules.next()));
  const random = (json: { modelTopology: { node: { op: string }[] } }) => {
    json.modelTopology.node.find((n) => n.op === '_FusedConv2D')!.op = 'RandomUniform';
    return json;
  };
  await refused(tinyHead(modules.next(), {}, {}, random as never), 'RandomUniform');
});

interface GraphJson {
  format: string;
  modelTopology: { node: { name: string; input?: string[] }[] };
  weightsManifest: { paths: string[]; weights: { name: string; shape: unknown[]; dtype: string }[] }[];
}

test.each<[string, (json: GraphJson) => void, string]>([
  ['shards outside its folder', (j) => (j.weightsManifest[0]!.paths = ['../../secret.bin']), 'not listed'],
  ['shards from elsewhere', (j) => (j.weightsManifest[0]!.paths = ['https://example.org/x.bin']), 'not listed'],
  ['shards under an inherited name', (j) => (j.weightsManifest[0]!.paths = ['constructor']), 'not listed'],
  ['a node that would reach the prototype', (j) => (j.modelTopology.node[0]!.name = '__proto__'), 'plain name'],
  [
    'a weight that would reach the prototype',
    (j) => (j.weightsManifest[0]!.weights[0]!.name = '__proto__'),
    'plain name',
  ],
  ['a weight of endless size', (j) => (j.weightsManifest[0]!.weights[0]!.shape = [1e9, 1e9]), 'shape'],
  ['a weight of negative size', (j) => (j.weightsManifest[0]!.weights[0]!.shape = [-4, 4]), 'shape'],
  ['a weight of text', (j) => (j.weightsManifest[0]!.weights[0]!.dtype = 'string'), 'dtype'],
  ['layers instead of a graph', (j) => (j.format = 'layers-model'), 'graph-model'],
  ['no nodes', (j) => (j.modelTopology.node = []), 'nodes'],
  ['no weights', (j) => delete (j as Partial<GraphJson>).weightsManifest, 'weightsManifest'],
])('a graph with %s is refused when it registers', async (_, spoil, word) => {
  const spoilt = (json: GraphJson) => {
    spoil(json);
    return json;
  };
  await refused(tinyBackbone(modules.next(), {}, spoilt as never), word);
});

test('weights that need more bytes than the shards hold are refused before TF.js sees them', async () => {
  const spoilt = (json: GraphJson) => {
    json.weightsManifest[0]!.weights[0]!.shape = [3, 3, 3, 40];
    return json;
  };
  await hydra.register(tinyBackbone(modules.next(), {}, spoilt as never));
  await hydra.register(tinyHead(modules.next()));
  expect(await rejection(hydra.run('depth', photo))).toMatchObject({
    code: 'MODEL_CONTRACT',
    message: expect.stringMatching(/take \d+ bytes.*hold \d+/),
  });
});

test('a graph that was changed after its manifest is refused when it registers', async () => {
  const location = tinyBackbone(modules.next());
  const file = fileURLToPath(new URL('model.json', location));
  writeFileSync(file, readFileSync(file, 'utf8').replace('"c1"', '"c9"'));
  expect(await rejection(hydra.register(location))).toMatchObject({ code: 'MODEL_CORRUPT' });
});

test('any JSON is either a graph or refused by a typed error, and no prototype changes', () => {
  const location = tinyHead(modules.next());
  const read = (name: string) => readFileSync(fileURLToPath(new URL(name, location)), 'utf8');
  const manifest = checkManifest(JSON.parse(read('module.json')));
  const whole = JSON.parse(read('model.json'));
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.constantFrom('', 'format', 'signature', 'modelTopology', 'weightsManifest', '__proto__'),
      (value, key) => {
        const json = key === '' ? value : { ...whole, ...JSON.parse(`{"${key}":${JSON.stringify(value)}}`) };
        try {
          readGraph(manifest, new TextEncoder().encode(JSON.stringify(json)));
        } catch (error) {
          expect(error).toMatchObject({ name: 'RelievoError', code: 'MODEL_CONTRACT' });
        }
        expect(Object.keys(Object.prototype)).toEqual([]);
      },
    ),
  );
});

test('shipped heads are added later, once', async () => {
  expect(hydra.tasks).toEqual([]);
  await Promise.all([hydra.add(['depth']), hydra.add(['depth'])]);
  await hydra.add(['depth']);
  expect(hydra.tasks).toEqual(['depth']);
  await hydra.run('depth', photo);
  expect(await rejection(hydra.add(['smile']))).toMatchObject({ code: 'INVALID_PARAM' });
});

test('a hash that is right for other bytes does not help', async () => {
  const location = tinyHead(modules.next());
  const file = fileURLToPath(new URL('module.json', location));
  const manifest = JSON.parse(readFileSync(file, 'utf8'));
  manifest.sha256['group1-shard1of1.bin'] = createHash('sha256').update('other').digest('hex');
  writeFileSync(file, JSON.stringify(manifest));
  await hydra.register(tinyBackbone(modules.next()));
  await hydra.register(location);
  expect(await rejection(hydra.run('depth', photo))).toMatchObject({ code: 'MODEL_CORRUPT' });
});
