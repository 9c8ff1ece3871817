import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Hydra } from '../../src/hydra/hydra.js';
import { picture, rejection, ROOT } from '../helpers/photos.js';
import { serve, type TestServer } from '../helpers/server.js';

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const load = (options = {}) => Hydra.load({ backend: 'cpu', modelBaseUrl: `${server!.url}models/`, ...options });
const SHARD = 'relievo-depth/group1-shard1of1.bin';

test('progress counts bytes, never falls, and ends at 1', async () => {
  server = await serve(ROOT);
  const seen: number[] = [];
  const hydra = await load({ onProgress: (p: number) => seen.push(p) });
  hydra.close();
  expect(seen.at(-1)).toBe(1);
  expect(seen.length).toBeGreaterThan(3);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
});

test('files that a bundler inlined are read without a request: a policy may forbid to fetch data:', async () => {
  const forbidden = () => Promise.reject(new TypeError('the policy forbids it'));
  const hydra = await Hydra.load({ backend: 'wasm', modules: [], fetch: forbidden });
  const inlined = (module: string) => {
    const of = (file: string) => {
      const bytes = readFileSync(`${ROOT}models/${module}/${file}`);
      return file === 'module.json'
        ? `data:application/json,${encodeURIComponent(bytes.toString())}`
        : `data:application/octet-stream;base64,${bytes.toString('base64')}`;
    };
    return hydra.register(of);
  };
  await inlined('relievo-backbone');
  await inlined('relievo-matte');
  const planes = await hydra.run(
    'matte',
    picture(64, 64, (x, y) => [x * 3, y * 3, 90]),
  );
  expect(Object.values(planes)[0]!.width).toBeGreaterThan(0);
  expect(await rejection(hydra.register(() => 'data:nothing'))).toMatchObject({ code: 'MODEL_NETWORK' });
  hydra.close();
});

test('an answer of 503 is tried again', async () => {
  let refusals = 2;
  server = await serve(ROOT, (path, response) => {
    if (!path.endsWith(SHARD) || refusals-- <= 0) return false;
    response.writeHead(503).end();
    return true;
  });
  (await load()).close();
  expect(server.requests.filter((r) => r.endsWith(SHARD))).toHaveLength(3);
});

test('a missing shard is reported with its address, and not asked for again', async () => {
  server = await serve(ROOT, (path, response) => {
    if (!path.endsWith(SHARD)) return false;
    response.writeHead(404).end();
    return true;
  });
  const error = await rejection(load());
  expect(error).toMatchObject({ code: 'MODEL_NETWORK' });
  expect(error.message).toContain(SHARD);
  expect(server.requests.filter((r) => r.endsWith(SHARD))).toHaveLength(1);
});

test.each([
  ['a flipped bit', (b: Buffer) => b.fill(b[99]! ^ 1, 99, 100)],
  ['a truncated file', (b: Buffer) => b.subarray(0, b.length / 2)],
  ['a login page instead', () => Buffer.from('<html>please log in</html>')],
])('%s never becomes a model', async (_, damage) => {
  server = await serve(ROOT, async (path, response) => {
    if (!path.endsWith(SHARD)) return false;
    response.end(damage(await readFile(join(ROOT, path))));
    return true;
  });
  expect(await rejection(load())).toMatchObject({ code: 'MODEL_CORRUPT' });
});

test('a damaged local file is refused too', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'relievo-'));
  try {
    const manifest = JSON.parse(await readFile(`${ROOT}models/relievo-backbone/module.json`, 'utf8'));
    await writeFile(join(folder, 'module.json'), JSON.stringify(manifest));
    await writeFile(join(folder, 'model.json'), '{}');
    await writeFile(join(folder, 'group1-shard1of1.bin'), new Uint8Array(9));
    const hydra = await Hydra.load({ backend: 'cpu', modules: [] });
    expect(await rejection(hydra.register(`file://${folder}`))).toMatchObject({ code: 'MODEL_CORRUPT' });
    // The hash of the damaged file put into the manifest: now it is verified, and still no graph.
    const sha256 = Object.fromEntries(
      ['model.json', 'group1-shard1of1.bin'].map((f) => [
        f,
        createHash('sha256')
          .update(f === 'model.json' ? '{}' : new Uint8Array(9))
          .digest('hex'),
      ]),
    );
    await writeFile(join(folder, 'module.json'), JSON.stringify({ ...manifest, id: 'other', sha256 }));
    expect(await rejection(hydra.register(`file://${folder}`))).toMatchObject({ code: 'MODEL_CONTRACT' });
    hydra.close();
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('an abort in the middle of a download rejects with the reason, and the next load works', async () => {
  let slow = true;
  const stop = new AbortController();
  server = await serve(ROOT, (path, response) => {
    if (!slow || !path.endsWith(SHARD)) return false;
    response.writeHead(200, { 'content-length': 1000 });
    response.write('x');
    setTimeout(() => stop.abort(new DOMException('changed my mind', 'AbortError')), 50);
    return true;
  });
  const error = await rejection(load({ signal: stop.signal }));
  expect(error).toMatchObject({ name: 'AbortError', message: 'changed my mind' });
  slow = false;
  const hydra = await load();
  expect(hydra.tasks).toEqual(['depth', 'matte']);
  hydra.close();
});
