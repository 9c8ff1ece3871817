import { applyBokeh, createBokehPreview, type BokehPreview } from '../src/effects/index.js';
import { isRelievoError } from '../src/index.js';
import type { Layer } from './preview.js';
import type { Answer, Request, Where } from './renderer.js';

const layers = new Map<string, Layer>();
/** On the GPU, by layer; undefined where that layer is left to the CPU. */
const previews = new Map<string, Promise<BokehPreview | undefined>>();
const running = new Map<number, AbortController>();
const page = self as unknown as { postMessage(answer: Answer, transfer?: Transferable[]): void };

self.addEventListener('message', ({ data }: MessageEvent<Request>) => {
  if (data.kind === 'layers') {
    for (const [name, layer] of Object.entries(data.layers)) {
      layers.set(name, layer);
      previews.set(name, upload(layer, data.where, previews.get(name)));
    }
  } else if (data.kind === 'abort') running.get(data.id)?.abort();
  else void render(data);
});

/** The layer on the GPU, where there is one and it can. */
async function upload(
  { image, depth }: Layer,
  where: Where,
  before: Promise<BokehPreview | undefined> | undefined,
): Promise<BokehPreview | undefined> {
  let preview: BokehPreview | undefined;
  try {
    if (where === 'cpu') return undefined;
    preview = (await before) ?? (await createBokehPreview());
    // Shaders without a GPU take as long as the CPU's own code, and more memory.
    if (where === 'auto' && preview.software) throw new Error('no GPU');
    await preview.setPhoto(image, depth);
    return preview;
  } catch {
    preview?.dispose();
    return undefined;
  }
}

/** The layer by that name with these settings on the GPU; undefined where that fails: for good, or for wrong settings. */
async function onGpu(name: string, focus: number, aperture: number): Promise<ImageData | undefined> {
  const preview = await previews.get(name);
  try {
    return (await preview?.toImage({ focus, aperture })) as ImageData | undefined;
  } catch (error) {
    if (isRelievoError(error, 'INVALID_PARAM')) return undefined; // the CPU does it, or says what is wrong
    preview?.dispose();
    previews.set(name, Promise.resolve(undefined));
    return undefined;
  }
}

async function render({ id, layer, focus, aperture }: Request & { kind: 'render' }): Promise<void> {
  const task = new AbortController();
  running.set(id, task);
  try {
    const quick = typeof layer === 'string' ? await onGpu(layer, focus, aperture) : undefined;
    if (quick) {
      page.postMessage({ id, image: quick, by: 'gpu' }, [quick.data.buffer]);
      return;
    }
    const { image, depth } = typeof layer === 'string' ? layers.get(layer)! : layer;
    const result = await applyBokeh(image, depth, {
      focus,
      aperture,
      signal: task.signal,
      onProgress: (progress) => page.postMessage({ id, progress }),
    });
    page.postMessage({ id, image: result as ImageData, by: 'cpu' }, [result.data.buffer]);
  } catch (error) {
    // An error of a class of its own would arrive as a plain Error: its name and code are what counts.
    const { name, message } = error as Error;
    page.postMessage({ id, error: isRelievoError(error) ? { name, message, code: error.code } : error });
  } finally {
    running.delete(id);
  }
}
