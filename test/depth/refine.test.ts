import { refine } from '../../src/depth/refine.js';
import { picture, rejection } from '../helpers/photos.js';

/** A blurred step along x at `edge` (0..1), as a network of stride 2 would answer. */
function step(width: number, height: number, edge: number) {
  const data = Float32Array.from(
    { length: width * height },
    (_, i) => 1 / (1 + Math.exp((((i % width) + 0.5) / width - edge) * width * 0.8)),
  );
  return { width, height, data };
}

test('a soft step follows the photo’s edge', async () => {
  // The photo's edge lies 0.6 cells beside the network's.
  const photo = picture(400, 300, (x) => (x < 206 ? [210, 60, 40] : [30, 90, 160]));
  const low = step(100, 75, 0.5);
  const d = await refine(low, photo);
  const at = (x: number) => d[150 * 400 + x]!;
  const linear = (x: number) => 1 / (1 + Math.exp(((x + 0.5) / 400 - 0.5) * 80));
  expect(at(204)).toBeGreaterThan(linear(204) + 0.08);
  expect(at(204) - at(207)).toBeGreaterThan(3 * (linear(204) - linear(207)));
});

test('a flat photo gets the interpolated map: no texture, no shift', async () => {
  const low = step(64, 48, 0.5);
  const d = await refine(
    low,
    picture(256, 192, () => [120, 120, 120]),
  );
  let mirrored = 0;
  for (let x = 0; x < 128; x++) mirrored = Math.max(mirrored, Math.abs(d[96 * 256 + x]! + d[96 * 256 + 255 - x]! - 1));
  expect(mirrored).toBeLessThan(0.01);
});

test('texture on one depth stays one depth, at work size and above it', async () => {
  for (const [w, h] of [
    [320, 240],
    [1600, 1200],
  ] as const) {
    const photo = picture(w, h, (x, y) => (((x >> 3) + (y >> 3)) % 2 ? [250, 250, 250] : [10, 10, 10]));
    const d = await refine({ width: 128, height: 96, data: new Float32Array(128 * 96).fill(0.4) }, photo);
    const worst = d.reduce((m, v) => Math.max(m, Math.abs(v - 0.4)), 0);
    expect(worst).toBeLessThan(1e-3);
  }
});

test.each([
  [1, 1],
  [1, 50],
  [700, 1],
  [3, 900],
  [641, 2],
])('%i × %i pixels', async (w, h) => {
  const d = await refine(
    step(16, 16, 0.5),
    picture(w, h, (x, y) => [x % 256, y % 256, 0]),
  );
  expect(d.length).toBe(w * h);
  expect(d.every((v) => v >= 0 && v <= 1)).toBe(true);
});

test('the same bytes on every run, and the input untouched', async () => {
  const low = step(64, 64, 0.4);
  const kept = Float32Array.from(low.data);
  const photo = picture(900, 700, (x, y) => [(x * 7) % 256, (y * 5) % 256, (x + y) % 256]);
  expect(await refine(low, photo)).toEqual(await refine(low, photo));
  expect(low.data).toEqual(kept);
});

test('an abort stops it within a tenth of a second', async () => {
  const stop = new AbortController();
  const photo = picture(3000, 2000, (x, y) => [x % 256, y % 256, 0]);
  let aborted = 0;
  const work = refine(step(144, 96, 0.5), photo, {
    signal: stop.signal,
    onProgress: () => {
      aborted ||= performance.now();
      stop.abort();
    },
  });
  expect(await rejection(work)).toMatchObject({ name: 'AbortError' });
  expect(performance.now() - aborted).toBeLessThan(500); // 100 ms alone; the tests share two cores
});
