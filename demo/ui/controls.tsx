import * as menu from '@zag-js/menu';
import { normalizeProps, useMachine } from '@zag-js/preact';
import type { ComponentChildren } from 'preact';
import { useId, useRef } from 'preact/hooks';
import { Icon, type IconName } from './icons.js';

/**
 * Ranges, radio buttons, selects, colours, dialogs are the browser's own: nothing is as accessible on as many devices.
 * What it lacks, tabs and menus, is Zag's. Zag brings preact/compat, which makes `onChange` of an input mean `input`, as in
 * React; `onChangeCapture` is left alone and means the browser's `change`.
 */

export interface SliderProps {
  readonly label: string;
  readonly id?: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step?: number;
  readonly show: (value: number) => string;
  readonly spoken?: (value: number) => string;
  readonly ends?: readonly [string, string];
  readonly class?: string;
  readonly children?: ComponentChildren;
  /** While it moves. */
  readonly onInput: (value: number) => void;
  /** When it has been let go. */
  readonly onDone: () => void;
}

export function Slider(props: SliderProps) {
  const { label, value, min, max, step = 0.01, show, spoken, ends, children, onInput, onDone } = props;
  const own = useId();
  const id = props.id ?? own;
  const centred = min < 0 && max > 0;
  const at = (v: number) => `${((v - min) / (max - min)) * 100}%`;
  return (
    <div class={`control ${props.class ?? ''}`}>
      <label for={id}>
        <span>{label}</span>
        <span class="value" id={`${id}-value`} aria-hidden="true">
          {show(value)}
        </span>
      </label>
      {children}
      <input
        type="range"
        id={id}
        {...{ min, max, step, value }}
        aria-valuetext={(spoken ?? show)(value)}
        style={{
          '--from': centred ? at(Math.min(0, value)) : '0%',
          '--to': centred ? at(Math.max(0, value)) : at(value),
        }}
        onInput={(e) => onInput(e.currentTarget.valueAsNumber)}
        onChangeCapture={onDone}
      />
      {ends && (
        <div class="ends" aria-hidden="true">
          <span>{ends[0]}</span>
          <span>{ends[1]}</span>
        </div>
      )}
    </div>
  );
}

/** One of a few, all of them in sight. */
export function Choice<T extends string>(props: {
  readonly label: string;
  readonly hideLabel?: boolean;
  readonly name: string;
  readonly value: T | undefined;
  readonly options: readonly T[];
  readonly text: (option: T) => ComponentChildren;
  readonly disabled?: (option: T) => boolean;
  readonly onChange: (option: T) => void;
}) {
  const { label, hideLabel, name, value, options, text, disabled, onChange } = props;
  return (
    <fieldset class="choice">
      <legend class={hideLabel ? 'unseen' : ''}>{label}</legend>
      <div class="segments">
        {options.map((option) => (
          <label key={option}>
            <input
              type="radio"
              name={name}
              value={option}
              checked={option === value}
              disabled={disabled?.(option) ?? false}
              onChange={() => onChange(option)}
            />
            <span>{text(option)}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

export function Check(props: { label: string; checked: boolean; onChange: (on: boolean) => void }) {
  return (
    <label class="check">
      <input type="checkbox" checked={props.checked} onChange={(e) => props.onChange(e.currentTarget.checked)} />
      <span>{props.label}</span>
    </label>
  );
}

export function Colour(props: { label: string; value: string; onInput: (v: string) => void; onDone: () => void }) {
  return (
    <label class="row">
      <span>{props.label}</span>
      <input
        type="color"
        value={props.value}
        onInput={(e) => props.onInput(e.currentTarget.value)}
        onChangeCapture={props.onDone}
      />
    </label>
  );
}

export function Select<T extends string>(props: {
  label: string;
  value: T;
  options: readonly T[];
  text: (option: T) => string;
  onChange: (option: T) => void;
}) {
  return (
    <label class="row">
      <span>{props.label}</span>
      <select value={props.value} onChange={(e) => props.onChange(e.currentTarget.value as T)}>
        {props.options.map((o) => (
          <option key={o} value={o}>
            {props.text(o)}
          </option>
        ))}
      </select>
    </label>
  );
}

/** A button with an icon; the text is for those who do not see it, and for the pointer that rests. */
export function IconButton(props: {
  id?: string;
  icon: IconName;
  label: string;
  text?: string;
  pressed?: boolean;
  disabled?: boolean;
  class?: string;
  onClick: () => void;
}) {
  const { id, icon, label, text, pressed, disabled = false, onClick } = props;
  return (
    <button
      type="button"
      {...(id && { id })}
      class={`quiet ${text ? '' : 'bare'} ${props.class ?? ''}`}
      aria-label={label}
      title={label}
      {...(pressed !== undefined && { 'aria-pressed': pressed })}
      // Not `disabled`: a button that is switched off while it has the focus would lose it.
      aria-disabled={disabled}
      onClick={() => disabled || onClick()}
    >
      <Icon name={icon} />
      {text && <span class="word">{text}</span>}
    </button>
  );
}

/** A button that opens the file dialog. */
export function FileButton(props: {
  label: string;
  accept: string;
  class?: string;
  onFile: (file: File) => void;
  children?: ComponentChildren;
}) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" class={props.class ?? 'quiet'} onClick={() => input.current?.click()}>
        {props.children ?? props.label}
      </button>
      <input
        ref={input}
        type="file"
        hidden
        accept={props.accept}
        aria-label={props.label}
        onChange={(e) => {
          const file = e.currentTarget.files?.[0];
          e.currentTarget.value = ''; // so that the same file can be chosen again
          if (file) props.onFile(file);
        }}
      />
    </>
  );
}

export interface MenuItem {
  readonly value: string;
  readonly text: string;
  readonly current?: boolean;
}

export function Menu(props: {
  id: string;
  label: string;
  icon: IconName;
  /** Shown beside the icon. */
  text?: string;
  class?: string;
  items: readonly MenuItem[];
  onSelect: (value: string) => void;
}) {
  const service = useMachine(menu.machine, {
    id: props.id,
    positioning: { placement: 'bottom-end' },
    onSelect: ({ value }) => props.onSelect(value),
  });
  const api = menu.connect(service, normalizeProps);
  return (
    <div class="menu">
      <button
        {...api.getTriggerProps()}
        type="button"
        class={props.class ?? 'quiet bare'}
        title={props.label}
        aria-label={props.label}
      >
        <Icon name={props.icon} />
        {props.text && <span class="word">{props.text}</span>}
      </button>
      <div {...api.getPositionerProps()}>
        <div {...api.getContentProps()} aria-label={props.label} class="items">
          {api.open &&
            props.items.map((item) => (
              <div
                key={item.value}
                {...api.getItemProps({ value: item.value, valueText: item.text })}
                class={`item ${item.current ? 'current' : ''}`}
              >
                {item.text}
              </div>
            ))}
        </div>
      </div>
    </div>
  );
}
