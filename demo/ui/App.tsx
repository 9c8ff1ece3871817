import * as tabs from '@zag-js/tabs';
import { normalizeProps, useMachine } from '@zag-js/preact';
import type { ComponentType } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import {
  cancel,
  canShare,
  copy,
  download,
  loadRecipe,
  open,
  openSample,
  prepare,
  SAMPLES,
  saveRecipe,
  share,
  shown,
  takeFile,
} from '../session.js';
import * as store from '../store.js';
import { TEXTS } from '../texts.js';
import { IconButton, Menu } from './controls.js';
import { Camera, Help } from './dialogs.js';
import { Icon } from './icons.js';
import { DepthPanel } from './panels/depth.js';
import { FocusPanel } from './panels/focus.js';
import { LightPanel } from './panels/light.js';
import { MotionPanel } from './panels/motion.js';
import { RelightPanel } from './panels/relight.js';
import { ScenePanel } from './panels/scene.js';
import { StickersPanel } from './panels/stickers.js';
import { TimingPanel } from './panels/timing.js';
import { Stage } from './Stage.js';

const PANELS: Readonly<Record<store.PanelName, ComponentType>> = {
  focus: FocusPanel,
  light: LightPanel,
  relight: RelightPanel,
  scene: ScenePanel,
  stickers: StickersPanel,
  depth: DepthPanel,
  motion: MotionPanel,
  timing: TimingPanel,
};
export const PANEL_NAMES = Object.keys(PANELS) as store.PanelName[];

export function App() {
  const editing = !!shown.value;
  return (
    <>
      <Header editing={editing} />
      <main>{editing ? <Editor /> : <Start />}</main>
      <Notices />
      <p id="status" role="status" aria-live="polite">
        {store.status.value}
      </p>
      <FileInput />
      <Camera />
      <Help />
    </>
  );
}

export const chooseFile = () => document.getElementById('file')?.click();

function FileInput() {
  return (
    <input
      type="file"
      id="file"
      accept="image/*,.json,.cube"
      tabIndex={-1}
      hidden
      aria-label={TEXTS.choose}
      onChange={(e) => {
        const chosen = e.currentTarget.files?.[0];
        e.currentTarget.value = ''; // so that the same file can be chosen again
        if (chosen) void takeFile(chosen);
      }}
    />
  );
}

export const cameraOpen = () =>
  (document.getElementById('camera') as HTMLDialogElement | null)?.dispatchEvent(new Event('ask'));

function Header({ editing }: { editing: boolean }) {
  const { backend, canUndo, canRedo, history, now } = store;
  const recipe = useRef<HTMLInputElement>(null);
  const actions = {
    download: () => void download(),
    copy: () => void copy(),
    share: () => void share(),
    recipe: () => void saveRecipe(),
    load: () => recipe.current?.click(),
  };
  return (
    <header>
      <div class="brand">
        <img src="icon.svg" alt="" width="32" height="32" />
        <h1>{TEXTS.name}</h1>
      </div>
      {backend.value && (
        <p id="backend" class="badge">
          {TEXTS.backend(backend.value)}
        </p>
      )}
      {editing && (
        <div class="tools">
          <div class="group" id="sources">
            <Menu
              id="samples"
              class="quiet"
              icon="sample"
              label={TEXTS.sampleShort}
              text={TEXTS.sampleShort}
              items={SAMPLES.map(({ name }) => ({ value: name, text: TEXTS.samples[name] }))}
              onSelect={(name) => void openSample(SAMPLES.find((s) => s.name === name)!)}
            />
            <IconButton icon="photo" label={TEXTS.chooseAnother} text={TEXTS.chooseAnother} onClick={chooseFile} />
            <IconButton icon="camera" label={TEXTS.camera} onClick={() => cameraOpen()} />
          </div>
          <div class="group">
            <IconButton
              id="undo"
              icon="undo"
              label={TEXTS.undo}
              disabled={!canUndo.value}
              onClick={() => store.travel(-1)}
            />
            <IconButton
              id="redo"
              icon="redo"
              label={TEXTS.redo}
              disabled={!canRedo.value}
              onClick={() => store.travel(1)}
            />
            <Menu
              id="history"
              icon="history"
              label={TEXTS.history}
              items={history.value
                .map((h, i) => ({ value: String(i), text: h.label, current: i === now.value }))
                .reverse()}
              onSelect={(i) => store.goTo(Number(i))}
            />
            <IconButton
              icon="help"
              label={TEXTS.help}
              class="wide-only"
              onClick={() => (document.getElementById('help') as HTMLDialogElement).showModal()}
            />
          </div>
          <div class="group save">
            <button type="button" class="primary" id="download" onClick={actions.download}>
              <Icon name="save" />
              <span>{TEXTS.download}</span>
            </button>
            <Menu
              id="export"
              class="primary bare"
              icon="plus"
              label={TEXTS.export}
              items={[
                { value: 'download', text: TEXTS.download },
                { value: 'copy', text: TEXTS.copy },
                ...(canShare ? [{ value: 'share', text: TEXTS.share }] : []),
                { value: 'recipe', text: TEXTS.saveRecipe },
                { value: 'load', text: TEXTS.loadRecipe },
              ]}
              onSelect={(v) => actions[v as keyof typeof actions]()}
            />
            <input
              ref={recipe}
              type="file"
              id="recipe-file"
              accept=".json,application/json"
              hidden
              aria-label={TEXTS.loadRecipe}
              onChange={(e) => {
                const chosen = e.currentTarget.files?.[0];
                e.currentTarget.value = '';
                if (chosen) void loadRecipe(chosen);
              }}
            />
          </div>
        </div>
      )}
    </header>
  );
}

function Start() {
  return (
    <section id="start" onPointerOver={prepare} onFocusCapture={prepare}>
      <div class="invitation">
        <div class="layers" aria-hidden="true">
          <img src={SAMPLES[0].url} alt="" width="512" height="512" />
        </div>
        <div class="words">
          <h2>{TEXTS.headline}</h2>
          <p class="lead">{TEXTS.lead}</p>
          <div class="choices">
            <button type="button" class="primary" onClick={chooseFile}>
              <Icon name="photo" />
              {TEXTS.choose}
            </button>
            <button type="button" class="quiet" onClick={() => cameraOpen()}>
              <Icon name="camera" />
              {TEXTS.camera}
            </button>
            <div class="samples">
              {SAMPLES.map((sample, i) => {
                const other = i > 0 && TEXTS.sampleOther(TEXTS.samples[sample.name]);
                return (
                  <button
                    key={sample.name}
                    type="button"
                    class="sample"
                    {...(other && { title: other, 'aria-label': other })}
                    onClick={() => void openSample(sample)}
                  >
                    <img src={sample.url} alt="" width="44" height="44" />
                    {!other && <span>{TEXTS.sample}</span>}
                  </button>
                );
              })}
            </div>
          </div>
          <p class="fine">{TEXTS.ways}</p>
          <p class="fine">{TEXTS.privacy}</p>
        </div>
      </div>
    </section>
  );
}

const narrow = matchMedia('(max-width: 820px)');

function Editor() {
  const [vertical, setVertical] = useState(!narrow.matches);
  useEffect(() => {
    const follow = () => setVertical(!narrow.matches);
    narrow.addEventListener('change', follow);
    return () => narrow.removeEventListener('change', follow);
  }, []);
  const panel = store.panel.value;
  const service = useMachine(tabs.machine, {
    id: 'panels',
    ids: { root: 'editor' },
    value: panel,
    orientation: vertical ? 'vertical' : 'horizontal',
    onValueChange: ({ value }) => store.showPanel(value as store.PanelName),
  });
  const api = tabs.connect(service, normalizeProps);
  const Panel = PANELS[panel];
  const ready = !!store.opened.value && !store.waiting.value;
  return (
    <section {...api.getRootProps()}>
      <Stage />
      <div class="rail" {...api.getListProps()} aria-label={TEXTS.controls}>
        {PANEL_NAMES.map((name) => (
          <button key={name} {...api.getTriggerProps({ value: name })} type="button" class="tab">
            <Icon name={name} />
            <span>{TEXTS.panels[name]}</span>
          </button>
        ))}
      </div>
      <div class="panel" id="panel" inert={!ready}>
        {PANEL_NAMES.map((name) => (
          <div key={name} {...api.getContentProps({ value: name })}>
            {name === panel && (
              <>
                <h2>{TEXTS.panels[name]}</h2>
                {ready && <Panel />}
              </>
            )}
          </div>
        ))}
        {ready && panel === 'focus' && (
          <p class="fine" id="hint">
            {store.view.value === 'depth' ? TEXTS.depthHint : TEXTS.tapHint}
          </p>
        )}
      </div>
    </section>
  );
}

function Notices() {
  const task = store.task.value;
  const problem = store.problem.value;
  return (
    <div class="notices">
      <div id="error" class="notice error" role="alert" hidden={problem === undefined}>
        <p id="error-text">{problem}</p>
        <button type="button" class="quiet" id="dismiss" onClick={() => (store.problem.value = undefined)}>
          {TEXTS.dismiss}
        </button>
      </div>
      <div id="task" class="notice" hidden={!task}>
        <label for="progress">{task?.text}</label>
        <progress id="progress" max="1" {...(task?.done !== undefined && { value: task.done })} />
        <button type="button" class="quiet" id="cancel" onClick={cancel}>
          {TEXTS.cancel}
        </button>
      </div>
    </div>
  );
}

/** For the camera's picture. */
export const openPhoto = open;
