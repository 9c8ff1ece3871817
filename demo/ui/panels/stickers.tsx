import { addPicture } from '../../session.js';
import { DRAWING_NAMES, drawingUrl, useDrawing } from '../../stickers.js';
import * as store from '../../store.js';
import { TEXTS } from '../../texts.js';
import { Check, Choice, Colour, FileButton, Select, Slider } from '../controls.js';
import { placeOf, setSticker, stickerName, stickers, type StickerJson } from '../Handles.js';
import { Icon } from '../icons.js';

function add(sticker: Pick<StickerJson, 'image' | 'text'>): void {
  const { size } = store.recipe.value;
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
              if (left.length) store.put({ op: 'stickers', stickers: left });
              else store.drop('stickers');
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
