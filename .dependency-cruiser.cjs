/** Which part of src may import which (docs/architecture.md). Types count: a circle of types is a circle to the reader. */
const MAY_IMPORT = {
  core: [],
  vendor: [],
  image: ['core', 'vendor'],
  gpu: ['core', 'vendor'],
  hydra: ['core', 'image'],
  depth: ['core', 'vendor', 'image', 'hydra'],
  portrait: ['core', 'image', 'depth', 'hydra'],
  effects: ['core', 'vendor', 'image', 'gpu', 'depth'],
  worker: ['core', 'vendor', 'image', 'depth', 'hydra', 'portrait', 'effects'],
  element: ['core', 'image', 'depth', 'hydra', 'effects'],
  react: ['core', 'image', 'depth', 'worker', 'element'],
  node: ['core', 'vendor', 'image', 'depth', 'effects'],
  cli: ['core', 'image', 'depth', 'hydra', 'portrait', 'effects', 'node'],
};

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    ...Object.entries(MAY_IMPORT).map(([part, allowed]) => ({
      name: `direction-${part}`,
      severity: 'error',
      from: { path: `^src/${part}/` },
      to: { path: '^src/[^/]+/', pathNot: `^src/(${[part, ...allowed].join('|')})/` },
    })),
    {
      name: 'effects-never-reach-the-networks',
      comment:
        'The effects cost a host no neural network: what they take from src/depth is the map, not the estimator.',
      severity: 'error',
      from: { path: '^src/(effects|image|gpu|core)/' },
      to: { path: '^src/hydra/', reachable: true },
    },
    {
      name: 'tensorflow-behind-one-folder',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/hydra/' },
      to: { path: '@tensorflow/' },
    },
    {
      name: 'nothing-imports-tests',
      severity: 'error',
      from: { path: '^(src|demo)/' },
      to: { path: '^(test|bench|scripts|examples)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.tsx', '.js', '.mjs'], exportsFields: ['exports'] },
  },
};
