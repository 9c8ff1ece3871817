import { parallaxFrames, type ParallaxFramesOptions } from '../effects/parallax.js';
import { stereoPair, type StereoOptions } from '../effects/stereo.js';
import { resizeImage } from '../image/resize.js';
import { writeAnimation } from '../node/animation.js';
import { checkEnding, writeImage } from '../node/write.js';
import { numberFlag, UsageError, type Command } from './command.js';
import { matteOfPeople, openPhoto, photoDepth, withOpened } from './session.js';

const MOTIONS = ['wiggle', 'orbit', 'dolly'] as const;
const LAYOUTS = ['anaglyph', 'side-by-side', 'cross-eyed'] as const;

export const parallax: Command = {
  usage: `relievo parallax PHOTO… [-o out.gif] [--motion wiggle|orbit|dolly] [--amount 0.02] [--frames 24] [--size 640]
  An endless animated GIF or WebP, its long side --size pixels. --stereo anaglyph|side-by-side|cross-eyed: instead one
  picture for two eyes, at full size (-o out.png).`,
  options: {
    motion: { type: 'string' },
    amount: { type: 'string' },
    frames: { type: 'string' },
    size: { type: 'string' },
    stereo: { type: 'string' },
    depth: { type: 'string' },
    network: { type: 'boolean' },
    'max-megapixels': { type: 'string' },
  },
  suffix: '-parallax.gif',
  prepare: (flags) => {
    const oneOf = <const T extends readonly string[]>(name: string, values: T): T[number] | undefined => {
      const given = flags[name];
      if (given === undefined || values.includes(given as string)) return given as T[number] | undefined;
      throw new UsageError(`--${name} must be ${values.join(', ')}, received '${given}'.`);
    };
    const motion: ParallaxFramesOptions['motion'] = oneOf('motion', MOTIONS);
    const layout: StereoOptions['layout'] = oneOf('stereo', LAYOUTS);
    const amount = numberFlag(flags, 'amount', 0, 0.1);
    const frames = numberFlag(flags, 'frames', 2, 600);
    const size = numberFlag(flags, 'size', 16, 4096) ?? 640;
    return async (path, out, io) => {
      const photo = await openPhoto(path, flags, io);
      const { signal } = io;
      const { depth, matte } = await withOpened(photo, io, async (opened) => ({
        depth: (await photoDepth(path, photo, flags, io, opened)).depth,
        matte: await matteOfPeople(opened, io),
      }));
      if (layout) {
        const still = out.endsWith('-parallax.gif') ? out.replace(/gif$/, 'png') : out;
        checkEnding(still);
        const image = await stereoPair(photo, depth, { layout, separation: amount, matte, signal });
        await writeImage(still, image, { signal });
        return { photo: path, parallax: still, width: image.width, height: image.height };
      }
      const scale = Math.min(1, size / Math.max(photo.width, photo.height));
      const width = Math.max(1, Math.round(photo.width * scale));
      const height = Math.max(1, Math.round(photo.height * scale));
      const small = scale < 1 ? await resizeImage(photo, width, height, { signal }) : photo;
      const views = parallaxFrames(small, depth, { motion, amount, frames, matte, signal });
      return { photo: path, parallax: out, ...(await writeAnimation(out, views, { signal })) };
    };
  },
};
