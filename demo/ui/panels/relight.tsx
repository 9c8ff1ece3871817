import { RELIGHT_PRESETS } from 'relievo/effects';
import { stepOf } from '../../recipe.js';
import * as store from '../../store.js';
import { TEXTS } from '../../texts.js';
import { Choice, Colour, Slider } from '../controls.js';

export function RelightPanel() {
  const step = stepOf(store.recipe.value, 'relight');
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
          if (o === 'none') store.drop('relight');
          else store.put({ op: 'relight', preset: o });
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
              onInput={(v) => store.put({ ...step, [key]: v })}
              onDone={() => store.commit(label)}
            />
          ))}
          <Colour
            label={TEXTS.lampColour}
            value={step.colour ?? preset.colour}
            onInput={(colour) => store.put({ ...step, colour })}
            onDone={() => store.commit(TEXTS.lampColour)}
          />
        </>
      )}
    </>
  );
}
