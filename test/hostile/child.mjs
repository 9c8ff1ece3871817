/** Runs cases in a process of its own: `child.mjs DIST TABLE FOLDER FIRST LAST`. Tells its parent before and after each. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { BAD, face, HEIGHT, image, lut, mesh, OWN, plane, WIDTH } from './values.mjs';
import { casesOf, NOT_IN_NODE, ONE_VALUE, TOGETHER } from './cases.mjs';

const [root, table, folder] = process.argv.slice(2);
const { calls } = JSON.parse(readFileSync(table, 'utf8'));
const cases = casesOf(calls);
const load = (entry) => import(pathToFileURL(join(root, 'dist', entry, 'index.js')).href);
const entries = { '': await load(''), node: await load('node'), worker: await load('worker'), react: {} };
const relievo = entries[''];
console.warn = () => {}; // TF.js advises its Node backend
mkdirSync(folder, { recursive: true });

let late; // what nobody waited for
process.on('unhandledRejection', (error) => (late = error));
process.on('uncaughtException', (error) => (late = error));

const hydra = await relievo.Hydra.load({ modules: ['depth', 'matte'], backend: 'wasm' });
const createCanvas = await entries.node.canvasFactory();
const raw = { raw: { width: WIDTH, height: HEIGHT, channels: 4 } };
const jpeg = new Uint8Array(await sharp(image().data, raw).jpeg().toBuffer());
const png = new Uint8Array(await sharp(image().data, raw).png().toBuffer());
const photoFile = join(folder, 'photo.jpg');
const depthFile = join(folder, 'depth.png');
await entries.node.writeGDepth(photoFile, image(), plane());
await entries.node.writeDepth(depthFile, plane());
const out = (ending) => join(folder, `out${ending}`);

/** What the types do not say: values by the call and the parameter. */
const GOOD = {
  'createImage.width': 4,
  'createImage.height': 3,
  'createImage.data': () => new Uint8ClampedArray(48),
  'Hydra.load.options.modules': [],
  'Hydra.load.options.backend': 'cpu',
  'Hydra.isShipped.task': 'depth',
  'Hydra.add.tasks': ['depth'],
  'FeatureSet.tap.name': 's4',
  'readRecipe.input': () => ({ version: 1, steps: [{ op: 'haze' }] }),
  'Hydra.register.location': () => pathToFileURL(join(root, 'models/relievo-faces/')),
  'Hydra.extract.photo': () => new relievo.Photo(image()),
  'Hydra.close.photo': () => new relievo.Photo(image()),
  'Hydra.extract.backbone': 'relievo-backbone',
  'Hydra.run.task': 'depth',
  'checkDepth.owner': 'mine',
  'createDepthMap.width': WIDTH,
  'createDepthMap.height': HEIGHT,
  'embedGDepth.md5': () => () => '0'.repeat(32),
  'embedGDepth.map': () => png,
  'toGlb.texture': () => jpeg,
  'applyStrokes.strokes': () => [{ kind: 'nearer', points: [{ x: 3, y: 4 }] }],
  'placeStickers.options.stickers': () => [{ image: image(), at: { x: 5, y: 5 }, disparity: 0.5 }],
  'placeSticker.options.image': image,
  'placeSticker.options.disparity': 0.5,
  'renderText.width': 20,
  'renderText.createCanvas': () => createCanvas,
  'renderText.style.text': 'A',
  'parseCube.text': 'LUT_1D_SIZE 2\n0 0 0\n1 1 1\n',
  'videoCodec.size.width': 16,
  'videoCodec.size.height': 16,
  'readImageFile.path': photoFile,
  'readPhotoDepth.path': photoFile,
  'readDepth.path': depthFile,
  'readDepthPair.photo': photoFile,
  'writeImage.path': () => out('.png'),
  'writeDepth.path': () => out('.png'),
  'writeDepthPair.path': () => out('.jpg'),
  'writeGDepth.path': () => out('.jpg'),
  'writeAnimation.path': () => out('.gif'),
  'replaceBackground.options.matte': plane,
};
const BY_KIND = {
  image,
  depth: plane,
  matte: plane,
  hydra: () => hydra,
  faces: () => [face()],
  signal: () => new AbortController().signal,
  function: () => () => {},
  bytes: () => jpeg.slice(),
  pixels: () => image().data,
  floats: () => plane().data,
  mesh,
  lut,
  recipe: () => [{ op: 'haze' }],
  focus: () => 'subject',
  background: () => ({ colour: '#123456' }),
  frames: () => [image(), image()],
  number: () => 1,
  text: () => 'x',
  flag: () => true,
  operator: () => ({ name: 'hostile', doc: '', kind: 'point', options: {}, plan: async () => undefined }),
  list: () => [],
  thing: () => undefined,
};
/** Ours are given where the library asks for one; otherwise networks would be loaded anew by each process. */
const ALWAYS = ['hydra'];

function good(call, takes, path) {
  if (path in GOOD) return typeof GOOD[path] === 'function' ? GOOD[path]() : GOOD[path];
  if (takes.kind === 'choice') return takes.values[0];
  if (takes.kind !== 'object') return BY_KIND[takes.kind]?.();
  const value = {};
  for (const [key, field] of Object.entries(takes.fields)) {
    const at = `${path}.${key}`;
    if (!field.optional || at in GOOD || (ALWAYS.includes(key) && field.kind === 'hydra'))
      value[key] = good(call, field, at);
  }
  return value;
}

/** The arguments, and where one of them is to be bad, that. */
function argumentsOf(call, { path, kind, bad }) {
  const { name, params } = call;
  const args = params.map((p) =>
    p.optional && p.takes.kind !== 'object' && !(`${name}.${p.name}` in GOOD)
      ? undefined
      : good(call, p.takes, `${name}.${p.name}`),
  );
  if (!path.length) return args;
  let of = args;
  let takes = { fields: params.map((p) => p.takes) };
  let label = name;
  for (const [i, key] of path.entries()) {
    takes = takes.fields[key];
    label = i === 0 ? `${name}.${params[key].name}` : `${label}.${key}`;
    if (i === path.length - 1) {
      Object.assign(of, TOGETHER[label]);
      const value = BAD[kind][bad].make(kind === 'object' ? (of[key] ?? good(call, takes, label)) : undefined);
      of[key] = value;
    } else {
      of[key] ??= good(call, takes, label);
      of = of[key];
    }
  }
  return args;
}

async function target({ entry, name, owner, member, make, fixed }) {
  const api = entries[entry];
  if (make) return (...args) => new api[owner](...args);
  if (!owner) return api[name];
  if (fixed) return (...args) => api[owner][member](...args);
  const of = await instance(owner);
  return (...args) => of[member.startsWith('[') ? Symbol.dispose : member](...args);
}

function instance(owner) {
  if (owner === 'Hydra') return relievo.Hydra.load({ modules: ['depth'], backend: 'wasm' });
  if (owner === 'FeatureSet') return hydra.extract(new relievo.Photo(image()));
  if (owner === 'FeatureTensor')
    return hydra.extract(new relievo.Photo(image())).then((features) => features.tap('s4'));
  if (owner === 'Photo') return hydra.open(image());
  if (owner === 'DepthStream') return new relievo.DepthStream({ hydra, longSide: 64 });
  if (owner === 'Pipeline') return relievo.pipeline([{ op: 'haze' }]);
  throw new Error(`no way to make a ${owner}: say how in test/hostile/child.mjs`);
}

/** A short text of all numbers in a result, and what is wrong with it. */
function judge(value, seen = new Set()) {
  if (typeof value === 'number')
    return { text: String(value), wrong: Number.isFinite(value) ? undefined : `holds ${value}` };
  if (typeof value !== 'object' || value === null || seen.has(value)) return { text: String(value) };
  seen.add(value);
  if (value instanceof relievo.Hydra) return { text: 'a Hydra' };
  if (ArrayBuffer.isView(value)) {
    let hash = 7;
    for (const v of value) {
      if (!Number.isFinite(v)) return { text: 'NaN', wrong: `data holds ${v}` };
      hash = (Math.imul(hash, 31) + Math.round(v * 65535)) | 0;
    }
    return { text: `${value.length}:${hash}` };
  }
  const { width, height, data } = value;
  if (ArrayBuffer.isView(data) && width !== undefined && ![1, 3, 4].some((c) => data.length === width * height * c))
    return { text: '', wrong: `${width} × ${height} with ${data.length} values` };
  const parts = Object.entries(value).map(([k, v]) => [k, judge(v, seen)]);
  return {
    text: parts.map(([k, p]) => `${k}=${p.text}`).join(','),
    wrong: parts.map(([, p]) => p.wrong).find(Boolean),
  };
}

const baselines = new Map();

async function run(index) {
  const at = cases[index];
  const call = calls[at.call];
  if (at.path.length && !baselines.has(at.call)) {
    const b = await attempt(call, { path: [] });
    baselines.set(at.call, b.text);
  }
  const result = await attempt(call, at);
  const { name: bad = '', expect: named = 'same' } = BAD[at.kind]?.[at.bad] ?? {};
  // Whether an option of its own makes another result is not the question: the same option, made otherwise, is.
  const other = named === 'same' && (at.path.length > 1 || NOT_IN_NODE.test(call.name));
  const unread = bad.startsWith('holds ') && ONE_VALUE.includes(call.name);
  const expect = other || unread ? 'any' : named;
  if (!at.path.length) baselines.set(at.call, result.text);
  return verdict(result, expect, baselines.get(at.call));
}

async function attempt(call, at) {
  late = undefined;
  try {
    const args = argumentsOf(call, at);
    const f = await target(call);
    let value;
    try {
      value = await f(...args);
      if (value?.[Symbol.asyncIterator]) {
        const all = [];
        for await (const v of value) all.push(v);
        value = all;
      }
    } catch (error) {
      return { error };
    }
    const judged = judge(value);
    if (value instanceof relievo.Hydra && value !== hydra) (value.close ?? value.dispose).call(value);
    return judged;
  } catch (error) {
    return { broken: `the table itself: ${error?.stack}` };
  } finally {
    await new Promise(setImmediate);
  }
}

function verdict({ error, text, wrong, broken }, expect, baseline) {
  if (broken) return ['raw', broken];
  if (late) return ['raw', `unheard: ${late?.stack ?? String(late)}`];
  if (error !== undefined) {
    if (error === OWN) return expect === 'refuse' ? ['raw', "the getter's own error came through"] : ['right'];
    if (!relievo.isRelievoError(error))
      return ['raw', error?.stack?.split('\n').slice(0, 3).join(' ') ?? String(error)];
    return expect === 'same' ? ['wrong', `refused: ${error.message}`] : ['typed', error.message];
  }
  if (expect === 'refuse') return ['wrong', 'taken as if it were right'];
  if (expect === 'own') return ['wrong', 'an abort was not heard'];
  if (wrong) return ['wrong', wrong];
  if (expect === 'same' && text !== baseline)
    return ['wrong', `another result: ${text?.slice(0, 80)} / ${baseline?.slice(0, 80)}`];
  return ['right'];
}

process.on('message', async (index) => {
  const { call } = cases[index];
  // The good call first, without a clock: what it loads is no part of the case.
  if (!baselines.has(call)) baselines.set(call, (await attempt(calls[call], { path: [] })).text);
  process.send({ start: index });
  const [outcome, why] = await run(index);
  process.send({ end: index, outcome, why });
});
process.send({ ready: true });
