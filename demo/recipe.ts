import type { Recipe, Step } from 'relievo/effects';

export type Op = Step['op'];
export type StepOf<K extends Op> = Extract<Step, { readonly op: K }>;

/**
 * Where a new step goes: what changes the depth first, then the scene and its air, then the lens, then the development of
 * the picture. A recipe that was read from a file keeps its own order.
 */
const ORDER: readonly Op[] = [
  ...(['strokes', 'background', 'sticker', 'stickers', 'parallax'] as const),
  ...(['relight', 'haze', 'bokeh', 'grade', 'vignette', 'visualise', 'peaking'] as const),
];
/** What a preset sets. */
const LOOK: readonly Op[] = ['grade', 'haze', 'vignette'];

export function stepOf<K extends Op>(recipe: Recipe, op: K): StepOf<K> | undefined {
  return recipe.steps.find((s): s is StepOf<K> => s.op === op);
}

/** The recipe with this step in the place of the first of its kind, or where it belongs. */
export function withStep(recipe: Recipe, step: Step): Recipe {
  const steps = [...recipe.steps];
  const at = steps.findIndex((s) => s.op === step.op);
  if (at >= 0) steps[at] = step;
  else {
    const rank = (s: Step) => ORDER.indexOf(s.op);
    const next = steps.findIndex((s) => rank(s) > rank(step));
    steps.splice(next < 0 ? steps.length : next, 0, step);
  }
  return { ...recipe, steps };
}

export function without(recipe: Recipe, ...ops: readonly Op[]): Recipe {
  return { ...recipe, steps: recipe.steps.filter((s) => !ops.includes(s.op)) };
}

/** The steps before the lens, and the lens with all that follows; without a lens all steps come before it. */
export function splitAtLens(recipe: Recipe): { readonly before: Recipe; readonly after: Recipe } {
  const lens = recipe.steps.findIndex((s) => s.op === 'bokeh');
  const cut = lens < 0 ? recipe.steps.length : lens;
  const part = (from: number, to?: number): Recipe => ({ ...recipe, steps: recipe.steps.slice(from, to) });
  return { before: part(0, cut), after: part(cut) };
}

/** The recipe with the look of a preset in the place of its own. */
export function withLook(recipe: Recipe, look: Recipe | undefined): Recipe {
  return (look?.steps ?? []).reduce<Recipe>(withStep, without(recipe, ...LOOK));
}

/** Whether the recipe has exactly that look. */
export function hasLook(recipe: Recipe, look: Recipe | undefined): boolean {
  return JSON.stringify(withLook(recipe, look)) === JSON.stringify(recipe);
}

/** What has to be known of the depth: the steps that change it. */
export function depthSteps(recipe: Recipe): Recipe {
  return {
    ...recipe,
    steps: recipe.steps.filter((s) => ['strokes', 'background', 'sticker', 'stickers'].includes(s.op)),
  };
}

/** Names of pictures and tables in a recipe. Data URLs carry theirs. */
export function resourceNames(recipe: Recipe): string[] {
  const names: string[] = [];
  const visit = (v: unknown, key = ''): void => {
    if (typeof v === 'string' && ['image', 'lut', 'relief', 'depth'].includes(key) && !v.startsWith('data:'))
      names.push(v);
    else if (typeof v === 'object' && v !== null) for (const [k, e] of Object.entries(v)) visit(e, k);
  };
  visit(recipe.steps);
  return [...new Set(names)];
}

/** The recipe with every named picture and table in it, so that one file holds it all. */
export function inlined(recipe: Recipe, urls: Readonly<Record<string, string>>): Recipe {
  const replace = (v: unknown, key = ''): unknown => {
    if (typeof v === 'string' && ['image', 'lut', 'relief', 'depth'].includes(key)) return urls[v] ?? v;
    if (Array.isArray(v)) return v.map((e) => replace(e));
    if (typeof v === 'object' && v !== null)
      return Object.fromEntries(Object.entries(v).map(([k, e]) => [k, replace(e, k)]));
    return v;
  };
  return { ...recipe, steps: replace(recipe.steps) as Step[] };
}

/**
 * f-numbers for a portrait lens of 85 mm on full frame (36 mm wide), focused at 2 m: the disc of something at infinity
 * has the radius f² / (2 N (s - f)), as a share of the long side.
 */
const LENS = 85 ** 2 / (2 * (2000 - 85)) / 36;
/** The slider counts thirds of a stop, closed to open; the first is a pinhole, the last f/0.7. */
const SMALLEST = 22;
export const APERTURE_THIRDS = 30;

export function apertureAt(thirds: number): number {
  return thirds <= 0 ? 0 : Math.min(0.2, (LENS / SMALLEST) * 2 ** (thirds / 6));
}

export function thirdsOf(aperture: number): number {
  if (aperture <= 0) return 0;
  const thirds = Math.round(6 * Math.log2((SMALLEST * aperture) / LENS));
  return Math.min(APERTURE_THIRDS, Math.max(1, thirds));
}
