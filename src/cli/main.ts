#!/usr/bin/env node
import { run } from './run.js';

const stop = new AbortController();
process.once('SIGINT', () => stop.abort(new DOMException('Interrupted.', 'AbortError')));
process.exitCode = await run(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  signal: stop.signal,
});
