import { addResource, hasResource } from './session.js';

/** Pictures to place, drawn for this page. */
const DRAWINGS = {
  star: '<path d="M50 6l13 29 31 3-23 21 7 31-28-16-28 16 7-31L6 38l31-3z" fill="#ffd23f" stroke="#fff" stroke-width="5" stroke-linejoin="round"/>',
  heart:
    '<path d="M50 88C14 62 6 46 8 31 10 17 21 10 31 10c9 0 15 5 19 13 4-8 10-13 19-13 10 0 21 7 23 21 2 15-6 31-42 57z" fill="#ff3d68" stroke="#fff" stroke-width="5" stroke-linejoin="round"/>',
  sun: '<g stroke="#ffb52e" stroke-width="7" stroke-linecap="round"><path d="M50 6v12M50 82v12M6 50h12M82 50h12M19 19l8 8M73 73l8 8M19 81l8-8M73 27l8-8"/></g><circle cx="50" cy="50" r="23" fill="#ffd23f"/>',
  moon: '<path d="M66 10a42 42 0 1 0 24 56A35 35 0 0 1 66 10z" fill="#f3ecd2"/><g fill="#d9cfa9"><circle cx="34" cy="46" r="6"/><circle cx="48" cy="72" r="8"/><circle cx="28" cy="66" r="4"/></g>',
  ring: '<g fill="none"><circle cx="50" cy="50" r="42" stroke="#ff9a4d" stroke-width="9"/><circle cx="50" cy="50" r="42" stroke="#fff" stroke-opacity=".75" stroke-width="2.5"/></g>',
  bubble:
    '<path d="M16 14h68a10 10 0 0 1 10 10v36a10 10 0 0 1-10 10H46L26 90V70H16A10 10 0 0 1 6 60V24a10 10 0 0 1 10-10z" fill="#fff"/><g fill="#3a3f4d"><circle cx="31" cy="42" r="6"/><circle cx="50" cy="42" r="6"/><circle cx="69" cy="42" r="6"/></g>',
} as const;

export type DrawingName = keyof typeof DRAWINGS;
export const DRAWING_NAMES = Object.keys(DRAWINGS) as DrawingName[];

const SIDE = 512;

export function drawingUrl(name: DrawingName, side = 100): string {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" width="${side}" height="${side}">${DRAWINGS[name]}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

/** The drawing as pixels, under its name. */
export async function useDrawing(name: DrawingName): Promise<string> {
  if (hasResource(name)) return name;
  const image = new Image(SIDE, SIDE);
  image.src = drawingUrl(name, SIDE);
  await image.decode();
  const context = new OffscreenCanvas(SIDE, SIDE).getContext('2d')!;
  context.drawImage(image, 0, 0);
  await addResource(name, context.getImageData(0, 0, SIDE, SIDE));
  return name;
}
