/** Three engines, and with them every browser that people have: Chromium, Firefox's Gecko, Safari's WebKit. */
export const ENGINES = ['chromium', 'firefox', 'webkit'] as const;
export type EngineName = (typeof ENGINES)[number];

/** A place in the viewport, in CSS pixels. */
export type Place = readonly [x: number, y: number];

/** One page of a browser with a profile of its own. */
export interface Engine {
  readonly name: EngineName;
  /** As the browser tells it. */
  readonly version: string;
  /** Errors and warnings on the console and exceptions, since they were last taken out of it. */
  readonly messages: string[];
  /** Where downloads end up. */
  readonly downloads: string;
  /** Loads an address and waits for its `load` event. */
  open(address: string): Promise<void>;
  /** Runs a function in the page; arguments and result travel as JSON. */
  evaluate<A extends readonly unknown[], R>(work: (...args: A) => R | Promise<R>, ...args: A): Promise<R>;
  /** A click of the mouse. */
  click(at: Place): Promise<void>;
  /** A tap of a finger. */
  tap(at: Place): Promise<void>;
  /** The mouse's button held down along a way. */
  drag(way: readonly Place[]): Promise<void>;
  /** A key by its DOM name, such as `ArrowLeft`, with others held down. */
  key(name: string, held?: readonly Held[]): Promise<void>;
  /** Chooses files in an `<input type=file>`. */
  upload(selector: string, ...files: readonly string[]): Promise<void>;
  /** What a person sees, as PNG. */
  screenshot(): Promise<Buffer>;
  close(): Promise<void>;
}

export type Held = 'Shift' | 'Control' | 'Alt' | 'Meta';

export interface Launcher {
  /** Why it cannot be started here, and what to install; undefined where it can. */
  missing(): string | undefined;
  launch(size: Size): Promise<Engine>;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A call of a function as text, for any engine to run. */
export const asExpression = (work: (...args: never[]) => unknown, args: readonly unknown[]): string =>
  `(${String(work)})(...${JSON.stringify(args)})`;
