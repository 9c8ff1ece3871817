import { renderText, RELIGHT_PRESETS, type TextStyle } from 'relievo/effects';
import { stepOf, type StepOf } from '../recipe.js';
import { aspects } from '../session.js';
import * as store from '../store.js';
import { TEXTS } from '../texts.js';
import { Icon } from './icons.js';
import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';

type Frame = { readonly current: HTMLElement | null };

interface HandleProps {
  readonly frame: Frame;
  readonly label: string;
  readonly class: string;
  /** In shares of the sides. */
  readonly at: store.Point;
  readonly style?: Record<string, string | number>;
  readonly pressed?: boolean;
  readonly onMove: (to: store.Point) => void;
  readonly onDepth?: (change: number) => void;
  readonly onDone: () => void;
  readonly onGrab?: () => void;
  readonly children?: ComponentChildren;
}

/** Something on the picture that is dragged, or moved by the arrow keys. */
function Handle({ frame, label, at, style, pressed, onMove, onDepth, onDone, onGrab, children, ...rest }: HandleProps) {
  const from = useRef<{ x: number; y: number; at: store.Point }>(undefined);
  const depth = (change: number) => {
    onDepth?.(change);
    onDone();
  };
  return (
    <button
      type="button"
      class={`handle ${rest.class}`}
      aria-label={label}
      {...(pressed !== undefined && { 'aria-pressed': pressed })}
      style={{ left: `${at.x * 100}%`, top: `${at.y * 100}%`, ...style }}
      onFocus={onGrab}
      onPointerDown={(e) => {
        e.currentTarget.setPointerCapture(e.pointerId);
        from.current = { x: e.clientX, y: e.clientY, at };
        onGrab?.();
      }}
      onPointerMove={(e) => {
        const start = from.current;
        if (!start || !e.currentTarget.hasPointerCapture(e.pointerId)) return;
        const box = frame.current!.getBoundingClientRect();
        onMove({
          x: start.at.x + (e.clientX - start.x) / box.width,
          y: start.at.y + (e.clientY - start.y) / box.height,
        });
      }}
      onPointerUp={() => {
        from.current = undefined;
        onDone();
      }}
      onWheel={(e) => {
        if (!onDepth) return;
        e.preventDefault();
        e.stopPropagation();
        depth(-Math.sign(e.deltaY) * 0.02);
      }}
      onKeyDown={(e) => {
        const step = e.shiftKey ? 0.1 : 0.02;
        const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[e.key];
        if (move) {
          e.preventDefault();
          onMove({ x: at.x + move[0]! * step, y: at.y + move[1]! * step });
          onDone();
        } else if (e.key === 'PageUp' || e.key === 'PageDown') {
          e.preventDefault();
          depth(e.key === 'PageUp' ? 0.02 : -0.02);
        }
      }}
    >
      {children}
    </button>
  );
}

const clamp = (v: number, low: number, high: number) => Math.min(high, Math.max(low, v));

export function LampHandle({ frame }: { frame: Frame }) {
  const step = stepOf(store.recipe.value, 'relight');
  const { size } = store.recipe.value;
  if (!step || !size) return null;
  const [px, py] = RELIGHT_PRESETS[step.preset ?? 'studio'].at;
  const at = step.at ? { x: step.at.x / size.width, y: step.at.y / size.height } : { x: px, y: py };
  return (
    <Handle
      frame={frame}
      class="lamp"
      label={TEXTS.lampHandle}
      // It may hang beside the picture; the handle stays where it can be reached.
      at={{ x: clamp(at.x, 0, 1), y: clamp(at.y, 0, 1) }}
      style={{ '--light': step.colour ?? RELIGHT_PRESETS[step.preset ?? 'studio'].colour }}
      onMove={(to) => {
        const place = { x: clamp(to.x, 0, 1) * size.width, y: clamp(to.y, 0, 1) * size.height };
        store.put({ ...step, at: place });
      }}
      onDone={() => store.commit(TEXTS.lamp)}
    >
      <Icon name="relight" />
    </Handle>
  );
}

export type StickerJson = StepOf<'stickers'>['stickers'][number];

export function stickers(): readonly StickerJson[] {
  return stepOf(store.recipe.value, 'stickers')?.stickers ?? [];
}

/** One sticker changed, or all of them with one more. */
export function setSticker(index: number, next: StickerJson): void {
  const all = [...stickers()];
  all[index] = next;
  store.put({ op: 'stickers', stickers: all });
}

export function stickerName({ image, text }: StickerJson): string {
  if (text) return text.text.split('\n')[0]!;
  return TEXTS.stickerNames[image as keyof typeof TEXTS.stickerNames] ?? image ?? '';
}

const measured = new Map<string, number>();

/** Height over width. */
function aspectOf({ image, text }: StickerJson): number {
  if (!text) return aspects.value[image ?? ''] ?? 1;
  const key = JSON.stringify(text);
  let found = measured.get(key);
  if (found === undefined) {
    const { width, height } = renderText(text as TextStyle, 200);
    measured.set(key, (found = height / width));
  }
  return found;
}

export function placeOf(s: StickerJson): number {
  if (typeof s.disparity === 'number') return s.disparity;
  const { near, far } = store.sharpRange.value;
  return s.disparity === 'in-front' ? 1 : clamp((near + far) / 2 - 0.2, 0, 1);
}

export function StickerHandles({ frame }: { frame: Frame }) {
  const { size } = store.recipe.value;
  if (!size) return null;
  return (
    <>
      {stickers().map((s, i) => {
        const width = s.width ?? 0.25;
        return (
          <Handle
            key={i}
            frame={frame}
            class="sticker"
            label={TEXTS.stickerHandle(stickerName(s))}
            at={{ x: s.at.x / size.width, y: s.at.y / size.height }}
            style={{
              width: `${width * 100}%`,
              height: `${((width * size.width * aspectOf(s)) / size.height) * 100}%`,
              '--turn': `${s.rotation ?? 0}deg`,
            }}
            pressed={store.sticker.value === i}
            onGrab={() => (store.sticker.value = i)}
            onMove={(to) => setSticker(i, { ...stickers()[i]!, at: { x: to.x * size.width, y: to.y * size.height } })}
            onDepth={(change) => {
              const now = stickers()[i]!;
              setSticker(i, { ...now, disparity: clamp(placeOf(now) + change, 0, 1) });
              store.say(TEXTS.focusSpoken(clamp(placeOf(now) + change, 0, 1)));
            }}
            onDone={() => store.commit(TEXTS.panels.stickers)}
          />
        );
      })}
    </>
  );
}
