import typescript from '@rollup/plugin-typescript';
import { readFileSync } from 'node:fs';

const { exports, bin } = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8'));

// One input per entry of package.json, so that an entry cannot be exported without being built.
const files = [...Object.values(exports).map((e) => e.default), ...Object.values(bin)].filter(
  (f) => f?.startsWith('./dist/') || f?.startsWith('dist/'),
);
const input = Object.fromEntries(
  files.map((f) => {
    const name = f.replace(/^(\.\/)?dist\//, '').replace(/\.js$/, '');
    return [name, `src/${name}.ts`];
  }),
);
// What threads run: reached by address, not by import.
input['effects/bokeh-worker'] = 'src/effects/bokeh-worker.ts';

/** dist/ mirrors src/: `new URL('../../models/…', import.meta.url)` means the same in both, and bundlers tree-shake by file. */
export default {
  input,
  output: {
    dir: 'dist',
    format: 'es',
    preserveModules: true,
    preserveModulesRoot: 'src',
    sourcemap: true,
  },
  external: (id) => !/^[./]/.test(id) && !id.startsWith('\0') && !/^[A-Za-z]:/.test(id) && id !== 'tslib',
  plugins: [
    typescript({
      filterRoot: '.',
      tsconfig: './tsconfig.json',
      include: ['src/**/*.ts'],
      compilerOptions: {
        noEmit: false,
        declaration: true,
        declarationDir: 'dist',
        rootDir: 'src',
        outDir: 'dist',
        sourceMap: true,
      },
      noEmitOnError: true,
    }),
  ],
};
