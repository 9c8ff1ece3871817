import { isRelievoError, RelievoError } from '../../core/errors.js';
import { BACKGROUND_PARAMS, replaceBackground, type Background } from '../../effects/replace-background.js';
import { parseColour } from '../../image/parse-colour.js';
import { readDepth } from '../../node/depth-file.js';
import { readImageFile } from '../../node/read.js';
import { cutOut, showsPeople } from '../../portrait/matte.js';
import { define } from '../command.js';
import { file, numeric, word } from '../flags.js';
import type { Io } from '../io.js';
import { DEPTH_FLAGS, openHydraFor, photoDepth, withOpened, type OpenedPhoto } from '../session.js';
import { openPhoto } from '../source.js';
import { PICTURE_ENDINGS } from '../steps.js';

export const cutout = define({
  summary: 'The subject before nothing, a colour, another photo, or its own background blurred.',
  details:
    'Without --matte people are the subject, or, with --depth or --network or where nobody is to be seen, what is near.',
  flags: {
    background: word(
      'FILE|COLOUR|none',
      'A photo, a colour (a CSS name, #rgb, #rrggbb or #rrggbbaa), or nothing, which is the default.',
      'Options',
    ),
    blur: { ...numeric(BACKGROUND_PARAMS.blur, 'Options'), standard: undefined },
    matte: file('A grey picture, white = subject.', 'Options'),
    ...DEPTH_FLAGS,
  },
  result: { suffix: 'cutout', endings: PICTURE_ENDINGS },
  prepare: (flags) => async (from, out, work) => {
    const photo = await openPhoto(from, flags, work);
    out.check(photo);
    const { signal } = work;
    const background = await readBackground(flags.background, flags.blur, signal);
    const matte = flags.matte === undefined ? undefined : await readDepth(flags.matte, { signal });
    const byDepth = flags.depth !== undefined || flags.network === true;
    const subject = await withOpened(photo, work, async (opened) => {
      const people = matte || byDepth ? undefined : await cutPeople(opened, work);
      if (people) return people;
      return { matte, depth: matte ? undefined : (await photoDepth(from, photo, flags, work, [0, 0.5], opened)).depth };
    });
    const { image } = await replaceBackground(photo, { background, ...subject, ...work.task(0.5, 0.9) });
    await out.image(image, work, photo);
    return { photo: from.path, cutout: out.path, width: image.width, height: image.height };
  },
});

/** Matte and own colours of the people; undefined where there are none, and what is near is the subject. */
async function cutPeople(photo: OpenedPhoto, io: Io) {
  const people = await cutOut(await photo.get(), { hydra: await openHydraFor('matte', io), signal: io.signal });
  return showsPeople(people.matte) ? people : undefined;
}

async function readBackground(
  given: string | undefined,
  blur: number | undefined,
  signal: AbortSignal,
): Promise<Background> {
  if (blur !== undefined) return { blur };
  if (given === undefined || given === 'none') return 'transparent';
  if (parseColour(given)) return { colour: given };
  if (given.startsWith('#'))
    throw new RelievoError('INVALID_PARAM', `--background: '${given}' is no colour: write #rgb or #rrggbb.`);
  try {
    return { image: await readImageFile(given, { signal }) };
  } catch (error) {
    if (!isRelievoError(error, 'FILE_NOT_FOUND') || /[./\\]/.test(given)) throw error;
    throw new RelievoError('FILE_NOT_FOUND', `--background: '${given}' is neither a colour of CSS nor a file.`, {
      cause: error,
    });
  }
}
