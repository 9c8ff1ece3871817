import { invalid, numbers, readOptions, type NumberTable } from '../core/params.js';

/** The shadow that a sticker throws on what is close behind or under it. */
export interface ShadowOptions {
  /** `'drop'`: the outline, shifted, on a wall behind; `'ground'`: the outline laid flat at its foot. Default: 'drop'. */
  kind?: 'drop' | 'ground' | undefined;
  /** Share of the light that it takes, 0..1. Default: 0.5. */
  strength?: number | undefined;
  /** Radius of its soft edge as a share of the long side, 0..0.1. Default: 0.01. */
  blur?: number | undefined;
  /** Shift of a drop shadow to the right as a share of the long side, -0.5..0.5. Default: 0.005. */
  x?: number | undefined;
  /** Shift of a drop shadow down as a share of the long side, -0.5..0.5. Default: 0.01. */
  y?: number | undefined;
  /** Disparity within which a surface behind it still gets the shadow, 0.001..1. Default: 0.2. */
  reach?: number | undefined;
}

export const SHADOW_PARAMS = {
  strength: { default: 0.5, min: 0, max: 1, unit: 'share', doc: 'Share of the light that it takes.' },
  blur: { default: 0.01, min: 0, max: 0.1, unit: 'share of the long side', doc: 'Radius of its soft edge.' },
  x: { default: 0.005, min: -0.5, max: 0.5, unit: 'share of the long side', doc: 'Shift to the right.' },
  y: { default: 0.01, min: -0.5, max: 0.5, unit: 'share of the long side', doc: 'Shift down.' },
  reach: { default: 0.2, min: 0.001, max: 1, unit: 'disparity', doc: 'How far behind a surface still gets it.' },
} as const satisfies NumberTable;

export type Shadow = { readonly [K in keyof typeof SHADOW_PARAMS]: number } & { readonly kind: 'drop' | 'ground' };

/** @throws RelievoError `INVALID_PARAM`. */
export function readShadow(owner: string, given: ShadowOptions | boolean | undefined): Shadow | undefined {
  if (given === undefined || given === false) return undefined;
  const options = readOptions(`${owner}.shadow`, given === true ? {} : given, [...Object.keys(SHADOW_PARAMS), 'kind']);
  const { kind = 'drop' } = options;
  if (kind !== 'drop' && kind !== 'ground') throw invalid(`${owner}.shadow`, 'kind', "'drop' or 'ground'", kind);
  return { ...numbers(`${owner}.shadow`, SHADOW_PARAMS, { ...options }), kind };
}
