import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';

export interface Screen {
  /** For `DISPLAY`. */
  readonly display: string;
  close(): void;
}

/** A screen that nobody sees. Without one Firefox has no WebGL, and WebKitGTK does not start. */
export async function openScreen(): Promise<Screen> {
  // It takes the first number that is free, and writes it to the third descriptor once it listens.
  const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1600x1200x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const failed = once(server, 'exit').then(() => Promise.reject(new Error('Xvfb did not start.')));
  failed.catch(() => {}); // it ends one day
  const [number] = (await Promise.race([once(server.stdio[3] as Readable, 'data'), failed])) as [Buffer];
  return { display: `:${String(number).trim()}`, close: () => void server.kill() };
}
