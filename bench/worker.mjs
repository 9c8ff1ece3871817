/**
 * How long the page has to wait while relievo/worker works on a 12-megapixel photo, in headless Chromium:
 *
 *     npm run build && node bench/worker.mjs
 *
 * "nothing at all" is what the machine itself takes from the page in a second.
 */
import { withPage } from './lib/page.mjs';

const { backend, rows } = await withPage('worker', 'measure', [], (page) =>
  page.evaluate(() => window.measure(4000, 3000)),
);
console.log(`12 MP, backend ${backend}, milliseconds\n`);
console.log(`${''.padEnd(28)}   takes  longest wait of the page  long tasks (≥ 50 ms)`);
for (const [what, { took, longest, tasks }] of Object.entries(rows)) {
  const list = tasks.map((t) => t.toFixed(0)).join(', ') || 'none';
  console.log(`${what.padEnd(28)} ${took.toFixed(0).padStart(7)} ${longest.toFixed(1).padStart(25)}  ${list}`);
}
