import 'relievo/element';
import type { RelievoPhoto } from 'relievo/element';

/** Stripes, sharp as can be, and a depth whose left half is near. */
const WIDTH = 240;
const HEIGHT = 120;

async function address(paint: (context: OffscreenCanvasRenderingContext2D) => void): Promise<string> {
  const canvas = new OffscreenCanvas(WIDTH, HEIGHT);
  paint(canvas.getContext('2d')!);
  return URL.createObjectURL(await canvas.convertToBlob());
}

const photo = await address((c) => {
  c.fillStyle = 'white';
  c.fillRect(0, 0, WIDTH, HEIGHT);
  c.fillStyle = 'black';
  for (let x = 0; x < WIDTH; x += 8) c.fillRect(x, 0, 4, HEIGHT);
});
const depth = await address((c) => {
  c.fillStyle = 'black';
  c.fillRect(0, 0, WIDTH, HEIGHT);
  c.fillStyle = 'white';
  c.fillRect(0, 0, WIDTH / 2, HEIGHT);
});

const next = (element: HTMLElement, name: string) =>
  new Promise<CustomEvent>((resolve) =>
    element.addEventListener(name, (e) => resolve(e as CustomEvent), { once: true }),
  );

/** Contrast of the stripes left and right, once the picture is as the element wants it. */
let shown = '';
const copy = Object.assign(document.createElement('canvas'), { width: WIDTH, height: 1 }).getContext('2d', {
  willReadFrequently: true,
})!;

/** Of the picture that comes after the last one looked at: its parts may have to be loaded first. */
async function contrasts(element: RelievoPhoto): Promise<[number, number]> {
  let data: Uint8ClampedArray = new Uint8ClampedArray();
  for (let tries = 0, same = 0, last = shown; tries < 300 && same < 4; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const canvas = element.shadowRoot!.querySelector('canvas')!;
    copy.clearRect(0, 0, WIDTH, 1);
    copy.drawImage(canvas, 0, -HEIGHT / 2);
    ({ data } = copy.getImageData(0, 0, WIDTH, 1));
    const now = data.join();
    same = now !== shown && now === last && data.some((v) => v > 0) ? same + 1 : 0;
    last = now;
  }
  shown = data.join();
  const spread = (from: number, to: number) => {
    const row = Array.from({ length: to - from }, (_, i) => data[(from + i) * 4]!);
    return Math.max(...row) - Math.min(...row);
  };
  return [spread(20, 90), spread(150, 220)];
}

const tests = {
  async focus() {
    const element = Object.assign(document.createElement('relievo-photo'), { hidden: false });
    for (const [name, value] of Object.entries({ src: photo, depth, alt: 'Stripes', aperture: '0.05', focus: '1' }))
      element.setAttribute(name, value);
    const ready = next(element, 'relievo-ready');
    document.body.append(element);
    const before = element.getAttribute('role');
    await ready;
    const near = await contrasts(element);
    const box = element.shadowRoot!.querySelector('img')!.getBoundingClientRect();
    const moved = next(element, 'relievo-focus');
    element.dispatchEvent(new MouseEvent('click', { clientX: box.left + box.width * 0.8, clientY: box.top + 30 }));
    const told = (await moved).detail as number;
    const far = await contrasts(element);
    element.setAttribute('focus', '0.5');
    element.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight' }));
    await contrasts(element);
    const slider = ['role', 'aria-label', 'aria-valuenow', 'tabindex'].map((n) => element.getAttribute(n));
    element.remove();
    return { before, near, far, told, slider, gone: element.depthMap === undefined };
  },

  async error() {
    const element = document.createElement('relievo-photo');
    element.setAttribute('src', 'nowhere.jpg');
    const failed = next(element, 'relievo-error');
    document.body.append(element);
    const { detail } = await failed;
    element.remove();
    return `${(detail as { code: string }).code}: ${(detail as Error).message}`;
  },

  /** Without a depth of its own: the network's. */
  async network() {
    const element = document.createElement('relievo-photo');
    element.setAttribute('wasm-base-url', 'wasm/');
    element.setAttribute('src', new URL('../../../assets/astronaut.png', import.meta.url).href);
    const ready = next(element, 'relievo-ready');
    document.body.append(element);
    await ready;
    const { width, height, data } = element.depthMap!;
    const at = (x: number, y: number) => data[Math.round(y * height) * width + Math.round(x * width)]!;
    const found = { face: at(0.44, 0.24), wall: at(0.62, 0.1) };
    element.remove();
    return found;
  },
};

declare global {
  interface Window {
    elementTests: typeof tests;
  }
}
window.elementTests = tests;
