import { forSteps } from '../../src/core/task.js';

/** Steps of about 10 ms, so that several make a slice. */
function* steps(count: number, seen: number[]): Generator<number> {
  for (let i = 1; i <= count; i++) {
    const end = performance.now() + 10;
    while (performance.now() < end);
    seen.push(i);
    yield i / count;
  }
}

test('steps: progress rises to 1, and the event loop turns between them', async () => {
  const progress: number[] = [];
  const seen: number[] = [];
  const turned = new Set<number>();
  const timer = setInterval(() => turned.add(seen.length));
  await forSteps({ onProgress: (p) => progress.push(p) }, steps(12, seen));
  clearInterval(timer);
  expect(seen.length).toBe(12);
  expect([...turned].filter((n) => n > 0 && n < 12)).not.toEqual([]);
  expect(progress).toEqual([...progress].sort((a, b) => a - b));
  expect(progress.at(-1)).toBe(1);
});

test('steps: an abort between them ends the work with its reason', async () => {
  const seen: number[] = [];
  const controller = new AbortController();
  const reason = new Error('enough');
  setTimeout(() => controller.abort(reason));
  await expect(forSteps({ signal: controller.signal }, steps(100, seen))).rejects.toBe(reason);
  expect(seen.length).toBeLessThan(50);
});
