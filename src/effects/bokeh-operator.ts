import { lazy } from '../core/lazy.js';
import { blur, resolveLens } from './bokeh.js';
import { BOKEH_FIELDS } from './bokeh-fields.js';
import { defineOperator } from './operator.js';

export const bokehOperator = defineOperator({
  name: 'bokeh',
  doc: 'Depth of field of a thin lens.',
  options: BOKEH_FIELDS,
  run: async ({ image, depth, faces, part }, options, task) => ({
    image: await blur(image, depth, { ...options, faces, ...task }, part),
  }),
  gpu: {
    // Masses and colours of layers do not fit into bytes or halves.
    needsFloats: true,
    plan: async (options, { depth, faces }) => {
      const lens = resolveLens('bokeh', depth, { ...options, faces });
      if (!lens) return undefined;
      const { bokehPass } = await lazy(() => import('./bokeh-pass.js'));
      return bokehPass(lens);
    },
  },
});
