import { PARALLAX_FRAMES_PARAMS, parallaxFrames } from '../../effects/parallax.js';
import { stereoPair } from '../../effects/stereo.js';
import { resizeImage } from '../../image/resize.js';
import { oneOf } from '../../core/schema.js';
import { define, type Result } from '../command.js';
import { fromReader, numeric, type Flag } from '../flags.js';
import { DEPTH_FLAGS, matteOfPeople, photoDepth, withOpened } from '../session.js';
import { openPhoto } from '../source.js';
import { PICTURE_ENDINGS } from '../steps.js';

const MOTIONS = ['wiggle', 'orbit', 'dolly'] as const;
const LAYOUTS = ['anaglyph', 'side-by-side', 'cross-eyed'] as const;
const SIZE = { default: 640, min: 16, max: 4096, unit: 'pixels', doc: 'Long side of the animation.' };

const ANIMATION: Result = { suffix: 'parallax', endings: ['.gif', '.webp'] };
const STILL: Result = { suffix: 'parallax', endings: PICTURE_ENDINGS };

export const parallax = define({
  summary: 'An endless animated GIF or WebP with a moving camera, or one picture for two eyes.',
  flags: {
    motion: fromReader(oneOf(MOTIONS), 'Way of the camera: wiggle unless said.', 'Options') as Flag<
      (typeof MOTIONS)[number]
    >,
    amount: numeric(PARALLAX_FRAMES_PARAMS.amount, 'Options'),
    frames: numeric(PARALLAX_FRAMES_PARAMS.frames, 'Options'),
    size: numeric(SIZE, 'Options'),
    stereo: fromReader(oneOf(LAYOUTS), 'Instead one picture for two eyes, at full size.', 'Options') as Flag<
      (typeof LAYOUTS)[number]
    >,
    ...DEPTH_FLAGS,
  },
  result: ANIMATION,
  prepare: ({ motion, amount, frames, size = SIZE.default, stereo, ...flags }) => ({
    result: stereo ? STILL : ANIMATION,
    run: async (from, out, work) => {
      const photo = await openPhoto(from, flags, work);
      const { depth, matte } = await withOpened(photo, work, async (opened) => ({
        depth: (await photoDepth(from, photo, flags, work, [0, 0.3], opened)).depth,
        matte: await matteOfPeople(opened, work),
      }));
      const { signal } = work;
      if (stereo) {
        const image = await stereoPair(photo, depth, {
          layout: stereo,
          separation: amount,
          matte,
          ...work.task(0.3, 0.9),
        });
        await out.image(image, work);
        return { photo: from.path, parallax: out.path, width: image.width, height: image.height };
      }
      const scale = Math.min(1, size / Math.max(photo.width, photo.height));
      const width = Math.max(1, Math.round(photo.width * scale));
      const height = Math.max(1, Math.round(photo.height * scale));
      const small = scale < 1 ? await resizeImage(photo, width, height, { signal }) : photo;
      const views = parallaxFrames(small, depth, { motion, amount, frames, matte, ...work.task(0.3, 0.9) });
      return { photo: from.path, parallax: out.path, ...(await out.film(views, work)) };
    },
  }),
});
