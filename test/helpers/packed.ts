import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './photos.js';

/** The package as npm packs it, alone in the node_modules of a folder of its own: that folder. */
export function packed(): string {
  const folder = mkdtempSync(join(tmpdir(), 'relievo-'));
  const [{ filename }] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
      cwd: ROOT,
      encoding: 'utf8',
    }),
  );
  execFileSync('tar', ['xzf', filename], { cwd: folder });
  mkdirSync(join(folder, 'node_modules'));
  // A copy: of a link Node would look for what it needs beside its target.
  cpSync(join(folder, 'package'), join(folder, 'node_modules/relievo'), { recursive: true });
  return folder;
}

/**
 * As {@link packed}, beside the packages that npm would put there.
 *
 * @param sharp folder of node_modules that stands there as `sharp`.
 * @returns that folder and the command's file in it.
 */
export function installPacked(sharp = 'sharp'): { folder: string; bin: string } {
  const folder = packed();
  const modules = join(folder, 'node_modules');
  for (const name of readdirSync(`${ROOT}node_modules`))
    if (!['relievo', 'sharp', '.package-lock.json'].includes(name))
      symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  symlinkSync(join(ROOT, 'node_modules', sharp), join(modules, 'sharp'));
  const { bin } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'));
  return { folder, bin: join(modules, 'relievo', bin.relievo) };
}
