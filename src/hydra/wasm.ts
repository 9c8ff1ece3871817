import { here, readLocal } from './loader.js';
import type { Tf } from './tf.js';

/** The address under which TF.js asks for the bytes that are there already. */
const HANDED_OVER = 'relievo-wasm';
let handedOver = false;

/**
 * TF.js looks for its `.wasm` beside the page, and hangs where what it finds cannot be compiled. So the file is fetched and
 * compiled here first, and handed over.
 *
 * @throws Error that names the address, when nothing of use is there; what the page's policy says.
 */
export async function registerWasm(tf: Tf, wasmBaseUrl: string | undefined): Promise<void> {
  if (handedOver) return;
  const { setWasmPaths } = await import('./tfjs/wasm.js'); // it also brings the next line's flag
  const simd = (await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT')) as boolean;
  const bytes = await readWasm(simd, wasmBaseUrl);
  await WebAssembly.compile(bytes);
  // One name for every variant: which one it is was decided above.
  const names = ['tfjs-backend-wasm.wasm', 'tfjs-backend-wasm-simd.wasm', 'tfjs-backend-wasm-threaded-simd.wasm'];
  setWasmPaths(Object.fromEntries(names.map((n) => [n, HANDED_OVER])), true);
  const { platform } = tf.env();
  const usual = platform.fetch.bind(platform);
  platform.fetch = (path, init) => (path === HANDED_OVER ? Promise.resolve(new Response(bytes)) : usual(path, init));
  handedOver = true;
}

/** Spelled out, as bundlers want it: see builtin.ts. The build copies both from TF.js. */
const SHIPPED = {
  'tfjs-backend-wasm.wasm': () => new URL('../../wasm/tfjs-backend-wasm.wasm', import.meta.url),
  'tfjs-backend-wasm-simd.wasm': () => new URL('../../wasm/tfjs-backend-wasm-simd.wasm', import.meta.url),
};

/** `\0asm`, with which every WebAssembly binary begins. */
const MAGIC = 0x6d736100;

/**
 * The bytes of TF.js's WASM kernels.
 *
 * @param simd whether the runtime has SIMD.
 * @param baseUrl the host's own folder; default: inside the package.
 * @throws Error that names the address, when it does not answer or answers something else, such as a page.
 */
async function readWasm(simd: boolean, baseUrl?: string): Promise<Uint8Array<ArrayBuffer>> {
  const name = simd ? 'tfjs-backend-wasm-simd.wasm' : 'tfjs-backend-wasm.wasm';
  // As text: what Turbopack puts in the place of `new URL(…, import.meta.url)` is no URL, and relative.
  const address =
    baseUrl === undefined ? String(SHIPPED[name]()) : `${baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`}${name}`;
  const url = new URL(address, here());
  const bytes = url.protocol === 'file:' ? await readLocal(url) : await download(url);
  if (bytes.byteLength < 8 || new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) !== MAGIC)
    throw new Error(`${url} is not a WebAssembly file`);
  return bytes;
}

async function download(url: URL): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(url, { credentials: 'same-origin' });
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
