/** @jsxImportSource react */
import { StrictMode, version, type ReactNode } from 'react';
import { createRoot, hydrateRoot } from 'react-dom/client';
import { RelievoPhoto, useDepth, useRelievo, type DepthState, type RelievoState } from 'relievo/react';
import type { RelievoPhoto as Element } from 'relievo/element';
import { TapToFocus } from '../../../examples/react/TapToFocus.js';
import { TapToFocusByHand } from '../../../examples/react/TapToFocusByHand.js';

const wasmBaseUrl = new URL('wasm/', document.baseURI).href;
const options = { backend: 'wasm', wasmBaseUrl } as const;
const address = new URL('../../../assets/astronaut.png', import.meta.url).href;

/** What the page asks of each of its workers, in the order of their start. */
const workers: { ended: number; estimates: number; opened: number; closed: number }[] = [];
const RealWorker = window.Worker;
class CountedWorker extends RealWorker {
  readonly #counts = { ended: 0, estimates: 0, opened: 0, closed: 0 };
  constructor(url: string | URL, init?: WorkerOptions) {
    super(url, init);
    workers.push(this.#counts);
  }
  override postMessage(message: unknown, transfer?: unknown): void {
    const { path, argumentList } = message as { path?: string[]; argumentList?: { value: unknown }[] };
    if (path?.[0] === 'call' && argumentList?.[1]?.value === 'estimateDepth') this.#counts.estimates++;
    if (path?.[0] === 'open') this.#counts.opened++;
    if (path?.[0] === 'release') this.#counts.closed++;
    super.postMessage(message, transfer as Transferable[]);
  }
  override terminate(): void {
    this.#counts.ended++;
    super.terminate();
  }
}
window.Worker = CountedWorker;

/** Of the workers that start from now on alone: those of other tests close their photos and end in their own time. */
function counting() {
  const first = workers.length;
  return () => {
    const mine = workers.slice(first);
    const sum = (of: keyof (typeof workers)[number]) => mine.reduce((n, w) => n + w[of], 0);
    return {
      started: mine.length,
      ended: sum('ended'),
      estimates: sum('estimates'),
      opened: sum('opened'),
      closed: sum('closed'),
    };
  };
}

/** Puts components on the page; `remove` unmounts them. */
function mount(children: ReactNode, strict = true): { box: HTMLElement; remove: () => void } {
  const box = document.body.appendChild(document.createElement('div'));
  const root = createRoot(box);
  root.render(strict ? <StrictMode>{children}</StrictMode> : children);
  return { box, remove: () => (root.unmount(), box.remove()) };
}

const wait = (ms: number) => new Promise((done) => setTimeout(done, ms));
async function until<T>(look: () => T | undefined | false | null | '', ms = 60_000): Promise<T> {
  for (const end = performance.now() + ms; ; await wait(20)) {
    const found = look();
    if (found) return found;
    if (performance.now() > end) throw new Error(`waited in vain for ${look.toString()}`);
  }
}

const file = async (name = 'a.png') => new File([await (await fetch(address)).blob()], name);
const seen = new Map<string, DepthState[]>();
function Shows({ name, photo, more = {} }: { name: string; photo: Parameters<typeof useDepth>[0]; more?: object }) {
  const state = useDepth(photo, { ...options, ...more }); // written anew with each render
  seen.set(name, [...(seen.get(name) ?? []), state]);
  return <p>{state.status}</p>;
}
const last = (name: string) => seen.get(name)?.at(-1);

const tests = {
  version: () => version,

  /** StrictMode mounts everything twice; two components want the same photo, a third only Relievo. */
  async shared() {
    const count = counting();
    const photo = await file();
    let loaded: RelievoState | undefined;
    const Loads = () => ((loaded = useRelievo(options)), (<p>{loaded.status}</p>));
    const { remove } = mount(
      <>
        <Shows name="one" photo={photo} />
        <Shows name="two" photo={photo} />
        <Loads />
      </>,
    );
    const first = last('one')?.status;
    await until(() => last('one')?.depth && last('two')?.depth && loaded?.relievo);
    const [one, two] = [last('one')!, last('two')!];
    const { data, width, height } = one.depth!;
    const progress = seen.get('one')!.map((s) => s.progress);
    const made = count();
    remove();
    await wait(50);
    // Who comes back finds the worker still there.
    const again = mount(<Shows name="again" photo={photo} />);
    await until(() => last('again')?.depth);
    again.remove();
    await wait(50);
    return {
      first,
      made,
      after: count(),
      same: one.depth === two.depth && one.relievo === loaded!.relievo,
      size: [width, height, one.photo!.width],
      face: data[125 * width + 225]! - data[50 * width + 40]!,
      rising: progress.every((p, i) => i === 0 || p >= progress[i - 1]!) && new Set(progress).size > 3,
      renders: progress.length,
    };
  },

  /** Unmounted while it loads: nothing goes on, and the next one begins anew. */
  async unmount() {
    const count = counting();
    const more = { modules: ['depth', 'faces'] }; // an instance of its own
    const { remove } = mount(<Shows name="gone" photo={address} more={more} />);
    await until(() => count().started);
    await wait(30);
    remove();
    await wait(100);
    const ended = count();
    const renders = seen.get('gone')!.length;
    await wait(1500);
    const late = seen.get('gone')!.length - renders;
    const next = mount(<Shows name="next" photo={address} more={more} />);
    await until(() => last('next')?.depth);
    // And with another photo in its place, the first one's work ends.
    next.remove();
    return { ended, late, statuses: [...new Set(seen.get('gone')!.map((s) => s.status))] };
  },

  /** A photo in the place of another, before the first is done: never the depth of the wrong one. */
  async changed() {
    const small = new ImageData(64, 48);
    const Both = ({ photo }: { photo: ImageData | string | undefined }) => <Shows name="changed" photo={photo} />;
    const box = document.body.appendChild(document.createElement('div'));
    const root = createRoot(box);
    root.render(<Both photo={undefined} />);
    const idle = await until(() => last('changed')?.status);
    root.render(<Both photo={address} />);
    await wait(30);
    root.render(<Both photo={small} />);
    const { depth } = await until(() => last('changed')?.depth && last('changed'));
    const widths = [...new Set(seen.get('changed')!.map((s) => s.depth?.width))];
    root.render(<Both photo={address} />);
    await until(() => last('changed')?.depth?.width === 512);
    root.unmount();
    return { idle, width: depth!.width, widths };
  },

  /** What is no photo; then the same component tries again. */
  async errors() {
    const broken = new Blob(['this is no picture']);
    const { remove } = mount(
      <>
        <Shows name="broken" photo={broken} />
        <Shows name="missing" photo="nowhere.jpg" />
      </>,
    );
    await until(() => last('broken')?.error && last('missing')?.error);
    const texts = ['broken', 'missing'].map((n) => {
      const { status, error } = last(n)!;
      return `${status} ${(error as { code?: string }).code}: ${error!.message}`;
    });
    const renders = seen.get('broken')!.length;
    last('broken')!.retry();
    await until(() =>
      seen
        .get('broken')!
        .slice(renders)
        .some((s) => s.status === 'loading'),
    );
    await until(() => last('broken')?.status === 'error');
    remove();
    return texts;
  },

  /** A worker that dies: an error, and with another try another worker. */
  async died() {
    const small = new ImageData(64, 48);
    const more = { modules: ['depth'] };
    const workers: Worker[] = [];
    const Real = window.Worker;
    window.Worker = class extends Real {
      constructor(url: string | URL, init?: WorkerOptions) {
        super(url, init);
        workers.push(this);
      }
    };
    const count = counting();
    const { remove } = mount(<Shows name="died" photo={small} more={more} />);
    await until(() => last('died')?.depth);
    workers.at(-1)!.dispatchEvent(new ErrorEvent('error', { message: 'out of memory' }));
    const other = mount(<Shows name="other" photo={new ImageData(32, 32)} more={more} />);
    await until(() => last('other')?.error);
    const { error, retry } = last('other')!;
    retry();
    await until(() => last('other')?.depth);
    window.Worker = Real;
    other.remove();
    remove();
    return { code: (error as { code?: string }).code, started: count().started };
  },

  /** A page that has no workers. */
  async fallback() {
    const count = counting();
    const Real = window.Worker;
    window.Worker = class {
      constructor() {
        throw new DOMException('forbidden by the policy', 'SecurityError');
      }
    } as unknown as typeof Worker;
    const { remove } = mount(
      <Shows name="fallback" photo={address} more={{ modules: ['depth', 'matte'], cacheBytes: 2 ** 20 }} />,
    );
    await until(() => ['ready', 'error'].includes(last('fallback')?.status ?? ''));
    window.Worker = Real;
    const { status, depth, relievo, photo } = last('fallback')!;
    const blurred = depth && (await relievo!.applyBokeh(photo!, depth, { focus: 0.7 }));
    remove();
    await wait(50);
    const closed = await relievo?.estimateDepth(photo!).then(
      () => 'nothing',
      (e: { code?: string }) => e.code,
    );
    return { status, width: blurred?.width, started: count().started, closed };
  },

  /** The component: ready, a tap, its ref, and its element gone from the page while it works. */
  async component() {
    const count = counting();
    const own = { ...options, cacheBytes: 2 ** 21 }; // an instance of its own
    const told: string[] = [];
    let element: Element | null = null;
    let moved = -1;
    const photo = await file();
    const { box, remove } = mount(
      <>
        <RelievoPhoto
          src={photo}
          alt="Ada"
          className="photo"
          relievo={own}
          ref={(e) => void (element = e)}
          onReady={(depth) => told.push(`ready ${depth.width}`)}
          onFocusChange={(d) => ((moved = d), told.push('moved'))}
          onError={(e) => told.push(e.message)}
        />
        <RelievoPhoto src="nowhere.jpg" relievo={own} onError={(e) => told.push((e as { code?: string }).code!)} />
      </>,
    );
    await until(() => told.length === 2);
    const tag = box.querySelector('relievo-photo')!;
    const image = tag.shadowRoot!.querySelector('img')!.getBoundingClientRect();
    const at = (x: number, y: number) =>
      tag.dispatchEvent(
        new MouseEvent('click', { clientX: image.left + image.width * x, clientY: image.top + image.height * y }),
      );
    at(0.44, 0.24);
    const near = moved;
    at(0.08, 0.1);
    const far = moved;
    const same = (element as Element | null) === tag;
    const attributes = ['class', 'alt', 'role', 'aria-label'].map((n) => tag.getAttribute(n));
    remove();
    return { told, near, far, same, attributes, gone: element === null, made: count() };
  },

  /** What the server rendered, taken over. */
  async hydrate(html: string) {
    const box = document.body.appendChild(document.createElement('div'));
    box.innerHTML = html;
    const found: string[] = [];
    const App = () => (
      <main>
        <RelievoPhoto src={address} alt="Ada" relievo={options} onReady={() => found.push('ready')} />
        <Shows name="hydrated" photo={address} />
      </main>
    );
    const root = hydrateRoot(box, <App />, { onRecoverableError: (e) => found.push(String(e)) });
    await until(() => found.length && last('hydrated')?.depth);
    root.unmount();
    return found;
  },

  /** The two examples, as a visitor uses them. */
  async examples() {
    const photo = await file();
    const { box, remove } = mount(<TapToFocus />);
    const input = await until(() => box.querySelector('input'));
    const files = new DataTransfer();
    files.items.add(photo);
    input.files = files.files;
    input.dispatchEvent(new Event('change', { bubbles: true }));
    const said = () => box.querySelector('figcaption')!.textContent!;
    await until(said);
    const ready = said();
    const tag = box.querySelector('relievo-photo')!;
    const { left, top, width, height } = tag.getBoundingClientRect();
    tag.dispatchEvent(new MouseEvent('click', { clientX: left + width * 0.44, clientY: top + height * 0.24 }));
    await until(() => said() !== ready);
    const tapped = said();
    remove();

    const byHand = mount(<TapToFocusByHand file={photo} />);
    const canvas = await until(() => byHand.box.querySelector('canvas'));
    const pixels = () => canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height).data;
    const sum = () => pixels().reduce((n, v) => n + v, 0);
    const subject = await until(sum);
    const bounds = canvas.getBoundingClientRect();
    canvas.dispatchEvent(
      new MouseEvent('click', { bubbles: true, clientX: bounds.left + 5, clientY: bounds.top + bounds.height * 0.1 }),
    );
    await until(() => sum() !== subject);
    byHand.remove();
    return { ready, tapped };
  },
};

declare global {
  interface Window {
    reactTests: typeof tests;
    astronaut: string;
  }
}
window.astronaut = address;
window.reactTests = tests;
