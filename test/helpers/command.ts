import { run } from '../../src/cli/run.js';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** Standard output as it was written. */
  readonly bytes: Buffer;
}

/** The command in this process, with its streams caught. */
export async function relievo(
  args: readonly string[],
  {
    signal = new AbortController().signal,
    stdin,
    terminal = false,
  }: { signal?: AbortSignal; stdin?: Uint8Array; terminal?: boolean } = {},
): Promise<Ran> {
  const chunks: Buffer[] = [];
  let err = '';
  const code = await run(args, {
    stdin:
      stdin &&
      (async function* () {
        for (let i = 0; i < stdin.length; i += 4096) yield stdin.subarray(i, i + 4096);
      })(),
    stdout: { write: (data) => chunks.push(Buffer.from(data as Uint8Array)), isTTY: terminal },
    stderr: { write: (data) => (err += String(data)), isTTY: terminal },
    signal,
  });
  const bytes = Buffer.concat(chunks);
  return { code, out: bytes.toString('utf8'), err, bytes };
}
