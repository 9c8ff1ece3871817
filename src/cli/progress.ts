import { basename } from 'node:path';
import type { Io } from './io.js';
import { nameOf } from './source.js';

const CELLS = 24;
/** Between two drawings: a terminal over a network is slow. */
const PAUSE_MS = 80;

export interface Progress {
  /** Photo number `index` is done to the share `done`, 0..1. */
  show(index: number, photo: string, done: number): void;
  /** Takes the bar off the screen, for a line of text or the end. */
  clear(): void;
}

/** A bar on the last line of the terminal, over all photos; nothing where standard error is no terminal. */
export function progressBar({ stderr }: Io, photos: number): Progress {
  if (!stderr.isTTY) return { show: () => {}, clear: () => {} };
  let last = -Infinity;
  let drawn = false;
  return {
    show(index, photo, done) {
      const now = performance.now();
      if (now - last < PAUSE_MS) return;
      last = now;
      drawn = true;
      const share = (index + done) / photos;
      const filled = Math.floor(share * CELLS);
      const bar = '█'.repeat(filled) + '░'.repeat(CELLS - filled);
      const count = photos > 1 ? ` ${index + 1}/${photos}` : '';
      const percent = `${Math.floor(share * 100)}`.padStart(3);
      const name = [...basename(nameOf(photo))].filter((c) => c >= ' ').join('');
      // The terminal cuts what is too long (DECAWM off), however wide it draws each sign.
      stderr.write(`\r\u001b[?7l${bar} ${percent} %${count} ${name}\u001b[K\u001b[?7h`);
    },
    clear() {
      if (drawn) stderr.write('\r\u001b[K');
      drawn = false;
      last = -Infinity;
    },
  };
}
