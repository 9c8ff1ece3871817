/**
 * Does the package work where people use it? Installs the tarball with one command into an empty app for every host, runs
 * that app in Chromium as a visitor would, and holds depth and blur against Node's:
 *
 *     npm run examples [-- NAME… | --quick] [--docs] [--keep]
 *
 * NAME: a host (`vite`), one way of it (`vite-dev`) or a package manager (`pnpm`); without any, all. `--quick`: the part
 * that `npm test` takes. `--docs` writes the table into docs/runtime.md. `--keep` leaves the apps there and says where.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { newApp, version, workshop } from './hosts/app.mjs';
import { HOSTS, QUICK } from './hosts/hosts.mjs';
import { MANAGERS, managerEnv, managers } from './hosts/managers.mjs';
import { check, reference, written } from './hosts/reference.mjs';
import { serveBy, serveFiles, sh, stopServers } from './hosts/shell.mjs';
import { build, ROOT, setup } from './setup.mjs';

setup({ tests: true });
build();
const { closeBrowser, use } = await import('./hosts/page.mjs');
const flags = { quick: { type: 'boolean' }, docs: { type: 'boolean' }, keep: { type: 'boolean' } };
const { values, positionals } = parseArgs({ options: flags, allowPositionals: true });
const PHOTO = join(ROOT, 'assets/astronaut.png');

const asked = values.quick ? QUICK : positionals;
const wanted = (host, way) => !asked.length || asked.includes(host) || asked.includes(`${host}-${way}`);

const shop = await workshop();
const want = await reference(PHOTO);
const rows = [];
try {
  for (const host of HOSTS) {
    const ways = Object.entries(host.ways).filter(([way]) => wanted(host.name, way));
    if (ways.length) await inHost(host, ways);
  }
  const asManagers = MANAGERS.filter((m) => !asked.length || asked.includes(m.name) || asked.includes('managers'));
  if (asManagers.length) await byManagers(asManagers);
} finally {
  await closeBrowser();
  await stopServers();
  if (values.keep) console.log(shop.folder);
  else shop.remove();
}
if (values.docs) writeDocs();
const failed = rows.filter((r) => r.fault);
console.log(`${rows.length - failed.length} of ${rows.length} hosts work`);
if (failed.length) process.exitCode = 1;

async function inHost(host, ways) {
  let app;
  let fault;
  try {
    app = newApp(shop, host.name, [host.name]);
    await sh('npm install --ignore-scripts', app);
    await sh(`npm install --ignore-scripts ${shop.tarball}`, app);
    if (host.first) await sh(host.first, app);
  } catch (error) {
    fault = error;
  }
  const tool = app && host.tool ? ` ${version(app, host.tool)}` : '';
  for (const [way, how] of ways) {
    const row = { name: `${host.name}-${way}`, title: host.title + tool, says: how.says ?? way };
    rows.push(row);
    const start = performance.now();
    try {
      if (fault) throw fault;
      Object.assign(row, how.run ? await inNode(app, how) : await inPage(app, how, host));
    } catch (error) {
      row.fault = error.message;
    }
    row.seconds = (performance.now() - start) / 1000;
    print(row);
  }
}

/** Vite 8.4.0 names an optional package for Windows that not every registry has; Yarn insists on it. */
function heldVite(p) {
  return { ...p, devDependencies: { ...p.devDependencies, vite: '~8.3.0' } };
}

async function byManagers(all) {
  const say = await managers(shop);
  const env = await managerEnv();
  for (const m of all) {
    const row = { name: m.name, title: m.title ?? m.name, says: 'Node, and Vite, build' };
    rows.push(row);
    const start = performance.now();
    try {
      const app = newApp(shop, `by-${m.name}`, ['vite', 'node'], heldVite);
      for (const [file, text] of Object.entries(m.files ?? {})) writeFileSync(join(app, file), text);
      const run = (line) => sh(say(line), app, { env });
      row.title += ` ${(await run(m.version)).trim()}`;
      await run(m.add);
      await run(`${m.run} esm ${PHOTO}`);
      const off = check(want, await written(app));
      await run(`${m.run} build`);
      Object.assign(row, await served(await serveFiles(join(app, 'dist'))));
      row.off = Math.max(row.off, off);
    } catch (error) {
      row.fault = error.message;
    }
    row.seconds = (performance.now() - start) / 1000;
    print(row);
  }
}

async function inNode(app, how) {
  await sh(`${how.run} ${PHOTO}`, app);
  return { off: check(want, await written(app)) };
}

async function inPage(app, how, host) {
  if (how.build) await sh(how.build, app);
  if (how.open) return served({ origin: pathToFileURL(join(app, how.open)).href }, ['--allow-file-access-from-files']);
  const library = how.library && (await serveFiles(join(app, how.library), { cors: true }));
  if (library) {
    const page = join(app, how.files, 'index.html');
    writeFileSync(page, readFileSync(page, 'utf8').replaceAll('https://CDN/', library.origin));
  }
  const server = how.serve ? await serveBy(how.serve, app) : await serveFiles(join(app, how.files));
  try {
    if (host.html && !host.html.test(await (await fetch(server.origin)).text()))
      throw new Error('the server did not render what it imported');
    return { ...(await served(server)), development: how.development };
  } finally {
    await server.stop();
    await library?.stop();
  }
}

/** Page and worker, each in a browser that was never there. */
async function served(server, args = []) {
  const found = {};
  for (const thread of ['page', 'worker']) {
    try {
      const used = await use(server.origin, PHOTO, { worker: thread === 'worker', args });
      if (used.backend !== 'wasm') throw new Error(`computes by ${used.backend}`);
      found[thread] = { ...used, off: check(want, used) };
    } catch (error) {
      throw new Error(`${thread === 'page' ? 'on the page' : 'in the worker'}: ${error.message}`, { cause: error });
    }
  }
  return { ...found, off: Math.max(found.page.off, found.worker.off) };
}

function print(row) {
  const what = `${row.name.padEnd(16)} ${`${row.title}: ${row.says}`.padEnd(36)}`;
  if (row.fault) return console.log(`${what} FAILS (${row.seconds.toFixed(0)} s): ${row.fault.slice(0, 2000)}`);
  const kB = (n) => `${(n / 1e3).toFixed(0)}`.padStart(5);
  const of = (u) =>
    u && `${kB(u.bytes.code)} ${kB(u.bytes.wasm)} ${kB(u.bytes.models)} ${u.firstLoad.toFixed(1).padStart(5)} s`;
  console.log(
    `${what} ok  off ${row.off.toFixed(2)}  ${of(row.page) ?? ''}   ${of(row.worker) ?? ''}  (${row.seconds.toFixed(0)} s)`,
  );
}

/** The table of this run, in the place of the last one. */
function writeDocs() {
  const file = join(ROOT, 'docs/runtime.md');
  const kB = (n) => `${(n / 1e3).toFixed(0)} kB`;
  const MB = (n) => `${(n / 1e6).toFixed(1)} MB`;
  const lines = rows.map((row) => {
    const host = `${row.title}: ${row.says}`;
    if (row.fault) return [host, 'no', '', '', '', '', ''];
    const { page, worker } = row;
    if (!page) return [host, row.off.toFixed(2), '', '', '', '', ''];
    const code = row.development ? ['', ''] : [kB(page.bytes.code), kB(worker.bytes.code)];
    const load = `${page.firstLoad.toFixed(1)} s`;
    return [host, row.off.toFixed(2), ...code, kB(page.bytes.wasm), MB(page.bytes.models), load];
  });
  const heads = ['host', 'depth off, of 255', 'code, page', 'code, worker', '.wasm', 'models', 'first photo'];
  const table = [heads, heads.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  const text = readFileSync(file, 'utf8');
  const marked = /(<!-- npm run examples -- --docs -->\n)[^]*?(\n<!-- end -->)/;
  if (!marked.test(text)) throw new Error(`${file} has no place for the table`);
  writeFileSync(
    file,
    text.replace(marked, (_, begin, end) => `${begin}\n${table}\n${end}`),
  );
}
