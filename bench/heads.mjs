/**
 * Matte and faces on the evaluation sets, beside others' answers:
 *
 *     node bench/heads.mjs DATA [--theirs DIR] [--blazeface] [--card FILE]
 *
 * DIR: MediaPipe's, what training/relievo_training/evaluate_heads.py wrote. --blazeface: `blazeface` of npm; installs
 * bench/faces/package.json when it is not.
 *
 * Matte: mean IoU at 0.5; SAD in thousands of pixels; MSE; band: mean error within 2 % of the long side of the outline;
 * edge: F1 of the outline at 0.5, pixels of one within 0.5 % of the long side of the other.
 * Faces: nobody has drawn boxes. Against people's masks: found, photos with a face whose centre lies on the person;
 * false, faces per picture whose centre lies on nobody, also of an empty room. recall: of MediaPipe's surest boxes (0.8)
 * at IoU 0.5. --card FILE: also writes the table between that file's <!-- heads --> marks.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { build, setup } from '../scripts/setup.mjs';

setup();
build();
const { detectFaces, estimateMatte, Hydra } = await import('../dist/index.js');
const { readImageFile } = await import('../dist/node/index.js');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { theirs: { type: 'string' }, blazeface: { type: 'boolean' }, card: { type: 'string' } },
});
const [data] = positionals;
if (!data) throw new Error('usage: node bench/heads.mjs DATA [--theirs DIR] [--blazeface] [--card FILE]');
const hydra = await Hydra.load({ modules: ['matte', 'faces'] });
const theirBlazeface = values.blazeface && (await (await import('./lib/blazeface.mjs')).blazeface());
const theirFaces = values.theirs && JSON.parse(readFileSync(`${values.theirs}/faces.json`, 'utf8'));

const table = {};
const add = (set, who, found) => {
  const row = ((table[set] ??= {})[who] ??= {});
  for (const [k, v] of Object.entries(found)) (row[k] ??= []).push(v);
};

for (const set of ['portraits', 'iphone', 'synthetic', 'room']) {
  const folder = `${data}/dev/${set}`;
  for (const file of readdirSync(folder).filter((f) => f.endsWith('.jpg'))) {
    const name = file.slice(0, -4);
    const pixels = await readImageFile(`${folder}/${file}`);
    const photo = await hydra.open(pixels);
    const mask = existsSync(`${folder}/${name}.person.png`) && (await grey(`${folder}/${name}.person.png`, photo));
    if (mask) {
      add(set, 'ours', matteScore((await estimateMatte(photo, { hydra })).data, mask, photo));
      if (values.theirs)
        add(set, 'MediaPipe', matteScore(await grey(`${values.theirs}/${set}/${name}.png`, photo), mask, photo));
    }
    const faces = (await detectFaces(photo, { hydra })).map((f) => f.box);
    photo.close();
    if (!mask && set !== 'room') continue; // nothing to judge by
    add(set, 'ours', faceScore(faces, mask, photo));
    const blazed = theirBlazeface && (await theirBlazeface(pixels));
    if (blazed) add(set, 'blazeface', faceScore(blazed, mask, photo));
    const theirs = theirFaces?.[`${set}/${name}`];
    if (!theirs) continue;
    const boxes = theirs.map(([x, y, width, height, score]) => ({ x, y, width, height, score }));
    add(set, 'MediaPipe', faceScore(boxes, mask, photo));
    for (const sure of boxes.filter((b) => b.score > 0.8)) {
      const recall = (found) => ({ recall: found.some((f) => iou(f, sure) >= 0.5) ? 1 : 0 });
      add(set, 'ours', recall(faces));
      if (blazed) add(set, 'blazeface', recall(blazed));
    }
  }
}
hydra.close();
const mean = (v) => v.reduce((a, b) => a + b, 0) / v.length;
const COLUMNS = { IoU: 3, SAD: 1, MSE: 4, band: 3, edge: 3, found: 3, false: 3, recall: 3 };
const lines = Object.entries(table).flatMap(([set, rows]) =>
  Object.entries(rows).map(([who, row], i) => {
    const size = Math.max(...Object.entries(row).map(([k, v]) => (k === 'recall' ? 0 : v.length)));
    const cells = Object.entries(COLUMNS).map(([k, digits]) => (row[k] ? mean(row[k]).toFixed(digits) : ''));
    return [i ? '' : `${set} (${size})`, who, ...cells];
  }),
);
const text = grid(['set (pictures)', 'who', ...Object.keys(COLUMNS)], lines);
console.log(text);
for (const [set, { ours, MediaPipe }] of Object.entries(table)) {
  if (!MediaPipe?.SAD) continue;
  const better = ours.SAD.filter((v, i) => v < MediaPipe.SAD[i]).length;
  const median = (v) => v.toSorted((a, b) => a - b)[v.length >> 1].toFixed(1);
  console.log(
    `${set}: SAD below MediaPipe's on ${better} of ${ours.SAD.length}; median ${median(ours.SAD)}, theirs ${median(MediaPipe.SAD)}`,
  );
}
if (values.card) {
  const card = readFileSync(values.card, 'utf8');
  const filled = card.replace(/(<!-- heads -->\n)[^]*(\n<!-- \/heads -->)/, (_, a, b) => `${a}\n${text}\n${b}`);
  writeFileSync(values.card, filled);
}

/** A Markdown table, as Prettier writes it. */
function grid(head, rows) {
  const widths = head.map((h, c) => Math.max(3, ...[h, ...rows.map((r) => r[c])].map((v) => v.length)));
  const line = (cells) => `| ${cells.map((v, c) => v.padEnd(widths[c])).join(' | ')} |`;
  return [line(head), line(widths.map((w) => '-'.repeat(w))), ...rows.map(line)].join('\n');
}

async function grey(path, { width, height }) {
  const raw = await sharp(path).extractChannel(0).resize(width, height, { fit: 'fill' }).raw().toBuffer();
  return Float32Array.from(raw, (v) => v / 255);
}

function matteScore(alpha, truth, { width, height }) {
  const long = Math.max(width, height);
  const edges = [alpha, truth].map((plane) => outline(plane, width, height));
  const band = near(edges[1], width, height, Math.max(2, Math.round(0.02 * long)));
  let [both, either, sad, mse, bandSad, inBand] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < alpha.length; i++) {
    const [a, b] = [alpha[i] > 0.5, truth[i] > 0.5];
    both += a && b;
    either += a || b;
    const d = Math.abs(alpha[i] - truth[i]);
    sad += d;
    mse += d * d;
    if (band[i]) {
      bandSad += d;
      inBand++;
    }
  }
  return {
    IoU: either ? both / either : 1,
    SAD: sad / 1000,
    MSE: mse / alpha.length,
    band: inBand ? bandSad / inBand : 0,
    edge: f1(...edges, width, height, Math.max(1, Math.round(0.005 * long))),
  };
}

/** 1 where the next pixel, or the one below, is on the other side of 0.5. */
function outline(plane, width, height) {
  const out = new Uint8Array(plane.length);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const side = plane[i] > 0.5;
      if ((x + 1 < width && plane[i + 1] > 0.5 !== side) || (y + 1 < height && plane[i + width] > 0.5 !== side))
        out[i] = 1;
    }
  }
  return out;
}

/** 1 within r pixels (a square) of a 1. */
function near(edge, width, height, r) {
  const out = new Uint8Array(edge.length);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (!edge[i]) continue;
      for (let v = Math.max(0, y - r); v <= Math.min(height - 1, y + r); v++)
        out.fill(1, v * width + Math.max(0, x - r), v * width + Math.min(width, x + r + 1));
    }
  }
  return out;
}

function f1(a, b, width, height, r) {
  const hits = (of, by) => {
    const close = near(by, width, height, r);
    return of.reduce((s, v, i) => s + (v & close[i]), 0);
  };
  const [all, allB] = [a, b].map((e) => e.reduce((s, v) => s + v, 0));
  if (!all || !allB) return all === allB ? 1 : 0;
  const [precision, recall] = [hits(a, b) / all, hits(b, a) / allB];
  return precision + recall ? (2 * precision * recall) / (precision + recall) : 0;
}

function faceScore(boxes, mask, { width, height }) {
  const onPerson = ({ x, y, width: w, height: h }) => {
    const [u, v] = [Math.floor(x + w / 2), Math.floor(y + h / 2)];
    return mask && u >= 0 && v >= 0 && u < width && v < height && mask[v * width + u] > 0.5;
  };
  const right = boxes.filter(onPerson).length;
  return { ...(mask && { found: right > 0 ? 1 : 0 }), false: boxes.length - right };
}

function iou(a, b) {
  const w = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const h = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (w <= 0 || h <= 0) return 0;
  return (w * h) / (a.width * a.height + b.width * b.height - w * h);
}
