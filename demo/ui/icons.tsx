/** Line icons on a grid of 24. */
const PATHS = {
  focus:
    'M4 8V6a2 2 0 0 1 2-2h2M16 4h2a2 2 0 0 1 2 2v2M20 16v2a2 2 0 0 1-2 2h-2M8 20H6a2 2 0 0 1-2-2v-2M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6',
  light: 'M12 3a9 9 0 1 0 0 18ZM12 3a9 9 0 0 1 0 18M12 7.5h6M12 12h9M12 16.5h6',
  relight: 'M9 18h6M10 21h4M12 3a6 6 0 0 0-3.6 10.8c.7.5 1.1 1.3 1.1 2.2h5c0-.9.4-1.7 1.1-2.2A6 6 0 0 0 12 3',
  scene: 'M3 19 9 9l4 6 2.5-3.5L21 19ZM16.5 6a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3',
  stickers:
    'M5 4h14a1 1 0 0 1 1 1v9l-6 6H5a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1M20 14h-5a1 1 0 0 0-1 1v5M9 9.5v.5M14 9.5v.5M8.5 13.5c1.8 1.8 4.2 1.8 6 0',
  depth: 'M4 20c3 0 5-1.2 5-3.5A2.5 2.5 0 0 0 6.5 14C4.5 14 4 16 4 20M9.5 14.5 19 4.5l1 1L10.5 15',
  motion: 'M12 3 20 7.5v9L12 21l-8-4.5v-9ZM4 7.5 12 12l8-4.5M12 12v9',
  timing: 'M4 17a8 8 0 1 1 16 0M12 17l4-5',
  undo: 'M9 14 4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3',
  redo: 'm15 14 5-5-5-5M20 9H10a6 6 0 0 0 0 12h3',
  history: 'M4 12a8 8 0 1 0 2.5-5.800L4 8.5M4 4v4.5h4.5M12 8v4l3 2',
  save: 'M12 4v11m-4-4 4 4 4-4M5 20h14',
  help: 'M3 7h18v10H3ZM7 10.5v.01M11 10.5v.01M15 10.5v.01M18 10.5v.01M8 14h8',
  camera: 'M4 8h3l2-3h6l2 3h3v11H4ZM12 10a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7',
  photo: 'M4 5h16v14H4ZM4 16l5-5 4 4 3-2 4 3.5M15 8.5v.01',
  sample: 'M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8M4.5 20c1-4 4-6 7.5-6s6.5 2 7.5 6',
  compare: 'M12 3v18M4 6h5v12H4M15 6h5v12h-5',
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  close: 'm6 6 12 12M18 6 6 18',
  text: 'M5 6V5h14v1M12 5v14M9 19h6',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
