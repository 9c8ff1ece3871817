import { RelievoError } from '../core/errors.js';
import { hasMethods, invalid, numbers, readOptions, type NumberTable } from '../core/params.js';
import type { CanvasFactory } from '../image/canvas-factory.js';
import { createImage, type OutputImage } from '../image/image-data.js';
import { requireColour } from '../image/parse-colour.js';

export interface TextStyle {
  /** One or more lines, separated by \n. Shaped by the platform's canvas: any script, emoji. */
  text: string;
  /** CSS font family, as in a style sheet. Default: 'sans-serif'. */
  font?: string | undefined;
  /** CSS font weight, 1..1000. Default: 700. */
  weight?: number | undefined;
  /** Slanted letters. Default: false. */
  italic?: boolean | undefined;
  /** Colour of the letters, as hex or by one of CSS's names. Default: 'white'. */
  colour?: string | undefined;
  /** How lines of different length stand below each other. Default: 'centre'. */
  align?: 'left' | 'centre' | 'right' | undefined;
  /** Distance of the lines in ems, 0.5..4. Default: 1.2. */
  lineHeight?: number | undefined;
  /** A line around the letters; width in ems, 0..0.5. Default: none. */
  outline?: { readonly colour: string; readonly width: number } | undefined;
}

export const TEXT_PARAMS = {
  weight: { default: 700, min: 1, max: 1000, unit: 'CSS weight', doc: 'Weight of the font.' },
  lineHeight: { default: 1.2, min: 0.5, max: 4, unit: 'ems', doc: 'Distance of the lines.' },
  outline: { default: 0, min: 0, max: 0.5, unit: 'ems', doc: 'Width of the line around the letters.' },
} as const satisfies NumberTable;

const LONGEST = 2000;
/** Text is measured at this size, in pixels. */
const MEASURED = 100;
/** Largest side of the picture that is drawn; what is placed larger is enlarged. */
const LARGEST = 4096;

/**
 * Draws text into a picture that fits it closely.
 *
 * @param width of the picture to aim at, in pixels.
 * @throws RelievoError `INVALID_PARAM`; `DEPENDENCY_MISSING` where there is no canvas.
 */
export function renderText(style: TextStyle, width: number, createCanvas?: CanvasFactory): OutputImage {
  style = readText(style);
  if (!Number.isFinite(width)) throw invalid('text', 'width', 'a number of pixels', width);
  if (createCanvas !== undefined && typeof createCanvas !== 'function')
    throw invalid('text', 'createCanvas', 'a function', createCanvas);
  const { text, font = 'sans-serif', italic = false, colour = 'white', align = 'centre' } = style;
  if (typeof text !== 'string' || text.trim() === '' || text.length > LONGEST)
    throw invalid('text', 'text', `1 to ${LONGEST} characters, not all blank`, text);
  if (!['left', 'centre', 'right'].includes(align))
    throw invalid('text', 'align', "'left', 'centre' or 'right'", align);
  if (typeof font !== 'string' || /[;{}]/.test(font)) throw invalid('text', 'font', 'a CSS font family', font);
  requireColour('text', 'colour', colour);
  if (style.outline) requireColour('text', 'outline.colour', style.outline.colour);
  const { weight, lineHeight, outline } = numbers('text', TEXT_PARAMS, {
    weight: style.weight,
    lineHeight: style.lineHeight,
    outline: style.outline?.width,
  });
  const canvasOf = createCanvas ?? platformCanvas;
  const lines = text.replace(/\r\n?/g, '\n').split('\n');
  const describe = (size: number) => `${italic ? 'italic ' : ''}${weight} ${size}px ${font}`;

  const probe = context(canvasOf(1, 1));
  probe.font = describe(MEASURED);
  const measures = lines.map((line) => probe.measureText(line));
  const rim = outline * MEASURED + 2;
  const left = Math.max(...measures.map((m) => m.actualBoundingBoxLeft));
  // The ink may reach beyond the advance (italics) or the advance beyond the ink (blanks at the end).
  const inks = measures.map((m) => Math.max(m.width, m.actualBoundingBoxRight));
  const textWidth = Math.max(...inks) + Math.max(0, left);
  const ascent = measures[0]!.actualBoundingBoxAscent;
  const descent = Math.max(0, measures.at(-1)!.actualBoundingBoxDescent);
  const full = {
    width: textWidth + 2 * rim,
    height: ascent + descent + (lines.length - 1) * lineHeight * MEASURED + 2 * rim,
  };
  const scale = Math.min(Math.max(1, width) / full.width, LARGEST / full.width, LARGEST / full.height);
  const size = { width: Math.ceil(full.width * scale), height: Math.max(1, Math.ceil(full.height * scale)) };

  const drawing = context(canvasOf(size.width, size.height));
  drawing.scale(scale, scale);
  drawing.font = describe(MEASURED);
  drawing.lineJoin = 'round';
  drawing.textBaseline = 'alphabetic';
  lines.forEach((line, i) => {
    const share = { left: 0, centre: 0.5, right: 1 }[align];
    const x = rim + Math.max(0, left) + share * (Math.max(...inks) - inks[i]!);
    const y = rim + ascent + i * lineHeight * MEASURED;
    if (style.outline && outline > 0) {
      drawing.strokeStyle = style.outline.colour;
      drawing.lineWidth = 2 * outline * MEASURED;
      drawing.strokeText(line, x, y);
    }
    drawing.fillStyle = colour;
    drawing.fillText(line, x, y);
  });
  const { data } = drawing.getImageData(0, 0, size.width, size.height);
  return createImage(size.width, size.height, 'srgb', data as Uint8ClampedArray<ArrayBuffer>);
}

/** The style in a copy, each option read once. @throws RelievoError `INVALID_PARAM`. */
export function readText(given: TextStyle): TextStyle {
  const style = readOptions('text', given, [
    ...['text', 'font', 'weight', 'italic', 'colour', 'align', 'lineHeight', 'outline'],
  ]);
  const { outline, italic } = style;
  if (italic !== undefined && typeof italic !== 'boolean') throw invalid('text', 'italic', 'true or false', italic);
  return outline === undefined
    ? style
    : { ...style, outline: readOptions('text.outline', outline, ['colour', 'width']) };
}

type Context = OffscreenCanvasRenderingContext2D | CanvasRenderingContext2D;

function context(canvas: OffscreenCanvas | HTMLCanvasElement): Context {
  const found = hasMethods(canvas, ['getContext']) && (canvas.getContext('2d') as Context | null);
  if (!found) throw new RelievoError('DEPENDENCY_MISSING', 'text: this canvas has no 2D context.');
  return found;
}

function platformCanvas(width: number, height: number): OffscreenCanvas | HTMLCanvasElement {
  if (typeof OffscreenCanvas === 'function') return new OffscreenCanvas(width, height);
  if (typeof document === 'object') return Object.assign(document.createElement('canvas'), { width, height });
  throw new RelievoError(
    'DEPENDENCY_MISSING',
    'text: no canvas here. In Node pass { createCanvas: await canvasFactory() } of relievo/node (npm install canvas).',
  );
}
