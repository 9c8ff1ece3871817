/** TF.js's backends in the order they are tried. Here, since what the package's types say may not name TF.js's own. */
export const BACKENDS = ['webgpu', 'webgl', 'wasm', 'cpu'] as const;
export type Backend = (typeof BACKENDS)[number];
