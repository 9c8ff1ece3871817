#!/usr/bin/env node

const stop = new AbortController();
let code: number | undefined;
const end = (by: number) => () => {
  // Whoever asks twice does not want to wait.
  if (code !== undefined) process.exit(code);
  code = by;
  stop.abort(new DOMException('Interrupted.', 'AbortError'));
};
process.on('SIGINT', end(130));
process.on('SIGTERM', end(143));
// `relievo info *.jpg | head -1`: who reads has enough.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });

// After the signals are heard: to load takes a while too.
const { run } = await import('./run.js');
const { stdin, stdout, stderr } = process;
process.exitCode = await run(process.argv.slice(2), { stdin, stdout, stderr, signal: stop.signal });
// What an abort left running, such as an encoder, is not waited for.
if (code !== undefined) process.exit(code);
