/**
 * What each entry weighs in a page, bundled by Vite, minified and gzipped, without TensorFlow.js and the models:
 *
 *     npm run sizes [-- --check]          --check: fails where an entry is over its budget
 *
 * "at import" is what a page loads at once; "when used" are parts of their own, loaded when a call needs them: the
 * worker's and the threads' scripts, the passes for the GPU, readers of rare formats.
 */
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build as bundle } from 'vite';
import { build, ROOT, setup } from './setup.mjs';

/** [import, budget at import in kB]. The effects hold the 148 CSS colour names, about 1 kB; Hydra loads heads that are asked for
 * later, and starts WASM by itself. The doors, which check and copy whatever a host hands over, are in each entry:
 * without them 355 of 1277 hostile calls ended in a raw error or a wrong picture (`npm run hostile -- --every 9`). */
const ROWS = [
  ['*', 'relievo', 52],
  ['*', 'relievo/hydra', 18],
  ['*', 'relievo/depth', 25],
  ['*', 'relievo/portrait', 22],
  ['*', 'relievo/effects', 30],
  ['*', 'relievo/worker', 6],
  ['estimateDepth', 'relievo', 21],
  ['applyBokeh', 'relievo/effects', 6],
  ['applyGrade', 'relievo/effects', 7],
  ['pipeline', 'relievo/effects', 23],
];
/** TensorFlow.js inside the package, which is the same for all. */
const LEFT_OUT = /\/tfjs\/\w+\.js$/;

const { values } = parseArgs({ options: { check: { type: 'boolean' } } });
setup();
build();
const over = [];
console.log('kB min+gzip                                at import  (budget)   when used');
for (const [name, entry, budget] of ROWS) {
  const { now, later } = await weigh(name, entry);
  console.log(
    `import ${name === '*' ? '*' : `{ ${name} }`} from '${entry}'`.padEnd(44) +
      `${now.toFixed(1).padStart(8)} ${`(${budget})`.padStart(9)} ${later.toFixed(1).padStart(11)}`,
  );
  if (now > budget) over.push(`${name} of ${entry}: ${now.toFixed(1)} kB, its budget is ${budget}`);
}
if (values.check && over.length) {
  console.error(over.join('\n'));
  process.exitCode = 1;
}

async function weigh(name, entry) {
  const code = name === '*' ? `export * from '${entry}'` : `export { ${name} } from '${entry}'`;
  const options = { external: (id) => LEFT_OUT.test(id) };
  const { output } = await bundle({
    root: ROOT,
    configFile: false,
    logLevel: 'error',
    plugins: [
      {
        name: 'relievo-entry',
        resolveId: (id) => (id === 'entry' ? join('entry.js') : undefined),
        load: (id) => (id === join('entry.js') ? code : undefined),
      },
    ],
    worker: { format: 'es', rollupOptions: options },
    build: {
      write: false,
      target: 'es2022',
      assetsInlineLimit: 0,
      modulePreload: false,
      rollupOptions: { ...options, input: 'entry', preserveEntrySignatures: 'strict' },
    },
  });
  const chunks = new Map(output.filter((o) => o.fileName.endsWith('.js')).map((o) => [o.fileName, o]));
  const atImport = new Set();
  const visit = (file) => {
    const chunk = chunks.get(file);
    if (!chunk || atImport.has(file)) return;
    atImport.add(file);
    chunk.imports.forEach(visit);
  };
  visit([...chunks.values()].find((c) => c.isEntry).fileName);
  const kB = (files) =>
    files.reduce((n, f) => n + gzipSync(chunks.get(f).code ?? chunks.get(f).source, { level: 9 }).length, 0) / 1e3;
  return { now: kB([...atImport]), later: kB([...chunks.keys()].filter((f) => !atImport.has(f))) };
}

/** Names of this package resolve from its own folder only. */
function join(file) {
  return `${ROOT}${file}`;
}
