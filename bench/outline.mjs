/**
 * What the matte head does for depth at people's outline: the same photos with and without it, by the scorers of DIR.
 *
 *     node bench/outline.mjs DATA BENCH        BENCH: folder of score_order.py and score_depth.py; $PYTHON runs them
 *
 * rim: share of pairs across the outline in the right order; sharp: share of the step that happens at the outline;
 * edge: F1 of depth steps; ord, d1: order, and metric depth within 25 %, anywhere in the picture.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, setup } from '../scripts/setup.mjs';

setup();
build();
const { estimateDepth, Hydra } = await import('../dist/index.js');
const { readImageFile, writeDepth } = await import('../dist/node/index.js');

const [data, bench] = process.argv.slice(2);
if (!bench) throw new Error('usage: node bench/outline.mjs DATA BENCH');
const SETS = { portraits: 'order', iphone: 'depth', synthetic: 'depth' };
const WAYS = { 'without matte': false, 'with matte': true };
const hydra = await Hydra.load({ modules: ['depth', 'matte'] });
const out = mkdtempSync(join(tmpdir(), 'relievo-outline-'));
try {
  for (const [set, kind] of Object.entries(SETS)) {
    const folder = join(data, 'dev', set);
    for (const file of readdirSync(folder).filter((f) => f.endsWith('.jpg'))) {
      const photo = await hydra.open(await readImageFile(join(folder, file)));
      for (const [way, matte] of Object.entries(WAYS)) {
        mkdirSync(join(out, way, set), { recursive: true });
        await writeDepth(join(out, way, set, `${file.slice(0, -4)}.png`), await estimateDepth(photo, { hydra, matte }));
      }
      photo.close();
    }
    for (const way of Object.keys(WAYS)) {
      const scorer = [join(bench, `score_${kind}.py`), folder, join(out, way, set)];
      const line = execFileSync(process.env.PYTHON ?? 'python3', scorer, { encoding: 'utf8' })
        .trim()
        .split('\n')
        .at(-1);
      console.log(`${way.padEnd(14)} ${line}`);
    }
  }
} finally {
  rmSync(out, { recursive: true });
  hydra.close();
}
