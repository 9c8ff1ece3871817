/**
 * Package managers, each from npm itself: an app of Vite and one of Node, installed with one command. `add`: that command,
 * TARBALL for the package; `run`: how it runs a script of the app.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sh } from './shell.mjs';

const PACKAGES = ['yarn@1', '@yarnpkg/cli-dist@4', 'pnpm', 'bun'];

export const MANAGERS = [
  { name: 'npm', add: 'npm install --ignore-scripts TARBALL', run: 'npm run', version: 'npm --version' },
  { name: 'pnpm', add: 'PNPM add --ignore-scripts TARBALL', run: 'PNPM run', version: 'PNPM --version' },
  {
    name: 'yarn1',
    title: 'Yarn classic',
    add: 'YARN1 add --ignore-scripts file:TARBALL',
    run: 'YARN1 -s run',
    version: 'YARN1 --version',
  },
  {
    name: 'yarn4',
    title: 'Yarn, node-modules',
    files: { '.yarnrc.yml': 'nodeLinker: node-modules\n', 'yarn.lock': '' },
    add: 'YARN4 add relievo@file:TARBALL',
    run: 'YARN4 run',
    version: 'YARN4 --version',
  },
  {
    name: 'yarn4-pnp',
    title: "Yarn, Plug'n'Play",
    files: { '.yarnrc.yml': 'nodeLinker: pnp\n', 'yarn.lock': '' },
    add: 'YARN4 add relievo@file:TARBALL',
    run: 'YARN4 run',
    version: 'YARN4 --version',
  },
  { name: 'bun', title: 'Bun', add: 'BUN add --ignore-scripts TARBALL', run: 'BUN run', version: 'BUN --version' },
];

/** Installs the managers themselves. @returns what puts their programs into a command. */
export async function managers(shop) {
  const folder = join(shop.folder, 'tools');
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  await sh(`npm install --ignore-scripts ${PACKAGES.join(' ')}`, folder);
  // Their install scripts, which are left out, would put the program of this platform into its place.
  const platform = `${process.platform}-${process.arch}`;
  const at = (path) => join(folder, 'node_modules', path);
  const programs = {
    YARN1: `${process.execPath} ${at('yarn/bin/yarn.js')}`,
    YARN4: `${process.execPath} ${at('@yarnpkg/cli-dist/bin/yarn.js')}`,
    PNPM: at(`@pnpm/exe.${platform}/pnpm`),
    BUN: at(`@oven/bun-${platform}/bin/bun`),
    TARBALL: shop.tarball,
  };
  return (line) => line.replace(/\b(YARN1|YARN4|PNPM|BUN|TARBALL)\b/g, (name) => programs[name]);
}

/** Yarn has a registry of its own unless it is told which one npm uses, and asks nothing in CI. */
export async function managerEnv() {
  const registry = (await sh('npm config get registry', '/')).trim();
  const ca = (await sh('npm config get cafile', '/')).trim();
  return {
    YARN_NPM_REGISTRY_SERVER: registry,
    YARN_REGISTRY: registry,
    npm_config_registry: registry,
    YARN_ENABLE_TELEMETRY: '0',
    YARN_ENABLE_IMMUTABLE_INSTALLS: 'false',
    YARN_ENABLE_SCRIPTS: 'false',
    ...(/^(null|undefined|)$/.test(ca) ? {} : { YARN_HTTPS_CA_FILE_PATH: ca, NODE_EXTRA_CA_CERTS: ca }),
  };
}
