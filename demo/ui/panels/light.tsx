import { signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ImageDataLike } from 'relievo';
import { GRADE_PARAMS, PRESETS, type Recipe } from 'relievo/effects';
import { renderer, takeTable, lutTarget } from '../../session.js';
import { draw } from '../../render/pixels.js';
import { hasLook, stepOf, withLook, type StepOf } from '../../recipe.js';
import * as store from '../../store.js';
import { TEXTS } from '../../texts.js';
import { Choice, FileButton, Slider } from '../controls.js';

type Part = 'foreground' | 'background' | 'range';
type Look = NonNullable<StepOf<'grade'>['background']>;
const FIRST = ['exposure', 'contrast', 'temperature', 'saturation'] as const;
const MORE = ['tint', 'shadows', 'highlights', 'vibrance'] as const;
const part = signal<Part>('background');

function lookOf(which: Part): Look & { near?: number | undefined; far?: number | undefined } {
  const grade = stepOf(store.recipe.value, 'grade');
  return (which === 'range' ? grade?.ranges?.[0] : grade?.[which]) ?? {};
}

function setLook(which: Part, change: Record<string, unknown>): void {
  const grade = stepOf(store.recipe.value, 'grade') ?? { op: 'grade' as const };
  const look = Object.fromEntries(
    Object.entries({ ...lookOf(which), ...change }).filter(([, v]) => v !== undefined && v !== 0),
  ) as Look;
  // Zero is a value for the ends of a range.
  if (which === 'range') {
    const { near = 1, far = 0 } = { ...lookOf(which), ...change } as { near?: number; far?: number };
    store.put({ ...grade, ranges: [{ ...look, near, far }, ...(grade.ranges ?? []).slice(1)] });
  } else store.put({ ...grade, [which]: look });
}

export function LightPanel() {
  const which = part.value;
  const look = lookOf(which);
  const name = TEXTS.parts[which];
  useEffect(() => {
    lutTarget.value = (table) => {
      setLook(part.value, { lut: table });
      store.commit(TEXTS.lut);
    };
  }, []);
  const slider = (key: (typeof FIRST)[number] | (typeof MORE)[number]) => {
    const { min, max } = GRADE_PARAMS[key];
    const stops = key === 'exposure';
    return (
      <Slider
        key={key}
        label={TEXTS.look[key]}
        value={look[key] ?? 0}
        min={stops ? -3 : min}
        max={stops ? 3 : max}
        show={stops ? TEXTS.stops : (v) => TEXTS.signed(v)}
        onInput={(v) => setLook(which, { [key]: v })}
        onDone={() => store.commit(`${name}: ${TEXTS.look[key]}`)}
      />
    );
  };
  const vignette = stepOf(store.recipe.value, 'vignette');
  return (
    <>
      <Presets />
      <Choice
        label={TEXTS.part}
        hideLabel
        name="part"
        value={which}
        options={['foreground', 'background', 'range'] as const}
        text={(p) => TEXTS.parts[p]}
        onChange={(p) => (part.value = p)}
      />
      {which === 'range' && (
        <div class="pair">
          {(['far', 'near'] as const).map((end) => (
            <Slider
              key={end}
              class="depth"
              label={end === 'near' ? TEXTS.rangeNear : TEXTS.rangeFar}
              value={look[end] ?? (end === 'near' ? 1 : 0)}
              min={0}
              max={1}
              show={TEXTS.percent}
              onInput={(v) => setLook('range', { [end]: v })}
              onDone={() => store.commit(TEXTS.parts.range)}
            />
          ))}
        </div>
      )}
      {FIRST.map(slider)}
      <details>
        <summary>{TEXTS.more}</summary>
        {MORE.map(slider)}
        <div class="buttons">
          <FileButton label={TEXTS.lutChoose} accept=".cube" onFile={(f) => void takeTable(f)} />
          {look.lut && (
            <button
              type="button"
              class="quiet"
              onClick={() => {
                setLook(which, { lut: undefined, lutStrength: undefined });
                store.commit(TEXTS.lutRemove);
              }}
            >
              {TEXTS.lutRemove}
            </button>
          )}
        </div>
        {look.lut && (
          <Slider
            label={TEXTS.lutStrength}
            value={look.lutStrength ?? 1}
            min={0.02}
            max={1}
            show={TEXTS.percent}
            onInput={(v) => setLook(which, { lutStrength: v })}
            onDone={() => store.commit(TEXTS.lutStrength)}
          />
        )}
      </details>
      <Slider
        label={TEXTS.vignette}
        value={-(vignette?.amount ?? (vignette ? -1 : 0))}
        min={0}
        max={3}
        show={TEXTS.stops}
        onInput={(v) => (v > 0 ? store.put({ ...vignette, op: 'vignette', amount: -v }) : store.drop('vignette'))}
        onDone={() => store.commit(TEXTS.vignette)}
      />
    </>
  );
}

const PRESET_NAMES = ['none', ...(Object.keys(PRESETS) as (keyof typeof PRESETS)[])] as const;
/** How long a recipe has to rest before the pictures of the looks follow it. */
const REST_MS = 400;

/** Looks as they would be on this photo. */
function Presets() {
  const base = JSON.stringify(withLook(store.recipe.value, undefined));
  const [pictures, setPictures] = useState<Partial<Record<string, ImageDataLike>>>({});
  useEffect(() => {
    const stop = new AbortController();
    const timer = setTimeout(async () => {
      try {
        for (const name of PRESET_NAMES) {
          const look = name === 'none' ? undefined : PRESETS[name];
          const { image } = await renderer.render('thumbnail', withLook(JSON.parse(base) as Recipe, look), {
            signal: stop.signal,
          });
          setPictures((before) => ({ ...before, [name]: image }));
        }
      } catch {
        // Another one is on its way, or the picture itself says what is wrong.
      }
    }, REST_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [base, store.opened.value]);
  return (
    <fieldset class="choice">
      <legend>{TEXTS.presets}</legend>
      <div class="presets">
        {PRESET_NAMES.map((name) => {
          const look = name === 'none' ? undefined : PRESETS[name];
          return (
            <label key={name}>
              <input
                type="radio"
                name="preset"
                value={name}
                checked={hasLook(store.recipe.value, look)}
                onChange={() => {
                  store.change(withLook(store.recipe.value, look));
                  store.commit(`${TEXTS.presets}: ${TEXTS.presetNames[name]}`);
                }}
              />
              <Thumbnail image={pictures[name]} />
              <span>{TEXTS.presetNames[name]}</span>
            </label>
          );
        })}
      </div>
    </fieldset>
  );
}

function Thumbnail({ image }: { image: ImageDataLike | undefined }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (!image) return;
    Object.assign(canvas.current!, { width: image.width, height: image.height });
    draw(canvas.current!, image);
  }, [image]);
  return <canvas ref={canvas} width="100" height="100" aria-hidden="true" />;
}
