/** The package as its users get it, and apps of examples/hosts in folders of their own, with nothing else in reach. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../setup.mjs';
import { assertAlone, sh } from './shell.mjs';

const EXAMPLES = join(ROOT, 'examples/hosts');

/** A folder for everything, and the tarball in it. */
export async function workshop() {
  const folder = mkdtempSync(join(tmpdir(), 'relievo-hosts-'));
  assertAlone(folder);
  const name = (await sh(`npm pack --silent --pack-destination ${folder}`, ROOT)).trim().split('\n').at(-1);
  return { folder, tarball: join(folder, name), remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/**
 * A new app, empty but for the files of the examples named: the page that they share beside each one's own.
 *
 * @param change of its package.json: what it is given is written.
 */
export function newApp(shop, name, examples, change = (p) => p) {
  const app = join(shop.folder, name);
  mkdirSync(app);
  const all = {};
  for (const example of examples) {
    const from = join(EXAMPLES, example);
    cpSync(from, app, { recursive: true, filter: (path) => !/\/(node_modules|dist|\.next)$/.test(path) });
    if (!existsSync(join(from, 'app'))) cpSync(join(EXAMPLES, 'page.js'), join(app, 'page.js'));
    const own = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8'));
    for (const key of ['scripts', 'dependencies', 'devDependencies']) own[key] = { ...all[key], ...own[key] };
    Object.assign(all, own);
  }
  // What the command installs is not there before it.
  delete all.dependencies?.relievo;
  writeFileSync(join(app, 'package.json'), JSON.stringify(change(all), null, 2));
  return app;
}

/** Version of a package in an app. */
export function version(app, name) {
  return JSON.parse(readFileSync(join(app, 'node_modules', name, 'package.json'), 'utf8')).version;
}
