import { applyBokeh } from '../src/effects/index.js';
import { isRelievoError } from '../src/index.js';
import type { Layer } from './preview.js';
import type { Answer, Request } from './renderer.js';

const layers = new Map<string, Layer>();
const running = new Map<number, AbortController>();
const page = self as unknown as { postMessage(answer: Answer, transfer?: Transferable[]): void };

self.addEventListener('message', ({ data }: MessageEvent<Request>) => {
  if (data.kind === 'layers') for (const [name, layer] of Object.entries(data.layers)) layers.set(name, layer);
  else if (data.kind === 'abort') running.get(data.id)?.abort();
  else void render(data);
});

async function render({ id, layer, focus, aperture }: Request & { kind: 'render' }): Promise<void> {
  const task = new AbortController();
  running.set(id, task);
  try {
    const { image, depth } = typeof layer === 'string' ? layers.get(layer)! : layer;
    const result = await applyBokeh(image, depth, {
      focus,
      aperture,
      signal: task.signal,
      onProgress: (progress) => page.postMessage({ id, progress }),
    });
    page.postMessage({ id, image: result as ImageData }, [result.data.buffer]);
  } catch (error) {
    // An error of a class of its own would arrive as a plain Error: its name and code are what counts.
    const { name, message } = error as Error;
    page.postMessage({ id, error: isRelievoError(error) ? { name, message, code: error.code } : error });
  } finally {
    running.delete(id);
  }
}
