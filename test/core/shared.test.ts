import { Shared } from '../../src/core/shared.js';
import { rejection } from '../helpers/photos.js';

function deferred<T>() {
  let resolve!: (v: T) => void;
  let reject!: (e: unknown) => void;
  const promise = new Promise<T>((a, b) => ((resolve = a), (reject = b)));
  return { promise, resolve, reject };
}

test('a caller who aborts leaves alone; the others get the result', async () => {
  const work = deferred<number>();
  let stopped = false;
  const shared = new Shared<number>(({ signal }) => {
    signal.addEventListener('abort', () => (stopped = true));
    return work.promise;
  });
  const leaver = new AbortController();
  const a = shared.join({ signal: leaver.signal });
  const b = shared.join({});
  leaver.abort(new DOMException('enough', 'AbortError'));
  expect((await rejection(a)).message).toBe('enough');
  expect(stopped).toBe(false);
  work.resolve(7);
  expect(await b).toBe(7);
});

test('the work stops when the last caller has left', async () => {
  let reason: Error | undefined;
  const shared = new Shared(
    ({ signal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject((reason = signal.reason)))),
  );
  const [one, two] = [new AbortController(), new AbortController()];
  const calls = [shared.join({ signal: one.signal }), shared.join({ signal: two.signal })];
  one.abort();
  await rejection(calls[0]!);
  expect(reason).toBeUndefined();
  two.abort();
  await rejection(calls[1]!);
  expect(reason?.name).toBe('AbortError');
  expect(shared.abandoned).toBe(true);
});

test('progress reaches only those who still wait, a failure all of them', async () => {
  const work = deferred<never>();
  let report!: (n: number) => void;
  const shared = new Shared(({ onProgress }) => ((report = onProgress), work.promise));
  const seen: number[] = [];
  const calls = [shared.join({ onProgress: (n) => seen.push(n) }), shared.join({})];
  report(0.5);
  work.reject(new Error('broken'));
  for (const c of calls) expect((await rejection(c)).message).toBe('broken');
  report(0.9);
  expect(seen).toEqual([0.5]);
});
