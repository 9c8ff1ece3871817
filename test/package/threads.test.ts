import { execFileSync } from 'node:child_process';
import { ROOT } from '../helpers/photos.js';

/** Runs code against what is packed: threads are files of it. */
const run = (code: string, ...flags: string[]) =>
  JSON.parse(
    execFileSync(process.execPath, [...flags, '--input-type=module', '-e', PHOTO + code], {
      cwd: ROOT,
      encoding: 'utf8',
    }),
  );

const PHOTO = `
  import { applyBokeh } from 'relievo/effects';
  const photo = (width, height, channels) => {
    const data = new Uint8ClampedArray(width * height * 4);
    const depth = new Float32Array(width * height);
    for (let i = 0, s = 1; i < depth.length; i++) {
      const [x, y] = [i % width, Math.floor(i / width)];
      s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
      const inside = Math.hypot(x - width / 2, (y - height / 2) / 1.5) < width / 5;
      data.set([inside ? 200 : s >>> 24, (x >> 4) * 40 + (s >>> 28), (y >> 4) * 40, channels === 4 ? (y * 3) % 256 : 255], i * 4);
      depth[i] = inside ? 0.7 : 0.3 * (y / height) + 0.1 * Math.sin(x / 30) ** 2;
    }
    return [{ width, height, data }, { width, height, data: depth }];
  };
`;

test('the bytes are the same with any number of threads', () => {
  const same = run(`
    const differ = [];
    for (const [size, channels, options] of [
      [[260, 560], 3, { aperture: 0.02 }],
      [[260, 560], 4, { aperture: 0.15, catsEye: 0.8, falloff: 0.5 }],
      [[260, 560], 3, { aperture: 0.05, focus: 0, shape: 6, ring: 1 }],
      [[1100, 1300], 3, { aperture: 0.1 }], // bands end within the blocks of coarse grids
    ]) {
      const given = photo(...size, channels);
      const [one, many] = await Promise.all(
        [1, 3].map((threads) => applyBokeh(...given, { focus: 0.7, ...options, threads })));
      differ.push(many.data.reduce((n, v, i) => n + (v !== one.data[i]), 0));
    }
    console.log(JSON.stringify(differ));`);
  expect(same).toEqual([0, 0, 0, 0]);
});

test("threads really run beside the caller's, report progress, and leave nothing behind", () => {
  const out = run(`
    import threads from 'node:worker_threads';
    let started = 0, ended = 0;
    const Real = threads.Worker;
    threads.Worker = class extends Real { constructor(...a) { super(...a); started++; this.on('exit', () => ended++); } };
    const seen = [];
    await applyBokeh(...photo(300, 600, 3), { threads: 3, onProgress: (p) => seen.push(p) });
    await new Promise((r) => setTimeout(r, 300));
    console.log(JSON.stringify({
      started, ended, rising: seen.every((p, i) => i === 0 || p >= seen[i - 1]), last: seen.at(-1), many: seen.length > 4 }));`);
  expect(out).toEqual({ started: 2, ended: 2, rising: true, last: 1, many: true });
});

test('an abort is obeyed at once, whatever the threads do', () => {
  const out = run(`
    const given = photo(1600, 1200, 3);
    const waits = [];
    for (const at of [0.11, 0.3, 0.7]) {
      const controller = new AbortController();
      let asked;
      const error = await applyBokeh(...given, { threads: 2, aperture: 0.05, signal: controller.signal, onProgress: (p) => {
        if (p > at && !asked) { asked = performance.now(); controller.abort(); }
      }}).catch((e) => e);
      waits.push([error.name, performance.now() - asked < 100]);
    }
    console.log(JSON.stringify(waits));`);
  expect(out).toEqual(Array(3).fill(['AbortError', true]));
});

test('a thread that is killed in its work: its band is done without it, and the next call works', () => {
  const out = run(`
    import threads from 'node:worker_threads';
    const started = [];
    const Real = threads.Worker;
    threads.Worker = class extends Real { constructor(...a) { super(...a); started.push(this); } };
    const given = photo(700, 900, 3);
    const alone = await applyBokeh(...given, { threads: 1, aperture: 0.05 });
    const same = [];
    for (const at of [0.11, 0.3, 0.7]) {
      let killed;
      const onProgress = (p) => { if (p > at && !killed) killed = started.at(-1).terminate(); };
      const { data } = await applyBokeh(...given, { threads: 3, aperture: 0.05, onProgress });
      same.push(Boolean(killed) && data.every((v, i) => v === alone.data[i]));
    }
    const { data } = await applyBokeh(...given, { threads: 3, aperture: 0.05 });
    console.log(JSON.stringify([...same, data.every((v, i) => v === alone.data[i])]));`);
  expect(out).toEqual(Array(4).fill(true));
});
