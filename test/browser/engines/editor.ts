import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import type { Pixels } from '../editor.js';
import type { Engine, Place } from './engine.js';

/** On a machine that does other things besides, in milliseconds. */
const PATIENCE = 120_000;

/** Asks the page again and again, until its answer is true. */
export async function until<A extends readonly unknown[]>(
  engine: Engine,
  what: string,
  ask: (...args: A) => unknown,
  ...args: A
): Promise<void> {
  const end = Date.now() + PATIENCE;
  while (!(await engine.evaluate(ask, ...args))) {
    if (Date.now() > end) throw new Error(`${what} did not come.`);
    await sleep(100);
  }
}

/** Until nothing is being opened, inferred or drawn. */
export async function settled(engine: Engine): Promise<void> {
  await until(engine, 'the picture', () => {
    const [error, task, canvas] = ['error', 'task', 'canvas'].map((id) => document.getElementById(id));
    if (error && !error.hidden) throw new Error(error.textContent ?? 'an error');
    return task!.hidden && (!canvas || canvas.getAttribute('aria-busy') === 'false');
  });
}

/** The middle of what a person would press, by its words; scrolled into sight. */
async function placeOf(engine: Engine, kind: string, words = ''): Promise<Place> {
  const look = (kind: string, words: string) => {
    const names = (e: Element) => [e.getAttribute('aria-label'), e.textContent].map((t) => t?.trim());
    const found = [...document.querySelectorAll(kind)].find(
      (e) => e.getClientRects().length > 0 && (!words || names(e).includes(words)),
    );
    if (!found) return undefined;
    found.scrollIntoView({ block: 'nearest' });
    const { left, top, width, height } = found.getBoundingClientRect();
    return [left + width / 2, top + height / 2] as const;
  };
  await until(engine, `${kind} ${words}`, look, kind, words);
  // Once more: a page that scrolls smoothly has come to rest.
  return (await engine.evaluate(look, kind, words))!;
}

export async function press(engine: Engine, kind: string, words?: string): Promise<void> {
  await engine.click(await placeOf(engine, kind, words));
}

/** Presses a slider at a share of its length. */
export async function slide(engine: Engine, words: string, share: number): Promise<void> {
  const of = (words: string) => {
    const label = [...document.querySelectorAll('label')].find((l) => l.textContent?.startsWith(words));
    const input = label && document.getElementById(label.htmlFor);
    input?.scrollIntoView({ block: 'center' });
    return input?.getBoundingClientRect().toJSON() as DOMRect | undefined;
  };
  await until(engine, `the slider '${words}'`, of, words);
  const { left, top, width, height } = (await engine.evaluate(of, words))!;
  await engine.click([left + share * width, top + height / 2]);
}

/** A place of the photo, by its shares. */
export async function onPhoto(engine: Engine, at: { readonly x: number; readonly y: number }): Promise<Place> {
  const [left, top, width, height] = await engine.evaluate(() => {
    const box = document.getElementById('canvas')!.getBoundingClientRect();
    return [box.left, box.top, box.width, box.height] as const;
  });
  return [left + at.x * width, top + at.y * height];
}

/** What the canvas shows. */
export async function pixels(engine: Engine): Promise<Pixels> {
  await settled(engine);
  const { width, height, png } = await engine.evaluate(() => {
    const canvas = document.getElementById('canvas') as HTMLCanvasElement;
    return { width: canvas.width, height: canvas.height, png: canvas.toDataURL('image/png') };
  });
  const data = await sharp(Buffer.from(png.split(',')[1]!, 'base64'))
    .removeAlpha()
    .raw()
    .toBuffer();
  return { width, height, data };
}

/** The next file that is downloaded. */
export async function downloaded(engine: Engine, work: () => Promise<void>): Promise<{ name: string; file: Buffer }> {
  const before = new Set(await readdir(engine.downloads));
  await work();
  for (const end = Date.now() + PATIENCE; Date.now() < end; await sleep(200)) {
    // A browser writes into a file of another name, or an empty one stands for it.
    const name = (await readdir(engine.downloads)).find((n) => !before.has(n) && !/\.(part|wkdownload)$/.test(n));
    if (name === undefined) continue;
    const { size } = await stat(join(engine.downloads, name));
    if (size === 0) continue;
    await sleep(300);
    if ((await stat(join(engine.downloads, name))).size === size)
      return { name, file: await readFile(join(engine.downloads, name)) };
  }
  throw new Error('nothing was downloaded.');
}
