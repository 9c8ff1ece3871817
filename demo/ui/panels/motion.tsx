import { useEffect, useState } from 'preact/hooks';
import { loopSize, makeLoop, saveGlb, saveLoop, saveStereo, type LoopSize } from '../../session.js';
import * as store from '../../store.js';
import { TEXTS } from '../../texts.js';
import { Check, Choice, Slider } from '../controls.js';
import { reliefMode, tilt } from '../Relief.js';
import { FocalPlane } from './focus.js';

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
      <FocalPlane label={TEXTS.reliefDepth} range={0} />
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
          {film.blob.type === 'image/gif' ? (
            <img src={film.url} alt={TEXTS.loopOf} />
          ) : (
            <video src={film.url} autoPlay loop muted playsInline controls aria-label={TEXTS.loopOf} />
          )}
          <button type="button" class="quiet" onClick={() => saveLoop(film.blob)}>
            {TEXTS.saveLoop}
          </button>
        </>
      )}
    </>
  );
}
