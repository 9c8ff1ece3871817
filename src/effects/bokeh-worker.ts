import { listen, type Opener } from '../core/threads.js';
import type { BehindLevel } from './behind.js';
import { Band, LOOK, type BandJob } from './bokeh-band.js';

/** The thread of a band (see bokeh-threads.ts): it gets the job, answers with level 2, gets it completed, answers pixels. */
export type ToThread = { readonly job: BandJob } | { readonly level2: BehindLevel };
export type FromThread =
  | { readonly done: number }
  | { readonly level2: Pick<BehindLevel, 't' | 'colour'> }
  | { readonly pixels: Uint8ClampedArray<ArrayBuffer> };

let job: BandJob | undefined;
let band: Band | undefined;

listen((message, opener) => {
  // What goes wrong must reach the thread's error event: a rejected promise would not in every browser.
  answer(message as ToThread, opener).catch((error) => setTimeout(() => raise(error)));
});

function raise(error: unknown): never {
  throw error;
}

async function answer(message: ToThread, opener: Opener): Promise<void> {
  const post = (m: FromThread, transfer: ArrayBuffer[] = []) => opener.post(m, transfer);
  if ('job' in message) {
    job = message.job;
    band = new Band(job);
    const { t, colour } = await band.look({ onProgress: (done) => post({ done: done * LOOK }) });
    const level2 = { t: t as Float32Array<ArrayBuffer>, colour: colour as Float32Array<ArrayBuffer> };
    post({ level2 }, [level2.t.buffer, level2.colour.buffer]);
  } else {
    const pixels = new Uint8ClampedArray((job!.to - job!.from) * job!.width * 4);
    await band!.render(message.level2, pixels, { onProgress: (done) => post({ done: LOOK + done * (1 - LOOK) }) });
    post({ pixels }, [pixels.buffer]);
  }
}
