/** The README's first picture: photo, depth, refocused, from what `npm start` wrote. */
import { join } from 'node:path';
import sharp from 'sharp';
import { ROOT } from './setup.mjs';

const out = (suffix) => join(ROOT, 'out', `astronaut${suffix}`);
const panels = [join(ROOT, 'assets/astronaut.png'), out('-depth-colour.png'), out('-bokeh.png')];
await sharp({ create: { width: 3 * 512, height: 512, channels: 3, background: '#000' } })
  .composite(panels.map((input, i) => ({ input, left: 512 * i, top: 0 })))
  .jpeg({ quality: 88 })
  .toFile(join(ROOT, 'docs/images/hero.jpg'));
