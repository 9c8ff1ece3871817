import { useState } from 'preact/hooks';
import { addPicture } from '../../session.js';
import { stepOf } from '../../recipe.js';
import * as store from '../../store.js';
import { TEXTS } from '../../texts.js';
import { Choice, Colour, FileButton, Slider } from '../controls.js';

type BackgroundKind = keyof typeof TEXTS.backgrounds;

export function ScenePanel() {
  const step = stepOf(store.recipe.value, 'background');
  const haze = stepOf(store.recipe.value, 'haze');
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
    if (to === 'none') store.drop('background');
    else
      store.put({
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
          onInput={(blur) => store.put({ op: 'background', background: { ...background, blur } })}
          onDone={() => store.commit(TEXTS.backgroundBlur)}
        />
      )}
      {typeof background === 'object' && 'colour' in background && kind === 'colour' && (
        <Colour
          label={TEXTS.backgroundColour}
          value={background.colour}
          onInput={(colour) => store.put({ op: 'background', background: { colour } })}
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
            store.put({ op: 'background', background: { image } });
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
        onInput={(v) => (v > 0 ? store.put({ ...haze, op: 'haze', amount: v }) : store.drop('haze'))}
        onDone={() => store.commit(TEXTS.haze)}
      />
      {haze && (
        <Colour
          label={TEXTS.hazeColour}
          value={haze.colour ?? '#ffffff'}
          onInput={(colour) => store.put({ ...haze, colour })}
          onDone={() => store.commit(TEXTS.hazeColour)}
        />
      )}
    </>
  );
}
