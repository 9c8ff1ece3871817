import { chromium } from './chromium.js';
import type { Engine, EngineName, Launcher, Size } from './engine.js';
import { firefox } from './firefox.js';
import { webkit } from './webkit.js';

export { ENGINES, type Engine, type EngineName } from './engine.js';

const LAUNCHERS: Readonly<Record<EngineName, Launcher>> = { chromium, firefox, webkit };

export const missing = (name: EngineName): string | undefined => LAUNCHERS[name].missing();

export function launch(name: EngineName, size: Size = { width: 1280, height: 800 }): Promise<Engine> {
  return LAUNCHERS[name].launch(size);
}
