import { findEmbeddedDepth } from '../../src/depth/embedded.js';
import { embedGDepth } from '../../src/depth/gdepth.js';
import { parseCube } from '../../src/effects/lut.js';
import { readRecipe } from '../../src/effects/pipeline.js';
import { checkGraph, readGraph } from '../../src/hydra/graph.js';
import { checkManifest } from '../../src/hydra/manifest.js';
import { decode } from '../../src/image/decode.js';
import { parseColour } from '../../src/image/parse-colour.js';
import { profileKind } from '../../src/node/icc.js';
import { readImage } from '../../src/node/read.js';

/** Four times the input may take four times as long, and a bit; a quadratic reader would take sixteen times. */
const FACTOR = 4;
const ALLOWED = 9;
/** Below this a time says nothing, in ms. */
const NOISE_MS = 40;

const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'));
const filled = (unit: string, size: number) => unit.repeat(Math.ceil(size / unit.length)).slice(0, size);

function segment(marker: number, body: Buffer): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(body.length + 2, 2);
  return Buffer.concat([head, body]);
}

/** A JPEG whose extended XMP is that text. */
function withExtendedXmp(text: string): Uint8Array {
  const guid = 'A'.repeat(32);
  const short = `<x:xmpmeta><rdf:RDF><rdf:Description xmpNote:HasExtendedXMP="${guid}"/></rdf:RDF></x:xmpmeta>`;
  const parts = [segment(0xe1, Buffer.from(`http://ns.adobe.com/xap/1.0/\0${short}`))];
  const long = Buffer.from(text);
  for (let at = 0; at < long.length; at += 65000) {
    const head = Buffer.alloc(75);
    head.write(`http://ns.adobe.com/xmp/extension/\0${guid}`, 0, 'latin1');
    head.writeUInt32BE(long.length, 67);
    head.writeUInt32BE(at, 71);
    parts.push(segment(0xe1, Buffer.concat([head, long.subarray(at, at + 65000)])));
  }
  return new Uint8Array(Buffer.concat([Buffer.of(0xff, 0xd8), ...parts, Buffer.of(0xff, 0xd9)]));
}

/** A PNG of one pixel with a text chunk for every hundred bytes. */
function manyChunks(size: number): Uint8Array {
  const png = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==',
    'base64',
  );
  const chunk = Buffer.alloc(100);
  chunk.writeUInt32BE(88);
  chunk.write('tEXtComment\0', 4, 'latin1');
  const head = png.subarray(0, 33);
  return new Uint8Array(Buffer.concat([head, ...Array<Buffer>(Math.ceil(size / 100)).fill(chunk), png.subarray(33)]));
}

const manifest = (size: number) => ({
  ...{ id: 'x', version: '1.0.0', bytes: 1, model: 'm', kind: 'head' },
  sha256: Object.fromEntries(Array.from({ length: size / 100 }, (_, i) => [`f${i}`, '0'.repeat(64)])),
});

/** A chain of nodes: each reads the one before. */
const graph = (size: number) =>
  JSON.stringify({
    modelTopology: {
      node: Array.from({ length: size / 100 }, (_, i) => ({
        ...{ name: `n${i}`, op: i ? 'Relu' : 'Placeholder', attr: {} },
        input: i ? [`n${i - 1}`] : [],
      })),
    },
    weightsManifest: [],
  });

type Reader = (input: never) => unknown;
const PARSERS: Record<string, readonly [input: (size: number) => unknown, read: Reader, size: number]> = {
  ...Object.fromEntries(
    [
      '<rdf:Description>',
      '<rdf:li>',
      '<rdf:Seq><rdf:li>',
      '<a b="',
      '<a b="1" ',
      '<a/>',
      '</a>',
      '<!--',
      '<?',
      '<',
      '&',
    ].map((unit) => [
      `XMP: ${unit}`,
      [(n: number) => withExtendedXmp(filled(unit, n)), (b: Uint8Array) => findEmbeddedDepth(b), 4e5],
    ]),
  ),
  'XMP: a long value': [
    (n) =>
      withExtendedXmp(
        `<a GDepth:Format="RangeInverse" GDepth:Near="1" GDepth:Far="2" GDepth:Data="${filled('ab \n', n)}"/>`,
      ),
    findEmbeddedDepth,
    4e5,
  ],
  'JPEG: empty segments': [(n) => bytes(`\xff\xd8${filled('\xff\xe1\0\x02', n)}`), findEmbeddedDepth, 4e5],
  'JPEG: XMP put in': [
    (n) => bytes(`\xff\xd8${filled('\xff\xe1\0\x02', n)}`),
    (jpeg: Uint8Array) => embedGDepth(jpeg, new Uint8Array(10), () => '0'.repeat(32)),
    4e5,
  ],
  'JPEG: fill bytes': [(n) => bytes(`\xff\xd8${filled('\xff', n)}`), findEmbeddedDepth, 4e5],
  'picture: header': [
    (n) => bytes(`\xff\xd8${filled('\xff\xe1\0\x02', n)}`),
    (b: Uint8Array) => decode(b, { decoder: async () => ({ width: 1, height: 1, data: new Uint8Array(4) }) }),
    4e5,
  ],
  'PNG: chunks': [manyChunks, readImage, 4e5],
  '.cube: entries': [
    (n) => `LUT_1D_SIZE ${Math.min(65536, Math.floor(n / 6))}\n${filled('0 0 0\n', n)}`,
    parseCube,
    6e4,
  ],
  '.cube: one line': [(n) => filled('0 ', n), parseCube, 3e6],
  '.cube: comments': [(n) => filled('#\n', n), parseCube, 4e5],
  '.cube: blanks': [(n) => `TITLE "${filled(' ', n)}`, parseCube, 3e6],
  // Larger ones wait for the collector of garbage, which is not linear.
  'recipe: nesting': [(n) => filled('[', n), readRecipe, 1e5],
  'recipe: keys': [(n) => `{"version":1,"steps":[{"op":"haze",${filled('"a":1,', n)}"b":1}]}`, readRecipe, 3e5],
  'recipe: points': [
    (n) => `[{"op":"strokes","strokes":[{"kind":"nearer","points":[${filled('{"x":1,"y":1},', n).slice(0, -1)}]}]}]`,
    readRecipe,
    2.8e5,
  ],
  'module.json: files': [manifest, checkManifest as Reader, 3e5],
  'model.json: nodes': [
    graph,
    (text: string) => {
      const m = { id: 'x', kind: 'network', input: 'n0', outputs: { a: 'n1' }, preprocess: {} } as never;
      checkGraph(m, readGraph(m, bytes(text)));
    },
    3e5,
  ],
  'ICC profile': [(n) => new Uint8Array(n).fill(1), profileKind, 4e5],
  colour: [(n) => `rgb(${filled(' ', n)}`, parseColour, 4e5],
};

test.each(Object.keys(PARSERS))('%s: four times the input takes about four times as long', async (name) => {
  const [make, read, size] = PARSERS[name]!;
  const times: number[] = [];
  for (const n of [size, FACTOR * size]) {
    const input = make(n) as never;
    let best = Infinity;
    for (let i = 0; i < 3; i++) {
      const start = process.cpuUsage();
      try {
        await read(input);
      } catch (error) {
        expect(error).toMatchObject({ name: 'RelievoError' });
      }
      const { user, system } = process.cpuUsage(start);
      best = Math.min(best, (user + system) / 1000);
    }
    times.push(best);
  }
  expect(times[1]!).toBeLessThan(ALLOWED * times[0]! + NOISE_MS);
});
