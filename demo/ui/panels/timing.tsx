import { measure, switchBackend, timings, wantedBackend } from '../../session.js';
import * as store from '../../store.js';
import { TEXTS } from '../../texts.js';
import { Select } from '../controls.js';

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
