import {
  applyBokeh,
  createBokehPreview,
  type BokehOptions,
  type BokehPreviewCost,
} from '../../../src/effects/index.js';
import { isRelievoError } from '../../../src/index.js';
import { difference, type Difference } from '../difference.js';
import { SCENES } from './scenes.js';

export interface Compared extends Difference {
  readonly cost: BokehPreviewCost;
  /** Passes and reads of a second picture with another focus. */
  readonly again: BokehPreviewCost;
  /** What the canvas shows against what is read back. */
  readonly shown: Difference;
}

export type Loss = 'restored' | 'gone' | 'own' | 'midway';

declare global {
  interface Window {
    compare(scene: string, options: BokehOptions, precision: 'half' | 'full'): Promise<Compared>;
    /** Loses the context and renders: the difference from before, or the error's code. */
    lose(how: Loss): Promise<Difference | string>;
    /** Takes something away from WebGL and creates a preview: its size, or the error's code. */
    refuse(what: 'context' | 'floats' | 'size'): Promise<string | { width: number; height: number }>;
    /** Textures, framebuffers, programs and buffers alive after each step. */
    resources(): Promise<number[]>;
    /** Codes of what happens after close, before setPhoto, with a wrong option. */
    misuse(): Promise<string[]>;
    /** A photo previewed at a quarter of its pixels, focused by a point: difference from the CPU at that size. */
    shrunk(): Promise<Difference & { width: number; height: number }>;
  }
}

const pixelsOf = (canvas: HTMLCanvasElement | OffscreenCanvas) => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height);
  const context = copy.getContext('2d')!;
  context.drawImage(canvas, 0, 0);
  return context.getImageData(0, 0, copy.width, copy.height).data;
};

async function codeOf(work: () => unknown): Promise<string> {
  try {
    await work();
    return 'no error';
  } catch (error) {
    return isRelievoError(error) ? error.code : String(error);
  }
}

window.compare = async (name, options, precision) => {
  const { image, depth } = SCENES[name]!();
  const canvas = document.createElement('canvas');
  const preview = await createBokehPreview({ canvas, precision });
  await preview.setPhoto(image, depth);
  const cpu = await applyBokeh(image, depth, options);
  // Another picture before, so that what it leaves behind would show.
  await preview.toImage({ focus: 0.33, aperture: 0.07 });
  const gpu = await preview.toImage(options);
  const cost = preview.cost;
  await preview.render(options);
  const shown = difference(pixelsOf(canvas), premultiplied(gpu.data));
  await preview.toImage({ ...options, focus: 0.4 });
  const again = preview.cost;
  preview.close();
  return { ...difference(cpu.data, gpu.data), cost, again, shown };
};

/** As a canvas keeps and gives it back. */
function premultiplied(data: Uint8ClampedArray): Uint8ClampedArray {
  const copy = new OffscreenCanvas(data.length / 4, 1);
  const context = copy.getContext('2d')!;
  context.putImageData(new ImageData(new Uint8ClampedArray(data), data.length / 4, 1), 0, 0);
  return context.getImageData(0, 0, data.length / 4, 1).data;
}

window.lose = async (how) => {
  const { image, depth } = SCENES['people']!();
  const canvas = document.createElement('canvas');
  const preview = await createBokehPreview(how === 'own' ? {} : { canvas });
  await preview.setPhoto(image, depth);
  const options = { focus: 0.8, aperture: 0.05 };
  await preview.render(options);
  const before = pixelsOf(preview.canvas);
  const gl = preview.canvas.getContext('webgl2') as WebGL2RenderingContext;
  const extension = gl.getExtension('WEBGL_lose_context')!;
  if (how === 'midway') {
    let left = 8;
    const draw = gl.drawArraysInstanced.bind(gl);
    gl.drawArraysInstanced = (...a) => {
      if (left-- === 0) extension.loseContext();
      draw(...a);
    };
  } else extension.loseContext();
  if (how === 'restored' || how === 'midway') setTimeout(() => extension.restoreContext(), 300);
  try {
    await preview.render(options);
    return difference(before, pixelsOf(preview.canvas));
  } catch (error) {
    return isRelievoError(error) ? error.code : String(error);
  } finally {
    preview.close();
  }
};

window.refuse = async (what) => {
  const { image, depth } = SCENES['people']!();
  const canvas = document.createElement('canvas');
  if (what === 'context') canvas.getContext = () => null;
  else {
    const gl = canvas.getContext('webgl2')!;
    const extension = gl.getExtension.bind(gl) as (name: string) => unknown;
    const parameter = gl.getParameter.bind(gl);
    if (what === 'floats') gl.getExtension = (name: string) => (/float/.test(name) ? null : (extension(name) as never));
    else gl.getParameter = (name) => (name === gl.MAX_TEXTURE_SIZE ? 64 : (parameter(name) as unknown));
  }
  let size;
  const code = await codeOf(async () => {
    const preview = await createBokehPreview({ canvas });
    await preview.setPhoto(image, depth);
    const { width, height } = await preview.toImage({ focus: 0.5 });
    size = { width, height };
  });
  return size ?? code;
};

window.resources = async () => {
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
  const counts: number[] = [];
  const preview = await createBokehPreview({ canvas });
  for (let round = 0; round < 3; round++) {
    await preview.setPhoto(image, depth);
    for (const focus of [0.1, 0.9, 0.1, 0.9]) await preview.render({ focus });
    counts.push(alive);
  }
  preview.close();
  counts.push(alive);
  return counts;
};

window.misuse = async () => {
  const { image, depth } = SCENES['people']!();
  const preview = await createBokehPreview();
  const codes = [await codeOf(() => preview.render())];
  await preview.setPhoto(image, depth);
  codes.push(await codeOf(() => preview.render({ aperture: -1 })));
  codes.push(await codeOf(() => preview.render({ blur: 3 } as BokehOptions)));
  codes.push(await codeOf(() => preview.render({ focus: { x: 1e4, y: 0 } })));
  codes.push(await codeOf(() => preview.setPhoto(image, { ...depth, data: depth.data.map(() => NaN) })));
  preview.close();
  preview.close();
  codes.push(await codeOf(() => preview.render()), await codeOf(() => preview.setPhoto(image, depth)));
  return codes;
};

window.shrunk = async () => {
  const { image, depth } = SCENES['people']!();
  const preview = await createBokehPreview({ maxPixels: (image.width * image.height) / 4 });
  await preview.setPhoto(image, depth);
  const small = await preview.toImage({ aperture: 0 });
  const focus = { x: image.width * 0.5, y: image.height * 0.6 };
  const gpu = await preview.toImage({ focus, aperture: 0.05 });
  preview.close();
  const cpu = await applyBokeh(small, depth, { focus: { x: focus.x / 2, y: focus.y / 2 }, aperture: 0.05 });
  return { ...difference(cpu.data, gpu.data), width: gpu.width, height: gpu.height };
};
