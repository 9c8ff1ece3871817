import { applyBokeh, BOKEH_PARAMS, type BokehOptions } from '../effects/bokeh.js';
import { checkEnding, writeImage } from '../node/write.js';
import { numberFlag, UsageError, type Command, type Flags } from './command.js';
import { facesFor, openPhoto, photoDepth, withOpened } from './session.js';

type NumberName = keyof typeof BOKEH_PARAMS;

/** Options of the lens that are numbers: a flag each, with the range of the table. */
const LENS = ['rotation', 'roundness', 'squeeze', 'ring', 'catsEye', 'falloff', 'recover', 'highlights'] as const;

const kebab = (name: string) => name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);

function lensHelp(name: NumberName): string {
  const { min, max, unit, doc, default: standard } = BOKEH_PARAMS[name];
  return `    --${kebab(name).padEnd(12)}${min}..${max} ${unit} (${standard}). ${doc}`;
}

export const bokeh: Command = {
  usage: `relievo bokeh PHOTO… [-o out.png] [--depth D.png | --network] [--focus X,Y|0..1|NEAR-FAR|subject|faces|face:N] [--aperture 0.03] [--shape disc|5..9] [LENS]
  Depth of field. --depth: a grey picture taken as it is (16-bit / 65535, 8-bit / 255), instead of the
  photo's own or the network's; --network: the network's, whatever the photo carries.
  --focus: a point in pixels of the upright photo, a disparity, a range of disparities, the subject (default), every
  face, or the N-th face from 0 as 'relievo faces' lists them.
  --aperture: radius of the blur as a share of the long side, at a disparity difference of 1.
  LENS, each a number; one below 0 as --ring=-0.5:
${LENS.map(lensHelp).join('\n')}`,
  options: {
    depth: { type: 'string' },
    network: { type: 'boolean' },
    focus: { type: 'string' },
    aperture: { type: 'string' },
    shape: { type: 'string' },
    ...Object.fromEntries(LENS.map((name) => [kebab(name), { type: 'string' as const }])),
    'max-megapixels': { type: 'string' },
  },
  suffix: '-bokeh.png',
  prepare: (flags) => {
    const numbers: Partial<Record<NumberName, number>> = {};
    for (const name of ['aperture', ...LENS] as const) {
      const value = numberFlag(flags, kebab(name), BOKEH_PARAMS[name].min, BOKEH_PARAMS[name].max);
      if (value !== undefined) numbers[name] = value;
    }
    const settings: BokehOptions = {
      focus: parseFocus(flags),
      ...numbers,
      ...(flags['shape'] !== undefined && { shape: parseShape(flags) }),
    };
    return async (path, out, io) => {
      checkEnding(out);
      const photo = await openPhoto(path, flags, io);
      return withOpened(photo, io, async (opened) => {
        const { depth: map } = await photoDepth(path, photo, flags, io, opened);
        const faces = await facesFor([settings.focus], opened, io);
        const result = await applyBokeh(photo, map, { ...settings, faces, signal: io.signal });
        await writeImage(out, result, { metadataFrom: photo.file, signal: io.signal });
        return { photo: path, bokeh: out, width: result.width, height: result.height };
      });
    };
  },
};

function parseFocus(flags: Flags): NonNullable<BokehOptions['focus']> {
  const text = flags['focus'];
  if (text === undefined) return 'subject';
  if (text === 'subject' || text === 'faces') return text;
  const value = typeof text === 'string' ? text : '';
  const face = /^face:(\d{1,3})$/.exec(value);
  if (face) return { face: Number(face[1]) };
  const pair = /^(\d+(?:\.\d+)?),(\d+(?:\.\d+)?)$/.exec(value);
  if (pair) return { x: Number(pair[1]), y: Number(pair[2]) };
  const range = /^([01](?:\.\d+)?)-([01](?:\.\d+)?)$/.exec(value);
  if (range) {
    const [a, b] = [Number(range[1]), Number(range[2])];
    if (a <= 1 && b <= 1) return [Math.max(a, b), Math.min(a, b)];
  }
  if (/^[01](?:\.\d+)?$/.test(value) && Number(value) <= 1) return Number(value);
  throw new UsageError(
    `--focus must be X,Y in pixels, a disparity 0..1, a range like 0.6-0.9, 'subject', 'faces' or face:N, received '${text}'.`,
  );
}

function parseShape(flags: Flags): NonNullable<BokehOptions['shape']> {
  const text = flags['shape'];
  if (text === 'disc') return text;
  const blades = Number(text);
  if (Number.isInteger(blades) && blades >= 5 && blades <= 9) return blades as 5;
  throw new UsageError(`--shape must be 'disc' or 5 to 9 blades, received '${text}'.`);
}
