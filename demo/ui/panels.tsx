import { signal } from '@preact/signals';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { ImageDataLike } from 'relievo';
import { GRADE_PARAMS, PRESETS, RELIGHT_PRESETS, type Recipe, type Step } from 'relievo/effects';
import {
  addPicture,
  loopSize,
  makeLoop,
  measure,
  renderer,
  saveGlb,
  saveLoop,
  saveStereo,
  switchBackend,
  takeTable,
  lutTarget,
  timings,
  wantedBackend,
  type LoopSize,
} from '../session.js';
import { draw } from '../render/pixels.js';
import {
  apertureAt,
  APERTURE_THIRDS,
  hasLook,
  stepOf,
  thirdsOf,
  without,
  withLook,
  withStep,
  type StepOf,
} from '../recipe.js';
import { DRAWING_NAMES, drawingUrl, useDrawing } from '../stickers.js';
import * as store from '../store.js';
import { TEXTS } from '../texts.js';
import { Check, Choice, Colour, FileButton, Select, Slider } from './controls.js';
import { placeOf, setSticker, stickerName, stickers, type StickerJson } from './Handles.js';
import { Icon } from './icons.js';
import { reliefMode, tilt } from './Relief.js';

const { recipe } = store;
const put = (step: Step) => store.change(withStep(recipe.value, step));
const drop = (...ops: Step['op'][]) => store.change(without(recipe.value, ...ops));

// ---- Focus -----------------------------------------------------------------------------------------------------

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
      <Slider
        id="focus"
        class="depth"
        label={TEXTS.focus}
        value={Math.round(store.focalPlane.value * 100) / 100}
        min={0}
        max={1}
        show={TEXTS.percent}
        spoken={TEXTS.focusSpoken}
        ends={[TEXTS.far, TEXTS.near]}
        onInput={(v) => store.focusOnPlane(v, near - far)}
        onDone={done(TEXTS.focus)}
      >
        <Histogram />
      </Slider>
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

// ---- Light -----------------------------------------------------------------------------------------------------

type Part = 'foreground' | 'background' | 'range';
type Look = NonNullable<StepOf<'grade'>['background']>;
const FIRST = ['exposure', 'contrast', 'temperature', 'saturation'] as const;
const MORE = ['tint', 'shadows', 'highlights', 'vibrance'] as const;
const part = signal<Part>('background');

function lookOf(which: Part): Look & { near?: number | undefined; far?: number | undefined } {
  const grade = stepOf(recipe.value, 'grade');
  return (which === 'range' ? grade?.ranges?.[0] : grade?.[which]) ?? {};
}

function setLook(which: Part, change: Record<string, unknown>): void {
  const grade = stepOf(recipe.value, 'grade') ?? { op: 'grade' as const };
  const look = Object.fromEntries(
    Object.entries({ ...lookOf(which), ...change }).filter(([, v]) => v !== undefined && v !== 0),
  ) as Look;
  // Zero is a value for the ends of a range.
  if (which === 'range') {
    const { near = 1, far = 0 } = { ...lookOf(which), ...change } as { near?: number; far?: number };
    put({ ...grade, ranges: [{ ...look, near, far }, ...(grade.ranges ?? []).slice(1)] });
  } else put({ ...grade, [which]: look });
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
  const vignette = stepOf(recipe.value, 'vignette');
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
        onInput={(v) => (v > 0 ? put({ ...vignette, op: 'vignette', amount: -v }) : drop('vignette'))}
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
  const base = JSON.stringify(withLook(recipe.value, undefined));
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
                checked={hasLook(recipe.value, look)}
                onChange={() => {
                  store.change(withLook(recipe.value, look));
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

// ---- Lamp ------------------------------------------------------------------------------------------------------

export function RelightPanel() {
  const step = stepOf(recipe.value, 'relight');
  const preset = RELIGHT_PRESETS[step?.preset ?? 'studio'];
  return (
    <>
      <Choice
        label={TEXTS.lamp}
        hideLabel
        name="lamp"
        value={step ? (step.preset ?? 'studio') : 'none'}
        options={['none', ...(Object.keys(RELIGHT_PRESETS) as (keyof typeof RELIGHT_PRESETS)[])] as const}
        text={(o) => TEXTS.lamps[o]}
        onChange={(o) => {
          if (o === 'none') drop('relight');
          else put({ op: 'relight', preset: o });
          store.commit(`${TEXTS.lamp}: ${TEXTS.lamps[o]}`);
        }}
      />
      {step && (
        <>
          <p class="fine">{TEXTS.lampHint}</p>
          {(
            [
              ['intensity', 4, TEXTS.intensity],
              ['ambient', 1.5, TEXTS.ambient],
              ['height', 1.5, TEXTS.height],
              ['size', 1, TEXTS.lampSize],
            ] as const
          ).map(([key, max, label]) => (
            <Slider
              key={key}
              label={label}
              value={step[key] ?? preset.values[key]}
              min={key === 'height' ? 0.02 : 0}
              max={max}
              show={TEXTS.percent}
              onInput={(v) => put({ ...step, [key]: v })}
              onDone={() => store.commit(label)}
            />
          ))}
          <Colour
            label={TEXTS.lampColour}
            value={step.colour ?? preset.colour}
            onInput={(colour) => put({ ...step, colour })}
            onDone={() => store.commit(TEXTS.lampColour)}
          />
        </>
      )}
    </>
  );
}

// ---- Scene -----------------------------------------------------------------------------------------------------

type BackgroundKind = keyof typeof TEXTS.backgrounds;

export function ScenePanel() {
  const step = stepOf(recipe.value, 'background');
  const haze = stepOf(recipe.value, 'haze');
  const background = step?.background;
  const [asking, setAsking] = useState(false);
  const kind: BackgroundKind = asking
    ? 'photo'
    : !background
      ? 'none'
      : background === 'transparent'
        ? 'transparent'
        : 'blur' in background
          ? 'blur'
          : 'image' in background
            ? 'photo'
            : 'colour';
  const choose = (to: BackgroundKind) => {
    setAsking(to === 'photo');
    if (to === 'photo') return;
    if (to === 'none') drop('background');
    else
      put({
        op: 'background',
        background: to === 'blur' ? { blur: 0.04 } : to === 'colour' ? { colour: '#35507a' } : 'transparent',
      });
    store.commit(`${TEXTS.background}: ${TEXTS.backgrounds[to]}`);
  };
  return (
    <>
      <Choice
        label={TEXTS.background}
        name="background"
        value={kind}
        options={['none', 'blur', 'colour', 'photo', 'transparent'] as const}
        text={(o) => TEXTS.backgrounds[o]}
        onChange={choose}
      />
      {typeof background === 'object' && 'blur' in background && kind === 'blur' && (
        <Slider
          label={TEXTS.backgroundBlur}
          value={background.blur}
          min={0}
          max={0.2}
          show={TEXTS.percent}
          onInput={(blur) => put({ op: 'background', background: { ...background, blur } })}
          onDone={() => store.commit(TEXTS.backgroundBlur)}
        />
      )}
      {typeof background === 'object' && 'colour' in background && kind === 'colour' && (
        <Colour
          label={TEXTS.backgroundColour}
          value={background.colour}
          onInput={(colour) => put({ op: 'background', background: { colour } })}
          onDone={() => store.commit(TEXTS.backgroundColour)}
        />
      )}
      {kind === 'photo' && (
        <FileButton
          label={TEXTS.backgroundPhoto}
          accept="image/*"
          onFile={async (file) => {
            const image = await addPicture(file);
            setAsking(false);
            if (!image) return;
            put({ op: 'background', background: { image } });
            store.commit(`${TEXTS.background}: ${TEXTS.backgrounds.photo}`);
          }}
        />
      )}
      <Slider
        label={TEXTS.haze}
        value={haze ? (haze.amount ?? 0.6) : 0}
        min={0}
        max={0.99}
        show={TEXTS.percent}
        onInput={(v) => (v > 0 ? put({ ...haze, op: 'haze', amount: v }) : drop('haze'))}
        onDone={() => store.commit(TEXTS.haze)}
      />
      {haze && (
        <Colour
          label={TEXTS.hazeColour}
          value={haze.colour ?? '#ffffff'}
          onInput={(colour) => put({ ...haze, colour })}
          onDone={() => store.commit(TEXTS.hazeColour)}
        />
      )}
    </>
  );
}

// ---- Stickers --------------------------------------------------------------------------------------------------

function add(sticker: Pick<StickerJson, 'image' | 'text'>): void {
  const { size } = recipe.value;
  if (!size) return;
  const n = stickers().length;
  // Each somewhat aside of the one before, up where there is mostly air.
  const at = { x: size.width * (0.5 + [0, 0.1, -0.1, 0.2, -0.2][n % 5]!), y: size.height * 0.24 };
  setSticker(n, { ...sticker, at, disparity: 'behind-subject', width: sticker.text ? 0.6 : 0.35 });
  store.sticker.value = n;
  if (store.view.value !== 'edited') store.view.value = 'edited';
  store.commit(TEXTS.addSticker);
}

export function StickersPanel() {
  const all = stickers();
  const index = Math.min(store.sticker.value, all.length - 1);
  const s = all[index];
  const change = (part: Partial<StickerJson>) => setSticker(index, { ...s!, ...part });
  const done = (label: string) => () => store.commit(label);
  return (
    <>
      <div class="drawings" role="group" aria-label={TEXTS.addSticker}>
        {DRAWING_NAMES.map((name) => (
          <button
            key={name}
            type="button"
            class="quiet bare"
            aria-label={`${TEXTS.addSticker}: ${TEXTS.stickerNames[name]}`}
            title={TEXTS.stickerNames[name]}
            onClick={async () => add({ image: await useDrawing(name) })}
          >
            <img src={drawingUrl(name)} alt="" width="34" height="34" />
          </button>
        ))}
      </div>
      <div class="buttons">
        <button type="button" class="quiet" onClick={() => add({ text: { text: TEXTS.newText } })}>
          <Icon name="text" /> {TEXTS.addText}
        </button>
        <FileButton
          label={TEXTS.addPicture}
          accept="image/*"
          onFile={async (file) => {
            const image = await addPicture(file);
            if (image) add({ image });
          }}
        >
          <Icon name="photo" /> {TEXTS.addPicture}
        </FileButton>
      </div>
      <p class="fine">{all.length ? TEXTS.stickersHint : TEXTS.noStickers}</p>
      {all.length > 1 && (
        <Select
          label={TEXTS.selectSticker}
          value={String(index)}
          options={all.map((_, i) => String(i))}
          text={(i) => `${Number(i) + 1}. ${stickerName(all[Number(i)]!)}`}
          onChange={(i) => (store.sticker.value = Number(i))}
        />
      )}
      {s && (
        <>
          {s.text && (
            <label class="control">
              <span>{TEXTS.stickerText}</span>
              <textarea
                rows={2}
                value={s.text.text}
                maxLength={2000}
                onInput={(e) => {
                  const text = e.currentTarget.value;
                  if (text.trim()) change({ text: { ...s.text!, text } });
                }}
                onChangeCapture={done(TEXTS.stickerText)}
              />
            </label>
          )}
          {s.text && (
            <Colour
              label={TEXTS.stickerColour}
              value={s.text.colour ?? '#ffffff'}
              onInput={(colour) => change({ text: { ...s.text!, colour } })}
              onDone={done(TEXTS.stickerColour)}
            />
          )}
          <Choice
            label={TEXTS.stickerPlace}
            name="place"
            value={typeof s.disparity === 'string' ? s.disparity : 'number'}
            options={['behind-subject', 'in-front', 'number'] as const}
            text={(o) => TEXTS.stickerPlaces[o]}
            onChange={(o) => {
              change({ disparity: o === 'number' ? placeOf(s) : o });
              store.commit(TEXTS.stickerPlace);
            }}
          />
          {typeof s.disparity === 'number' && (
            <Slider
              class="depth"
              label={TEXTS.stickerDepth}
              value={s.disparity}
              min={0}
              max={1}
              show={TEXTS.percent}
              spoken={TEXTS.focusSpoken}
              ends={[TEXTS.far, TEXTS.near]}
              onInput={(disparity) => change({ disparity })}
              onDone={done(TEXTS.stickerDepth)}
            />
          )}
          {(
            [
              ['width', 0.03, 1.5, 0.25, TEXTS.stickerWidth, TEXTS.percent],
              ['rotation', -180, 180, 0, TEXTS.stickerRotation, TEXTS.degrees],
              ['opacity', 0.05, 1, 1, TEXTS.stickerOpacity, TEXTS.percent],
            ] as const
          ).map(([key, min, max, normal, label, show]) => (
            <Slider
              key={key}
              {...{ label, min, max, show }}
              step={key === 'rotation' ? 1 : 0.01}
              value={s[key] ?? normal}
              onInput={(v) => change({ [key]: v })}
              onDone={done(label)}
            />
          ))}
          <Check
            label={TEXTS.stickerShadow}
            checked={!!s.shadow}
            onChange={(on) => {
              change({ shadow: on });
              store.commit(TEXTS.stickerShadow);
            }}
          />
          <button
            type="button"
            class="quiet"
            onClick={() => {
              const left = all.filter((_, i) => i !== index);
              if (left.length) put({ op: 'stickers', stickers: left });
              else drop('stickers');
              store.sticker.value = 0;
              store.commit(TEXTS.remove);
            }}
          >
            {TEXTS.remove}
          </button>
        </>
      )}
    </>
  );
}

// ---- Depth brush -----------------------------------------------------------------------------------------------

export function DepthPanel() {
  const { kind, radius, amount } = store.brush.value;
  const count = stepOf(recipe.value, 'strokes')?.strokes.length ?? 0;
  const set = (part: Partial<typeof store.brush.value>) => (store.brush.value = { ...store.brush.value, ...part });
  return (
    <>
      {store.opened.value?.own && (
        <Choice
          label={TEXTS.source}
          name="source"
          value={store.source.value}
          options={['own', 'network'] as const}
          text={(o) => TEXTS.sources[o]}
          onChange={(o) => {
            store.source.value = o;
            store.commit(`${TEXTS.source}: ${TEXTS.sources[o]}`);
          }}
        />
      )}
      <p class="fine">{TEXTS.brushHint}</p>
      <Choice
        label={TEXTS.brush}
        hideLabel
        name="brush"
        value={kind}
        options={['nearer', 'farther', 'same'] as const}
        text={(o) => TEXTS.brushKinds[o]}
        onChange={(o) => set({ kind: o })}
      />
      <Slider
        label={TEXTS.brushRadius}
        value={radius}
        min={0.005}
        max={0.2}
        step={0.005}
        show={(v) => `${(v * 100).toFixed(1)} %`}
        onInput={(v) => set({ radius: v })}
        onDone={() => {}}
      />
      {kind !== 'same' && (
        <Slider
          label={TEXTS.brushAmount}
          value={amount}
          min={0.02}
          max={0.6}
          show={TEXTS.percent}
          onInput={(v) => set({ amount: v })}
          onDone={() => {}}
        />
      )}
      <button
        type="button"
        class="quiet"
        aria-disabled={count === 0}
        onClick={() => {
          if (!count) return;
          drop('strokes');
          store.commit(TEXTS.removeStrokes);
        }}
      >
        {TEXTS.removeStrokes}
      </button>
      <p class="fine">{TEXTS.strokes(count)}</p>
    </>
  );
}

// ---- 3D --------------------------------------------------------------------------------------------------------

export function MotionPanel() {
  const of = store.opened.value!;
  const [motion, setMotion] = useState<'wiggle' | 'orbit' | 'dolly'>('orbit');
  const [amount, setAmount] = useState(0.02);
  const [size, setSize] = useState<LoopSize>('small');
  const [film, setFilm] = useState<{ url: string; blob: Blob } | undefined>(undefined);
  useEffect(() => () => film && URL.revokeObjectURL(film.url), [film]);
  return (
    <>
      <p class="fine">{TEXTS.reliefHint}</p>
      <Choice
        label={TEXTS.reliefMode}
        hideLabel
        name="relief"
        value={reliefMode.value}
        options={['surface', 'points'] as const}
        text={(o) => TEXTS.reliefModes[o]}
        onChange={(o) => (reliefMode.value = o)}
      />
      <Slider
        class="depth"
        label={TEXTS.reliefDepth}
        value={Math.round(store.focalPlane.value * 100) / 100}
        min={0}
        max={1}
        show={TEXTS.percent}
        spoken={TEXTS.focusSpoken}
        onInput={(v) => store.focusOnPlane(v, 0)}
        onDone={() => store.commit(TEXTS.focus)}
      />
      <Check label={TEXTS.tilt} checked={tilt.value} onChange={(on) => (tilt.value = on)} />
      <h3>{TEXTS.saveAs}</h3>
      <div class="buttons">
        <button type="button" class="quiet" onClick={() => void saveGlb()}>
          {TEXTS.glb}
        </button>
        <button type="button" class="quiet" onClick={() => void saveStereo('anaglyph')}>
          {TEXTS.anaglyph}
        </button>
        <button type="button" class="quiet" onClick={() => void saveStereo('side-by-side')}>
          {TEXTS.pair}
        </button>
      </div>
      <h3>{TEXTS.loop}</h3>
      <Choice
        label={TEXTS.loopMotion}
        hideLabel
        name="loop"
        value={motion}
        options={['wiggle', 'orbit', 'dolly'] as const}
        text={(o) => TEXTS.loops[o]}
        onChange={setMotion}
      />
      <Slider
        label={TEXTS.loopAmount}
        value={amount}
        min={0.005}
        max={0.05}
        step={0.005}
        show={(v) => `${(v * 100).toFixed(1)} %`}
        onInput={setAmount}
        onDone={() => {}}
      />
      {of.photo.width > of.preview.width && (
        <Choice
          label={TEXTS.loopSize}
          name="loop-size"
          value={size}
          options={['small', 'large'] as const}
          text={(o) => {
            const { width, height } = loopSize(of, o);
            return TEXTS.sides(width, height);
          }}
          onChange={setSize}
        />
      )}
      <button
        type="button"
        class="quiet"
        onClick={async () => {
          const blob = await makeLoop({ motion, amount, seconds: 2 }, size);
          if (blob) setFilm({ url: URL.createObjectURL(blob), blob });
        }}
      >
        {TEXTS.makeLoop}
      </button>
      {film && (
        <>
          <video src={film.url} autoPlay loop muted playsInline controls aria-label={TEXTS.loopOf} />
          <button type="button" class="quiet" onClick={() => saveLoop(film.blob)}>
            {TEXTS.saveLoop}
          </button>
        </>
      )}
    </>
  );
}

// ---- Speed -----------------------------------------------------------------------------------------------------

export function TimingPanel() {
  const { load, firstDepth, depth, outline, heads } = timings.value;
  const last = performance.getEntriesByName('relievo:preview').at(-1) as PerformanceMeasure | undefined;
  // Anew after each preview.
  void store.busy.value;
  const rows: [string, string][] = [
    ...(load === undefined ? [] : [[TEXTS.timingLoad, TEXTS.milliseconds(load)] as [string, string]]),
    ...(firstDepth === undefined ? [] : [[TEXTS.timingCold, TEXTS.milliseconds(firstDepth)] as [string, string]]),
    ...(depth === undefined ? [] : [[TEXTS.timingDepth, TEXTS.milliseconds(depth)] as [string, string]]),
    ...(outline === undefined ? [] : [[TEXTS.timingOutline, TEXTS.milliseconds(outline)] as [string, string]]),
    ...(last === undefined
      ? []
      : [
          [
            TEXTS.timingPreview,
            `${TEXTS.milliseconds(last.duration)} ${TEXTS.timingBy[last.detail as 'gpu' | 'cpu']}`,
          ] as [string, string],
        ]),
  ];
  const sum = (of: Record<string, number>) => Object.values(of).reduce((a, b) => a + b, 0);
  const most = heads ? sum(heads.apart) : 0;
  return (
    <>
      <dl class="timings">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <Select
        label={TEXTS.backendLabel}
        value={wantedBackend.value}
        options={['auto', 'webgl', 'wasm', 'cpu'] as const}
        text={(o) => (o === 'auto' ? TEXTS.backendAuto : TEXTS.backendName(o))}
        onChange={(o) => void switchBackend(o)}
      />
      <p class="fine">{TEXTS.measureHint}</p>
      <button type="button" class="quiet" onClick={() => void measure()}>
        {TEXTS.measure}
      </button>
      {heads && (
        <div class="heads">
          {(['apart', 'shared'] as const).map((kind) => (
            <div key={kind}>
              <p>
                {TEXTS[kind]} <span class="value">{TEXTS.milliseconds(sum(heads[kind]))}</span>
              </p>
              <div class="stack">
                {Object.entries(heads[kind]).map(([name, ms]) => (
                  <span
                    key={name}
                    class={name}
                    style={{ width: `${(ms / most) * 100}%` }}
                    title={`${TEXTS.heads[name as 'depth']}: ${TEXTS.milliseconds(ms)}`}
                  />
                ))}
              </div>
            </div>
          ))}
          <p class="legend">
            {Object.entries(TEXTS.heads).map(([name, text]) => (
              <span key={name} class={name}>
                {text}
              </span>
            ))}
          </p>
          <p>
            <strong>{TEXTS.saved(1 - sum(heads.shared) / most)}</strong>
          </p>
        </div>
      )}
    </>
  );
}
