import { jest } from '@jest/globals';
import { validateBytes } from 'gltf-validator';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Download, Page } from 'playwright-core';
import sharp, { type Sharp } from 'sharp';
import { run } from '../../src/cli/run.js';
import { embedGDepth } from '../../src/depth/index.js';
import { readImageFile, writeGDepth } from '../../src/node/index.js';
import { ASTRONAUT, ROOT } from '../helpers/photos.js';
import { site, type Site } from './chromium.js';
import {
  choose,
  difference,
  FACE,
  FAST,
  ON_BACKGROUND,
  ON_FACE,
  openSample,
  PATIENCE,
  pixels,
  ROCKET,
  settled,
  sharpness,
  slide,
  tap,
  view,
  withPage,
  type Pixels,
} from './editor.js';

jest.setTimeout(400_000);

let demo: Site;
beforeAll(async () => {
  demo = await site('demo');
});
afterAll(() => demo?.close());
afterEach(() => expect(demo.complaints.splice(0)).toEqual([]));

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

const tab = (page: Page, name: string) => page.getByRole('tab', { name, exact: true }).click();

/** What a place of the picture shows: the mean of a few pixels about it. */
function colour({ width, height, data }: Pixels, x: number, y: number): number[] {
  const sums = [0, 0, 0];
  for (let v = -2; v <= 2; v++)
    for (let u = -2; u <= 2; u++) {
      const p = ((Math.round(y * height) + v) * width + Math.round(x * width) + u) * 3;
      for (let c = 0; c < 3; c++) sums[c]! += data[p + c]! / 25;
    }
  return sums;
}
const apart = (a: readonly number[], b: readonly number[]) => Math.max(...a.map((v, i) => Math.abs(v - b[i]!)));

/** What axe-core finds wrong, as a person reads it. */
async function violations(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.addScriptTag({ path: AXE });
  return page.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: { run: () => Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }> };
    };
    const found = await axe.run();
    return found.violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.html.slice(0, 160)} ${n.failureSummary}`));
  });
}

test('without a network: installed by the first visit, it opens and finds depth', async () => {
  const page = await demo.open(FAST, { serviceWorkers: 'allow' });
  try {
    // Ready once everything is kept; the next visit is its.
    const state = () =>
      page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.active?.state ?? 'none');
    for (const end = Date.now() + PATIENCE; (await state()) !== 'activated' && Date.now() < end;)
      await page.waitForTimeout(300);
    await page.context().setOffline(true);
    await page.reload();
    expect(await page.evaluate(() => navigator.onLine)).toBe(false);
    await openSample(page);
    await view(page, 'Depth');
    expect(sharpness(await pixels(page), FACE)).toBeGreaterThan(0);
    // The other samples are there as well.
    for (const [name, size] of [
      ['Grace Hopper', '512 × 600'],
      ['Raccoon', '1024 × 768'],
    ] as const) {
      await page.getByRole('button', { name: 'Sample', exact: true }).click();
      await page.getByRole('menuitem', { name }).click();
      await page.getByText(`${size}, depth in`).waitFor({ timeout: PATIENCE });
      await settled(page);
    }
    const manifest = await page.evaluate(async () => {
      const link = document.querySelector<HTMLLinkElement>('link[rel=manifest]')!;
      return (await (await fetch(link.href)).json()) as { icons: { src: string }[]; display: string };
    });
    expect(manifest.display).toBe('standalone');
  } finally {
    await page.context().close();
  }
});

test('axe-core finds nothing: the start, every panel, menus, dark, light, a phone', async () => {
  for (const options of [
    { colorScheme: 'dark' },
    { colorScheme: 'light', viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true },
  ] as const) {
    await withPage(demo, FAST, options, async (page) => {
      expect(await violations(page)).toEqual([]);
      await openSample(page);
      for (const [i, name] of ['Focus', 'Light', 'Lamp', 'Scene', 'Stickers', 'Depth', '3D', 'Speed'].entries()) {
        await page.keyboard.press(String(i + 1));
        await page.getByRole('tabpanel', { name, exact: true }).waitFor();
        if (name === 'Lamp') await page.getByRole('radio', { name: 'Studio' }).check();
        if (name === 'Stickers') await page.getByRole('button', { name: 'Add: Star' }).click();
        for (const summary of await page.locator('summary').all()) await summary.click();
        expect([name, await violations(page)]).toEqual([name, []]);
      }
      await page.keyboard.press('1');
      await page.getByRole('button', { name: 'Before and after' }).click();
      await page.getByRole('button', { name: 'History' }).click();
      await page.getByRole('menuitem', { name: 'Opened' }).waitFor();
      expect(await violations(page)).toEqual([]);
    });
  }
  demo.complaints.splice(0).forEach((c) => expect(c).toMatch(/GPU stall due to ReadPixels|WebGL/));
});

test('a drag over the photo takes the focus along, as one step of the history', () =>
  withPage(demo, FAST, {}, async (page) => {
    await openSample(page);
    const start = await pixels(page);
    const box = (await page.locator('#canvas').boundingBox())!;
    const at = (p: typeof ON_FACE) => [box.x + p.x * box.width, box.y + p.y * box.height] as const;
    await page.mouse.move(...at(ON_FACE));
    await page.mouse.down();
    await page.mouse.move(...at({ x: 0.6, y: 0.3 }), { steps: 4 });
    await page.mouse.move(...at(ON_BACKGROUND), { steps: 4 });
    await page.mouse.up();
    await settled(page);
    const far = await pixels(page);
    expect(sharpness(far, ROCKET)).toBeGreaterThan(sharpness(start, ROCKET) * 5);
    expect(sharpness(far, FACE)).toBeLessThan(sharpness(start, FACE) * 0.3);
    await page.keyboard.press('Control+z');
    await settled(page);
    expect(difference(await pixels(page), start)).toBe(0);
    expect(await page.locator('#undo').getAttribute('aria-disabled')).toBe('true');
  }));

test('a sticker stands behind the person, then before them; it is dragged in the picture and in depth', () =>
  withPage(demo, FAST, {}, async (page) => {
    await openSample(page);
    await slide(page, 'Aperture', 0);
    const photo = await pixels(page);
    await tab(page, 'Stickers');
    await page.getByRole('button', { name: 'Add: Heart' }).click();
    await slide(page, 'Size', 0.8);
    const behind = await pixels(page);
    const beside = { x: 0.24, y: 0.1 };
    expect(apart(colour(behind, beside.x, beside.y), [255, 61, 104])).toBeLessThan(12); // the heart's own red
    for (const { x, y } of [ON_FACE, { x: 0.46, y: 0.3 }])
      expect(apart(colour(behind, x, y), colour(photo, x, y))).toBeLessThan(3);

    await page.getByRole('radio', { name: 'In front' }).check();
    await settled(page);
    expect(apart(colour(await pixels(page), ON_FACE.x, ON_FACE.y), [255, 61, 104])).toBeLessThan(12);

    // The wheel over it moves it away until the face hides it again.
    const handle = page.getByRole('button', { name: /^Heart:/ });
    const box = (await handle.boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    for (let i = 0; i < 30; i++) await page.mouse.wheel(0, 100);
    await settled(page);
    expect(Number(await page.getByRole('slider', { name: 'Depth', exact: true }).inputValue())).toBeCloseTo(0.4, 1);
    expect(apart(colour(await pixels(page), ON_FACE.x, ON_FACE.y), colour(photo, ON_FACE.x, ON_FACE.y))).toBeLessThan(
      3,
    );

    // A quarter of the picture to the right; what it covered comes back.
    const stage = (await page.locator('#canvas').boundingBox())!;
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2 + stage.width / 8, box.y + box.height / 2, { steps: 3 });
    await page.mouse.move(box.x + box.width / 2 + stage.width / 4, box.y + box.height / 2, { steps: 3 });
    await page.mouse.up();
    await settled(page);
    const moved = await pixels(page);
    expect(apart(colour(moved, beside.x, beside.y), colour(photo, beside.x, beside.y))).toBeLessThan(3);
    expect(apart(colour(moved, 0.9, 0.1), [255, 61, 104])).toBeLessThan(12);
  }));

test('the relief is saved as a model, for two eyes, and as a film', async () => {
  await withPage(demo, FAST, {}, async (page) => {
    // Larger than the preview: models and pairs are made from the whole photo.
    await choose(page, 'large.png', await sharp(ASTRONAUT).resize(1000).png().toBuffer(), 'image/png');
    await page.getByRole('slider', { name: 'Focal plane' }).waitFor({ timeout: PATIENCE });
    await settled(page);
    await tab(page, '3D');
    const saved = async (name: string) => {
      const [download] = await Promise.all([
        page.waitForEvent('download', { timeout: PATIENCE }),
        page.getByRole('button', { name, exact: true }).click(),
      ]);
      return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
    };
    const model = await saved('3D model');
    expect(model.name).toMatch(/\.glb$/);
    const { issues } = await validateBytes(new Uint8Array(model.bytes));
    expect([issues.numErrors, issues.numWarnings]).toEqual([0, 0]);
    const pair = await sharp((await saved('Stereo pair')).bytes).metadata();
    const anaglyph = await sharp((await saved('Red-cyan')).bytes).metadata();
    expect([pair.width, pair.height]).toEqual([2000, 1000]);
    expect([anaglyph.width, anaglyph.height]).toEqual([1000, 1000]);
    await page.getByRole('button', { name: 'Make a video' }).click();
    await page.getByRole('button', { name: 'Save the video' }).waitFor({ timeout: PATIENCE });
    const film = await saved('Save the video');
    const h264 = await page.evaluate(
      async () =>
        (await VideoEncoder.isConfigSupported({ codec: 'avc1.640028', width: 706, height: 706 })).supported ?? false,
    );
    expect(film.name).toMatch(h264 ? /\.mp4$/ : /\.webm$/);
    if (h264) expect(film.bytes.subarray(4, 8).toString()).toBe('ftyp');
    else expect(film.bytes.subarray(0, 4)).toEqual(Buffer.of(0x1a, 0x45, 0xdf, 0xa3));
    expect(film.bytes.length).toBeGreaterThan(10_000);

    // And as large as the photo.
    const rested = () => page.locator('#task').waitFor({ state: 'hidden', timeout: PATIENCE });
    const sides = () =>
      page.locator('.panel video').evaluate((video: HTMLVideoElement) => [video.videoWidth, video.videoHeight]);
    expect(await sides()).toEqual([706, 706]);
    await page.getByRole('radio', { name: '1000 × 1000' }).check();
    await page.getByRole('button', { name: 'Make a video' }).click();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await rested();
    expect(await page.getByRole('status').innerText()).toBe('Cancelled');
    expect(await sides()).toEqual([706, 706]);
    await page.getByRole('button', { name: 'Make a video' }).click();
    await rested();
    expect(await violations(page)).toEqual([]);
    const large = await saved('Save the video');
    expect(large.name).toBe(film.name);
    expect(large.bytes.length).toBeGreaterThan(film.bytes.length);
    await page.waitForFunction(() => document.querySelector('video')!.readyState >= 2);
    expect(await sides()).toEqual([1000, 1000]);
    expect(await page.locator('.panel video').evaluate((video: HTMLVideoElement) => video.duration)).toBeCloseTo(2, 1);
  });
});

async function saved(page: Page, item: string): Promise<Download> {
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  const [download] = await Promise.all([
    page.waitForEvent('download', { timeout: PATIENCE }),
    page.getByRole('menuitem', { name: item }).click(),
  ]);
  return download;
}

/** What `relievo edit` does. */
async function edit(...args: string[]): Promise<void> {
  let said = '';
  const code = await run(['edit', ...args], {
    stdout: { write: () => undefined },
    stderr: { write: (t) => (said += t) },
    signal: new AbortController().signal,
  });
  expect([code, said]).toEqual([0, '']);
}

/** Largest difference of two pictures in codes of 0..255. */
async function worst(one: string, other: string): Promise<number> {
  const [a, b] = await Promise.all([one, other].map((file) => sharp(file).removeAlpha().raw().toBuffer()));
  expect(a!.length).toBe(b!.length);
  return a!.reduce((most, v, i) => Math.max(most, Math.abs(v - b![i]!)), 0);
}

test('what is saved is what the command line makes of the saved recipe, within 2/255', () =>
  withPage(demo, FAST, {}, async (page) => {
    await openSample(page);
    await tap(page, ON_BACKGROUND);
    await tab(page, 'Light');
    await page.getByRole('radio', { name: 'Cinema' }).check();
    await tab(page, 'Stickers');
    await page.getByRole('button', { name: 'Add: Star' }).click();
    await tab(page, 'Lamp');
    await page.getByRole('radio', { name: 'Studio' }).check();
    await settled(page);
    const folder = await mkdtemp(join(tmpdir(), 'relievo-editor-'));
    try {
      const recipe = join(folder, 'recipe.json');
      const text = await readFile(await (await saved(page, 'Save recipe')).path(), 'utf8');
      await writeFile(recipe, text);
      expect((JSON.parse(text) as { steps: { op: string }[] }).steps.map((s) => s.op)).toEqual([
        'stickers',
        'relight',
        'bokeh',
        'grade',
        'vignette',
      ]);
      const fromPage = await (await saved(page, 'Download')).path();
      await edit(ASTRONAUT, '--recipe', recipe, '-o', join(folder, 'out.png'));
      expect(await worst(fromPage, join(folder, 'out.png'))).toBeLessThanOrEqual(2);

      // And the recipe read again makes the same picture.
      const before = await pixels(page);
      await page.keyboard.press('Control+z');
      await page.keyboard.press('Control+z');
      await settled(page);
      expect(difference(await pixels(page), before)).toBeGreaterThan(1);
      await page.setInputFiles('#recipe-file', recipe);
      await page.waitForFunction(() => document.getElementById('status')!.textContent === 'Recipe of 5 steps');
      await settled(page);
      expect(difference(await pixels(page), before)).toBe(0);
    } finally {
      await rm(folder, { recursive: true });
    }
  }));

test("a photo that carries its depth: that or the network's, as one step of the history, on the command line alike", async () => {
  const folder = await mkdtemp(join(tmpdir(), 'relievo-editor-'));
  const at = (name: string) => join(folder, name);
  try {
    // Nearest on the right, where the network sees air and a rocket; half the photo's size, as phones have it.
    const depth = {
      width: 256,
      height: 256,
      data: Float32Array.from({ length: 65536 }, (_, i) => ((i % 256) + 0.4) / 256),
    };
    await writeGDepth(at('own.jpg'), await readImageFile(ASTRONAUT), depth);
    const photo = await readFile(at('own.jpg'));
    await withPage(demo, FAST, {}, async (page) => {
      await choose(page, 'own.jpg', photo, 'image/png'); // saved as PNG: no loss to be compared
      await page.getByRole('slider', { name: 'Focal plane' }).waitFor({ timeout: PATIENCE });
      await settled(page);
      expect(await page.getByRole('status').innerText()).toBe('512 × 512, with depth of its own');
      await tab(page, 'Depth');
      const own = page.getByRole('radio', { name: "The photo's own" });
      const network = page.getByRole('radio', { name: "Relievo's" });
      expect(await own.isChecked()).toBe(true);
      expect(await violations(page)).toEqual([]);
      await settled(page);
      const ownColours = await pixels(page);
      await tab(page, 'Focus');
      await tap(page, ON_BACKGROUND);
      const focal = page.getByRole('slider', { name: 'Focal plane' });
      expect(Number(await focal.inputValue())).toBeCloseTo(ON_BACKGROUND.x, 1);
      const edited = await pixels(page);
      await writeFile(at('recipe.json'), await readFile(await (await saved(page, 'Save recipe')).path()));
      const withOwn = await (await saved(page, 'Download')).path();
      await edit(at('own.jpg'), '--recipe', at('recipe.json'), '-o', at('own.png'));
      expect(await worst(withOwn, at('own.png'))).toBeLessThanOrEqual(2);

      // By keyboard.
      await tab(page, 'Depth');
      await own.focus();
      await page.keyboard.press('ArrowRight');
      await settled(page);
      expect(await network.isChecked()).toBe(true);
      expect(difference(await pixels(page), ownColours)).toBeGreaterThan(20);
      await tab(page, 'Focus');
      await settled(page);
      expect(Number(await focal.inputValue())).toBeLessThan(0.4);
      expect(difference(await pixels(page), edited)).toBeGreaterThan(5);
      const withNetwork = await (await saved(page, 'Download')).path();
      await edit(at('own.jpg'), '--network', '--recipe', at('recipe.json'), '-o', at('network.png'));
      expect(await worst(withNetwork, at('network.png'))).toBeLessThanOrEqual(2);
      expect(await worst(withNetwork, withOwn)).toBeGreaterThan(50);

      await page.keyboard.press('Control+z');
      await settled(page);
      expect(difference(await pixels(page), edited)).toBe(0);
      await page.keyboard.press('Control+Shift+z');
      await settled(page);
      await tab(page, 'Depth');
      expect(await network.isChecked()).toBe(true);

      // A photo without one offers no choice; nor does one whose own is damaged, which says so.
      const jpeg = await sharp(ASTRONAUT).jpeg().toBuffer();
      await choose(page, 'plain.jpg', jpeg);
      await page.getByText(/depth in .* by WebAssembly$/).waitFor({ timeout: PATIENCE });
      await settled(page);
      expect(await own.count()).toBe(0);
      const damaged = embedGDepth(jpeg, Buffer.from('no picture'), () => '0'.repeat(32));
      await choose(page, 'damaged.jpg', Buffer.from(damaged));
      await page.getByText(/depth in .* by WebAssembly; its own depth is damaged$/).waitFor({ timeout: PATIENCE });
      await settled(page);
      expect(await own.count()).toBe(0);
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('the depth brush, before and after, zoom, and the 3D view', () =>
  withPage(demo, FAST, {}, async (page) => {
    await openSample(page);
    await tab(page, 'Depth');
    await settled(page);
    const before = await pixels(page);
    const box = (await page.locator('#canvas').boundingBox())!;
    await page.mouse.move(box.x + 0.15 * box.width, box.y + 0.2 * box.height);
    await page.mouse.down();
    await page.mouse.move(box.x + 0.2 * box.width, box.y + 0.3 * box.height, { steps: 5 });
    await page.mouse.up();
    await settled(page);
    const painted = await pixels(page);
    expect(apart(colour(painted, 0.18, 0.25), colour(before, 0.18, 0.25))).toBeGreaterThan(25);
    expect(apart(colour(painted, 0.8, 0.8), colour(before, 0.8, 0.8))).toBeLessThan(2);
    expect(await page.getByText('1 stroke', { exact: true }).first().isVisible()).toBe(true);
    await page.keyboard.press('Control+z');
    await settled(page);
    expect(difference(await pixels(page), before)).toBe(0);

    await page.keyboard.press('1');
    await page.keyboard.press('b');
    const divider = page.getByRole('slider', { name: 'Before and after' });
    await divider.fill('0.25');
    expect(await divider.getAttribute('aria-valuetext')).toBe('25 % of what is in sight shows the photo before');
    await page.keyboard.press('b');
    expect(await divider.count()).toBe(0);

    const shift = () => page.locator('#frame').evaluate((f) => getComputedStyle(f).transform);
    await page.keyboard.press('+');
    expect(await shift()).toMatch(/^matrix\(1\.5, 0, 0, 1\.5/);
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2 + 40, box.y + box.height / 2 + 20, { steps: 3 });
    const [x, y] = (await shift())
      .match(/-?[\d.]+(?=[,)])/g)!
      .slice(-2)
      .map(Number);
    await page.mouse.up();
    expect(Math.abs(x! + box.width / 4 - 40)).toBeLessThan(1);
    expect(Math.abs(y! + box.height / 4 - 20)).toBeLessThan(1);
    await page.keyboard.press('0');
    expect(await shift()).toMatch(/^matrix\(1, 0, 0, 1, 0, 0\)/);

    await page.keyboard.press('7');
    await page.locator('#relief canvas').waitFor({ timeout: PATIENCE });
    await page.waitForTimeout(500);
    const seen = await sharp(await page.locator('#relief').screenshot()).stats();
    expect(seen.channels[0]!.stdev).toBeGreaterThan(30);
    // The browser takes its graphics away: the rest of the page goes on.
    await page.locator('#relief canvas').evaluate((canvas: HTMLCanvasElement) => {
      canvas.getContext('webgl2')!.getExtension('WEBGL_lose_context')!.loseContext();
    });
    await page.keyboard.press('1');
    await view(page, 'Edited');
    await tap(page, ON_BACKGROUND);
    expect(sharpness(await pixels(page), ROCKET)).toBeGreaterThan(10);
    demo.complaints.splice(0).forEach((c) => expect(c).toMatch(/GPU stall|[Cc]ontext/));
  }));

test('the GPU goes away during an edit: the picture is drawn all the same', () =>
  withPage(demo, `${FAST}&preview=gpu`, {}, async (page) => {
    await openSample(page);
    await tap(page, ON_FACE);
    const face = await pixels(page);
    // What Chromium itself offers for it.
    const other = await page.context().newPage();
    await other.goto('chrome://gpucrash').catch(() => {});
    await other.close();
    await tap(page, ON_BACKGROUND);
    const background = await pixels(page);
    expect(sharpness(background, ROCKET)).toBeGreaterThan(sharpness(face, ROCKET) * 5);
    expect(sharpness(background, FACE)).toBeLessThan(sharpness(face, FACE) * 0.3);
    demo.complaints.splice(0).forEach((c) => expect(c).toMatch(/GPU stall|[Cc]ontext|GPU process/));
  }));

test('a camera that is refused is named; one that is allowed takes a photo', async () => {
  await withPage(demo, FAST, {}, async (page) => {
    await page.getByRole('button', { name: 'Camera' }).click();
    const alert = page.getByRole('alert');
    await alert.waitFor();
    expect(await alert.innerText()).toMatch(/camera was not allowed/i);
  });
  await withPage(demo, FAST, { permissions: ['camera'] }, async (page) => {
    await page.getByRole('button', { name: 'Camera' }).click();
    await page.waitForFunction(() => (document.querySelector('#camera video') as HTMLVideoElement).videoWidth > 0);
    await page.getByRole('button', { name: 'Take the photo' }).click();
    await page.getByRole('slider', { name: 'Focal plane' }).waitFor({ timeout: PATIENCE });
    await settled(page);
    expect((await pixels(page)).width).toBeGreaterThan(300);
  });
});

const fromMenu = async (page: Page, item: string) => {
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByRole('menuitem', { name: item }).click();
};
const said = (page: Page, text: string) =>
  page.waitForFunction((t) => document.getElementById('status')!.textContent === t, text, { timeout: PATIENCE });

test('a copy in the clipboard is what is shown; without permission it says so', async () => {
  await withPage(demo, FAST, { permissions: ['clipboard-read', 'clipboard-write'] }, async (page) => {
    await openSample(page);
    await tap(page, ON_BACKGROUND);
    const [download] = await Promise.all([
      page.waitForEvent('download', { timeout: PATIENCE }),
      fromMenu(page, 'Download'),
    ]);
    const decoded = (file: string | Buffer) => sharp(file).removeAlpha().raw().toBuffer();
    const saved = await decoded(await download.path());
    await fromMenu(page, 'Copy');
    await said(page, 'Copied');
    const copied = await page.evaluate(async () => {
      const [item] = await navigator.clipboard.read();
      const blob = await item!.getType('image/png');
      return [...new Uint8Array(await blob.arrayBuffer())];
    });
    expect((await decoded(Buffer.from(copied))).equals(saved)).toBe(true);
  });
  await withPage(
    demo,
    FAST,
    {},
    async (page) => {
      await openSample(page);
      await fromMenu(page, 'Copy');
      const alert = page.getByRole('alert');
      await alert.waitFor({ timeout: PATIENCE });
      expect(await alert.innerText()).toMatch(/could not be copied/);
    },
    (page) =>
      page.addInitScript(() => {
        navigator.clipboard.write = () => Promise.reject(new DOMException('', 'NotAllowedError'));
      }),
  );
});

/** Headless Chromium has no share sheet: what the page hands to it is noted. */
const shareSheet = (page: Page) =>
  page.addInitScript(() => {
    const shared: File[] = [];
    Object.assign(navigator, {
      canShare: ({ files }: ShareData) => !!files?.length,
      share: ({ files }: ShareData) => Promise.resolve(void shared.push(...files!)),
    });
    Object.assign(window, { shared });
  });

test('the share sheet gets the picture as a file', () =>
  withPage(
    demo,
    FAST,
    {},
    async (page) => {
      await openSample(page);
      await fromMenu(page, 'Share');
      await page.waitForFunction(() => (window as unknown as { shared: File[] }).shared.length > 0, null, {
        timeout: PATIENCE,
      });
      const file = await page.evaluate(async () => {
        const [f] = (window as unknown as { shared: File[] }).shared;
        const { width, height } = await createImageBitmap(f!);
        return { name: f!.name, type: f!.type, width, height };
      });
      expect(file).toEqual({ name: 'astronaut-edited.png', type: 'image/png', width: 512, height: 512 });
    },
    shareSheet,
  ));

test('the networks are measured apart and on one backbone; another backend keeps the edit', () =>
  withPage(demo, FAST, {}, async (page) => {
    await openSample(page);
    const start = await pixels(page);
    await tap(page, ON_BACKGROUND);
    const edited = await pixels(page);
    await tab(page, 'Speed');
    await page.getByRole('button', { name: 'Measure' }).click();
    const saving = page.getByText(/less time with one backbone/);
    await saving.waitFor({ timeout: PATIENCE });
    // Two of three heads find the backbone's work done.
    expect(Number.parseInt(await saving.innerText())).toBeGreaterThan(0);
    expect(await page.locator('.stack span').count()).toBe(6);

    await page.getByRole('combobox', { name: 'Networks run by' }).selectOption('webgl');
    await page.waitForFunction(() => document.getElementById('backend')?.textContent === 'Depth by WebGL', null, {
      timeout: PATIENCE,
    });
    await settled(page);
    // Its depth is rounded otherwise, and with it the plane of the point that was tapped.
    const change = difference(start, edited);
    expect(change).toBeGreaterThan(5);
    expect(difference(await pixels(page), edited)).toBeLessThan(change / 10);
    await page.keyboard.press('Control+z');
    await settled(page);
    expect(difference(await pixels(page), start)).toBeLessThan(change / 10);
    demo.complaints.splice(0).forEach((c) => expect(c).toMatch(/GPU stall|WebGL/));
  }));

test('24 megapixels: previewed at once, edited, magnified as sharp as the screen', () =>
  withPage(demo, FAST, {}, async (page) => {
    const large = await sharp(ASTRONAUT).resize(6000, 4000, { position: 'top' }).jpeg().toBuffer();
    await choose(page, 'large.jpg', large);
    await page.getByRole('slider', { name: 'Focal plane' }).waitFor({ timeout: PATIENCE });
    await settled(page);
    const shown = await pixels(page);
    expect(shown.width * shown.height).toBeLessThanOrEqual(500_500);
    expect(await page.getByRole('status').innerText()).toMatch(/^6000 × 4000/);
    await slide(page, 'Aperture', 0);
    await page.keyboard.press('+');
    await page.keyboard.press('+');
    const detail = page.locator('#frame > .detail canvas');
    await detail.waitFor({ timeout: PATIENCE });
    const [own, onScreen] = await detail.evaluate((c: HTMLCanvasElement) => [c.width, c.getBoundingClientRect().width]);
    expect(own! / onScreen!).toBeGreaterThan(0.95);
    expect(own! / onScreen!).toBeLessThan(1.5);
  }));

test('a magnified view is sharp where it is looked at, before and after', () =>
  withPage(demo, FAST, {}, async (page) => {
    const photo = await sharp(ASTRONAUT).resize(3000, 2250, { position: 'top' }).png().toBuffer();
    await choose(page, 'large.png', photo, 'image/png');
    await page.getByRole('slider', { name: 'Focal plane' }).waitFor({ timeout: PATIENCE });
    await settled(page);
    await tap(page, ON_FACE);
    const saving = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download' }).click();
    const edited = sharp(await (await saving).path()).removeAlpha();
    await settled(page);

    /** The sharp part, of the edit or of the photo before: its pixels, and where it lies. */
    const detail = page.locator('#frame > .detail canvas');
    const part = (of: string) =>
      page.locator(of).evaluate((c: HTMLCanvasElement) => {
        const at = ['--x', '--y', '--width', '--height'].map((v) => Number(c.style.getPropertyValue(v)));
        const [x, y, w, h] = at as [number, number, number, number];
        const whole = { width: Math.round(c.width / w), height: Math.round(c.height / h) };
        const [left, top] = [Math.round(x * whole.width), Math.round(y * whole.height)];
        return { whole, left, top, width: c.width, height: c.height, png: c.toDataURL(), shown: c.clientWidth, at };
      });
    /** How far it is from that part of a picture. */
    const off = async ({ whole, left, top, width, height, png }: Awaited<ReturnType<typeof part>>, of: Sharp) => {
      const small = of.clone().resize(whole.width, whole.height, { fit: 'fill' });
      const wanted = await small.raw().toBuffer();
      const cut = sharp(wanted, { raw: { ...whole, channels: 3 } }).extract({ left, top, width, height });
      const data = await sharp(Buffer.from(png.split(',')[1]!, 'base64'))
        .removeAlpha()
        .raw()
        .toBuffer();
      return difference({ width, height, data }, { width, height, data: await cut.raw().toBuffer() });
    };
    for (let i = 0; i < 3; i++) await page.keyboard.press('+');
    await detail.waitFor({ timeout: PATIENCE });
    const first = await part('#frame > .detail canvas');
    const scale = await page.locator('#frame').evaluate((f) => new DOMMatrix(getComputedStyle(f).transform).a);
    expect(first.width).toBeGreaterThan(0.9 * first.shown * scale);
    expect(first.width).toBeLessThan(0.7 * first.whole.width);
    expect(await off(first, edited)).toBeLessThan(2);

    await page.keyboard.press('b');
    const before = await part('.before .detail canvas');
    expect([before.width, before.height, before.at]).toEqual([first.width, first.height, first.at]);
    expect(await off(before, sharp(photo).removeAlpha())).toBeLessThan(2);
    expect(await off(before, edited)).toBeGreaterThan(2);
    expect(await violations(page)).toEqual([]);

    // Beside the line the picture is moved, not the line; the part that comes into sight is rendered.
    const divider = page.getByRole('slider', { name: 'Before and after' });
    const stage = (await page.locator('#stage').boundingBox())!;
    const drag = async (from: number, by: number) => {
      const [x, y] = [stage.x + from * stage.width, stage.y + 0.4 * stage.height];
      await page.mouse.move(x, y);
      await page.mouse.down();
      await page.mouse.move(x + by * stage.width, y, { steps: 4 });
      await page.mouse.up();
    };
    const line = () => page.locator('.divider .line').evaluate((l) => l.getBoundingClientRect().x);
    const at = await line();
    await drag(0.2, -0.15);
    expect([await divider.inputValue(), await line()]).toEqual(['0.5', at]);
    await page.waitForFunction(
      (x) => document.querySelector<HTMLElement>('.before .detail canvas')!.style.getPropertyValue('--x') !== x,
      String(first.at[0]),
      { timeout: PATIENCE },
    );
    expect((await part('.before .detail canvas')).left).toBeGreaterThan(first.left);
    await drag(0.5, 0.2);
    expect(Number(await divider.inputValue())).toBeCloseTo(0.7, 1);
    expect(await line()).toBeCloseTo(at + 0.2 * stage.width, -1);
    await page.keyboard.press('b');

    // Nearer: what there is stays until what is sharper comes.
    const least = page.evaluate(async () => {
      const all = () => [...document.querySelectorAll<HTMLCanvasElement>('#frame > .detail canvas')];
      const [old] = all();
      let fewest = 1;
      while (all()[0] === old) {
        fewest = Math.min(fewest, all().length);
        await new Promise(requestAnimationFrame);
      }
      return Math.min(fewest, all().length);
    });
    await page.keyboard.press('+');
    await page.keyboard.press('+');
    expect(await least).toBe(1);
    const nearer = await part('#frame > .detail canvas');
    expect(nearer.whole).toEqual({ width: 3000, height: 2250 });
    expect(await off(nearer, edited)).toBe(0);

    // An edit drops it at once.
    await page.getByRole('slider', { name: 'Aperture' }).fill('3');
    expect(await detail.count()).toBe(0);
    await detail.waitFor({ timeout: PATIENCE });
    await choose(page, 'other.png', await sharp(ASTRONAUT).resize(300).png().toBuffer(), 'image/png');
    await page.waitForFunction(() => (document.getElementById('canvas') as HTMLCanvasElement).width === 300, null, {
      timeout: PATIENCE,
    });
    expect(await detail.count()).toBe(0);
  }));

const screenshots = process.env['UPDATE_SCREENSHOTS'] === '1' ? test : test.skip;
screenshots('pictures of the page for the documents', async () => {
  const shoot = async (page: Page, name: string) => {
    await settled(page);
    await page.mouse.move(2, 2);
    await page.waitForTimeout(1500);
    const file = `${ROOT}docs/images/editor-${name}.jpg`;
    await sharp(await page.screenshot())
      .jpeg({ quality: 82, mozjpeg: true })
      .toFile(file);
    expect((await readFile(file)).length).toBeGreaterThan(10_000);
  };
  await withPage(demo, FAST, { colorScheme: 'dark', viewport: { width: 1200, height: 760 } }, async (page) => {
    await openSample(page);
    await shoot(page, 'focus');
    await tab(page, 'Light');
    await page.getByRole('radio', { name: 'Cinema' }).check();
    await page.waitForTimeout(4000);
    await shoot(page, 'light');
    await page.getByRole('radio', { name: 'None' }).check();
    await tab(page, 'Stickers');
    await page.getByRole('button', { name: 'Text', exact: true }).click();
    await page.getByRole('textbox', { name: 'Text' }).fill('HOUSTON');
    await slide(page, 'Size', 0.95);
    await shoot(page, 'stickers');
    await tab(page, '3D');
    await page.locator('#relief canvas').waitFor({ timeout: PATIENCE });
    await page.waitForTimeout(2000);
    await page.mouse.move(2, 2);
    await shoot3d(page);
  });
  async function shoot3d(page: Page) {
    const file = `${ROOT}docs/images/editor-3d.jpg`;
    await sharp(await page.screenshot())
      .jpeg({ quality: 82, mozjpeg: true })
      .toFile(file);
  }
  const phone = { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true } as const;
  await withPage(demo, FAST, { colorScheme: 'light', ...phone }, async (page) => {
    await openSample(page);
    await shoot(page, 'phone');
  });
  demo.complaints.splice(0).forEach((c) => expect(c).toMatch(/GPU stall|[Cc]ontext|WebGL/));
});
