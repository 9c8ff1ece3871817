/** Good values to call with, and bad ones, by the kind of thing that a parameter takes. */

export const WIDTH = 16;
export const HEIGHT = 12;
const PIXELS = WIDTH * HEIGHT;

/** What a callback of the caller's throws: it comes back as it is. */
export const OWN = new Error("the caller's own");

const rgba = (n = PIXELS * 4) => Uint8ClampedArray.from({ length: n }, (_, i) => (i % 4 === 3 ? 255 : (i * 37) % 256));
const ramp = (n = PIXELS) => Float32Array.from({ length: n }, (_, i) => (i % WIDTH) / WIDTH);

export const image = () => ({ width: WIDTH, height: HEIGHT, data: rgba(), colorSpace: 'srgb' });
export const plane = () => ({ width: WIDTH, height: HEIGHT, data: ramp() });
export const face = () => ({
  box: { x: 4, y: 3, width: 6, height: 6 },
  points: Array.from({ length: 5 }, (_, i) => ({ x: 5 + i, y: 6 })),
  confidence: 0.9,
});
export const mesh = () => ({
  positions: Float32Array.of(0, 0, -1, 1, 0, -1, 0, 1, -1),
  uvs: Float32Array.of(0, 0, 1, 0, 0, 1),
  colours: new Float32Array(9).fill(0.5),
  indices: Uint32Array.of(0, 1, 2),
});
export const lut = () => ({
  ...{ dimensions: 1, size: 2, data: Float32Array.of(0, 0, 0, 1, 1, 1) },
  ...{ domainMin: [0, 0, 0], domainMax: [1, 1, 1] },
});

/** Another value each time it is read: a check that reads twice checks another one than it uses. */
function changing(of, key, later) {
  let reads = 0;
  const first = of[key];
  return Object.defineProperty(of, key, { enumerable: true, get: () => (reads++ ? later : first) });
}
const throwing = (of, key) =>
  Object.defineProperty(of, key, {
    enumerable: true,
    get() {
      throw OWN;
    },
  });
/** Properties on the prototype, as the DOM's own classes have them. */
const likeDom = (of) => Object.create({ ...of });
const closed = () =>
  new Proxy(
    {},
    {
      get() {
        throw OWN;
      },
      ownKeys() {
        throw OWN;
      },
      has() {
        throw OWN;
      },
      getOwnPropertyDescriptor() {
        throw OWN;
      },
    },
  );
const detached = (array) => (structuredClone(array.buffer, { transfer: [array.buffer] }), array);
const shared = (array) => {
  const copy = new array.constructor(new SharedArrayBuffer(array.byteLength));
  copy.set(array);
  return copy;
};

/** Nothing that takes a particular thing takes these. */
const JUNK = {
  null: () => null,
  'a number': () => 0.25,
  'a text': () => 'x',
  true: () => true,
  'a symbol': () => Symbol('x'),
  'a bigint': () => 1n,
  'a list': () => [],
  'a function': () => () => {},
};
const without = (junk, ...names) => Object.fromEntries(Object.entries(junk).filter(([k]) => !names.includes(k)));
const refuse = (values) => Object.entries(values).map(([name, make]) => ({ name, make, expect: 'refuse' }));
const any = (values) => Object.entries(values).map(([name, make]) => ({ name, make, expect: 'any' }));
const same = (values) => Object.entries(values).map(([name, make]) => ({ name, make, expect: 'same' }));

const SIDES = [0, -1, 0.5, 2.5, 1e-9, NaN, Infinity, '16', 2 ** 31, 1e9, null, true, [16]];

/** Things with sides and data. */
function rasters(make, types, right) {
  const sides = SIDES.flatMap((v) =>
    ['width', 'height'].map((side) => [`${side} ${typeof v} ${v}`, () => ({ ...make(), [side]: v })]),
  );
  const length = make().data.length;
  // As many values as the sides ask for, by a side that is no whole number.
  const halves = [0.5, 2.5].map((v) => {
    const data = new right((length / WIDTH) * v);
    return [`width ${v} with fitting data`, () => ({ ...make(), width: v, data })];
  });
  const typed = types.map((T) => [
    `data ${T.name}`,
    () => ({ ...make(), data: T === Array ? Array.from(make().data) : new T(length) }),
  ]);
  return [
    ...refuse({
      ...{ undefined: () => undefined, 'an empty object': () => ({}), ...JUNK },
      ...Object.fromEntries([...sides, ...halves, ...typed]),
      'data null': () => ({ ...make(), data: null }),
      'data too short': () => ({ ...make(), data: make().data.slice(1) }),
      'data too long': () => ({ ...make(), data: new right(length + 4) }),
      'data an ArrayBuffer': () => ({ ...make(), data: make().data.buffer }),
      'data a DataView': () => ({ ...make(), data: new DataView(make().data.buffer) }),
      'data a proxy': () => ({ ...make(), data: new Proxy(make().data, {}) }),
      'data like an array': () => ({ ...make(), data: { length, 0: 0 } }),
      'data detached': () => ({ ...make(), data: detached(make().data) }),
      'a closed proxy': closed,
      'a throwing getter': () => throwing(make(), 'data'),
    }),
    ...any({
      'a width that grows': () => changing(make(), 'width', 1e9),
      'a width that breaks': () => changing(make(), 'width', 2.5),
      'data that shrinks': () => changing(make(), 'data', new right(4)),
      'data that is gone': () => changing(make(), 'data', null),
      '1 × 1': () => ({ ...make(), width: 1, height: 1, data: make().data.slice(0, length / PIXELS) }),
      'a thin one': () => ({ ...make(), width: 1, height: PIXELS }),
    }),
    ...same({
      frozen: () => Object.freeze(make()),
      'without a prototype': () => Object.assign(Object.create(null), make()),
      'an object of a class': () => likeDom(make()),
      'with more in it': () => ({ ...make(), more: 1, __proto__: null }),
      'a view with an offset': () => {
        const whole = new right(length + 8);
        whole.set(make().data, 4);
        return { ...make(), data: whole.subarray(4, 4 + length) };
      },
      'shared memory': () => ({ ...make(), data: shared(make().data) }),
    }),
  ];
}

const WRONG_PIXELS = [Float32Array, Float64Array, BigUint64Array, Int8Array, Uint16Array, Uint32Array, Array];
const WRONG_PLANES = [Float64Array, Uint8Array, Uint8ClampedArray, BigInt64Array, Int32Array, Array];
const planes = [
  ...rasters(plane, WRONG_PLANES, Float32Array),
  ...refuse(
    Object.fromEntries(
      [NaN, -0.1, 1.5, Infinity, -Infinity].map((v) => [
        `holds ${v}`,
        () => ({ ...plane(), data: ramp().fill(v, 77, 78) }),
      ]),
    ),
  ),
];
const numbers = [
  ...refuse({
    ...without(JUNK, 'a number'),
    NaN: () => NaN,
    'a numeral': () => '1',
    'an object': () => ({ valueOf: () => 1 }),
  }),
  ...any(
    Object.fromEntries(
      [0, -0, -1, 0.5, 1, 2.5, 1e-320, 1e9, 2 ** 53, 1e308, -1e308, Infinity, -Infinity].map((v) => [
        `${Object.is(v, -0) ? '-0' : v}`,
        () => v,
      ]),
    ),
  ),
];
const WORDS = [
  '',
  ' ',
  'nope',
  '__proto__',
  'constructor',
  'toString',
  '\0',
  '../../x',
  '💡',
  '%',
  'NaN',
  'x'.repeat(1e5),
];
const words = Object.fromEntries(WORDS.map((w) => [w.length > 20 ? 'a long text' : JSON.stringify(w), () => w]));
const lists = [
  ...refuse({
    ...without(JUNK, 'a list'),
    'an object': () => ({}),
    'like a list': () => ({ length: 1e9 }),
    'of null': () => [null],
    'of numbers': () => [5],
    'of a hole': () => new Array(3),
    'of symbols': () => [Symbol('x')],
    'of lists': () => [[[]]],
  }),
  ...any({ empty: () => [], 'of an object': () => [{}], long: () => new Array(1e5).fill({}) }),
];

/** Bad values by kind. `refuse`: a RelievoError; `same`: what the good value gives; `any`: a right result or a RelievoError. */
export const BAD = {
  image: [
    ...rasters(image, WRONG_PIXELS, Uint8ClampedArray),
    ...refuse({
      'colour space adobe-rgb': () => ({ ...image(), colorSpace: 'adobe-rgb' }),
      'colour space 5': () => ({ ...image(), colorSpace: 5 }),
      'colour space null': () => ({ ...image(), colorSpace: null }),
      'colour space __proto__': () => ({ ...image(), colorSpace: '__proto__' }),
    }),
    ...any({
      'display-p3': () => ({ ...image(), colorSpace: 'display-p3' }),
      'a colour space that changes': () => changing(image(), 'colorSpace', 'nope'),
      transparent: () => ({ ...image(), data: rgba().fill(0) }),
    }),
    ...same({
      'bytes not clamped': () => ({ ...image(), data: Uint8Array.from(rgba()) }),
      'a Buffer': () => ({ ...image(), data: Buffer.from(rgba()) }),
      'no colour space': () => ({ ...image(), colorSpace: undefined }),
    }),
  ],
  photo: refuse({
    undefined: () => undefined,
    ...JUNK,
    'pixels that were not opened': image,
    'a closed proxy': closed,
  }),
  depth: planes,
  matte: planes,
  faces: [
    ...refuse({
      ...without(JUNK, 'a list'),
      'an object': () => ({}),
      'of null': () => [null],
      'of numbers': () => [5],
      'of empty objects': () => [{}],
      'without a box': () => [{ ...face(), box: null }],
      'box NaN': () => [{ ...face(), box: { ...face().box, x: NaN } }],
      'box Infinity': () => [{ ...face(), box: { ...face().box, width: Infinity } }],
      'box of texts': () => [{ ...face(), box: { x: '4', y: '3', width: '6', height: '6' } }],
      'like a list': () => ({ length: 1e9 }),
    }),
    ...any({
      empty: () => [],
      'far away': () => [{ ...face(), box: { x: 1e9, y: -1e9, width: 6, height: 6 } }],
      huge: () => [{ ...face(), box: { x: -1e15, y: -1e15, width: 2e15, height: 2e15 } }],
      'of no size': () => [{ ...face(), box: { x: 4, y: 3, width: 0, height: 0 } }],
      'inside out': () => [{ ...face(), box: { x: 4, y: 3, width: -6, height: -6 } }],
      'a box that grows': () => [changing(face(), 'box', { x: 0, y: 0, width: NaN, height: 1 })],
      many: () => new Array(1e4).fill(face()),
    }),
  ],
  signal: [
    ...refuse({
      ...JUNK,
      'an AbortController': () => new AbortController(),
      'an object': () => ({}),
      'half of one': () => ({ aborted: false }),
    }),
    { name: 'aborted', make: () => AbortSignal.abort(OWN), expect: 'own' },
  ],
  function: [
    ...refuse({ ...without(JUNK, 'a function'), 'an object': () => ({}) }),
    ...any({
      throws: () => () => {
        throw OWN;
      },
      'answers null': () => () => null,
      'answers junk': () => () => ({ width: 2.5, height: -1, data: 'x' }),
    }),
  ],
  hydra: refuse({ ...JUNK, 'an object': () => ({}), 'a closed proxy': closed }),
  features: refuse({ ...JUNK, 'an object': () => ({}) }),
  bytes: [
    ...refuse({
      undefined: () => undefined,
      ...JUNK,
      'an object': () => ({}),
      'a DataView': () => new DataView(new ArrayBuffer(64)),
      floats: () => new Float32Array(64),
      detached: () => detached(new Uint8Array(64)),
    }),
    ...any({
      empty: () => new Uint8Array(0),
      zeros: () => new Uint8Array(1000),
      'a JPEG marker': () => Uint8Array.of(0xff, 0xd8, 0xff, 0xe1, 0xff),
      'a PNG head': () => Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10),
      markers: () => new Uint8Array(1e5).fill(0xff),
      svg: () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
      html: () => Buffer.from('<!DOCTYPE html><p>x'),
    }),
  ],
  pixels: refuse({
    ...JUNK,
    floats: () => ramp(PIXELS * 4),
    short: () => rgba(8),
    'an ArrayBuffer': () => rgba().buffer,
  }),
  floats: refuse({
    undefined: () => undefined,
    ...JUNK,
    doubles: () => new Float64Array(PIXELS),
    short: () => ramp(7),
    NaN: () => ramp().fill(NaN),
  }),
  mesh: refuse({
    ...{ undefined: () => undefined, ...JUNK, 'an object': () => ({}), 'a closed proxy': closed },
    'without positions': () => ({ ...mesh(), positions: null }),
    'a short position': () => ({ ...mesh(), positions: Float32Array.of(0, 0) }),
    'positions of doubles': () => ({ ...mesh(), positions: new Float64Array(9) }),
    'positions NaN': () => ({ ...mesh(), positions: new Float32Array(9).fill(NaN) }),
    'few colours': () => ({ ...mesh(), colours: new Float32Array(3) }),
    'colours NaN': () => ({ ...mesh(), colours: new Float32Array(9).fill(NaN) }),
    'an index beyond': () => ({ ...mesh(), indices: Uint32Array.of(0, 1, 3) }),
    'half a triangle': () => ({ ...mesh(), indices: Uint32Array.of(0, 1) }),
    'indices of floats': () => ({ ...mesh(), indices: Float32Array.of(0, 1, 2) }),
  }),
  lut: refuse({
    ...{ ...JUNK, 'an object': () => ({}), 'a closed proxy': closed },
    'size 2.5': () => ({ ...lut(), size: 2.5 }),
    'size 1e9': () => ({ ...lut(), size: 1e9 }),
    'four dimensions': () => ({ ...lut(), dimensions: 4 }),
    'short data': () => ({ ...lut(), data: Float32Array.of(0) }),
    'data NaN': () => ({ ...lut(), data: new Float32Array(6).fill(NaN) }),
    'a plain list': () => ({ ...lut(), data: [0, 0, 0, 1, 1, 1] }),
    'no domain': () => ({ ...lut(), domainMin: null }),
    'an empty domain': () => ({ ...lut(), domainMin: [1, 1, 1] }),
  }),
  recipe: [
    ...refuse({
      ...{ undefined: () => undefined, ...without(JUNK, 'a list') },
      'half JSON': () => '{"version":1,"steps":[',
      'another version': () => ({ version: 99, steps: [] }),
      'no steps': () => ({ version: 1 }),
      'steps like a list': () => ({ version: 1, steps: { length: 1 } }),
      'of null': () => [null],
      'an unknown step': () => [{ op: 'nope' }],
      'a step of the prototype': () => [{ op: '__proto__' }],
      'an unknown option': () => [{ op: 'haze', nope: 1 }],
      'an option of the prototype': () => [JSON.parse('{"op":"haze","__proto__":{"amount":1}}')],
      'too many': () => new Array(1e5).fill({ op: 'haze' }),
      'nested deeply': () => '['.repeat(1e5),
      'a closed proxy': closed,
      'a closed step': () => [closed()],
    }),
    ...any({
      'an empty list': () => [],
      'a getter that changes': () => [changing({ op: 'haze', amount: 0.5 }, 'amount', 1e9)],
    }),
  ],
  focus: [
    ...refuse({
      ...without(JUNK, 'a number'),
      ...{
        'an object': () => ({}),
        NaN: () => NaN,
        '-1': () => -1,
        1.5: () => 1.5,
        'three numbers': () => [0, 0.5, 1],
      },
      ...{ 'x alone': () => ({ x: 1 }), 'x NaN': () => ({ x: NaN, y: 1 }), outside: () => ({ x: 1e9, y: 1 }) },
      ...{ 'face null': () => ({ face: null }), 'near null': () => ({ near: null, far: 1 }), 'a closed proxy': closed },
    }),
    ...any({ 'a range': () => [0.2, 0.4], 'a changing x': () => changing({ x: 1, y: 1 }, 'x', NaN) }),
  ],
  background: refuse({
    ...{ ...JUNK, 'an empty object': () => ({}), 'a closed proxy': closed },
    ...{
      'no colour': () => ({ colour: 'nope' }),
      'colour null': () => ({ colour: null }),
      'blur NaN': () => ({ blur: NaN }),
    },
    ...{
      'blur null': () => ({ blur: null }),
      'image null': () => ({ image: null }),
      'gradient null': () => ({ gradient: null }),
    },
    ...{ 'gradient empty': () => ({ gradient: {} }), 'two at once': () => ({ colour: 'red', blur: 0.1 }) },
  }),
  region: refuse({
    ...{ ...JUNK, 'an empty object': () => ({}), outside: () => ({ x: 100, y: 0, width: 4, height: 4 }) },
    ...{ halves: () => ({ x: 0.5, y: 0, width: 4, height: 4 }), empty: () => ({ x: 0, y: 0, width: 0, height: 4 }) },
    ...{ NaN: () => ({ x: NaN, y: 0, width: 4, height: 4 }), huge: () => ({ x: 0, y: 0, width: 1e9, height: 1e9 }) },
  }),
  location: [
    ...refuse({
      ...{ undefined: () => undefined, ...without(JUNK, 'a text', 'a function'), 'an object': () => ({}) },
      ...{ 'a folder': () => './no-such-folder', 'an empty text': () => '', 'a wrong scheme': () => 'javascript:0' },
      ...{ 'no folder there': () => new URL('file:///no/such/folder/'), 'answers null': () => () => null },
    }),
    {
      name: 'throws',
      expect: 'own',
      make: () => () => {
        throw OWN;
      },
    },
  ],
  address: refuse({
    ...without(JUNK, 'a text'),
    ...{
      'a path': () => '/no-such-folder',
      'a folder': () => './x',
      'an empty text': () => '',
      'a wrong scheme': () => 'javascript:0',
    },
  }),
  operator: refuse({
    ...{ undefined: () => undefined, ...JUNK, 'an empty object': () => ({}), 'a closed proxy': closed },
    ...{
      'no name': () => ({ kind: 'point', options: {}, plan() {} }),
      'no plan': () => ({ name: 'x', kind: 'point', options: {} }),
    },
    'a name of ours': () => ({ name: 'bokeh', kind: 'point', options: {}, plan() {} }),
  }),
  backend: refuse({
    ...JUNK,
    nope: () => 'nope',
    'of nope': () => ['nope'],
    'of null': () => [null],
    'of the prototype': () => ['constructor'],
  }),
  canvas: refuse({
    ...JUNK,
    'an object': () => ({}),
    'no context': () => ({ width: 1, height: 1, getContext: () => null }),
  }),
  frames: [
    ...refuse({
      ...{ undefined: () => undefined, ...without(JUNK, 'a text'), 'an object': () => ({}), empty: () => [] },
      ...{ 'of null': () => [null], 'of two sizes': () => [image(), { width: 1, height: 1, data: rgba(4) }] },
      'of images with half a pixel': () => [{ ...image(), width: 2.5 }],
      'of floats': () => [{ ...image(), data: new Float32Array(PIXELS * 4) }],
    }),
    {
      name: 'throws',
      expect: 'own',
      make: () =>
        (function* () {
          yield image();
          throw OWN;
        })(),
    },
  ],
  number: numbers,
  text: [...refuse({ ...without(JUNK, 'a text'), 'an object': () => ({ toString: () => 'x' }) }), ...any(words)],
  flag: refuse({ ...without(JUNK, 'true'), 'an object': () => ({}), 'the text true': () => 'true', 0: () => 0 }),
  choice: refuse({ ...JUNK, 'an object': () => ({ toString: () => 'grey' }), ...words }),
  list: lists,
  things: lists,
  texts: lists,
  thing: any(JUNK),
  object: [
    ...refuse({
      ...JUNK,
      'an unknown name': (good) => ({ ...good, hidra: 1 }),
      'a name of the prototype': (good) => ({ ...good, ...JSON.parse('{"__proto__":{"x":1}}'), constructor: 1 }),
      'a closed proxy': closed,
    }),
    ...same({
      'without a prototype': (good) => Object.assign(Object.create(null), good),
      frozen: (good) => Object.freeze({ ...good }),
    }),
  ],
};
