import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeVideo } from '../../src/effects/video.js';
import { picture, rejection } from '../helpers/photos.js';
import { site, type Site } from './chromium.js';

let pages: Site;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'relievo-'));
  pages = await site('test/browser/page');
});
afterAll(async () => {
  await pages?.close();
  await rm(folder, { recursive: true });
});
afterEach(() => expect(pages.complaints.splice(0)).toEqual([]));

// Chromium without proprietary codecs encodes no H.264: its MP4 holds VP9. An odd side loses its last pixel.
test.each([
  { format: 'webm', width: 161, height: 90, frames: 12, fps: 24 },
  { format: 'mp4', width: 160, height: 91, frames: 10, fps: 20 },
] as const)(
  '$format plays in the page, and ffmpeg decodes every frame',
  async ({ format, width, height, frames, fps }) => {
    const page = await pages.open();
    const film = await page.evaluate((a) => window.film(a.format, a.width, a.height, a.frames, a.fps), {
      format,
      width,
      height,
      frames,
      fps,
    });
    await page.context().close();
    expect(film).toMatchObject({ frames, size: [160, 90] });
    expect(film.played.size).toEqual([160, 90]);
    expect(film.played.seconds).toBeCloseTo(frames / fps, 1);
    // The square in the middle, through limited-range YUV and back.
    [40, 160, 60].forEach((v, c) => expect(Math.abs(film.played.middle[c]! - v)).toBeLessThanOrEqual(12));

    const file = join(folder, `film.${format}`);
    await writeFile(file, Buffer.from(film.file, 'base64'));
    const raw = execFileSync('ffmpeg', ['-v', 'error', '-i', file, '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'], {
      maxBuffer: 1 << 28,
    });
    expect(raw.length).toBe(160 * 90 * 3 * frames);
    const middle = [...raw.subarray((45 * 160 + 80) * 3, (45 * 160 + 80) * 3 + 3)];
    [40, 160, 60].forEach((v, c) => expect(Math.abs(middle[c]! - v)).toBeLessThanOrEqual(12));
    // It moves: a quarter round on, the camera is at the side.
    const quarter = raw.subarray(160 * 90 * 3 * Math.round(frames / 4), 160 * 90 * 3 * (Math.round(frames / 4) + 1));
    let moved = 0;
    for (let i = 0; i < quarter.length; i++) if (Math.abs(quarter[i]! - raw[i]!) > 40) moved++;
    expect(moved).toBeGreaterThan(100);
  },
);

test('where nothing encodes, it says so; what does not fit is refused by name', async () => {
  const frame = picture(4, 4, () => [1, 2, 3]);
  expect(await rejection(encodeVideo([frame]))).toMatchObject({
    code: 'BACKEND_UNAVAILABLE',
    message: expect.stringContaining('writeAnimation'),
  });
  expect(await rejection(encodeVideo([]))).toMatchObject({ code: 'INVALID_PARAM' });
  expect(await rejection(encodeVideo([frame], { fps: 0 }))).toMatchObject({ code: 'INVALID_PARAM' });
  expect(await rejection(encodeVideo([picture(1, 4, () => [0, 0, 0])]))).toMatchObject({ code: 'INVALID_PARAM' });
  expect(await rejection(encodeVideo([frame], { signal: AbortSignal.abort() }))).toMatchObject({ name: 'AbortError' });
});
