/**
 * Where the package has to work. `app`: folder of examples/hosts; `ways` of running it: a command that builds, then a
 * folder to serve, a command that serves at PORT, or a page to open as a file; or commands of Node's alone. `library`: what
 * another origin serves, as a CDN does. `first`: what has to be laid beside a
 * bundle whose bundler leaves addresses of files alone.
 */
const port = '--port PORT';

export const HOSTS = [
  {
    name: 'vite',
    tool: 'vite',
    title: 'Vite',
    ways: {
      dev: { serve: `npm run dev -- --host 127.0.0.1 ${port}`, development: true },
      build: { build: 'npm run build', files: 'dist' },
    },
  },
  {
    name: 'webpack',
    tool: 'webpack',
    title: 'webpack',
    ways: {
      dev: { serve: `npm run dev -- --host 127.0.0.1 ${port}`, development: true },
      build: { build: 'npm run build', files: 'public' },
    },
  },
  {
    name: 'next',
    tool: 'next',
    title: 'Next, app router',
    // Rendered on the server, with what it imported there.
    html: /colour-pop/,
    ways: {
      dev: { serve: `npm run dev -- --hostname 127.0.0.1 ${port}`, development: true },
      build: { build: 'npm run build', serve: `npm run start -- --hostname 127.0.0.1 ${port}` },
    },
  },
  {
    name: 'rollup',
    first: 'npm run assets',
    tool: 'rollup',
    title: 'Rollup',
    ways: { build: { build: 'npm run build', files: 'public' } },
  },
  {
    name: 'esbuild',
    first: 'npm run assets',
    tool: 'esbuild',
    title: 'esbuild',
    ways: {
      dev: { serve: 'npm run dev -- --serve=127.0.0.1:PORT', development: true },
      build: { build: 'npm run build', files: 'public' },
      single: { build: 'npm run single', files: 'public', says: 'build, without splitting' },
    },
  },
  {
    name: 'parcel',
    tool: 'parcel',
    title: 'Parcel',
    ways: {
      dev: { serve: `npm run dev -- --host 127.0.0.1 ${port}`, development: true },
      build: { build: 'npm run build', files: 'dist' },
    },
  },
  {
    name: 'import-map',
    title: 'import map, no build step',
    ways: {
      files: { files: '.', says: 'plain files' },
      app: { open: 'index.html', says: 'from `file:`, where reading files is allowed, as in Electron' },
    },
  },
  {
    name: 'cdn',
    title: 'one file from another origin',
    ways: { files: { files: '.', library: 'node_modules/relievo', says: 'plain files' } },
  },
  {
    name: 'node',
    title: 'Node',
    ways: {
      esm: { run: 'npm run esm --', says: 'import' },
      require: { run: 'npm run require --', says: 'require' },
    },
  },
  {
    name: 'typescript',
    tool: 'typescript',
    title: 'TypeScript',
    ways: { strict: { run: 'npm run depth --', says: 'strict, libraries checked, in Node' } },
  },
];

/** What `npm test` takes. */
export const QUICK = [
  'vite-dev',
  'vite-build',
  'webpack-build',
  'esbuild-build',
  'import-map',
  'cdn',
  'node-esm',
  'node-require',
];
