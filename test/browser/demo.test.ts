import { jest } from '@jest/globals';
import type { BrowserContextOptions, Page } from 'playwright-core';
import sharp from 'sharp';
import { ASTRONAUT } from '../helpers/photos.js';
import { ISOLATING, site, type Site } from './chromium.js';
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
  withPage as withPageOf,
  type Pixels,
} from './editor.js';

jest.setTimeout(300_000);

const headers: Record<string, string> = {};
let demo: Site;
beforeAll(async () => {
  demo = await site('demo', headers);
});
afterAll(() => demo?.close());
afterEach(() => expect(demo.complaints.splice(0)).toEqual([]));

const withPage = (query: string, options: BrowserContextOptions, check: (page: Page) => Promise<void>) =>
  withPageOf(demo, query, options, check);

const overflow = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);

test('the sample, by WebGL and by WASM: the same depth', async () => {
  const seen: Pixels[] = [];
  for (const [query, name] of [
    ['?backend=webgl', 'WebGL'],
    ['?backend=wasm', 'WebAssembly'],
  ] as const) {
    await withPage(query, {}, async (page) => {
      await openSample(page);
      expect(await page.locator('#backend').innerText()).toBe(`Depth by ${name}`);
      expect(await page.getByRole('status').innerText()).toMatch(new RegExp(`512 × 512, depth in .* by ${name}`));
      await view(page, 'Depth');
      seen.push(await pixels(page));
      await view(page, 'Photo');
      expect(difference(seen.at(-1)!, await pixels(page))).toBeGreaterThan(40);
    });
  }
  expect(difference(seen[0]!, seen[1]!)).toBeLessThan(0.1);
});

test('a page that is crossOriginIsolated finds depth by WASM, too', async () => {
  Object.assign(headers, ISOLATING);
  try {
    await withPage(FAST, {}, async (page) => {
      expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
      await openSample(page);
      await tap(page, ON_BACKGROUND);
      expect(sharpness(await pixels(page), ROCKET)).toBeGreaterThan(10);
    });
  } finally {
    for (const name of Object.keys(ISOLATING)) delete headers[name];
  }
});

test('what is tapped becomes sharp, and the rest does not stay it', () =>
  withPage(FAST, {}, async (page) => {
    await openSample(page);
    await view(page, 'Photo');
    const photo = await pixels(page);
    const share = (shown: Pixels, part: typeof FACE) => sharpness(shown, part) / sharpness(photo, part);

    await tap(page, ON_FACE); // from the photo view it leads to the refocused one
    expect(await page.getByRole('radio', { name: 'Edited' }).isChecked()).toBe(true);
    const face = await pixels(page);
    expect(share(face, FACE)).toBeGreaterThan(0.6);
    expect(share(face, ROCKET)).toBeLessThan(0.1);

    await tap(page, ON_BACKGROUND);
    const background = await pixels(page);
    expect(share(background, FACE)).toBeLessThan(0.2);
    expect(share(background, ROCKET)).toBeGreaterThan(0.6);
    const canvas = (await page.locator('#canvas').boundingBox())!;
    const marker = (await page.locator('#marker').boundingBox())!;
    const off = (m: number, mSize: number, c: number, cSize: number, share: number) =>
      Math.abs(m + mSize / 2 - (c + share * cSize));
    expect(off(marker.x, marker.width, canvas.x, canvas.width, ON_BACKGROUND.x)).toBeLessThanOrEqual(1); // whole pixels
    expect(off(marker.y, marker.height, canvas.y, canvas.height, ON_BACKGROUND.y)).toBeLessThanOrEqual(1);

    await page.keyboard.press('Control+z');
    await settled(page);
    expect(difference(await pixels(page), face)).toBe(0);
    await page.keyboard.press('Control+Shift+Z');
    await settled(page);
    expect(difference(await pixels(page), background)).toBe(0);
  }));

test('the sliders move the focal plane and the amount of blur', () =>
  withPage(FAST, {}, async (page) => {
    await openSample(page);
    await view(page, 'Photo');
    const photo = await pixels(page);
    await view(page, 'Edited');
    const found: number[] = [];
    // All sharp, f/2.8, f/0.7.
    for (const aperture of [0, 18, 30]) {
      await slide(page, 'Aperture', aperture);
      found.push(sharpness(await pixels(page), ROCKET));
      if (aperture === 0) expect(difference(await pixels(page), photo)).toBe(0);
    }
    expect(found[1]).toBeLessThan(found[0]! * 0.3);
    expect(found[2]).toBeLessThan(found[1]! * 0.7);

    await tap(page, ON_FACE);
    const near = await pixels(page);
    const focus = page.getByRole('slider', { name: 'Focal plane' });
    expect(Number(await focus.inputValue())).toBeGreaterThan(0.5); // the slider follows the tap
    expect(await page.locator('#marker').isVisible()).toBe(true);
    await slide(page, 'Focal plane', 0.05);
    const far = await pixels(page);
    expect(await page.locator('#marker').isVisible()).toBe(false); // no point was tapped for this plane
    expect(await focus.getAttribute('aria-valuetext')).toBe('5 % of the way from far to near');
    expect(sharpness(far, ROCKET)).toBeGreaterThan(sharpness(near, ROCKET) * 5);
    expect(sharpness(far, FACE)).toBeLessThan(sharpness(near, FACE) * 0.2);

    // A drag asks for more than can be drawn: the last wish is what stays.
    await focus.evaluate((slider: HTMLInputElement) => {
      for (const v of [0.1, 0.3, 0.5, 0.7, 0.9, 0.05]) {
        slider.value = String(v);
        slider.dispatchEvent(new Event('input', { bubbles: true }));
      }
    });
    await settled(page);
    expect(difference(await pixels(page), far)).toBe(0);
  }));

test('the preview on the GPU is what the CPU shows', async () => {
  const seen: Pixels[] = [];
  for (const where of ['cpu', 'gpu']) {
    await withPage(`${FAST}&preview=${where}`, {}, async (page) => {
      await openSample(page);
      await slide(page, 'Aperture', 26);
      await slide(page, 'Focal plane', 0.2);
      seen.push(await pixels(page));
      const by = await page.evaluate(() =>
        performance.getEntriesByName('relievo:preview').map((e) => (e as PerformanceMeasure).detail as string),
      );
      expect([...new Set(by)]).toEqual([where]);
    });
  }
  // Reading a picture back from a GPU stalls it: Chromium says so once.
  demo.complaints.splice(0).forEach((c) => expect(c).toMatch(/GPU stall due to ReadPixels/));
  expect(difference(seen[0]!, seen[1]!)).toBeLessThan(0.2);
});

test('everything by keyboard', () =>
  withPage(FAST, {}, async (page) => {
    const focused = () =>
      page.evaluate(() => {
        const e = document.activeElement as HTMLElement;
        const ring = e.closest('label') ?? e;
        return {
          name: e.ariaLabel ?? e.closest('label')?.textContent ?? e.textContent ?? '',
          id: e.id,
          page: e === document.body,
          ring: [e, ring].some((r) => getComputedStyle(r).outlineStyle !== 'none'),
        };
      });
    /** Tabs on until the element is reached; each on the way shows that it has the focus. */
    const tabTo = async (want: string) => {
      for (let i = 0; i < 40; i++) {
        await page.keyboard.press('Tab');
        const { name, id, ring, page: round } = await focused();
        if (round) continue; // past the last one, to the first
        expect({ name, ring }).toEqual({ name, ring: true });
        if (name.trim() === want || id === want) return;
      }
      throw new Error(`'${want}' is not reached by Tab`);
    };
    await tabTo('Take the sample');
    await page.keyboard.press('Enter');
    await page.getByRole('slider', { name: 'Focal plane' }).waitFor({ timeout: PATIENCE });
    await settled(page);
    const start = await pixels(page);

    await tabTo('canvas');
    await page.keyboard.press('ArrowLeft');
    for (let i = 0; i < 4; i++) await page.keyboard.press('Shift+ArrowUp');
    for (let i = 0; i < 4; i++) await page.keyboard.press('Shift+ArrowRight');
    await settled(page);
    expect(await page.locator('#marker').evaluate((m) => [m.style.left, m.style.top])).toEqual(['88%', '10%']);
    const moved = await pixels(page);
    expect(sharpness(moved, FACE)).toBeLessThan(sharpness(start, FACE) * 0.3);

    await tabTo('Edited');
    await page.keyboard.press('ArrowLeft');
    await settled(page);
    expect(await page.getByRole('radio', { name: 'Depth' }).isChecked()).toBe(true);
    expect(difference(await pixels(page), moved)).toBeGreaterThan(20);
    await page.keyboard.press('ArrowRight');
    await settled(page);
    expect(difference(await pixels(page), moved)).toBe(0);

    await tabTo('focus');
    await page.keyboard.press('End');
    await settled(page);
    expect(await page.locator('#focus-value').innerText()).toBe('100 %');
    await tabTo('aperture');
    await page.keyboard.press('Home');
    await settled(page);
    expect(await page.locator('#aperture-value').innerText()).toBe('All sharp');
    await tabTo('Download');
    const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
    expect(download.suggestedFilename()).toBe('astronaut-edited.png');
    // Aperture closed: what is saved is the photo.
    const saved = await sharp(await download.path())
      .removeAlpha()
      .raw()
      .toBuffer();
    expect(saved.equals(await sharp(ASTRONAUT).removeAlpha().raw().toBuffer())).toBe(true);
  }));

test('a bad file is named, and the photo stays', () =>
  withPage(FAST, {}, async (page) => {
    await openSample(page);
    const before = await pixels(page);
    const jpeg = await sharp(ASTRONAUT).jpeg().toBuffer();
    const header = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    header.writeUInt32BE(20_000, 16);
    header.writeUInt32BE(20_000, 20);
    const alert = page.getByRole('alert');
    for (const [bytes, message] of [
      [Buffer.from('%PDF-1.7 not a picture'), /cannot be decoded.*Try a JPEG or PNG/],
      [jpeg.subarray(0, 300), /cannot be decoded/],
      [Buffer.alloc(0), /empty \(0 bytes\)/],
      [Buffer.from(`\0\0\0\x18ftypheic\0\0\0\0mif1heic${'\0'.repeat(64)}`, 'latin1'), /is HEIC.*Export it as JPEG/],
      [header, /20000 × 20000 is 400.0 megapixels, the limit is 64.0/],
    ] as const) {
      await choose(page, 'bad.jpg', bytes);
      await alert.waitFor();
      expect(await alert.innerText()).toMatch(message);
      expect(difference(await pixels(page), before)).toBe(0);
      await page.keyboard.press('Escape');
      expect(await alert.isVisible()).toBe(false);
    }
    await page.evaluate(() =>
      document.dispatchEvent(new ClipboardEvent('paste', { clipboardData: new DataTransfer() })),
    );
    expect(await alert.innerText()).toMatch(/no picture/i);
    // And it works on: the photo that stayed can still be focused.
    await tap(page, ON_BACKGROUND);
    expect(sharpness(await pixels(page), ROCKET)).toBeGreaterThan(sharpness(before, ROCKET) * 3);
  }));

test('a photo with EXIF orientation 6 arrives upright; dropped, pasted and chosen are the same', () =>
  withPage(FAST, {}, async (page) => {
    // Stored lying: red on the left, blue on the right. Turned a quarter clockwise, red is on top.
    const half = { create: { width: 120, height: 160, channels: 3, background: 'blue' } } as const;
    const lying = await sharp({ create: { ...half.create, width: 240, background: 'red' } })
      .composite([{ input: await sharp(half).png().toBuffer(), left: 120, top: 0 }])
      .withMetadata({ orientation: 6 })
      .jpeg({ chromaSubsampling: '4:4:4' })
      .toBuffer();
    const upright = async () => {
      await page.getByRole('slider', { name: 'Focal plane' }).waitFor({ timeout: PATIENCE });
      await settled(page);
      await view(page, 'Photo');
      const { width, height, data } = await pixels(page);
      expect([width, height]).toEqual([160, 240]);
      const at = (y: number) => [...data.subarray((y * width + 80) * 3, (y * width + 80) * 3 + 3)];
      expect(at(20)[0]).toBeGreaterThan(200);
      expect(at(220)[2]).toBeGreaterThan(200);
    };
    await choose(page, 'lying.jpg', lying);
    await upright();
    for (const how of ['drop', 'paste'] as const) {
      await choose(page, 'square.png', await sharp(ASTRONAUT).resize(64).png().toBuffer(), 'image/png');
      await settled(page);
      expect((await pixels(page)).width).toBe(64);
      await page.evaluate(
        async ([kind, base64]) => {
          const bytes = await (await fetch(`data:image/jpeg;base64,${base64}`)).blob();
          const data = new DataTransfer();
          data.items.add(new File([bytes], 'lying.jpg', { type: 'image/jpeg' }));
          document.dispatchEvent(
            kind === 'drop'
              ? new DragEvent('drop', { dataTransfer: data, cancelable: true, bubbles: true })
              : new ClipboardEvent('paste', { clipboardData: data, cancelable: true, bubbles: true }),
          );
        },
        [how, lying.toString('base64')] as const,
      );
      await upright();
    }
  }));

test('a large photo is previewed small and saved whole; cancel stops it', () =>
  withPage(FAST, {}, async (page) => {
    const large = await sharp(ASTRONAUT).resize(1200, 900, { fit: 'cover', position: 'top' }).jpeg().toBuffer();
    await choose(page, 'large.jpeg', large);
    await page.getByRole('slider', { name: 'Focal plane' }).waitFor({ timeout: PATIENCE });
    await settled(page);
    const shown = await pixels(page);
    expect(shown.width * shown.height).toBeLessThanOrEqual(500_500);
    expect(shown.width / shown.height).toBeCloseTo(4 / 3, 2);

    const save = page.getByRole('button', { name: 'Download' });
    let saved = 0;
    page.on('download', () => saved++);
    await save.click();
    await page.getByRole('progressbar').waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await settled(page);
    expect(await page.getByRole('status').innerText()).toBe('Cancelled');
    expect(saved).toBe(0);

    const [download] = await Promise.all([page.waitForEvent('download'), save.click()]);
    expect(download.suggestedFilename()).toBe('large-edited.jpg');
    const whole = sharp(await download.path());
    expect(await whole.metadata()).toMatchObject({ format: 'jpeg', width: 1200, height: 900 });
    // Preview and file look alike: the blur is a share of the size.
    const small = await whole.resize(shown.width, shown.height, { fit: 'fill' }).removeAlpha().raw().toBuffer();
    expect(difference({ ...shown, data: small }, shown)).toBeLessThan(3);
  }));

test('of two photos opened at once the later one stays', () =>
  withPage(FAST, {}, async (page) => {
    const sized = (n: number) => sharp(ASTRONAUT).resize(n).png().toBuffer();
    const [first, second] = await Promise.all([sized(300), sized(200)]);
    await choose(page, 'first.png', first, 'image/png');
    await choose(page, 'second.png', second, 'image/png');
    await page.getByRole('slider', { name: 'Focal plane' }).waitFor({ timeout: PATIENCE });
    await settled(page);
    expect((await pixels(page)).width).toBe(200);
    expect(await page.getByRole('alert').isVisible()).toBe(false);
  }));

test('a second photo takes the place of the first: faces in focus, and saved whole', () =>
  withPage(FAST, {}, async (page) => {
    const faces = page.getByRole('button', { name: 'All faces' });
    await openSample(page);
    expect(await faces.getAttribute('aria-pressed')).toBe('true');
    await choose(page, 'second.png', await sharp(ASTRONAUT).flop().resize(800).png().toBuffer(), 'image/png');
    await page.waitForFunction(() => document.getElementById('status')!.textContent!.startsWith('800 × 800'));
    await settled(page);
    expect(await faces.getAttribute('aria-pressed')).toBe('true');
    const [download] = await Promise.all([
      page.waitForEvent('download', { timeout: PATIENCE }),
      page.getByRole('button', { name: 'Download' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('second-edited.png');
    expect(await sharp(await download.path()).metadata()).toMatchObject({ width: 800, height: 800 });
  }));

test('a missing or damaged model is named, and the next try works', () => {
  const without = (page: Page) => page.route('**/*.bin', (route) => route.fulfill({ status: 404 }));
  const check = async (page: Page) => {
    const sample = page.getByRole('button', { name: 'Take the sample' });
    const alert = page.getByRole('alert');
    expect(await alert.isVisible()).toBe(false); // nobody has asked for anything yet
    await sample.click();
    await alert.waitFor();
    expect(await alert.innerText()).toMatch(/could not load .*\.bin: HTTP 404/i);
    expect(demo.complaints.splice(0).every((c) => c.includes('404'))).toBe(true); // Chromium's own lines
    await page.unroute('**/*.bin');
    await page.route('**/*.bin', (route) => route.fulfill({ body: 'damaged' }));
    await sample.click();
    await page.waitForFunction(() => document.getElementById('error-text')!.textContent!.includes('damaged'));
    expect(await page.locator('#start').isVisible()).toBe(true);
    await page.unroute('**/*.bin');
    await openSample(page);
    expect(await alert.isVisible()).toBe(false);
  };
  return withPageOf(demo, FAST, {}, check, without);
});

test.each([320, 390])('a phone of %i pixels scrolls down only, and taps', (width) =>
  withPage(FAST, { viewport: { width, height: 780 }, hasTouch: true, isMobile: true }, async (page) => {
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    await page.getByRole('button', { name: 'Take the sample' }).tap();
    await page.getByRole('slider', { name: 'Focal plane' }).waitFor({ timeout: PATIENCE });
    await settled(page);
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    const before = await pixels(page);
    const box = (await page.locator('#canvas').boundingBox())!;
    await page.touchscreen.tap(box.x + 0.82 * box.width, box.y + 0.3 * box.height);
    await settled(page);
    expect(sharpness(await pixels(page), ROCKET)).toBeGreaterThan(sharpness(before, ROCKET) * 3);
    await choose(page, 'bad.jpg', Buffer.from('nonsense'));
    await page.getByRole('alert').waitFor();
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    const small = await page
      .locator('button:visible')
      .evaluateAll((all) => all.filter((b) => b.getBoundingClientRect().height < 44).map((b) => b.textContent));
    expect(small).toEqual([]);
  }),
);

test('dark and light follow the system, with readable text', async () => {
  const grounds: number[] = [];
  for (const colorScheme of ['dark', 'light'] as const) {
    await withPage('', { colorScheme }, async (page) => {
      const [ground, text] = await page.evaluate(() => {
        const light = (colour: string) => {
          const c = document.createElement('canvas').getContext('2d')!;
          c.fillStyle = colour;
          c.fillRect(0, 0, 1, 1);
          const [r, g, b] = c.getImageData(0, 0, 1, 1).data;
          const linear = (v: number) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
          return 0.2126 * linear(r!) + 0.7152 * linear(g!) + 0.0722 * linear(b!);
        };
        const soft = document.querySelector('.fine')!;
        return [light(getComputedStyle(document.body).backgroundColor), light(getComputedStyle(soft).color)];
      });
      // WCAG 2.2, 1.4.3: contrast of the palest text.
      expect((Math.max(ground!, text!) + 0.05) / (Math.min(ground!, text!) + 0.05)).toBeGreaterThan(4.5);
      grounds.push(ground!);
    });
  }
  expect(grounds[0]).toBeLessThan(0.05);
  expect(grounds[1]).toBeGreaterThan(0.7);
});
