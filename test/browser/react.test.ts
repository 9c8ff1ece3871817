import { jest } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import type { Page } from 'playwright-core';
import { ROOT } from '../helpers/photos.js';
import { site, type Site } from './chromium.js';

jest.setTimeout(300_000);

describe.each(['18', '19'])('React %s', (react) => {
  let pages: Site;
  let page: Page;
  beforeAll(async () => {
    process.env['RELIEVO_REACT'] = react; // read by vite.config.js
    pages = await site('test/browser/react');
    delete process.env['RELIEVO_REACT'];
    page = await pages.open();
    await page.waitForFunction(() => 'reactTests' in window);
  });
  afterAll(() => pages?.close());
  afterEach(() => expect(pages.complaints.splice(0)).toEqual([]));

  const weights = (requests: string[]) => requests.filter((r) => r.endsWith('.bin'));

  test('is that version', async () => {
    expect(await page.evaluate(() => window.reactTests.version())).toMatch(new RegExp(`^${react}\\.`));
  });

  test('unmounting while it loads stops everything, and the next one begins anew', async () => {
    const { ended, late, statuses } = await page.evaluate(() => window.reactTests.unmount());
    expect(ended).toMatchObject({ started: 1, ended: 1, estimates: 0 });
    expect(late).toBe(0);
    expect(statuses).toEqual(['loading']);
  });

  test('StrictMode and three components: one worker, one download, one estimate', async () => {
    const before = pages.requests.length;
    const found = await page.evaluate(() => window.reactTests.shared());
    const asked = weights(pages.requests.slice(before));
    expect(asked).toEqual([...new Set(asked)]);
    expect(found).toMatchObject({
      made: { started: 1, ended: 0, estimates: 1, opened: 1, closed: 0 },
      after: { started: 1, ended: 0, estimates: 2, opened: 2 },
      same: true,
      size: [512, 512, 512],
      rising: true,
    });
    expect(found.after.closed).toBeGreaterThanOrEqual(2);
    expect(found.face).toBeGreaterThan(0.3);
    expect(found.renders).toBeLessThan(250);
  });

  test('with another photo comes its own depth, never that of the one before', async () => {
    const found = await page.evaluate(() => window.reactTests.changed());
    expect(found).toEqual({ idle: 'idle', width: 64, widths: [undefined, 64] });
  });

  test('what is no photo is a state, with its code, and can be tried again', async () => {
    const [broken, missing] = await page.evaluate(() => window.reactTests.errors());
    expect(broken).toMatch(/^error CORRUPT_IMAGE: /);
    expect(missing).toMatch(/^error FILE_NOT_FOUND: .*nowhere\.jpg.*404/);
    await page.waitForTimeout(300);
    pages.complaints.splice(0).forEach((c) => expect(c).toMatch(/404/)); // Chromium's own line
  });

  test('a worker that dies is replaced with the next try', async () => {
    expect(await page.evaluate(() => window.reactTests.died())).toEqual({ code: 'BACKEND_UNAVAILABLE', started: 2 });
  });

  test('where no worker can be started, the page does it itself', async () => {
    const found = await page.evaluate(() => window.reactTests.fallback());
    expect(found).toEqual({ status: 'ready', width: 512, started: 0, closed: 'DISPOSED' });
  });

  test('<RelievoPhoto>: the worker’s depth, a tap, errors, its ref', async () => {
    const found = await page.evaluate(() => window.reactTests.component());
    expect(found.told.slice(0, 2).sort()).toEqual(['FILE_NOT_FOUND', 'ready 512']);
    expect(found.told.slice(2)).toEqual(['moved', 'moved']);
    expect(found.near).toBeGreaterThan(found.far + 0.3);
    expect(found).toMatchObject({ same: true, gone: true, attributes: ['photo', 'Ada', 'slider', 'Ada'] });
    expect(found.made).toMatchObject({ started: 1, estimates: 1 });
    await page.waitForTimeout(300);
    pages.complaints.splice(0).forEach((c) => expect(c).toMatch(/404/));
  });

  test('a server renders the plain photo, and the page takes it over', async () => {
    const address = await page.evaluate(() => window.astronaut);
    const html = onServer(react, address);
    expect(html).toContain(`<img src="${address}" alt="Ada"`);
    expect(html).toContain('<p>loading</p>');
    expect(await page.evaluate((h) => window.reactTests.hydrate(h), html)).toEqual(['ready']);
  });

  test('the examples: tap to focus', async () => {
    const { ready, tapped } = await page.evaluate(() => window.reactTests.examples());
    expect(ready).toBe('Tap what is to be sharp.');
    expect(tapped).toMatch(/^Sharp at \d+ of 100\.$/);
    pages.complaints.splice(0).forEach((c) => expect(c).toMatch(/willReadFrequently/)); // this test reads often
  });
});

/** Of the built package: a server has no bundler. */
function onServer(react: string, address: string): string {
  const suffix = react === '18' ? '-18' : '';
  const code = `
    import { createElement as h } from 'react';
    import { renderToString } from 'react-dom${suffix}/server';
    const { RelievoPhoto, useDepth } = await import('relievo/react');
    const Shows = () => h('p', null, useDepth(${JSON.stringify(address)}).status);
    const photo = h(RelievoPhoto, { src: ${JSON.stringify(address)}, alt: 'Ada' });
    process.stdout.write(renderToString(h('main', null, photo, h(Shows))));`;
  // React 18's server writes with whatever React it finds: both versions run in one process only by a loader.
  const hooks = `data:text/javascript,${encodeURIComponent(
    `export const resolve = (name, context, next) => next(name === 'react' ? 'react${suffix}' : name, context);`,
  )}`;
  const start = `data:text/javascript,${encodeURIComponent(
    `import { register, Module } from 'node:module'; register(${JSON.stringify(hooks)});
     const load = Module._resolveFilename; Module._resolveFilename = (name, ...rest) => load.call(Module, name === 'react' ? 'react${suffix}' : name, ...rest);`,
  )}`;
  return execFileSync(process.execPath, ['--import', start, '--input-type=module', '-e', code], {
    cwd: ROOT,
    encoding: 'utf8',
  });
}
