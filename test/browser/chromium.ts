import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { findChromium } from '../../scripts/setup.mjs';
import { publish } from './publish.js';

/** SwiftShader is a WebGL without a GPU: the same shaders, slower. */
export const FLAGS = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  // A picture of a clock in the place of a camera.
  '--use-fake-device-for-media-stream',
];

export interface Site {
  /**
   * A page of a fresh profile. What it must not do ends up in `complaints`.
   *
   * @param before is done with the page while it is still empty.
   */
  open(query?: string, options?: BrowserContextOptions, before?: (page: Page) => Promise<unknown>): Promise<Page>;
  /** Errors on the console, exceptions, and requests that left this machine. */
  readonly complaints: string[];
  /** Addresses that pages and their workers asked for. */
  readonly requests: string[];
  close(): Promise<void>;
}

/** What makes a page crossOriginIsolated, so that it may share memory. */
export const ISOLATING = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
} as const;

/** Builds the page of `root`, serves it ({@link publish}) and starts Chromium. */
export async function site(root: string, headers: Readonly<Record<string, string>> = {}): Promise<Site> {
  const { url, close } = await publish(root, headers);
  const executablePath = findChromium();
  if (!executablePath) throw new Error('No Chromium found: run `node scripts/setup.mjs --tests`.');
  const browser: Browser = await chromium.launch({ executablePath, args: FLAGS });
  const complaints: string[] = [];
  const requests: string[] = [];
  return {
    complaints,
    requests,
    async open(query = '', options = {}, before) {
      // A service worker would fetch the whole site beside each test: only the test of it lets it.
      const context = await browser.newContext({
        viewport: { width: 1280, height: 800 },
        serviceWorkers: 'block',
        // Without a GPU animations would take turns with the computing.
        reducedMotion: 'reduce',
        ...options,
      });
      const page = await context.newPage();
      page.on('console', (m) => {
        if (m.text() === 'Service Worker registration blocked by Playwright') return; // as asked above
        if (m.type() === 'error' || m.type() === 'warning') complaints.push(`${m.type()}: ${m.text()}`);
      });
      page.on('pageerror', (e) => complaints.push(`exception: ${e.message}`));
      page.on('request', (r) => {
        requests.push(r.url());
        const { protocol, hostname } = new URL(r.url());
        if (protocol.startsWith('http') && hostname !== '127.0.0.1') complaints.push(`request: ${r.url()}`);
      });
      await before?.(page);
      await page.goto(`${url}${query}`);
      return page;
    },
    async close() {
      await browser.close();
      await close();
    },
  };
}
