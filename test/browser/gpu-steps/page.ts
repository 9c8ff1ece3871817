import {
  createGpu,
  createPreview,
  isRelievoError,
  pipeline,
  type DepthMap,
  type Gpu,
  type GpuOptions,
  type GpuTransfers,
  type ImageDataLike,
  type PreviewCost,
  type Step,
} from '../../../src/index.js';
import glow from '../../../examples/own-operator/glow.mjs';
import { registerOperator } from '../../../src/effects/index.js';
import { paint } from '../../effects/helpers.js';
import { cubeText } from '../../helpers/cube.mjs';
import { difference, type Difference } from '../difference.js';
import { SCENES } from '../gpu/scenes.js';

export interface Compared extends Difference {
  readonly transfers: GpuTransfers;
  readonly stored: Gpu['stored'];
  /** Largest difference of the depths after the steps. */
  readonly depth: number;
  /** False: some pixel of the result is not as opaque as that of the CPU. */
  readonly size: readonly [width: number, height: number];
}

/** What is taken away from WebGL before a context is made. */
export type Refusal = 'context' | 'floats' | 'all floats' | 'large textures' | 'memory once' | 'memory';
export type Loss = 'before' | 'midway' | 'twice' | 'canvas comes back' | 'canvas stays away';

export interface Previewed extends Difference {
  readonly cost: PreviewCost;
  readonly shown: Difference;
}

registerOperator(glow);
// Without a twin for the GPU: a step that the CPU does between others.
registerOperator({
  ...glow,
  name: 'cpu-glow',
  plan: async (options, frame, task) => {
    const { kernel } = (await glow.plan(options, frame, task))!;
    return { kernel };
  },
});

declare global {
  interface Window {
    /** The portrait and its depth; pixels as base64. */
    setPortrait(pixels: string, disparities: string, width: number, height: number): void;
    compareSteps(scene: string, steps: readonly Step[], options?: GpuOptions & { matte?: boolean }): Promise<Compared>;
    refuseSteps(what: Refusal, steps: readonly Step[]): Promise<Compared | string>;
    loseSteps(how: Loss, steps: readonly Step[]): Promise<Difference | string>;
    /** Textures, framebuffers, programs and buffers alive after runs of recipes, and after dispose. */
    resourcesOfSteps(): Promise<number[]>;
    /** Recipes shown one after the other: each against the CPU, against what the canvas shows, and what it took. */
    previewed(recipes: readonly (readonly Step[])[], matted?: boolean): Promise<Previewed[]>;
    /** What a preview does with several calls at once, a lost context, misuse, and its textures. */
    previewLife(): Promise<{
      superseded: boolean[];
      afterLoss: Difference;
      codes: string[];
      alive: readonly [before: number, after: number];
    }>;
    /** A photo shown at a quarter of its pixels, with a point of focus: against the CPU at that size. */
    previewSmall(): Promise<Difference & { readonly size: readonly [number, number] }>;
    /** Codes of what misuse and aborts end with. */
    misuseOfSteps(): Promise<string[]>;
  }
}

interface Scene {
  readonly image: ImageDataLike;
  readonly depth: DepthMap;
}

let portrait: Scene | undefined;
const bytesOf = (text: string) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

window.setPortrait = (pixels, disparities, width, height) => {
  const data = new Uint8ClampedArray(bytesOf(pixels).buffer);
  portrait = {
    image: new ImageData(data, width, height),
    depth: { width, height, data: new Float32Array(bytesOf(disparities).buffer) },
  };
};

const sceneOf = (name: string): Scene => (name === 'portrait' ? portrait! : SCENES[name]!());

/** A cube whose channels change places, so that every tetrahedron is read. */
function twisted(n: number): string {
  const entry = (i: number) => {
    const [r, g, b] = [i % n, Math.floor(i / n) % n, Math.floor(i / n / n)].map((v) => v / (n - 1)) as [
      number,
      number,
      number,
    ];
    return [g * g, 1 - b, 0.5 * r + 0.5 * g * b].map((v) => v.toFixed(6)).join(' ');
  };
  return `LUT_3D_SIZE ${n}\n${Array.from({ length: n ** 3 }, (_, i) => entry(i)).join('\n')}`;
}

const sticker = paint(160, 120, (x, y) => {
  const r = Math.hypot(x / 80 - 1, y / 60 - 1);
  const share = Math.min(1, Math.max(0, (1 - r) * 12));
  return [60 + x, 200 - y, (x >> 3) % 2 ? 230 : 40, Math.round(255 * share)];
});
/** Nearest in the middle. */
const dome = paint(
  40,
  30,
  (x, y) => Array(3).fill(Math.round(255 * Math.max(0, 1 - Math.hypot(x / 20 - 1, y / 15 - 1)))) as never,
);

const resources = {
  sticker,
  dome,
  faded: cubeText(),
  twisted: twisted(17),
  curve: 'LUT_1D_SIZE 3\n0 0 0\n0.6 0.5 0.4\n1 1 1\n',
};

/** A subject with a soft edge. */
const matteOf = ({ width, height, data }: DepthMap) => ({
  ...{ width, height },
  data: data.map((d) => Math.min(1, Math.max(0, (d - 0.45) * 6))),
});

async function runBoth(scene: Scene, steps: readonly Step[], gpu: Gpu, matted = false): Promise<Compared> {
  const matte = matted ? matteOf(scene.depth) : undefined;
  const edit = pipeline(steps);
  const cpu = await edit.run(scene.image, scene.depth, { resources, matte });
  const before = gpu.transfers;
  const got = await edit.run(scene.image, scene.depth, { resources, matte, gpu });
  const after = gpu.transfers;
  let depth = 0;
  cpu.depth.data.forEach((d, i) => (depth = Math.max(depth, Math.abs(d - got.depth.data[i]!))));
  if (got.image.colorSpace !== cpu.image.colorSpace) throw new Error(`colour space ${got.image.colorSpace}`);
  return {
    ...difference(cpu.image.data, got.image.data),
    depth,
    stored: gpu.stored,
    size: [got.image.width, got.image.height],
    transfers: { uploads: after.uploads - before.uploads, readBacks: after.readBacks - before.readBacks },
  };
}

window.compareSteps = async (name, steps, { matte, ...options } = {}) => {
  const gpu = await createGpu(options);
  try {
    return await runBoth(sceneOf(name), steps, gpu, matte);
  } finally {
    gpu.close();
  }
};

async function codeOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return 'no error';
  } catch (error) {
    return isRelievoError(error) ? error.code : String(error);
  }
}

window.refuseSteps = async (what, steps) => {
  const canvas = document.createElement('canvas');
  if (what === 'context') canvas.getContext = () => null;
  else {
    const gl = canvas.getContext('webgl2')!;
    const extension = gl.getExtension.bind(gl) as (name: string) => unknown;
    const parameter = gl.getParameter.bind(gl);
    const error = gl.getError.bind(gl);
    if (what === 'floats' || what === 'all floats') {
      const hidden = what === 'floats' ? /color_buffer_float|float_blend/ : /float/;
      gl.getExtension = (name: string) => (hidden.test(name) ? null : (extension(name) as never));
    }
    if (what === 'large textures')
      gl.getParameter = (name) => (name === gl.MAX_TEXTURE_SIZE ? 256 : (parameter(name) as unknown));
    let failures = what === 'memory once' ? 1 : what === 'memory' ? Infinity : 0;
    gl.getError = () => (failures-- > 0 ? gl.OUT_OF_MEMORY : error());
  }
  let compared: Compared | undefined;
  const code = await codeOf(async () => {
    const gpu = await createGpu({ canvas });
    // With a matte: where colours judge what hides a sticker, half a code decides single pixels of its depth.
    compared = await runBoth(sceneOf('portrait'), steps, gpu, true);
    gpu.close();
  });
  return compared ?? code;
};

window.loseSteps = async (how, steps) => {
  const { image, depth } = sceneOf('portrait');
  const edit = pipeline(steps);
  const canvas = document.createElement('canvas');
  const own = !how.startsWith('canvas');
  // A canvas of the context's own is made by this constructor.
  const made: OffscreenCanvas[] = [];
  const Original = OffscreenCanvas;
  globalThis.OffscreenCanvas = class extends Original {
    constructor(width: number, height: number) {
      super(width, height);
      made.push(this);
    }
  };
  try {
    const gpu = await createGpu(own ? {} : { canvas });
    const expected = (await edit.run(image, depth, { resources, gpu })).image.data;
    const sabotage = (target: HTMLCanvasElement | OffscreenCanvas, after: number) => {
      const gl = target.getContext('webgl2') as WebGL2RenderingContext;
      const lose = gl.getExtension('WEBGL_lose_context')!;
      if (after === 0) return lose.loseContext();
      const draw = gl.drawArraysInstanced.bind(gl);
      let left = after;
      gl.drawArraysInstanced = (...a) => {
        if (left-- === 0) {
          lose.loseContext();
          if (how === 'canvas comes back') setTimeout(() => lose.restoreContext(), 200);
        }
        draw(...a);
      };
    };
    sabotage(own ? made.at(-1)! : canvas, how === 'before' ? 0 : 2);
    if (how === 'twice') {
      // The next context is lost as well, before its first picture is read.
      const context = Original.prototype.getContext;
      let armed = false;
      Original.prototype.getContext = function (this: OffscreenCanvas, ...a: unknown[]) {
        const gl = (context as (...a: unknown[]) => unknown).apply(this, a);
        if (!armed && a[0] === 'webgl2' && made.at(-1) === this) {
          armed = true;
          setTimeout(() => (gl as WebGL2RenderingContext).getExtension('WEBGL_lose_context')!.loseContext());
        }
        return gl;
      } as never;
      try {
        return await codeOf(() => edit.run(image, depth, { resources, gpu }));
      } finally {
        Original.prototype.getContext = context;
      }
    }
    const got = (await edit.run(image, depth, { resources, gpu })).image.data;
    gpu.close();
    return difference(expected, got);
  } catch (error) {
    return isRelievoError(error) ? error.code : String(error);
  } finally {
    globalThis.OffscreenCanvas = Original;
  }
};

const EVERYTHING: readonly Step[] = [
  { op: 'bokeh', focus: 0.8, aperture: 0.04 },
  { op: 'grade', background: { exposure: -0.5, contrast: 0.3 }, foreground: { vibrance: 0.4 } },
  { op: 'relight' },
  { op: 'vignette' },
  { op: 'background', background: { gradient: { from: 'navy', to: 'white' } } },
  { op: 'sticker', text: { text: 'HELLO' }, at: { x: 90, y: 60 }, disparity: 'behind-subject', shadow: true },
  {
    op: 'stickers',
    stickers: [1, 2].map((k) => ({ text: { text: 'A' }, at: { x: 50 * k, y: 60 }, disparity: k / 3 })),
  },
  { op: 'peaking' },
];

window.resourcesOfSteps = async () => {
  const { image, depth } = SCENES['people']!();
  const canvas = document.createElement('canvas');
  const gl = canvas.getContext('webgl2')!;
  let alive = 0;
  for (const kind of ['Texture', 'Framebuffer', 'Program', 'Buffer'] as const) {
    const create = gl[`create${kind}`].bind(gl) as () => never;
    const remove = gl[`delete${kind}`].bind(gl) as (object: never) => void;
    gl[`create${kind}`] = () => (alive++, create());
    gl[`delete${kind}`] = (object: unknown) => (alive--, remove(object as never));
  }
  const gpu = await createGpu({ canvas });
  const counts: number[] = [];
  for (let round = 0; round < 3; round++) {
    await pipeline(EVERYTHING).run(image, depth, { gpu });
    const stop = new AbortController();
    const run = pipeline(EVERYTHING).run(image, depth, {
      gpu,
      signal: stop.signal,
      onProgress: (p) => p > 0.3 && stop.abort(),
    });
    await run.catch(() => {});
    counts.push(alive);
  }
  gpu.close();
  return [...counts, alive];
};

window.misuseOfSteps = async () => {
  const { image, depth } = SCENES['people']!();
  const gpu = await createGpu();
  const run = (steps: readonly Step[], signal?: AbortSignal) => pipeline(steps).run(image, depth, { gpu, signal });
  const codes = [
    await codeOf(() => createGpu({ maxPixels: 3 })),
    await codeOf(() => createGpu({ pixels: 3 } as GpuOptions)),
    await codeOf(() => run([{ op: 'bokeh', focus: { x: 1e4, y: 0 } }])),
    await codeOf(() => run(EVERYTHING, AbortSignal.abort())),
  ];
  // Two at once take turns.
  const [a, b] = await Promise.all([run(EVERYTHING), run(EVERYTHING)]);
  codes.push(difference(a.image.data, b.image.data).worst === 0 ? 'same' : 'other');
  gpu.close();
  return [...codes, await codeOf(() => run(EVERYTHING))];
};

const pixelsOf = (canvas: HTMLCanvasElement | OffscreenCanvas) => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height);
  const context = copy.getContext('2d')!;
  context.drawImage(canvas, 0, 0);
  return context.getImageData(0, 0, copy.width, copy.height).data;
};

window.previewed = async (recipes, matted = false) => {
  const { image, depth } = sceneOf('portrait');
  const matte = matted ? matteOf(depth) : undefined;
  const canvas = document.createElement('canvas');
  const preview = await createPreview({ canvas });
  await preview.setPhoto(image, depth, { matte });
  const out: Previewed[] = [];
  for (const steps of recipes) {
    await preview.render(steps, { resources });
    const { cost } = preview;
    const shown = pixelsOf(canvas);
    const gpu = await preview.toImage(steps, { resources });
    const cpu = (await pipeline(steps).run(image, depth, { resources, matte })).image;
    out.push({ ...difference(cpu.data, gpu.data), cost, shown: difference(shown, gpu.data) });
  }
  preview.close();
  return out;
};

window.previewLife = async () => {
  const { image, depth } = SCENES['people']!();
  const canvas = document.createElement('canvas');
  const gl = canvas.getContext('webgl2')!;
  let alive = 0;
  for (const kind of ['Texture', 'Framebuffer'] as const) {
    const create = gl[`create${kind}`].bind(gl) as () => never;
    const remove = gl[`delete${kind}`].bind(gl) as (object: never) => void;
    gl[`create${kind}`] = () => (alive++, create());
    gl[`delete${kind}`] = (object: unknown) => (alive--, remove(object as never));
  }
  const preview = await createPreview({ canvas });
  const codes = [await codeOf(() => preview.render([]))];
  await preview.setPhoto(image, depth);
  const exposed = (exposure: number): Step[] => [
    { op: 'bokeh', focus: 0.8 },
    { op: 'grade', background: { exposure } },
    { op: 'vignette' },
  ];
  const superseded = await Promise.all([-1, -2, -3, -0.5].map((e) => preview.render(exposed(e))));
  const round = async () => {
    for (const e of [0.1, 0.2, 0.3]) await preview.render(exposed(e));
    await preview.render([{ op: 'visualise' }]);
    await preview.render(EVERYTHING);
    await preview.render(exposed(-0.5));
    return alive;
  };
  const before = await round();
  const after = await round();
  const picture = pixelsOf(canvas);
  const extension = gl.getExtension('WEBGL_lose_context')!;
  extension.loseContext();
  setTimeout(() => extension.restoreContext(), 200);
  await preview.render(exposed(-0.5));
  const afterLoss = difference(picture, pixelsOf(canvas));
  codes.push(await codeOf(() => preview.render([{ op: 'haze', amount: 3 } as Step])));
  codes.push(await codeOf(() => preview.render([{ op: 'haze' }], { signal: AbortSignal.abort() })));
  await preview.render(exposed(-0.5));
  preview.close();
  codes.push(await codeOf(() => preview.render([])), await codeOf(() => preview.setPhoto(image, depth)));
  return { superseded, afterLoss, codes, alive: [before, after] };
};

window.previewSmall = async () => {
  const { image, depth } = sceneOf('portrait');
  const preview = await createPreview({ maxPixels: (image.width * image.height) / 4 });
  await preview.setPhoto(image, depth);
  const small = await preview.toImage([]);
  const focus = { x: 230, y: 130 };
  const gpu = await preview.toImage([{ op: 'bokeh', focus, aperture: 0.04 }, { op: 'haze' }]);
  preview.close();
  const half = { x: focus.x / 2, y: focus.y / 2 };
  const steps: Step[] = [{ op: 'bokeh', focus: half, aperture: 0.04 }, { op: 'haze' }];
  const cpu = (await pipeline(steps).run(small, depth)).image;
  return { ...difference(cpu.data, gpu.data), size: [gpu.width, gpu.height] };
};
