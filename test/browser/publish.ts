import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../helpers/photos.js';
import { serve } from '../helpers/server.js';

export interface Published {
  /** Of the page's index.html. */
  readonly url: string;
  /** The same files on another server, to be closed by whoever asked for it. */
  again(): Promise<Omit<Published, 'again'>>;
  close(): Promise<void>;
}

/**
 * Builds the page of `root` as `npm run demo -- --build` does, and serves it on loopback.
 *
 * @param headers of every answer, besides what it is; what is changed in them later holds from then on.
 */
export async function publish(root: string, headers: Readonly<Record<string, string>> = {}): Promise<Published> {
  const folder = await mkdtemp(join(tmpdir(), 'relievo-page-'));
  // A process of its own: Vite's native parts do not accept objects of jest's realm.
  await promisify(execFile)(
    process.execPath,
    [
      'node_modules/vite/bin/vite.js',
      'build',
      root,
      '--config=vite.config.js',
      `--outDir=${join(folder, 'some/folder')}`,
      '--logLevel=warn',
    ],
    // Jest's own NODE_ENV would make it a build for development.
    { cwd: ROOT, env: { ...process.env, NODE_ENV: 'production' } },
  );
  const open = async () => {
    // Not at the root of its host: the site has to work from any folder.
    const { url, close } = await serve(folder, (_, response) => {
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      return false;
    });
    return { url: `${url}some/folder/index.html`, close };
  };
  const { url, close } = await open();
  return {
    url,
    again: open,
    async close() {
      await close();
      await rm(folder, { recursive: true });
    },
  };
}
