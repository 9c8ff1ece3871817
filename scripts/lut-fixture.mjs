/**
 * Writes what ffmpeg's lut3d makes of a picture and a table: test/fixtures/lut3d-ffmpeg.rgb, or another file.
 *
 *     node scripts/lut-fixture.mjs [FILE]
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cubeText, lutPicture } from '../test/helpers/cube.mjs';

const out = resolve(process.argv[2] ?? fileURLToPath(new URL('../test/fixtures/lut3d-ffmpeg.rgb', import.meta.url)));
const folder = mkdtempSync(join(tmpdir(), 'relievo-lut-'));
try {
  const { width, height, data } = lutPicture();
  writeFileSync(join(folder, 'in.rgb'), data);
  writeFileSync(join(folder, 'look.cube'), cubeText());
  const raw = ['-f', 'rawvideo', '-pix_fmt', 'rgb24'];
  const filter = 'lut3d=file=look.cube:interp=tetrahedral';
  execFileSync(
    'ffmpeg',
    ['-v', 'error', '-y', ...raw, '-s', `${width}x${height}`, '-i', 'in.rgb', '-vf', filter, ...raw, out],
    { cwd: folder },
  );
} finally {
  rmSync(folder, { recursive: true });
}
