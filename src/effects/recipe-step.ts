import type { DepthMap } from '../depth/depth-map.js';
import type { Stroke } from '../depth/strokes.js';
import type { ImageDataLike } from '../image/image-data.js';
import type { BokehOptions } from './bokeh.js';
import type { Focus } from './focus.js';
import type { GradeOptions, GradeParams } from './grade.js';
import type { HazeOptions } from './haze.js';
import type { Lut } from './lut.js';
import type { ParallaxOptions } from './parallax.js';
import type { RelightOptions } from './relight.js';
import type { Background } from './replace-background.js';
import type { Sticker } from './sticker.js';
import type { VignetteOptions } from './vignette.js';
import type { VisualiseOptions } from './visualise.js';

/**
 * Options as a recipe holds them: pictures, depth maps and tables by their names among the `resources`, or as data URLs. All
 * else, with what editors tell of it, is that of the functions; test/effects/recipe-step.test.ts holds it to the tables.
 */
type Named<T> = T extends Lut | ImageDataLike | DepthMap ? string : { [K in keyof T]: Named<T[K]> };

/** Depth of field: what `applyBokeh` does. */
export interface BokehStep extends LensInRecipe {
  readonly op: 'bokeh';
}

type LensInRecipe = Omit<BokehOptions, 'faces' | 'threads'>;

/** Colour by depth: what `applyGrade` does. */
export interface GradeStep extends Named<GradeOptions> {
  readonly op: 'grade';
}

/** Fog by depth: what `applyHaze` does. */
export interface HazeStep extends HazeOptions {
  readonly op: 'haze';
}

/** A light that is moved before the subject: what `applyRelight` does. */
export interface RelightStep extends RelightOptions {
  readonly op: 'relight';
}

/** Darker towards the corners: what `applyVignette` does. */
export interface VignetteStep extends VignetteOptions {
  readonly op: 'vignette';
}

/** The depth as colours: what `visualiseDepth` does. */
export interface VisualiseStep extends VisualiseOptions {
  readonly op: 'visualise';
}

/** Marks the edges that a bokeh of the same focus and aperture would leave sharp. */
export interface PeakingStep {
  readonly op: 'peaking';
  /** What is sharp, as for bokeh. Default: `'subject'`. */
  focus?: Focus | undefined;
  /** Colour of the marks, as hex or by one of CSS's names. Default: '#ff2d95'. */
  colour?: string | undefined;
  /** That of the bokeh it is for, share of the long side, 0..0.2. Default: 0.03. */
  aperture?: number | undefined;
  /** Least local contrast that is marked, in encoded light, 0.01..1. Default: 0.12. */
  sharpness?: number | undefined;
}

/** A look without curves and tables. */
type PlainLook = Omit<GradeParams, 'curves' | 'lut' | 'lutStrength'>;

/** Something else behind the subject: what `replaceBackground` does. */
export interface BackgroundStep {
  readonly op: 'background';
  /** `'transparent'`, a colour, a gradient, the photo's own background blurred, or another photo. */
  background:
    | Exclude<Background, { readonly blur: number } | { readonly image: ImageDataLike }>
    | {
        /** Radius of the blur as a share of the long side, 0..0.2. */
        readonly blur: number;
        /** Its look. Default: as it is. */
        readonly grade?: PlainLook | undefined;
      }
    | {
        /** Name of the picture among the `resources`, or a data URL. */
        readonly image: string;
        /** `'cover'`: its proportions stay and it is cut; `'stretch'`: the whole of it, distorted. Default: 'cover'. */
        readonly fit?: 'cover' | 'stretch' | undefined;
        /** Name of its depth, a grey picture, white = near. Default: a wall, far away. */
        readonly depth?: string | undefined;
        /** Depth of field of it alone. Default: none. */
        readonly bokeh?: LensInRecipe | undefined;
        /** Its look. Default: as it is. */
        readonly grade?: PlainLook | undefined;
      };
  /** Disparity between subject and background where no matte is given, 0..1. Default: Otsu's threshold of the depth. */
  split?: number | undefined;
}

/** A picture or text at a depth: what `placeSticker` does. */
export interface StickerStep extends Named<Sticker> {
  readonly op: 'sticker';
}

/** Several stickers, which sort themselves by depth: what `placeStickers` does. */
export interface StickersStep {
  readonly op: 'stickers';
  stickers: readonly Named<Sticker>[];
}

/** The photo from another place nearby: what `applyParallax` does. */
export interface ParallaxStep extends Omit<ParallaxOptions, 'matte' | 'faces'> {
  readonly op: 'parallax';
}

/** Corrections of the depth by brush strokes: what `applyStrokes` does. */
export interface StrokesStep {
  readonly op: 'strokes';
  strokes: readonly Stroke[];
}

/** Options by name of the operators that a host registers: to be extended by it, for the types of its steps. */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- hosts add to it
export interface CustomOperators {}

/** One step: the operator's name and its options. */
export type Step =
  | BokehStep
  | GradeStep
  | HazeStep
  | RelightStep
  | VignetteStep
  | VisualiseStep
  | PeakingStep
  | BackgroundStep
  | StickerStep
  | StickersStep
  | ParallaxStep
  | StrokesStep
  | { [K in keyof CustomOperators]: { readonly op: K } & CustomOperators[K] }[keyof CustomOperators];
