import { RECIPE_VERSION, type Recipe, type Step } from './pipeline.js';

const recipe = (...steps: Step[]): Recipe => ({ version: RECIPE_VERSION, steps });

/** Looks to start from. Each is a recipe: copy it and change what you like. */
export const PRESETS = {
  /** The subject stands out by light. */
  pop: recipe({
    op: 'grade',
    background: { exposure: -0.8, saturation: -0.2 },
    foreground: { exposure: 0.2, contrast: 0.12, vibrance: 0.2 },
  }),
  /** Only the subject has colour. */
  'colour-pop': recipe({
    op: 'grade',
    background: { exposure: -0.2, saturation: -1 },
    foreground: { contrast: 0.08, vibrance: 0.25 },
  }),
  /** Day for night: dim and blue, darkest behind. */
  night: recipe(
    {
      op: 'grade',
      ranges: [{ exposure: -1.2, temperature: -0.6, highlights: -0.4, contrast: 0.15, saturation: -0.35 }],
      background: { exposure: -1 },
    },
    { op: 'vignette', amount: -1 },
  ),
  /** Late sun: warm light, a warm veil far away. */
  golden: recipe(
    { op: 'grade', ranges: [{ temperature: 0.4, tint: 0.08, shadows: 0.2, highlights: -0.2, vibrance: 0.25 }] },
    { op: 'haze', amount: 0.35, colour: '#ffd7a0' },
    { op: 'vignette', amount: -0.5 },
  ),
  /** Black and white, hard, the background dark. */
  noir: recipe(
    {
      op: 'grade',
      ranges: [{ saturation: -1, contrast: 0.4 }],
      background: { exposure: -1 },
    },
    { op: 'vignette', amount: -1.5, protect: 0.6 },
  ),
  /** The background fades into fog. */
  mist: recipe({ op: 'haze', amount: 0.8 }, { op: 'grade', background: { saturation: -0.2 } }),
  /** Warm people before a cold background. */
  cinema: recipe(
    {
      op: 'grade',
      foreground: { temperature: 0.15, vibrance: 0.15 },
      background: { exposure: -0.4, temperature: -0.35, tint: -0.1 },
      ranges: [
        {
          curves: {
            rgb: [
              [0, 0.03],
              [0.25, 0.22],
              [0.75, 0.78],
              [1, 0.97],
            ],
          },
        },
      ],
    },
    { op: 'vignette', amount: -0.6 },
  ),
} as const satisfies Readonly<Record<string, Recipe>>;
