import type { DepthMap } from 'relievo';

/** Half the width of the line of light, in disparity. */
const LINE = 0.014;
/** How much of the light lies between the ends of a range. */
const INSIDE = 0.16;
/** Samples along the long side: light has no edges. */
const LONG_SIDE = 360;
const SWEEP_MS = 1500;
/** Where two neighbours lie so far apart, a thing ends: what is between them is no place in the scene. */
const STEP = 12;
const NOWHERE = 256;

/** The focal plane as a line of light through the picture: everything that lies on it glows. */
export class Glow {
  readonly #canvas: HTMLCanvasElement;
  #levels = new Uint16Array(0);
  #image: ImageData | undefined;
  #sweeping = 0;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
  }

  setDepth({ width, height, data }: DepthMap): void {
    const step = Math.max(1, Math.ceil(Math.max(width, height) / LONG_SIDE));
    const w = Math.max(1, Math.floor(width / step));
    const h = Math.max(1, Math.floor(height / step));
    this.#canvas.width = w;
    this.#canvas.height = h;
    const level = (x: number, y: number) =>
      Math.round(data[Math.min(h - 1, y) * step * width + Math.min(w - 1, x) * step]! * 255);
    this.#levels = new Uint16Array(w * h);
    for (let y = 0, i = 0; y < h; y++)
      for (let x = 0; x < w; x++, i++) {
        const own = level(x, y);
        const apart = Math.max(Math.abs(own - level(x + 1, y)), Math.abs(own - level(x, y + 1)));
        this.#levels[i] = apart > STEP ? NOWHERE : own;
      }
    this.#image = this.#canvas.getContext('2d')!.createImageData(w, h);
  }

  draw(near: number, far: number): void {
    if (!this.#image) return;
    // Light by disparity once, then one look-up a pixel. Little-endian RGBA.
    const light = Uint32Array.from({ length: NOWHERE + 1 }, (_, i) => {
      if (i === NOWHERE) return 0;
      const d = i / 255;
      const off = d > near ? d - near : d < far ? far - d : Math.min(near - d, d - far);
      const line = Math.exp(-((off / LINE) ** 2));
      const inside = d <= near && d >= far && near - far > LINE ? INSIDE : 0;
      const alpha = Math.round(255 * Math.max(0.9 * line, inside));
      return ((alpha << 24) | (0xb4 << 16) | (0xe2 << 8) | 0xff) >>> 0;
    });
    const pixels = new Uint32Array(this.#image.data.buffer);
    for (let i = 0; i < pixels.length; i++) pixels[i] = light[this.#levels[i]!]!;
    this.#canvas.getContext('2d')!.putImageData(this.#image, 0, 0);
  }

  /** From the nearest thing through the whole depth to the plane. */
  sweep(plane: number, done: () => void): void {
    const run = ++this.#sweeping;
    const start = performance.now();
    const frame = (now: number) => {
      if (run !== this.#sweeping) return;
      const t = Math.min(1, (now - start) / SWEEP_MS);
      const eased = t * t * (3 - 2 * t);
      // There and back again: to the far end, then to the plane.
      const at = t < 0.65 ? 1.02 - 1.06 * (eased / 0.65 / 0.995) : plane * ((t - 0.65) / 0.35);
      this.draw(Math.max(0, at), Math.max(0, at));
      if (t < 1) requestAnimationFrame(frame);
      else done();
    };
    requestAnimationFrame(frame);
  }

  stop(): void {
    this.#sweeping++;
  }
}
