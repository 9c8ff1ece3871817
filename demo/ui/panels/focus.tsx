import { useMemo } from 'preact/hooks';
import { apertureAt, APERTURE_THIRDS, thirdsOf } from '../../recipe.js';
import * as store from '../../store.js';
import { TEXTS } from '../../texts.js';
import { Check, Select, Slider, type SliderProps } from '../controls.js';

/** What cameras call the thirds of a stop, from f/22. */
const F_NAMES =
  '22 20 18 16 14 13 11 10 9 8 7.1 6.3 5.6 5 4.5 4 3.5 3.2 2.8 2.5 2.2 2 1.8 1.6 1.4 1.2 1.1 1 0.9 0.8 0.7'.split(' ');
const fName = (thirds: number) => (thirds <= 0 ? '' : F_NAMES[thirds]!);

export function FocusPanel() {
  const lens = store.lens.value;
  const { near, far } = store.sharpRange.value;
  const faces = store.faces.value;
  const done = (label: string) => () => store.commit(label);
  const quick = (focus: 'subject' | 'faces', label: string) => {
    if (store.view.value === 'photo') store.view.value = 'edited';
    store.setFocus(focus);
    store.commit(label);
    store.say(TEXTS.focused(store.focalPlane.value));
  };
  const thirds = thirdsOf(lens.aperture ?? 0.03);
  return (
    <>
      <div class="buttons">
        <button
          type="button"
          class="quiet"
          aria-pressed={lens.focus === 'subject'}
          onClick={() => quick('subject', TEXTS.subject)}
        >
          {TEXTS.subject}
        </button>
        <button
          type="button"
          class="quiet"
          aria-pressed={lens.focus === 'faces'}
          aria-disabled={!faces?.length}
          title={faces?.length === 0 ? TEXTS.noFaces : undefined}
          onClick={() => faces?.length && quick('faces', TEXTS.allFaces)}
        >
          {TEXTS.allFaces}
        </button>
      </div>
      <FocalPlane id="focus" label={TEXTS.focus} range={near - far} ends={[TEXTS.far, TEXTS.near]}>
        <Histogram />
      </FocalPlane>
      <Slider
        label={TEXTS.sharpRange}
        value={Math.round((near - far) * 100) / 100}
        min={0}
        max={0.6}
        show={TEXTS.percent}
        onInput={(v) => store.focusOnPlane(store.focalPlane.value, v)}
        onDone={done(TEXTS.sharpRange)}
      />
      <Slider
        id="aperture"
        label={TEXTS.aperture}
        value={thirds}
        min={0}
        max={APERTURE_THIRDS}
        step={1}
        show={(v) => (v <= 0 ? TEXTS.allSharp : TEXTS.fNumber(fName(v)))}
        spoken={(v) => TEXTS.apertureSpoken(fName(v))}
        ends={[TEXTS.allSharp, TEXTS.softest]}
        onInput={(v) => store.setLens({ aperture: apertureAt(v) })}
        onDone={done(TEXTS.aperture)}
      />
      <Check label={TEXTS.peaking} checked={store.peaking.value} onChange={(on) => (store.peaking.value = on)} />
      <details>
        <summary>{TEXTS.lens}</summary>
        <Select
          label={TEXTS.shape}
          value={String(lens.shape ?? 'disc')}
          options={Object.keys(TEXTS.shapes).sort((a) => (a === 'disc' ? -1 : 0))}
          text={(o) => TEXTS.shapes[o as 'disc']}
          onChange={(o) => {
            store.setLens({ shape: o === 'disc' ? 'disc' : (Number(o) as 5) });
            store.commit(TEXTS.shape);
          }}
        />
        {(
          [
            ['highlights', 0, 6, TEXTS.highlights, (v: number) => `${v.toFixed(1)}×`],
            ['catsEye', 0, 1, TEXTS.catsEye, TEXTS.percent],
            ['ring', -1, 1, TEXTS.ring, TEXTS.signed],
          ] as const
        ).map(([key, min, max, label, show]) => (
          <Slider
            key={key}
            {...{ label, min, max, show }}
            value={lens[key] ?? 0}
            onInput={(v) => store.setLens({ [key]: v })}
            onDone={done(label)}
          />
        ))}
      </details>
    </>
  );
}

/** A slider through the depth. `range` is how much of it stays sharp. */
export function FocalPlane({
  range,
  ...rest
}: { readonly range: number } & Pick<SliderProps, 'id' | 'label' | 'ends' | 'children'>) {
  return (
    <Slider
      {...rest}
      class="depth"
      value={Math.round(store.focalPlane.value * 100) / 100}
      min={0}
      max={1}
      show={TEXTS.percent}
      spoken={TEXTS.focusSpoken}
      onInput={(v) => store.focusOnPlane(v, range)}
      onDone={() => store.commit(TEXTS.focus)}
    />
  );
}

const BARS = 256;

/** How much of the photo lies at each disparity, and what of it is sharp. */
function Histogram() {
  const depth = store.depthNow.value;
  const { near, far } = store.sharpRange.value;
  const shape = useMemo(() => {
    const counts = new Float32Array(BARS);
    for (const d of depth?.data ?? []) counts[Math.round(d * (BARS - 1))]!++;
    // Root, and the mean with the neighbours: one flat wall would hide everything else.
    const smooth = counts.map((c, i) => Math.sqrt((counts[i - 1] ?? c) + 2 * c + (counts[i + 1] ?? c)));
    const top = Math.max(1, ...smooth);
    const corners = Array.from(smooth, (c, i) => `${(100 * i) / (BARS - 1)}% ${(100 - (100 * c) / top).toFixed(1)}%`);
    return `polygon(0 100%,${corners.join()},100% 100%)`;
  }, [depth]);
  const set = (e: PointerEvent) => {
    const box = (e.currentTarget as Element).getBoundingClientRect();
    store.focusOnPlane(Math.min(1, Math.max(0, (e.clientX - box.left) / box.width)), near - far);
  };
  return (
    <div
      class="histogram"
      aria-hidden="true"
      onPointerDown={(e) => {
        e.currentTarget.setPointerCapture(e.pointerId);
        set(e);
      }}
      onPointerMove={(e) => e.currentTarget.hasPointerCapture(e.pointerId) && set(e)}
      onPointerUp={() => store.commit(TEXTS.focus)}
    >
      <div class="bars" style={{ clipPath: shape }} />
      <div class="window" style={{ left: `${far * 100}%`, right: `${(1 - near) * 100}%` }} />
    </div>
  );
}
