import { checkAddress, type ModuleLocation } from './loader.js';

/**
 * The modules that ship with the package. Every file is spelled out as `new URL('…', import.meta.url)`, the form that
 * Vite, webpack 5 and Rollup recognise and copy, and that browsers and Node resolve by themselves.
 */
const FILES: Readonly<Record<string, Readonly<Record<string, () => URL>>>> = {
  'relievo-backbone': {
    'module.json': () => new URL('../../models/relievo-backbone/module.json', import.meta.url),
    'model.json': () => new URL('../../models/relievo-backbone/model.json', import.meta.url),
    'group1-shard1of1.bin': () => new URL('../../models/relievo-backbone/group1-shard1of1.bin', import.meta.url),
  },
  'relievo-depth': {
    'module.json': () => new URL('../../models/relievo-depth/module.json', import.meta.url),
    'model.json': () => new URL('../../models/relievo-depth/model.json', import.meta.url),
    'group1-shard1of1.bin': () => new URL('../../models/relievo-depth/group1-shard1of1.bin', import.meta.url),
  },
  'relievo-matte': {
    'module.json': () => new URL('../../models/relievo-matte/module.json', import.meta.url),
    'model.json': () => new URL('../../models/relievo-matte/model.json', import.meta.url),
    'group1-shard1of1.bin': () => new URL('../../models/relievo-matte/group1-shard1of1.bin', import.meta.url),
  },
  'relievo-faces': {
    'module.json': () => new URL('../../models/relievo-faces/module.json', import.meta.url),
    'model.json': () => new URL('../../models/relievo-faces/model.json', import.meta.url),
    'group1-shard1of1.bin': () => new URL('../../models/relievo-faces/group1-shard1of1.bin', import.meta.url),
  },
};

/** Task -> folder of the module that answers it; `backbone` is what their heads need. */
export const BUILTIN_TASKS: Readonly<Record<string, string>> = {
  depth: 'relievo-depth',
  matte: 'relievo-matte',
  faces: 'relievo-faces',
};
export const BUILTIN_BACKBONE = 'relievo-backbone';

/** Where a shipped module lies: inside the package, or under the host's own `modelBaseUrl`. */
export function builtinLocation(folder: string, modelBaseUrl?: string | URL): ModuleLocation {
  if (modelBaseUrl !== undefined) {
    const base = checkAddress('Hydra.load', 'modelBaseUrl', modelBaseUrl);
    if (!base.pathname.endsWith('/')) base.pathname += '/';
    return checkAddress('Hydra.load', 'modelBaseUrl', `${folder}/`, base);
  }
  const files = FILES[folder]!;
  return (file) => {
    const url = files[file];
    if (!url) throw new Error(`${folder} has no file '${file}'`);
    return url();
  };
}
