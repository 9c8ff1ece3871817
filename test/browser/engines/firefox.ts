import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer, { type ElementHandle, type KeyInput } from 'puppeteer-core';
import { findFirefox, onPath } from '../../../scripts/setup.mjs';
import { asExpression, type Launcher } from './engine.js';
import { openScreen } from './screen.js';

/** By puppeteer-core, over WebDriver BiDi. */
export const firefox: Launcher = {
  missing: () =>
    findFirefox() && onPath('Xvfb') ? undefined : 'Firefox is not installed (apt-get install firefox-esr xvfb)',

  async launch(size) {
    const downloads = await mkdtemp(join(tmpdir(), 'relievo-firefox-'));
    const screen = await openScreen();
    const browser = await puppeteer.launch({
      browser: 'firefox',
      executablePath: findFirefox()!,
      headless: false,
      protocolTimeout: 900_000,
      env: { ...process.env, DISPLAY: screen.display, MOZ_ENABLE_WAYLAND: '0' },
      extraPrefsFirefox: {
        'browser.download.folderList': 2,
        'browser.download.dir': downloads,
        'browser.download.useDownloadDir': true,
        'browser.download.alwaysOpenPanel': false,
        'browser.helperApps.neverAsk.saveToDisk': 'image/png,image/jpeg,image/webp,application/json,model/gltf-binary',
        'ui.prefersReducedMotion': 1,
        // The page of an earlier test stays in no cache: its worker would go on computing.
        'browser.sessionhistory.max_total_viewers': 0,
      },
    });
    const page = await browser.newPage();
    await page.setViewport({ ...size, hasTouch: true });
    const messages: string[] = [];
    page.on('console', (m) => {
      if (['error', 'warn'].includes(m.type())) messages.push(`${m.type()}: ${m.text()}`);
    });
    page.on('pageerror', (e) => messages.push(`exception: ${e instanceof Error ? e.message : String(e)}`));
    return {
      name: 'firefox',
      version: (await browser.version()).replace(/^firefox\//, 'Firefox '),
      messages,
      downloads,
      open: async (address) => void (await page.goto(address, { waitUntil: 'load', timeout: 120_000 })),
      evaluate: (work, ...args) => page.evaluate(asExpression(work, args)) as never,
      click: ([x, y]) => page.mouse.click(x, y),
      tap: ([x, y]) => page.touchscreen.tap(x, y),
      async drag([from, ...way]) {
        await page.mouse.move(...from!);
        await page.mouse.down();
        for (const at of way) await page.mouse.move(...at, { steps: 3 });
        await page.mouse.up();
      },
      async key(name, held = []) {
        for (const k of held) await page.keyboard.down(k);
        await page.keyboard.press(name as KeyInput);
        for (const k of held) await page.keyboard.up(k);
      },
      async upload(selector, ...files) {
        const input = (await page.$(selector)) as ElementHandle<HTMLInputElement>;
        await input.uploadFile(...files);
      },
      screenshot: async () => Buffer.from(await page.screenshot()),
      async close() {
        await browser.close();
        screen.close();
        await rm(downloads, { recursive: true });
      },
    };
  },
};
