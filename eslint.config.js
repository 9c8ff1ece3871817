import tseslint from 'typescript-eslint';

/** Which folder of src may import which (docs/architecture.md): nothing imports upward. */
const MAY_IMPORT = {
  core: [],
  vendor: [],
  image: ['core', 'vendor'],
  depth: ['core', 'image', 'hydra', 'vendor'],
  hydra: ['core', 'image'],
  gpu: ['core', 'vendor'],
  effects: ['core', 'image', 'depth', 'gpu', 'vendor'],
  portrait: ['core', 'image', 'depth', 'hydra'],
  worker: ['core', 'image', 'depth', 'hydra', 'portrait', 'effects', 'vendor'],
  element: ['core', 'image', 'depth', 'hydra', 'effects'],
  react: ['core', 'image', 'depth', 'worker', 'element'],
  node: ['core', 'image', 'depth', 'effects', 'vendor'],
  cli: ['core', 'image', 'depth', 'hydra', 'portrait', 'effects', 'node'],
};

const direction = Object.entries(MAY_IMPORT).map(([folder, allowed]) => ({
  files: [`src/${folder}/**/*.ts`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            // A file of an outer folder of the same part, `../command.js`, is no other part.
            regex: `^(\\.\\./)+(?!\\.\\.)(?![^/]+$)(?!(${allowed.join('|') || '-'})/)`,
            message: `src/${folder} may import only: ${allowed.join(', ') || 'nothing'}.`,
          },
          // The effects cost a host no neural network: what they take from src/depth is the map, not the estimator.
          ...(folder === 'effects'
            ? [{ regex: 'tensorflow|/depth/(estimate|index)', message: 'src/effects never reaches TensorFlow.js.' }]
            : []),
          ...(folder === 'hydra' ? [] : [{ regex: '@tensorflow/', message: 'Only src/hydra imports TensorFlow.js.' }]),
        ],
      },
    ],
  },
}));

export default tseslint.config(
  { ignores: ['dist/', 'out/', 'node_modules/', 'training/', 'models/', 'coverage/', 'demo/dist/'] },
  ...tseslint.configs.recommended,
  {
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-restricted-syntax': [
        'error',
        {
          selector: "CallExpression[callee.property.name='fill'][callee.object.callee.property.name='subarray']",
          message: 'Firefox 153 compiles this to something else: write fill(value, from, to).',
        },
      ],
    },
  },
  { files: ['**/*.cjs'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
  ...direction,
);
