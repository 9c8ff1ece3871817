/**
 * Bytes of `data:TYPE;base64,…` or `data:TYPE,…`, without a request, which a page's policy may forbid.
 *
 * @throws Error for a damaged one.
 */
export function dataUrlBytes(url: string): Uint8Array<ArrayBuffer> {
  const comma = url.indexOf(',');
  if (comma < 0) throw new Error('no comma');
  const body = url.slice(comma + 1);
  if (!/;base64$/i.test(url.slice(0, comma))) return new TextEncoder().encode(decodeURIComponent(body));
  return Uint8Array.from(atob(body), (c) => c.charCodeAt(0));
}
