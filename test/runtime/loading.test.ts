import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Hydra } from '../../src/hydra/hydra.js';
import { rejection, ROOT } from '../helpers/photos.js';
import { serve, type TestServer } from '../helpers/server.js';

const SHARD = 'relievo-depth/group1-shard1of1.bin';
const MANIFEST = 'relievo-depth/module.json';
type Fault = (response: ServerResponse, bytes: Buffer, request: IncomingMessage) => unknown;

let server: TestServer;
/** What happens to a file, and how many more times. */
let fault: { file: string; act: Fault; times: number } | undefined;

beforeAll(async () => {
  server = await serve(ROOT, async (path, response, request) => {
    if (!fault || !path.endsWith(fault.file) || fault.times-- <= 0) return false;
    await fault.act(response, await readFile(join(ROOT, path)), request);
    return true;
  });
});
afterAll(() => server.close());

const load = () => Hydra.load({ backend: 'cpu', modelBaseUrl: `${server.url}models/` });
const askedFor = (file: string) => server.requests.filter((r) => r.endsWith(file)).length;

const cut: Fault = (response, bytes) => {
  response.writeHead(200, { 'content-length': bytes.length });
  response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
};
const endless: Fault = async (response) => {
  response.writeHead(200);
  for (const more = Buffer.alloc(2 ** 18, ' '); !response.destroyed; await wait(1)) response.write(more);
};
/** A flood that the client ends is over in a moment; one that it takes in would be still running. */
const PROMPT_MS = 20_000;

describe.each<[string, { file?: string; act: Fault; times?: number; error?: string; asked?: number }]>([
  ['404', { act: (r) => r.writeHead(404).end(), error: 'MODEL_NETWORK', asked: 1 }],
  ['500, always', { act: (r) => r.writeHead(500).end(), error: 'MODEL_NETWORK', asked: 3 }],
  ['500, once', { act: (r) => r.writeHead(500).end(), times: 1, asked: 2 }],
  ['too many requests, twice', { act: (r) => r.writeHead(429).end(), times: 2, asked: 3 }],
  ['a connection that breaks in the middle, always', { act: cut, error: 'MODEL_NETWORK', asked: 3 }],
  ['a connection that breaks in the middle, once', { act: cut, times: 1, asked: 2 }],
  ['no answer at all', { act: (r) => r.destroy(), error: 'MODEL_NETWORK', asked: 3 }],
  [
    'half a file that claims to be whole',
    { act: (r, b) => r.end(b.subarray(0, 999)), error: 'MODEL_CORRUPT', asked: 1 },
  ],
  ['one flipped bit', { act: (r, b) => r.end(b.fill(b[4242]! ^ 16, 4242, 4243)), error: 'MODEL_CORRUPT', asked: 1 }],
  [
    'a login page with status 200',
    { act: (r) => r.setHeader('content-type', 'text/html').end('<h1>Sign in</h1>'), error: 'MODEL_CORRUPT', asked: 1 },
  ],
  ['the right bytes of the wrong type', { act: (r, b) => r.setHeader('content-type', 'text/html').end(b), asked: 1 }],
  [
    'a slow line',
    {
      act: async (r, b) => {
        for (let at = 0; at < b.length; at += 60_000, await wait(30)) r.write(b.subarray(at, at + 60_000));
        r.end();
      },
      asked: 1,
    },
  ],
  ['an endless file', { act: endless, error: 'MODEL_CORRUPT', asked: 1 }],
  ['an endless manifest', { file: MANIFEST, act: endless, error: 'MODEL_CORRUPT', asked: 1 }],
  ['a manifest that is no JSON', { file: MANIFEST, act: (r) => r.end('{'), error: 'MODEL_CONTRACT', asked: 1 }],
  [
    'a manifest of folders that are not its own',
    {
      file: MANIFEST,
      act: (r, b) => r.end(String(b).replaceAll('group1-shard1of1.bin', '../relievo-backbone/group1-shard1of1.bin')),
      error: 'MODEL_CONTRACT',
      asked: 1,
    },
  ],
])('%s', (_, { file = SHARD, act, times = Infinity, error, asked }) => {
  test(error ? `is ${error}, and the next load works` : 'is got over', async () => {
    fault = { file, act, times };
    const before = askedFor(file);
    const start = performance.now();
    if (error) expect(await rejection(load())).toMatchObject({ name: 'RelievoError', code: error });
    else (await load()).close();
    expect(performance.now() - start).toBeLessThan(PROMPT_MS);
    expect(askedFor(file) - before).toBe(asked);
    fault = undefined;
    const hydra = await load();
    expect(hydra.tasks).toEqual(['depth', 'matte']);
    hydra.close();
  });
});
