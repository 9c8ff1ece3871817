/** Commands in folders that know nothing of this repository, and servers that are ended again. */
import { execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, extname, join, normalize } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../setup.mjs';

/** `npm run` names this package and puts its programs on the path: an app would find what it has not installed. */
const ENV = Object.fromEntries(
  Object.entries(process.env).filter(
    ([k]) => !/^(npm_(package|lifecycle|node|execpath|command|config_local)|NODE_PATH|NODE_OPTIONS|INIT_CWD)/.test(k),
  ),
);
Object.assign(ENV, {
  PATH: (ENV.PATH ?? '')
    .split(':')
    .filter((p) => !p.startsWith(ROOT) && !p.includes('node_modules/'))
    .join(':'),
  NEXT_TELEMETRY_DISABLED: '1',
  BROWSER: 'none',
  NO_COLOR: '1',
});

/** @throws where a folder above `folder` holds packages: they would be found from there. */
export function assertAlone(folder) {
  for (let up = dirname(folder); up !== dirname(up); up = dirname(up))
    if (existsSync(join(up, 'node_modules'))) throw new Error(`${up} has packages: set TMPDIR to a folder without`);
  if (folder.startsWith(ROOT)) throw new Error(`${tmpdir()} lies in this repository: set TMPDIR to another folder`);
}

/**
 * @param line command and arguments, parted by spaces.
 * @returns what it printed. @throws with what it printed.
 */
export async function sh(line, cwd, { env = {}, seconds = 300 } = {}) {
  const [command, ...args] = line.split(' ');
  try {
    const options = { cwd, env: { ...ENV, ...env }, timeout: seconds * 1000, maxBuffer: 1 << 26 };
    return (await promisify(execFile)(command, args, options)).stdout;
  } catch (error) {
    const said = `${error.stdout ?? ''}${error.stderr ?? ''}`.trim();
    throw new Error(`\`${line}\` ${error.killed ? `took over ${seconds} s` : 'failed'}: ${said || error.message}`);
  }
}

const stops = new Set();

/** Ends every server that still runs. */
export async function stopServers() {
  await Promise.all([...stops].map((stop) => stop()));
}

async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** Starts a server of somebody else's. @param line with PORT where its port goes. */
export async function serveBy(line, cwd, seconds = 60) {
  const port = await freePort();
  const [command, ...args] = line.replaceAll('PORT', port).split(' ');
  // A group of its own: what it starts ends with it.
  // esbuild serves as long as its input is open.
  const child = spawn(command, args, { cwd, env: ENV, detached: true, stdio: 'pipe' });
  let said = '';
  for (const out of [child.stdout, child.stderr]) out.on('data', (chunk) => (said += chunk));
  const ended = new Promise((done) => child.on('exit', done));
  const stop = async () => {
    stops.delete(stop);
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid, 'SIGTERM');
    const late = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), 5000);
    await ended;
    clearTimeout(late);
  };
  stops.add(stop);
  const origin = `http://127.0.0.1:${port}/`;
  for (const until = Date.now() + seconds * 1000; Date.now() < until;) {
    if (child.exitCode !== null) break;
    const answer = await fetch(origin).catch(() => undefined);
    if (answer?.ok) return { origin, stop, said: () => said };
    await new Promise((done) => setTimeout(done, 200));
  }
  await stop();
  throw new Error(`\`${line}\` serves nothing: ${said.trim()}`);
}

const TYPES = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.png': 'image/png',
};

/** Serves a folder as any web server does; `cors`: to pages of other origins as well, as a CDN does. */
export async function serveFiles(folder, { cors = false } = {}) {
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, 'http://x').pathname)).replace(/\/$/, '/index.html');
    const file = join(folder, path);
    if (!existsSync(file)) return response.writeHead(404).end();
    response
      .writeHead(200, {
        'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
        ...(cors && { 'access-control-allow-origin': '*' }),
      })
      .end(readFileSync(file));
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const stop = async () => {
    stops.delete(stop);
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  };
  stops.add(stop);
  return { origin: `http://127.0.0.1:${server.address().port}/`, stop, said: () => '' };
}
