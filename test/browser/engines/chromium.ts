import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium as playwright } from 'playwright-core';
import { findChromium } from '../../../scripts/setup.mjs';
import { FLAGS } from '../chromium.js';
import { asExpression, type Launcher } from './engine.js';

/** By playwright-core, over the Chrome DevTools protocol. */
export const chromium: Launcher = {
  missing: () => (findChromium() ? undefined : 'Chromium is not installed (apt-get install chromium)'),

  async launch(size) {
    const downloads = await mkdtemp(join(tmpdir(), 'relievo-chromium-'));
    const browser = await playwright.launch({ executablePath: findChromium()!, args: FLAGS });
    const context = await browser.newContext({ viewport: size, hasTouch: true, reducedMotion: 'reduce' });
    const page = await context.newPage();
    const messages: string[] = [];
    page.on('console', (m) => {
      if (m.type() === 'error' || m.type() === 'warning') messages.push(`${m.type()}: ${m.text()}`);
    });
    page.on('pageerror', (e) => messages.push(`exception: ${e.message}`));
    page.on('download', (d) => void d.saveAs(join(downloads, d.suggestedFilename())));
    return {
      name: 'chromium',
      version: `Chromium ${browser.version()}`,
      messages,
      downloads,
      open: async (address) => void (await page.goto(address, { waitUntil: 'load' })),
      evaluate: (work, ...args) => page.evaluate(asExpression(work, args)),
      click: ([x, y]) => page.mouse.click(x, y),
      tap: ([x, y]) => page.touchscreen.tap(x, y),
      async drag([from, ...way]) {
        await page.mouse.move(...from!);
        await page.mouse.down();
        for (const at of way) await page.mouse.move(...at, { steps: 3 });
        await page.mouse.up();
      },
      key: (name, held = []) => page.keyboard.press([...held, name].join('+')),
      upload: (selector, ...files) => page.setInputFiles(selector, files),
      screenshot: () => page.screenshot(),
      async close() {
        await browser.close();
        await rm(downloads, { recursive: true });
      },
    };
  },
};
