import { dataUrlBytes } from '../core/data-url.js';
import { isRelievoError, RelievoError } from '../core/errors.js';
import { invalid } from '../core/params.js';
import type { TaskOptions } from '../core/task.js';
import type { ModuleManifest } from './manifest.js';

/** Where a module's files are: a folder's address, or a function from file name to address. */
export type ModuleLocation = string | URL | ((file: string) => string | URL);

/** Same shape as the global `fetch`; hand one in to add headers or to serve from elsewhere. */
export type FetchLike = (url: string, init: { signal: AbortSignal | null }) => Promise<Response>;

const TRIES = 3;
const BACK_OFF_MS = 300;
/** A manifest is a page of text; whoever serves a thousand times that is up to something else. */
const MAX_MANIFEST_BYTES = 2 ** 20;

/** What relative addresses are relative to: the page, or the worker's script. Nothing in Node. */
export function here(): string | undefined {
  if (typeof document === 'object') return document.baseURI;
  const place = globalThis.location as Location | undefined;
  // Some bundlers start workers from a blob, against which no address can be resolved: its page can.
  return place?.href.startsWith('blob:') ? place.origin : place?.href;
}

/**
 * Address of one file of a module.
 *
 * @throws RelievoError `INVALID_PARAM`.
 */
export function locate(location: ModuleLocation, file: string): URL {
  // As text: what Turbopack puts in the place of `new URL(…, import.meta.url)` is no URL, and relative.
  if (typeof location === 'function') return checkAddress('register', 'location', String(location(file)));
  const base = checkAddress('register', 'location', location);
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  return checkAddress('register', 'location', file, base);
}

/** What an address stands for. @throws RelievoError `INVALID_PARAM`. */
export function checkAddress(
  owner: string,
  param: string,
  address: string | URL,
  base: string | URL | undefined = here(),
): URL {
  if (typeof address === 'string' || address instanceof URL) {
    try {
      return new URL(address, base);
    } catch {
      // said below
    }
  }
  const whole = "an address (in Node a whole one: 'https://…', pathToFileURL(folder))";
  throw invalid(owner, param, whole, base instanceof URL ? base.href : address);
}

/**
 * Fetches every file of a module that is not among `known`, in parallel, and verifies each against its SHA-256 before it is handed out.
 * Network failures and answers 429 and 5xx are tried again, three times in all, with growing pauses.
 *
 * @param onBytes called with the number of bytes that arrived since the last call.
 * @throws RelievoError `MODEL_NETWORK` (unreachable, refused), `MODEL_CORRUPT` (wrong hash); the signal's reason.
 */
export async function loadFiles(
  manifest: ModuleManifest,
  location: ModuleLocation,
  fetcher: FetchLike,
  signal: AbortSignal | undefined,
  onBytes: (bytes: number) => void,
  known: ReadonlyMap<string, Uint8Array<ArrayBuffer>> = new Map(),
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  // One failure stops the others: nobody waits for shards that will not be used.
  const stop = new AbortController();
  const any = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  const files = Object.keys(manifest.sha256).map(async (file) => {
    const kept = known.get(file);
    if (kept) onBytes(kept.byteLength);
    return [file, kept ?? (await loadFile(manifest, location, file, fetcher, { signal: any }, onBytes))] as const;
  });
  try {
    return new Map(await Promise.all(files));
  } catch (error) {
    stop.abort(error);
    await Promise.allSettled(files);
    throw error;
  }
}

/**
 * Fetches and parses a `module.json`. Where the network is gone, the one that was read last time will do: what it names
 * is kept as well, and held against its hashes again.
 *
 * @throws RelievoError `MODEL_NETWORK`, `MODEL_CONTRACT`.
 */
export async function loadJson(url: URL, fetcher: FetchLike, signal?: AbortSignal): Promise<unknown> {
  const cache = await openCache();
  const key = `${url.href.split('#')[0]}?manifest`;
  const kept = await cache?.match(key).catch(() => undefined);
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = await download(url, fetcher, { signal }, MAX_MANIFEST_BYTES, () => {}, kept ? 1 : TRIES);
    await cache?.put(key, new Response(bytes)).catch(() => {});
  } catch (error) {
    // An answer is an answer, also a refusal; only silence is being offline.
    if (!kept || !isRelievoError(error) || error.cause instanceof HttpError || error.code !== 'MODEL_NETWORK')
      throw error;
    bytes = new Uint8Array(await kept.arrayBuffer());
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new RelievoError('MODEL_CONTRACT', `${url} is not JSON.`, { cause });
  }
}

/** One verified file of a module. @throws RelievoError `MODEL_NETWORK`, `MODEL_CORRUPT`. */
export async function loadFile(
  manifest: ModuleManifest,
  location: ModuleLocation,
  file: string,
  fetcher: FetchLike,
  options: TaskOptions,
  onBytes: (n: number) => void = () => {},
): Promise<Uint8Array<ArrayBuffer>> {
  const url = locate(location, file);
  const hash = manifest.sha256[file]!;
  const cache = await openCache();
  const key = `${url.href.split('#')[0]}?sha256=${hash}`;
  const kept = await cache?.match(key).catch(() => undefined);
  if (kept) {
    const bytes = new Uint8Array(await kept.arrayBuffer());
    if ((await sha256(bytes)) === hash) {
      onBytes(bytes.byteLength);
      return bytes;
    }
  }
  const bytes = await download(url, fetcher, options, manifest.bytes, onBytes);
  const got = await sha256(bytes);
  if (got !== hash) {
    throw new RelievoError(
      'MODEL_CORRUPT',
      `${url} (${bytes.byteLength} bytes) has SHA-256 ${got.slice(0, 12)}…, expected ${hash.slice(0, 12)}…: ` +
        `the file is damaged or of another version. Copy the module's folder again.`,
    );
  }
  // A full or forbidden cache costs the next start some time, nothing else.
  await cache?.put(key, new Response(bytes)).catch(() => {});
  return bytes;
}

/** @param most bytes; an answer that is longer is cut off, whatever it announced. */
async function download(
  url: URL,
  fetcher: FetchLike,
  options: TaskOptions,
  most: number,
  onBytes: (n: number) => void,
  tries = TRIES,
): Promise<Uint8Array<ArrayBuffer>> {
  const { signal } = options;
  const local = url.protocol === 'file:' || url.protocol === 'data:';
  for (let attempt = 1; ; attempt++) {
    let received = 0;
    try {
      signal?.throwIfAborted();
      if (local) {
        const bytes = url.protocol === 'file:' ? await readLocal(url, signal) : dataUrlBytes(url.href);
        onBytes(bytes.byteLength);
        return bytes;
      }
      const response = await fetcher(url.href, { signal: signal ?? null });
      if (!response.ok) throw new HttpError(response.status);
      const chunks: Uint8Array[] = [];
      if (response.body) {
        for (const reader = response.body.getReader(); ;) {
          const { done, value } = await reader.read();
          if (done) break;
          chunks.push(value);
          received += value.byteLength;
          if (received > most) {
            await reader.cancel();
            throw new RelievoError(
              'MODEL_CORRUPT',
              `${url} is longer than its ${most} bytes: it is of another version, or no model.`,
            );
          }
          onBytes(value.byteLength);
        }
      } else {
        chunks.push(new Uint8Array(await response.arrayBuffer()));
      }
      return concat(chunks);
    } catch (cause) {
      signal?.throwIfAborted();
      if (isRelievoError(cause)) throw cause;
      onBytes(-received); // what has to come again is not progress
      const status = cause instanceof HttpError ? cause.status : undefined;
      const final = local || (status !== undefined && status < 500 && status !== 429);
      if (final || attempt >= tries) {
        const why = status ? `HTTP ${status}` : cause instanceof Error ? cause.message : String(cause);
        throw new RelievoError(
          'MODEL_NETWORK',
          `could not load ${url}: ${why}. Check that the models folder is served there, or set 'modelBaseUrl'.`,
          { cause },
        );
      }
      await pause(BACK_OFF_MS * 3 ** (attempt - 1), signal);
    }
  }
}

class HttpError extends Error {
  constructor(readonly status: number) {
    super(`HTTP ${status}`);
  }
}

/**
 * Node's fetch does not read file: addresses, nor does that of a page of an app (Electron), which has XMLHttpRequest for it.
 * `getBuiltinModule` instead of an import keeps `node:` out of web bundles.
 */
export async function readLocal(url: URL, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const fs = globalThis.process?.getBuiltinModule?.('node:fs/promises');
  if (fs) return new Uint8Array(await fs.readFile(url, { signal }));
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('GET', url);
    request.responseType = 'arraybuffer';
    request.onload = () => resolve(new Uint8Array(request.response as ArrayBuffer));
    request.onerror = () => reject(new Error('a browser reads no files by their address: serve the folder by HTTP'));
    const stop = () => {
      request.abort();
      reject(signal!.reason as Error);
    };
    request.onloadend = () => signal?.removeEventListener('abort', stop);
    signal?.addEventListener('abort', stop, { once: true });
    request.send();
  });
}

async function openCache(): Promise<Cache | undefined> {
  // Absent in Node and on insecure origins; throws where storage is blocked.
  return globalThis.caches?.open('relievo-models').catch(() => undefined);
}

/** @throws RelievoError `MODEL_NETWORK` where the page has no Web Crypto. */
async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  if (!globalThis.crypto?.subtle) {
    throw new RelievoError(
      'MODEL_NETWORK',
      'models can be verified on secure origins only: serve the page over https or from localhost.',
    );
  }
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (b) => b.toString(16).padStart(2, '0')).join('');
}

export function concat(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(chunks.reduce((n, c) => n + c.byteLength, 0));
  let at = 0;
  for (const c of chunks) {
    out.set(c, at);
    at += c.byteLength;
  }
  return out;
}

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
