import { RelievoError } from '../core/errors.js';
import { replaceBackground, type Background } from '../effects/replace-background.js';
import { parseColour } from '../image/parse-colour.js';
import { readDepth } from '../node/depth-file.js';
import { readImageFile } from '../node/read.js';
import { checkEnding, writeImage } from '../node/write.js';
import { cutOut, showsPeople } from '../portrait/matte.js';
import { numberFlag, type Command, type Io } from './command.js';
import { openHydraFor, openPhoto, photoDepth, withOpened, type OpenedPhoto } from './session.js';

export const cutout: Command = {
  usage: `relievo cutout PHOTO… [-o out.png] [--background FILE|COLOUR|none] [--matte M.png] [--depth D.png | --network]
  The subject before nothing (none, the default), a colour (#rrggbb or a name) or another photo. --blur R: before its
  own background, blurred by R of the long side. --matte: a grey picture, white = subject. Without it people
  are the subject, or, with --depth or --network or where nobody is to be seen, what is near.`,
  options: {
    background: { type: 'string' },
    blur: { type: 'string' },
    matte: { type: 'string' },
    depth: { type: 'string' },
    network: { type: 'boolean' },
    'max-megapixels': { type: 'string' },
  },
  suffix: '-cutout.png',
  prepare: (flags) => {
    const blur = numberFlag(flags, 'blur', 0, 0.2);
    return async (path, out, io) => {
      checkEnding(out);
      const photo = await openPhoto(path, flags, io);
      const background = await readBackground(flags['background'], blur, io.signal);
      const matte =
        typeof flags['matte'] === 'string' ? await readDepth(flags['matte'], { signal: io.signal }) : undefined;
      const byDepth = typeof flags['depth'] === 'string' || flags['network'] === true;
      const subject = await withOpened(photo, io, async (opened) => {
        const people = matte || byDepth ? undefined : await cutPeople(opened, io);
        return people ?? { matte, depth: matte ? undefined : (await photoDepth(path, photo, flags, io, opened)).depth };
      });
      const { image } = await replaceBackground(photo, { background, ...subject, signal: io.signal });
      await writeImage(out, image, { metadataFrom: photo.file, signal: io.signal });
      return { photo: path, cutout: out, width: image.width, height: image.height };
    };
  },
};

/** Matte and own colours of the people; undefined where there are none, and what is near is the subject. */
async function cutPeople(photo: OpenedPhoto, io: Io) {
  const people = await cutOut(await photo.get(), { hydra: await openHydraFor('matte', io), signal: io.signal });
  return showsPeople(people.matte) ? people : undefined;
}

async function readBackground(
  given: string | boolean | undefined,
  blur: number | undefined,
  signal: AbortSignal,
): Promise<Background> {
  if (blur !== undefined) return { blur };
  if (typeof given !== 'string' || given === 'none') return 'transparent';
  if (parseColour(given)) return { colour: given };
  if (given.startsWith('#'))
    throw new RelievoError('INVALID_PARAM', `--background: '${given}' is no colour: write #rgb or #rrggbb.`);
  return { image: await readImageFile(given, { signal }) };
}
