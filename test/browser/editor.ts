import type { BrowserContextOptions, Page } from 'playwright-core';
import sharp from 'sharp';
import type { Site } from './chromium.js';

/** Parts of the sample as shares of its sides: the eyes and mouth, the rocket behind, the air above it. */
export const FACE = { x: 0.36, y: 0.16, width: 0.18, height: 0.17 };
export const ROCKET = { x: 0.7, y: 0.2, width: 0.2, height: 0.3 };
export const ON_FACE = { x: 0.44, y: 0.24 };
export const ON_BACKGROUND = { x: 0.82, y: 0.3 };
/** Where WebGL has no GPU below it, WASM is a dozen times faster: what does not ask for WebGL runs on that. */
export const FAST = '?backend=wasm';
/** On a machine that does other things besides, in milliseconds. */
export const PATIENCE = 120_000;

export async function withPage(
  site: Site,
  query: string,
  options: BrowserContextOptions,
  check: (page: Page) => Promise<void>,
  before?: (page: Page) => Promise<unknown>,
): Promise<void> {
  const page = await site.open(query, options, before);
  try {
    await check(page);
  } finally {
    await page.context().close();
  }
}

/** Until nothing is being opened, inferred or drawn. */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(
    () =>
      document.getElementById('task')!.hidden &&
      document.getElementById('canvas')!.getAttribute('aria-busy') !== 'true',
    null,
    { timeout: PATIENCE },
  );
}

export async function openSample(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Take the sample' }).click();
  await page.getByRole('slider', { name: 'Focal plane' }).waitFor({ timeout: PATIENCE });
  await settled(page);
}

export const choose = (page: Page, name: string, buffer: Buffer, mimeType = 'image/jpeg') =>
  page.setInputFiles('#file', { name, mimeType, buffer });

export async function view(page: Page, name: 'Photo' | 'Depth' | 'Edited'): Promise<void> {
  await page.getByRole('radio', { name, exact: true }).check();
  await settled(page);
}

export async function tap(page: Page, at: { x: number; y: number }): Promise<void> {
  const box = (await page.locator('#canvas').boundingBox())!;
  await page.mouse.click(box.x + at.x * box.width, box.y + at.y * box.height);
  await settled(page);
}

/** Moves a slider as a drag does, and lets go. */
export async function slide(page: Page, name: string, value: number): Promise<void> {
  await page.getByRole('slider', { name }).fill(String(value));
  await settled(page);
}

export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Buffer;
}

/** What the canvas shows, read back as a person's screenshot would be. */
export async function pixels(page: Page): Promise<Pixels> {
  const { width, height, png } = await page.evaluate(() => {
    const canvas = document.getElementById('canvas') as HTMLCanvasElement;
    return { width: canvas.width, height: canvas.height, png: canvas.toDataURL('image/png') };
  });
  const data = await sharp(Buffer.from(png.split(',')[1]!, 'base64'))
    .removeAlpha()
    .raw()
    .toBuffer();
  return { width, height, data };
}

/** Variance of the Laplacian of luma within a part: falls when the part is blurred. */
export function sharpness({ width, height, data }: Pixels, part: typeof FACE): number {
  const luma = (x: number, y: number) => {
    const p = (y * width + x) * 3;
    return 0.299 * data[p]! + 0.587 * data[p + 1]! + 0.114 * data[p + 2]!;
  };
  let sum = 0;
  let squares = 0;
  let n = 0;
  for (let y = Math.round(part.y * height); y < (part.y + part.height) * height; y++) {
    for (let x = Math.round(part.x * width); x < (part.x + part.width) * width; x++, n++) {
      const v = luma(x - 1, y) + luma(x + 1, y) + luma(x, y - 1) + luma(x, y + 1) - 4 * luma(x, y);
      sum += v;
      squares += v * v;
    }
  }
  return squares / n - (sum / n) ** 2;
}

/** Mean difference of two pictures in codes of 0..255. */
export function difference(a: Pixels, b: Pixels): number {
  expect([a.width, a.height]).toEqual([b.width, b.height]);
  return a.data.reduce((sum, v, i) => sum + Math.abs(v - b.data[i]!), 0) / a.data.length;
}
