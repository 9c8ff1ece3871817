import { stepOf } from '../../recipe.js';
import * as store from '../../store.js';
import { TEXTS } from '../../texts.js';
import { Choice, Slider } from '../controls.js';

export function DepthPanel() {
  const { kind, radius, amount } = store.brush.value;
  const count = stepOf(store.recipe.value, 'strokes')?.strokes.length ?? 0;
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
          store.drop('strokes');
          store.commit(TEXTS.removeStrokes);
        }}
      >
        {TEXTS.removeStrokes}
      </button>
      <p class="fine">{TEXTS.strokes(count)}</p>
    </>
  );
}
