import { forSteps, type TaskOptions } from '../core/task.js';
import { begins, segments, XMP } from './jpeg.js';

/** An element of XMP. Attributes and elements that hold text alone are its fields. */
export interface XmpNode {
  readonly fields: readonly XmpField[];
  readonly children: readonly XmpNode[];
}

/** `GDepth:Near="1"`: prefix, name, value. */
type XmpField = readonly [prefix: string, name: string, value: string];

/** Elements and fields of a file; a phone writes some hundred. */
const MOST_NODES = 20_000;
const DEEPEST = 64;
/** Bytes of XMP in a file: a map of 50 megapixels in base64. */
const MOST_BYTES = 1 << 26;
/** GUID, whole length and offset before each part of an extended packet. */
const PART_HEAD = 40;
/** Elements between two looks at the clock. */
const GRAIN = 16;

/**
 * The XMP of a JPEG (ISO 16684-1; part 3 for packets in several segments). Time and memory grow with the file's size and
 * no faster, whatever is in it: no regular expression looks at the same text twice.
 *
 * @returns a tree per packet. What is damaged ends where the damage begins; a file may come from anywhere.
 */
export async function readXmp(bytes: Uint8Array, options: TaskOptions = {}): Promise<XmpNode[]> {
  const roots: XmpNode[] = [];
  const budget = { nodes: MOST_NODES };
  for (const packet of packets(bytes)) {
    const root = { fields: [], children: [] };
    roots.push(root);
    await forSteps({ signal: options.signal }, parse(new TextDecoder().decode(packet), root, budget));
  }
  return roots;
}

/** The first node, in the order of the file, for which `test` holds. */
export function findNode(nodes: readonly XmpNode[], test: (node: XmpNode) => boolean): XmpNode | undefined {
  for (const node of nodes) {
    const found = test(node) ? node : findNode(node.children, test);
    if (found) return found;
  }
  return undefined;
}

/** A field's value, by its name and, if it matters, its prefix. Empty is none. */
export function valueOf({ fields }: XmpNode, name: string, prefix?: string): string | undefined {
  return fields.find((f) => f[1] === name && f[2] !== '' && (prefix === undefined || f[0] === prefix))?.[2];
}

/** The standard packet, and those in several segments put together again. */
function packets(bytes: Uint8Array): Uint8Array[] {
  const whole: Uint8Array[] = [];
  const extended = new Map<string, { at: number; part: Uint8Array }[]>();
  let held = 0;
  for (const { marker, start, end } of segments(bytes)) {
    if (marker !== 0xe1) continue;
    const kind = XMP.findIndex((name) => begins(bytes, start + 4, name));
    if (kind < 0 || (held += end - start) > MOST_BYTES) continue;
    const body = bytes.subarray(start + 4 + XMP[kind]!.length, end);
    if (kind === 0) whole.push(body);
    else if (body.length >= PART_HEAD) {
      const guid = String.fromCharCode(...body.subarray(0, 32));
      const at = new DataView(body.buffer, body.byteOffset).getUint32(36);
      const parts = extended.get(guid) ?? [];
      parts.push({ at, part: body.subarray(PART_HEAD) });
      extended.set(guid, parts);
    }
  }
  for (const parts of extended.values()) {
    const joined = new Uint8Array(parts.reduce((n, { part }) => n + part.length, 0));
    let length = 0;
    for (const { at, part } of parts.sort((a, b) => a.at - b.at)) {
      if (at !== length) break; // one is missing, or there twice
      joined.set(part, at);
      length += part.length;
    }
    whole.push(joined.subarray(0, length));
  }
  return whole;
}

interface Open {
  readonly prefix: string;
  readonly name: string;
  readonly fields: XmpField[];
  readonly children: XmpNode[];
  /** Where its content begins. */
  from: number;
}

const NAME = /[^\s=/<>"']+/y;
const BLANK = /\s*/y;

/** One pass from left to right, over what of XML XMP uses; it ends where the text is no longer that. */
function* parse(
  text: string,
  root: { readonly fields: XmpField[]; readonly children: XmpNode[] },
  budget: { nodes: number },
): Generator<number> {
  const stack: Open[] = [{ prefix: '', name: '', ...root, from: 0 }];
  let at = 0;
  let count = 0;
  /** Moves on past `end`; false where it does not come any more. */
  const past = (end: string) => {
    const found = text.indexOf(end, at);
    at = found + end.length;
    return found >= 0;
  };
  const match = (what: RegExp) => {
    what.lastIndex = at;
    const [found = ''] = what.exec(text) ?? [];
    at += found.length;
    return found;
  };
  while (past('<')) {
    if (++count % GRAIN === 0) yield at / text.length;
    const next = text[at];
    if (next === '!' || next === '?') {
      // Comments and processing instructions; a document type could define entities, and has no place here.
      const comment = text.startsWith('!--', at);
      if ((next === '!' && !comment) || !past(comment ? '-->' : '?>')) return;
      continue;
    }
    const top = stack.at(-1)!;
    if (next === '/') {
      const content = text.slice(top.from, at - 1);
      if (!past('>') || stack.length === 1) return;
      stack.pop();
      const plain = top.children.length === 0 && top.fields.every(([prefix]) => prefix === 'xml');
      if (plain) stack.at(-1)!.fields.push([top.prefix, top.name, content.trim()]);
      continue;
    }
    const [prefix, name] = split(match(NAME));
    const open: Open = { prefix, name, fields: [], children: [], from: 0 };
    for (;;) {
      match(BLANK);
      const key = match(NAME);
      if (!key) break;
      match(BLANK);
      if (text[at++] !== '=') return;
      match(BLANK);
      const quote = text[at++];
      if (quote !== '"' && quote !== "'") return;
      const from = at;
      if (!past(quote) || --budget.nodes < 0) return;
      open.fields.push([...split(key), text.slice(from, at - 1)]);
    }
    const empty = text[at] === '/';
    if (empty) at++;
    if (text[at++] !== '>' || --budget.nodes < 0) return;
    top.children.push(open);
    if (empty) continue;
    if (stack.length === DEEPEST) return;
    open.from = at;
    stack.push(open);
  }
}

function split(name: string): [prefix: string, name: string] {
  const colon = name.indexOf(':');
  return [name.slice(0, Math.max(0, colon)), name.slice(colon + 1)];
}
