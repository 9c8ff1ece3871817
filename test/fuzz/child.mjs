/** Fuzzes one target for a while: `child.mjs TARGET MILLISECONDS SEED FILE`. Tells its parent about every run. */
import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { isRelievoError, makeTargets } from './targets.mjs';

const [name, ms, seed, file] = process.argv.slice(2);
const { seeds, run } = (await makeTargets())[name];
console.warn = () => {}; // TF.js advises its Node backend

/** What parsers stumble over. */
const WORDS = [
  ...['__proto__', 'constructor', 'toString', '../', 'file:///etc/passwd', '1e999', '-1', '0', 'NaN', '1e-320', 'null'],
  ...['4294967296', '9007199254740993', '[[[[[[[[', '{"a":', '"', '\\u0000', '\0', '\u{1f600}', ' '.repeat(300)],
].map((w) => Buffer.from(w));

const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const edit = fc.oneof(
  fc.record({ kind: fc.constant('flip'), at: share, bit: fc.nat(7) }),
  fc.record({ kind: fc.constant('byte'), at: share, value: fc.constantFrom(0, 1, 0x7f, 0x80, 0xff, 0x30, 0x39, 0x2d) }),
  fc.record({ kind: fc.constant('delete'), at: share, length: fc.nat(40) }),
  fc.record({ kind: fc.constant('cut'), at: share }),
  fc.record({ kind: fc.constant('repeat'), at: share, length: fc.nat(40), times: fc.nat(20) }),
  fc.record({ kind: fc.constant('word'), at: share, word: fc.nat(WORDS.length - 1), over: fc.boolean() }),
  fc.record({ kind: fc.constant('number'), at: share, word: fc.constantFrom(7, 5, 6, 9, 11, 12) }),
  fc.record({ kind: fc.constant('splice'), at: share, from: fc.nat(seeds.length - 1), to: share }),
);

/** The files of Relievo, changed byte by byte; and now and then bytes that never were a file. */
const input = fc.oneof(
  { weight: 9, arbitrary: fc.record({ seed: fc.nat(seeds.length - 1), edits: fc.array(edit, { maxLength: 6 }) }) },
  { weight: 1, arbitrary: fc.record({ bytes: fc.uint8Array({ maxLength: 400 }) }) },
);

function bytesOf({ seed, edits = [], bytes }) {
  let b = bytes ? Buffer.from(bytes) : Buffer.from(seeds[seed]);
  for (const e of edits) {
    const at = Math.floor(e.at * b.length);
    const rest = (n) => b.subarray(Math.min(b.length, at + n));
    if (e.kind === 'flip' && b.length) b[at] ^= 1 << e.bit;
    else if (e.kind === 'byte' && b.length) b[at] = e.value;
    else if (e.kind === 'delete') b = Buffer.concat([b.subarray(0, at), rest(e.length)]);
    else if (e.kind === 'cut') b = Buffer.from(b.subarray(0, at));
    else if (e.kind === 'repeat')
      b = Buffer.concat([b.subarray(0, at), ...Array(e.times).fill(b.subarray(at, at + e.length)), rest(0)]);
    else if (e.kind === 'word')
      b = Buffer.concat([b.subarray(0, at), WORDS[e.word], rest(e.over ? WORDS[e.word].length : 0)]);
    else if (e.kind === 'number') {
      // The next number of the text becomes another one.
      const found = /-?\d+(\.\d+)?/.exec(b.subarray(at).toString('latin1'));
      if (found)
        b = Buffer.concat([b.subarray(0, at + found.index), WORDS[e.word], rest(found.index + found[0].length)]);
    } else if (e.kind === 'splice')
      b = Buffer.concat([b.subarray(0, at), seeds[e.from].subarray(Math.floor(e.to * seeds[e.from].length))]);
  }
  return b;
}

let told = 0;
const counts = { runs: 0, read: 0, slowest: 0 };
const property = fc.asyncProperty(input, async (given) => {
  const bytes = bytesOf(given);
  writeFileSync(file, bytes); // what a crash or a hang was caused by
  const start = performance.now();
  try {
    await run(bytes);
    counts.read++;
  } catch (error) {
    if (!isRelievoError(error)) throw error;
  }
  counts.runs++;
  counts.slowest = Math.max(counts.slowest, performance.now() - start);
  if (performance.now() - told < 100) return;
  told = performance.now();
  if (process.connected) process.send({ ...counts, rss: process.memoryUsage().rss });
  await new Promise(setImmediate); // what is sent goes out when the event loop turns, and short runs never let it
});
const found = await fc.check(property, {
  seed: Number(seed),
  numRuns: Number.MAX_SAFE_INTEGER,
  interruptAfterTimeLimit: Number(ms),
});
const failed = found.failed && found.counterexample !== null;
if (failed) writeFileSync(file, bytesOf(found.counterexample[0]));
const failure = failed && String(found.errorInstance?.stack ?? found.errorInstance);
// A run may still be under way when the time is over: it ends with the process.
process.send({ ...counts, ...(failed && { failure }) }, () => process.exit(failed ? 1 : 0));
