import { LIGHT_STEPS, lightPlace, lightTable, linearToSrgb, lumaOf, srgbToLinear } from '../image/colour.js';
import { applyLut } from './apply-lut.js';
import { monotoneCurve } from './curve.js';
import type { LookValues } from './look.js';
import type { Lut } from './lut.js';
import { whiteBalance } from './white-balance.js';

/** Changes pixels from..to of three planes of linear light, in place. What comes out may lie beyond 0..1. */
export type Look = (r: Float32Array, g: Float32Array, b: Float32Array, from: number, to: number) => void;

/** Middle grey, 18 % of the light, on the encoded scale. */
const PIVOT = linearToSrgb(0.18);
/** Largest change of the encoded value by highlights and shadows; more would turn the order of tones round. */
const TONE = 0.13;

/** One thing that a look does to a pixel, with all that can be worked out before: the GPU's passes take it from here. */
export type Stage =
  | { readonly does: 'gain'; readonly gain: number }
  /** Row by row. */
  | { readonly does: 'matrix'; readonly matrix: Float64Array }
  | { readonly does: 'tones'; readonly tones: Tones; readonly luma: Float64Array }
  | { readonly does: 'tables'; readonly tables: readonly [red: Float32Array, green: Float32Array, blue: Float32Array] }
  | { readonly does: 'saturation'; readonly saturation: number; readonly vibrance: number; readonly luma: Float64Array }
  | { readonly does: 'lut'; readonly lut: Lut; readonly strength: number };

/**
 * Turns a look into as few stages as it needs: a matrix, a gain by luminance, a curve per channel, saturation, a table.
 *
 * @returns none for a look that changes nothing.
 */
export function planLook(look: LookValues, space: PredefinedColorSpace): readonly Stage[] {
  const stages: Stage[] = [];
  const luma = Float64Array.from(lumaOf(space));
  const light = 2 ** look.exposure;
  if (look.temperature !== 0 || look.tint !== 0) {
    const matrix = Float64Array.from(whiteBalance(look.temperature, look.tint, space).flat(), (v) => v * light);
    stages.push({ does: 'matrix', matrix });
  } else if (light !== 1) stages.push({ does: 'gain', gain: light });
  const { curves } = look;
  if (look.highlights !== 0 || look.shadows !== 0 || curves?.luma) {
    const last = curves?.luma ? monotoneCurve(curves.luma) : (v: number) => v;
    const tones = planTones((v) => last(tone(v, look.shadows, look.highlights)));
    stages.push({ does: 'tones', tones, luma });
  }
  const channels = [curves?.red, curves?.green, curves?.blue];
  if (look.contrast !== 0 || curves?.rgb || channels.some(Boolean)) {
    const slope = 2 ** look.contrast;
    const all = curves?.rgb ? monotoneCurve(curves.rgb) : (v: number) => v;
    const common = encodedTable((v) => all(stretch(v, slope)));
    const tables = channels.map((points) => {
      if (!points) return common;
      const own = monotoneCurve(points);
      return encodedTable((v) => own(all(stretch(v, slope))));
    }) as [Float32Array, Float32Array, Float32Array];
    stages.push({ does: 'tables', tables });
  }
  if (look.vibrance !== 0 || look.saturation !== 0)
    stages.push({ does: 'saturation', saturation: 1 + look.saturation, vibrance: look.vibrance, luma });
  if (look.lut && look.lutStrength > 0) stages.push({ does: 'lut', lut: look.lut, strength: look.lutStrength });
  return stages;
}

/**
 * The stages on the CPU. Each is a small loop whose constants fit the registers; all of them in one loop were measured
 * slower.
 */
export function lookOf(stages: readonly Stage[]): Look {
  const work = stages.map(workOf);
  return (r, g, b, from, to) => work.forEach((stage) => stage(r, g, b, from, to));
}

function workOf(stage: Stage): Look {
  switch (stage.does) {
    case 'gain':
      return (...planes) => times(stage.gain, ...planes);
    case 'matrix':
      return (...planes) => throughMatrix(stage.matrix, ...planes);
    case 'tones':
      return (...planes) => throughTones(stage.tones, stage.luma, ...planes);
    case 'tables':
      return (r, g, b, from, to) => {
        const [red, green, blue] = stage.tables;
        throughTable(r, red, from, to);
        throughTable(g, green, from, to);
        throughTable(b, blue, from, to);
      };
    case 'saturation':
      if (stage.vibrance === 0) return (...planes) => saturate(stage.saturation, stage.luma, ...planes);
      return (...planes) => saturateMuted(stage.saturation, stage.vibrance, stage.luma, ...planes);
    case 'lut':
      return (...planes) => applyLut(stage.lut, stage.strength, ...planes);
  }
}

function times(gain: number, r: Float32Array, g: Float32Array, b: Float32Array, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    r[i] = r[i]! * gain;
    g[i] = g[i]! * gain;
    b[i] = b[i]! * gain;
  }
}

function throughMatrix(
  m: Float64Array,
  r: Float32Array,
  g: Float32Array,
  b: Float32Array,
  from: number,
  to: number,
): void {
  const [rr, rg, rb, gr, gg, gb, br, bg, bb] = [m[0]!, m[1]!, m[2]!, m[3]!, m[4]!, m[5]!, m[6]!, m[7]!, m[8]!];
  for (let i = from; i < to; i++) {
    const x = r[i]!;
    const y = g[i]!;
    const z = b[i]!;
    r[i] = rr * x + rg * y + rb * z;
    g[i] = gr * x + gg * y + gb * z;
    b[i] = br * x + bg * y + bb * z;
  }
}

/**
 * Two bumps on the encoded scale, v (1 - v)² and v² (1 - v) scaled to 1 at their tops, a third and two thirds of the
 * way. Black and white stay, and the order of tones at any strength.
 */
function tone(v: number, shadows: number, highlights: number): number {
  if (v <= 0 || v >= 1) return v;
  return v + TONE * 6.75 * v * (1 - v) * (shadows * (1 - v) + highlights * v);
}

/** Largest gain of a channel: what is nearly black has no colour worth keeping, only noise. */
export const MOST_GAIN = 8;

/** Of a luminance: what it becomes, and the gain of all channels that makes it so. */
interface Tones {
  readonly target: Float32Array;
  readonly gain: Float32Array;
}

/** All channels times one gain, so that hue and saturation stay; a lifted black becomes grey. */
function planTones(curve: (encoded: number) => number): Tones {
  const target = encodedTable(curve);
  const light = lightTable((y) => y);
  const gain = target.map((v, i) => (v > MOST_GAIN * light[i]! ? MOST_GAIN : v / light[i]!));
  if (target[0] === 0) gain[0] = gain[1]!;
  return { target, gain };
}

/** A curve of encoded values as one of light. */
function encodedTable(curve: (encoded: number) => number): Float32Array {
  return lightTable((light) => srgbToLinear(curve(linearToSrgb(light))));
}

function throughTones(
  { target, gain }: Tones,
  luma: Float64Array,
  r: Float32Array,
  g: Float32Array,
  b: Float32Array,
  from: number,
  to: number,
): void {
  const [lr, lg, lb] = [luma[0]!, luma[1]!, luma[2]!];
  for (let i = from; i < to; i++) {
    const x = r[i]!;
    const y = g[i]!;
    const z = b[i]!;
    const light = lr * x + lg * y + lb * z;
    const at = lightPlace(light);
    const k = gain[at]!;
    const rest = k < MOST_GAIN ? 0 : target[at]! - k * light;
    r[i] = x * k + rest;
    g[i] = y * k + rest;
    b[i] = z * k + rest;
  }
}

/** An S through black, middle grey and white, of the given slope at grey; its reverse is that of the slope's inverse. */
function stretch(v: number, slope: number): number {
  if (slope === 1 || v <= 0 || v >= 1) return v;
  return v < PIVOT ? PIVOT * (v / PIVOT) ** slope : 1 - (1 - PIVOT) * ((1 - v) / (1 - PIVOT)) ** slope;
}

/** Light above white keeps what it has above it, for a later look may bring it back. */
function throughTable(plane: Float32Array, table: Float32Array, from: number, to: number): void {
  const white = table[LIGHT_STEPS]!;
  for (let i = from; i < to; i++) {
    const v = plane[i]!;
    plane[i] = v < 1 ? table[lightPlace(v)]! : white * v;
  }
}

/** Moves a colour from or to the grey of its luminance. */
function saturate(
  k: number,
  luma: Float64Array,
  r: Float32Array,
  g: Float32Array,
  b: Float32Array,
  from: number,
  to: number,
): void {
  const [lr, lg, lb] = [luma[0]!, luma[1]!, luma[2]!];
  for (let i = from; i < to; i++) {
    const x = r[i]!;
    const y = g[i]!;
    const z = b[i]!;
    const grey = lr * x + lg * y + lb * z;
    r[i] = grey + k * (x - grey);
    g[i] = grey + k * (y - grey);
    b[i] = grey + k * (z - grey);
  }
}

/** The same, and by vibrance as much as the colour lacks to full saturation. */
function saturateMuted(
  saturation: number,
  vibrance: number,
  luma: Float64Array,
  r: Float32Array,
  g: Float32Array,
  b: Float32Array,
  from: number,
  to: number,
): void {
  const [lr, lg, lb] = [luma[0]!, luma[1]!, luma[2]!];
  for (let i = from; i < to; i++) {
    const x = r[i]!;
    const y = g[i]!;
    const z = b[i]!;
    // Largest and smallest of the three, without branches, which noise would make a guess of.
    const apart = Math.abs(x - y);
    const high = (x + y + apart) / 2;
    const low = (x + y - apart) / 2;
    const most = (high + z + Math.abs(high - z)) / 2;
    const least = (low + z - Math.abs(low - z)) / 2;
    const k = saturation * (1 + (most > 0 ? (vibrance * (least > 0 ? least : 0)) / most : vibrance));
    const grey = lr * x + lg * y + lb * z;
    r[i] = grey + k * (x - grey);
    g[i] = grey + k * (y - grey);
    b[i] = grey + k * (z - grey);
  }
}
