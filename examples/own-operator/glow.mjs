/**
 * An operator of one's own: things at a depth give off light. It works wherever a recipe does: `registerOperator(glow)` in a
 * page or in Node, `createWorker({ operators: ['/glow.mjs'] })`, `relievo edit PHOTO --recipe glow.json --operators glow.mjs`.
 */
import { definePointOperator, option } from 'relievo/effects';

export default definePointOperator({
  name: 'glow',
  doc: 'Light given off by what lies at a depth.',
  options: {
    at: option.number({ default: 1, min: 0, max: 1, unit: 'disparity', doc: 'What glows.' }),
    width: option.number({ default: 0.2, min: 0.01, max: 1, unit: 'disparity', doc: 'How far the glow reaches.' }),
    amount: option.number({ default: 0.3, min: 0, max: 4, unit: 'times white', doc: 'Light of what glows most.' }),
  },
  plan: async ({ at, width, amount }) => {
    if (amount === 0) return undefined; // nothing to do: the step is left out
    return {
      /** The reference: linear light of neighbouring pixels. */
      kernel: ({ count, r, g, b, depth }) => {
        for (let i = 0; i < count; i++) {
          const away = (depth[i] - at) / width;
          const light = amount * Math.exp(-away * away);
          r[i] += light;
          g[i] += light;
          b[i] += light;
        }
      },
      /** The same for the GPU. */
      glsl: (write) => `{
    float away = (d - ${write.value('float', at)}) / ${write.value('float', width)};
    c += ${write.value('float', amount)} * exp(-away * away);
  }`,
    };
  },
});
