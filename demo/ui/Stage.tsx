import { effect } from '@preact/signals';
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import type { Step } from 'relievo/effects';
import { detail } from '../detail.js';
import { shown } from '../session.js';
import { draw, toCanvas } from '../render/pixels.js';
import { Glow } from '../render/glow.js';
import { stepOf, type StepOf } from '../recipe.js';
import * as store from '../store.js';
import { TEXTS } from '../texts.js';
import { Choice, IconButton } from './controls.js';
import { LampHandle, StickerHandles } from './Handles.js';
import { Relief } from './Relief.js';

/** Pixels of the screen that a finger may tremble in a tap. */
const TREMBLE = 6;
const MOST_ZOOM = 16;
const GLOW_MS = 700;

const calm = () => matchMedia('(prefers-reduced-motion: reduce)').matches;

export function Stage() {
  const view = store.view.value;
  const relief = view === 'relief' && !!store.opened.value && !store.waiting.value;
  return (
    <div class="stage" id="stage">
      <div class="bar top">
        <Choice
          label={TEXTS.view}
          hideLabel
          name="view"
          value={view}
          options={['photo', 'depth', 'edited', 'relief'] as const}
          text={(v) => TEXTS.views[v]}
          onChange={(v) => (store.view.value = v)}
        />
      </div>
      {relief ? (
        <Relief />
      ) : (
        <>
          <Picture />
          <Divider />
          <ZoomBar />
        </>
      )}
    </div>
  );
}

function Picture() {
  const frame = useRef<HTMLElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const glow = useRef<HTMLCanvasElement>(null);
  const marker = store.marker.value;
  const view = store.view.value;
  const painting = store.panel.value === 'depth';

  useEffect(() => {
    const el = canvas.current!;
    // At once: who looks at it must not find it idle when it is not.
    const mark = effect(() => el.setAttribute('aria-busy', String(store.busy.value)));
    const paint = effect(() => {
      const image = shown.value;
      if (!image) return;
      // A draft is drawn over the whole of it.
      const large = store.opened.value?.preview ?? image;
      const size = store.waiting.value ? image : large;
      if (el.width !== size.width || el.height !== size.height)
        Object.assign(el, { width: size.width, height: size.height });
      frame.current!.style.setProperty('--ratio', String(size.width / size.height));
      draw(el, image);
    });
    const [figure, stage] = [frame.current!, frame.current!.parentElement!];
    const measure = new ResizeObserver(() => {
      const { offsetLeft: left, offsetTop: top, offsetWidth: width, offsetHeight: height } = figure;
      store.place.value = { left, top, width, height, stageWidth: stage.clientWidth, stageHeight: stage.clientHeight };
    });
    measure.observe(figure);
    measure.observe(stage);
    return () => {
      mark();
      paint();
      measure.disconnect();
    };
  }, []);

  useGlow(glow);
  // One for as long as the picture is there: a drag goes on while what it changes is drawn.
  const hand = useMemo(() => gestures(frame), []);

  const { scale, x, y } = store.zoom.value;
  return (
    <figure
      id="frame"
      ref={frame}
      class={`${store.waiting.value ? 'waiting' : ''} ${scale > 1 ? 'zoomed' : ''}`}
      style={{ transform: `translate(${x}px, ${y}px) scale(${scale})`, '--zoom': scale }}
    >
      <canvas
        id="canvas"
        ref={canvas}
        tabIndex={0}
        role="application"
        aria-label={TEXTS.canvas}
        aria-describedby="canvas-help"
        class={painting ? 'painting' : ''}
        {...hand}
        onKeyDown={onKey}
      />
      <Detail of="image" />
      <canvas id="glow" ref={glow} aria-hidden="true" class={view === 'depth' ? 'plain' : ''} />
      <Trail />
      {marker && view !== 'photo' && !['stickers', 'relight'].includes(store.panel.value) && (
        <div id="marker" style={{ left: `${marker.x * 100}%`, top: `${marker.y * 100}%` }} />
      )}
      {store.panel.value === 'relight' && <LampHandle frame={frame} />}
      {store.panel.value === 'stickers' && <StickerHandles frame={frame} />}
      <Before />
      <div id="scan" />
      <p id="canvas-help" class="unseen">
        {TEXTS.canvasHelp}
      </p>
    </figure>
  );
}

// ---- The line of light -----------------------------------------------------------------------------------------

/** It goes through each photo once. */
let swept: unknown;

function useGlow(ref: { readonly current: HTMLCanvasElement | null }): void {
  useEffect(() => {
    const canvas = ref.current!;
    const glow = new Glow(canvas);
    let of: unknown;
    let last: string | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const light = (ms: number) => {
      canvas.classList.add('on');
      clearTimeout(timer);
      timer = setTimeout(() => canvas.classList.remove('on'), ms);
    };
    const stop = effect(() => {
      const depth = store.depthNow.value;
      const photo = store.opened.value;
      const { near, far } = store.sharpRange.value;
      canvas.classList.toggle('keep', store.view.value === 'depth' && store.panel.value !== 'depth');
      if (!depth || !photo || store.waiting.value) {
        canvas.classList.remove('on');
        return;
      }
      if (depth !== of) glow.setDepth(depth);
      of = depth;
      const at = `${near.toFixed(3)},${far.toFixed(3)}`;
      if (photo.photo !== swept) {
        swept = photo.photo;
        last = at;
        glow.draw(near, far);
        if (calm()) return;
        light(5000);
        glow.sweep((near + far) / 2, () => {
          glow.draw(near, far);
          light(200);
        });
      } else if (last !== undefined && at !== last) {
        last = at;
        glow.stop();
        glow.draw(near, far);
        light(GLOW_MS);
      } else {
        last = at;
        glow.draw(near, far);
      }
    });
    return () => {
      stop();
      glow.stop();
      clearTimeout(timer);
    };
  }, []);
}

// ---- The photo before ------------------------------------------------------------------------------------------

/** Over the picture, left of the divider. */
function Before() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const at = store.divider.value;
  const preview = store.opened.value?.preview;
  const there = at !== undefined && !!preview;
  useLayoutEffect(() => {
    if (!there) return;
    Object.assign(canvas.current!, { width: preview.width, height: preview.height });
    draw(canvas.current!, preview);
  }, [there, preview]);
  if (!there) return null;
  const { x, width } = store.sight.value;
  return (
    <div class="before" style={{ '--at': `${(x + at * width) * 100}%` }} aria-hidden="true">
      <canvas ref={canvas} />
      <Detail of="before" />
    </div>
  );
}

/** Lies on the screen: what is magnified is moved below it. */
function Divider() {
  const at = store.divider.value;
  if (at === undefined || !store.opened.value) return null;
  const { x, y, width, height } = store.sight.value;
  const { left, top, ...rest } = store.place.value;
  const { scale, ...shift } = store.zoom.value;
  const [across, down] = [rest.width * scale, rest.height * scale];
  return (
    <div
      class={`divider ${scale > 1 ? 'zoomed' : ''}`}
      style={{
        '--at': `${at * 100}%`,
        left: `${left + shift.x + x * across}px`,
        top: `${top + shift.y + y * down}px`,
        width: `${width * across}px`,
        height: `${height * down}px`,
      }}
    >
      <span class="tag left" aria-hidden="true">
        {TEXTS.before}
      </span>
      <span class="tag right" aria-hidden="true">
        {TEXTS.after}
      </span>
      <div class="line" aria-hidden="true" />
      <input
        type="range"
        min="0"
        max="1"
        step="0.01"
        value={at}
        aria-label={TEXTS.compare}
        aria-valuetext={TEXTS.dividerSpoken(at)}
        onInput={(e) => (store.divider.value = e.currentTarget.valueAsNumber)}
      />
    </div>
  );
}

/** What a magnified view is sharp by, over the preview. */
function Detail({ of }: { of: 'image' | 'before' }) {
  const ref = useRef<HTMLDivElement>(null);
  const sharp = detail.value;
  useLayoutEffect(() => {
    const canvas = sharp && toCanvas(sharp[of]);
    for (const [side, share] of Object.entries(sharp?.at ?? {})) canvas!.style.setProperty(`--${side}`, String(share));
    ref.current!.replaceChildren(...(canvas ? [canvas] : []));
  }, [sharp]);
  return <div ref={ref} class="detail" aria-hidden="true" />;
}

// ---- Zoom ------------------------------------------------------------------------------------------------------

/** Magnifies about a point, in pixels of the screen from the frame's place at rest. */
export function zoomBy(factor: number, at: store.Point, size: { width: number; height: number }): void {
  const { scale, x, y } = store.zoom.value;
  const next = Math.min(MOST_ZOOM, Math.max(1, scale * factor));
  const k = next / scale;
  moveTo(next, at.x - (at.x - x) * k, at.y - (at.y - y) * k, size);
}

/** The picture covers its place at rest, whatever its magnification. */
function moveTo(scale: number, x: number, y: number, { width, height }: { width: number; height: number }): void {
  const inside = (v: number, n: number) => Math.min(0, Math.max(n - n * scale, v));
  store.zoom.value = { scale, x: inside(x, width), y: inside(y, height) };
}

function sizeOf(): { width: number; height: number } {
  const frame = document.getElementById('frame');
  return { width: frame?.offsetWidth ?? 0, height: frame?.offsetHeight ?? 0 };
}

/** About the marker, or the middle. */
export function zoomAtMarker(factor: number): void {
  const size = sizeOf();
  const { scale, x, y } = store.zoom.value;
  const at = store.marker.value ?? {
    x: (size.width / 2 - x) / (scale * size.width),
    y: (size.height / 2 - y) / (scale * size.height),
  };
  zoomBy(factor, { x: x + at.x * size.width * scale, y: y + at.y * size.height * scale }, size);
}

export function fit(): void {
  store.zoom.value = { scale: 1, x: 0, y: 0 };
}

function ZoomBar() {
  const { scale } = store.zoom.value;
  const on = store.divider.value !== undefined;
  return (
    <div class="bar bottom">
      <IconButton
        icon="compare"
        label={TEXTS.compare}
        pressed={on}
        disabled={!store.opened.value}
        onClick={() => (store.divider.value = on ? undefined : 0.5)}
      />
      <span class="gap" />
      <IconButton icon="minus" label={TEXTS.zoomOut} disabled={scale <= 1} onClick={() => zoomAtMarker(1 / 1.5)} />
      <button
        type="button"
        class="quiet bare zoom"
        aria-label={scale > 1 ? TEXTS.zoomedReset(scale) : undefined}
        onClick={fit}
      >
        {scale > 1 ? TEXTS.zoomed(scale) : TEXTS.zoomReset}
      </button>
      <IconButton icon="plus" label={TEXTS.zoomIn} onClick={() => zoomAtMarker(1.5)} />
    </div>
  );
}

// ---- What a hand does on the picture ---------------------------------------------------------------------------

type Frame = { readonly current: HTMLElement | null };

/** The stroke that is being painted, in shares of the sides. */
let stroke: store.Point[] = [];

function gestures(frame: Frame) {
  const pointers = new Map<number, { x: number; y: number }>();
  let start: { x: number; y: number; zoom: { scale: number; x: number; y: number } } | undefined;
  let mode: 'focus' | 'pan' | 'paint' | 'pinch' | undefined;

  const share = (e: PointerEvent) => {
    const box = frame.current!.getBoundingClientRect();
    return { x: (e.clientX - box.left) / box.width, y: (e.clientY - box.top) / box.height };
  };
  /** Pixels of the screen from where the frame lies at rest. */
  const place = (x: number, y: number) => {
    const box = frame.current!.getBoundingClientRect();
    const { x: dx, y: dy } = store.zoom.value;
    return { x: x - (box.left - dx), y: y - (box.top - dy) };
  };
  const ready = () => store.opened.value && !store.waiting.value;

  return {
    onPointerDown(e: PointerEvent) {
      if (!ready() || e.button > 0) return;
      (e.currentTarget as Element).setPointerCapture(e.pointerId);
      pointers.set(e.pointerId, { x: e.clientX, y: e.clientY });
      if (pointers.size === 2) {
        mode = 'pinch';
        stroke = [];
        drawTrail();
        return;
      }
      start = { x: e.clientX, y: e.clientY, zoom: store.zoom.value };
      if (store.panel.value === 'depth') {
        mode = 'paint';
        stroke = [share(e)];
        drawTrail();
      } else mode = store.zoom.value.scale > 1 ? 'pan' : 'focus';
    },
    onPointerMove(e: PointerEvent) {
      const before = pointers.get(e.pointerId);
      if (!before || !start) return;
      const others = [...pointers].filter(([id]) => id !== e.pointerId);
      pointers.set(e.pointerId, { x: e.clientX, y: e.clientY });
      if (mode === 'pinch' && others[0]) {
        const o = others[0][1];
        const factor =
          Math.hypot(e.clientX - o.x, e.clientY - o.y) / Math.max(1, Math.hypot(before.x - o.x, before.y - o.y));
        zoomBy(factor, place((e.clientX + o.x) / 2, (e.clientY + o.y) / 2), sizeOf());
        return;
      }
      const far = Math.hypot(e.clientX - start.x, e.clientY - start.y) > TREMBLE;
      if (mode === 'paint') {
        stroke.push(...(e.getCoalescedEvents?.() ?? [e]).map(share));
        drawTrail();
      } else if (mode === 'pan' && far) {
        const { scale, x, y } = start.zoom;
        moveTo(scale, x + e.clientX - start.x, y + e.clientY - start.y, sizeOf());
      } else if (mode === 'focus' && far) {
        const { x, y } = share(e);
        store.focusAt(x, y);
      }
    },
    onPointerUp(e: PointerEvent) {
      if (!pointers.delete(e.pointerId) || !start) return;
      const far = Math.hypot(e.clientX - start.x, e.clientY - start.y) > TREMBLE;
      if (mode === 'paint') paint(stroke);
      else if (mode === 'focus' || (mode === 'pan' && !far)) {
        const { x, y } = share(e);
        focus(x, y);
      }
      if (pointers.size === 0) mode = undefined;
    },
    onPointerCancel(e: PointerEvent) {
      pointers.delete(e.pointerId);
      if (mode === 'focus') store.commit(TEXTS.focus);
      stroke = [];
      drawTrail();
      mode = undefined;
    },
    onWheel(e: WheelEvent) {
      e.preventDefault();
      zoomBy(Math.exp(-e.deltaY * 0.002), place(e.clientX, e.clientY), sizeOf());
    },
  };
}

function focus(x: number, y: number): void {
  store.focusAt(x, y);
  store.commit(TEXTS.focus);
  store.say(TEXTS.focused(store.focalPlane.value));
}

function onKey(e: KeyboardEvent): void {
  const step = e.shiftKey ? 0.1 : 0.02;
  const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[e.key];
  const from = store.marker.value ?? { x: 0.5, y: 0.5 };
  if (move) {
    e.preventDefault();
    const inside = (v: number) => Math.min(1, Math.max(0, v));
    const to = { x: inside(from.x + move[0]! * step), y: inside(from.y + move[1]! * step) };
    if (store.panel.value === 'depth') store.marker.value = to;
    else focus(to.x, to.y);
  } else if (e.key === 'Enter' && store.panel.value === 'depth') {
    e.preventDefault();
    paint([from]);
  }
}

function paint(points: readonly store.Point[]): void {
  stroke = [];
  drawTrail();
  const { size } = store.recipe.value;
  if (!points.length || !size || !store.opened.value) return;
  const { kind, radius, amount } = store.brush.value;
  const before = (stepOf(store.recipe.value, 'strokes') as StepOf<'strokes'> | undefined)?.strokes ?? [];
  const thin = points.filter((_, i) => i % Math.ceil(points.length / 400) === 0);
  const inside = thin.map((p) => ({
    x: Math.min(1, Math.max(0, p.x)) * size.width,
    y: Math.min(1, Math.max(0, p.y)) * size.height,
  }));
  const step: Step = {
    op: 'strokes',
    strokes: [...before, { kind, radius, ...(kind !== 'same' && { amount }), points: inside }],
  };
  store.put(step);
  store.commit(TEXTS.brush);
  store.say(TEXTS.strokes(before.length + 1));
}

const TRAIL = { nearer: '#ff9a4d', farther: '#6f8cff', same: '#ffffff' };
let drawTrail = () => {};

/** Where the brush goes, while it goes. */
function Trail() {
  const ref = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    drawTrail = () => {
      const canvas = ref.current;
      if (!canvas) return;
      const { offsetWidth: w, offsetHeight: h } = canvas;
      Object.assign(canvas, { width: w, height: h });
      if (!stroke.length) return;
      const context = canvas.getContext('2d')!;
      context.strokeStyle = TRAIL[store.brush.value.kind];
      context.lineWidth = 2 * store.brush.value.radius * Math.max(w, h);
      context.lineCap = context.lineJoin = 'round';
      context.beginPath();
      context.moveTo(stroke[0]!.x * w, stroke[0]!.y * h);
      for (const p of stroke) context.lineTo(p.x * w + 0.01, p.y * h);
      context.stroke();
    };
  }, []);
  return <canvas id="trail" ref={ref} aria-hidden="true" />;
}
