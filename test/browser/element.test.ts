import { jest } from '@jest/globals';
import type { Page } from 'playwright-core';
import { site, type Site } from './chromium.js';

jest.setTimeout(300_000);

let pages: Site;
let page: Page;
beforeAll(async () => {
  pages = await site('test/browser/element');
  page = await pages.open();
  await page.waitForFunction(() => 'elementTests' in window);
});
afterAll(() => pages?.close());
afterEach(() => expect(pages.complaints.splice(0)).toEqual([]));

test('<relievo-photo> with a depth: the focus follows tap, attribute and keys', async () => {
  const { before, near, far, told, slider, gone } = await page.evaluate(() => window.elementTests.focus());
  expect(before).toBe('img');
  expect(near[0]).toBeGreaterThan(240);
  expect(near[1]).toBeLessThan(60);
  expect(told).toBeLessThan(0.05);
  expect(far[0]).toBeLessThan(60);
  expect(far[1]).toBeGreaterThan(240);
  expect(slider).toEqual(['slider', 'Stripes', '52', '0']);
  expect(gone).toBe(true);
  pages.complaints.splice(0).forEach((c) => expect(c).toMatch(/willReadFrequently/)); // this test reads often
});

test('<relievo-photo> tells what went wrong', async () => {
  expect(await page.evaluate(() => window.elementTests.error())).toMatch(/^FILE_NOT_FOUND: .*nowhere\.jpg: HTTP 404/);
  await page.waitForTimeout(500); // the picture's own attempt fails after the element's
  pages.complaints.splice(0).forEach((c) => expect(c).toMatch(/404/)); // Chromium's own lines
});

test('<relievo-photo> without a depth asks the network', async () => {
  const { face, wall } = await page.evaluate(() => window.elementTests.network());
  expect(face).toBeGreaterThan(wall + 0.3);
});
