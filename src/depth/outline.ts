/** How far from the outline depth is taken from, in cells of the network's map: nearer, both sides are mixed in it. */
const CLEAR = 2;
/** Least share of the window that has to be clear of the outline for its depth to be known. */
const LEAST = 1e-3;

interface Plane {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/**
 * Moves the step of disparity at people's outline to where the matte has it: near the outline each side gets the
 * disparity of its own interior, and the matte mixes the two. Thin parts without an interior keep what they have.
 *
 * @param depth disparities lifted from a map of `cells` along the same side.
 * @param alpha coverage of the size of `depth`.
 */
export function snapToOutline(depth: Plane, alpha: Float32Array, cells: number): Float32Array<ArrayBuffer> {
  const { width, height, data } = depth;
  const r = Math.max(1, Math.ceil((CLEAR * width) / cells));
  const person = new Float32Array(alpha.length);
  for (let i = 0; i < person.length; i++) if (alpha[i]! > 0.5) person[i] = 1;
  const share = boxMean(person, width, height, r);
  const out = data.slice() as Float32Array<ArrayBuffer>;
  const sides = [1, 0].map((side) => {
    const core = new Float32Array(out.length);
    const known = new Float32Array(out.length);
    for (let i = 0; i < out.length; i++) {
      if (Math.abs(share[i]! - side) >= LEAST) continue;
      core[i] = 1;
      known[i] = data[i]!;
    }
    return { weight: boxMean(core, width, height, 2 * r), sum: boxMean(known, width, height, 2 * r) };
  });
  for (let i = 0; i < out.length; i++) {
    if (share[i]! < LEAST || share[i]! > 1 - LEAST) continue;
    const [inside, outside] = sides as [(typeof sides)[0], (typeof sides)[0]];
    if (inside.weight[i]! < LEAST || outside.weight[i]! < LEAST) continue;
    const near = inside.sum[i]! / inside.weight[i]!;
    const far = outside.sum[i]! / outside.weight[i]!;
    out[i] = far + alpha[i]! * (near - far);
  }
  return out;
}

/** Mean over a (2r + 1)² window clipped at the border, by running sums. */
export function boxMean(p: Float32Array, width: number, height: number, r: number): Float32Array<ArrayBuffer> {
  const rows = new Float32Array(p.length);
  const out = new Float32Array(p.length);
  pass(p, rows, height, width, width, 1, r);
  pass(rows, out, width, height, 1, width, r);
  return out;
}

function pass(p: Float32Array, out: Float32Array, lines: number, n: number, line: number, step: number, r: number) {
  for (let k = 0; k < lines; k++) {
    let sum = 0;
    for (let i = 0; i < Math.min(r, n); i++) sum += p[k * line + i * step]!;
    for (let i = 0; i < n; i++) {
      if (i + r < n) sum += p[k * line + (i + r) * step]!;
      if (i > r) sum -= p[k * line + (i - r - 1) * step]!;
      out[k * line + i * step] = sum / (Math.min(n - 1, i + r) - Math.max(0, i - r) + 1);
    }
  }
}
