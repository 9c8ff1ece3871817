/** A colour table and a picture for the comparison with ffmpeg: shared by the test and by the script of its fixture. */

/** A warm, faded look of 9³ whose channels depend on each other. */
export function cubeText() {
  const n = 9;
  const lines = ['TITLE "faded"', `LUT_3D_SIZE ${n}`];
  for (let b = 0; b < n; b++)
    for (let g = 0; g < n; g++)
      for (let r = 0; r < n; r++) {
        const [x, y, z] = [r, g, b].map((v) => v / (n - 1));
        const grey = 0.3 * x + 0.6 * y + 0.1 * z;
        const out = [0.05 + 0.9 * x ** 0.8, 0.75 * y + 0.2 * grey, 0.1 + 0.6 * z * (1 - 0.4 * x) + 0.2 * grey * grey];
        lines.push(out.map((v) => v.toFixed(6)).join(' '));
      }
  return `${lines.join('\n')}\n`;
}

/** RGB, 64 × 64: every eighth code of two channels, the third running through all. */
export function lutPicture() {
  const [width, height] = [64, 64];
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) data.set([(i % 64) * 4, Math.floor(i / 64) * 4, (i * 37) % 256], i * 3);
  return { width, height, data };
}
