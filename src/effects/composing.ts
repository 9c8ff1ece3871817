import { lazy } from '../core/lazy.js';
import type { NumberParam } from '../core/params.js';
import {
  either,
  flag,
  list,
  number,
  numberFields,
  object,
  oneOf,
  point,
  refuse,
  required,
  resource,
  text,
  told,
  type Reader,
} from '../core/schema.js';
import { applyStrokes, STROKE_PARAMS, type Stroke } from '../depth/strokes.js';
import type { DepthMap } from '../depth/depth-map.js';
import { checkImage, type ImageDataLike } from '../image/image-data.js';
import { parseColour } from '../image/parse-colour.js';
import { BOKEH_FIELDS } from './bokeh-fields.js';
import { SHADOW_PARAMS } from './contact-shadow.js';
import { focusField } from './focus-field.js';
import { GRADE_PARAMS } from './grade.js';
import { defineOperator } from './operator.js';
import { applyParallax, CROP_PARAMS, PARALLAX_PARAMS } from './parallax.js';
import { BACKGROUND_PARAMS, replaceBackground, type Background } from './replace-background.js';
import { placeSticker, placeStickers, STICKER_PARAMS, WIDTH_AT_PARAMS, type Sticker } from './sticker.js';
import { TEXT_PARAMS } from './text.js';

/** The operators that put things together, as a recipe names them. */

const DISPARITY = { default: 0, min: 0, max: 1, unit: 'disparity', doc: '' } as const;

/** A number that is not there unless it is given. */
function optional(param: NumberParam): Reader<number> {
  const { expected, read } = number(param);
  return { expected, read, doc: param.doc };
}

const colour: Reader<string> = {
  expected: "a colour such as '#0a84ff' or 'white'",
  read: (v, at) => (parseColour(v) ? (v as string) : refuse(at, "a colour such as '#0a84ff' or 'white'", v)),
};

const picture = resource('image', "a picture's name", (value) => {
  checkImage('picture', value as ImageDataLike);
  return value as ImageDataLike;
});

/** A grey picture as disparities, white = near: 8 bits are enough for a relief and for a background's depth. */
const greyDepth = resource('image', 'the name of a grey picture, white = near', (value): DepthMap => {
  const { width, height, data } = value as ImageDataLike | DepthMap;
  if (data instanceof Float32Array) return value as DepthMap;
  checkImage('depth', value as ImageDataLike);
  return { width, height, data: Float32Array.from({ length: width * height }, (_, i) => data[i * 4]! / 255) };
});

const grade = object(numberFields(GRADE_PARAMS));

export const backgroundOperator = defineOperator({
  name: 'background',
  doc: 'Something else behind the subject: nothing, a colour, a gradient, its own background blurred, another photo.',
  uses: ['matte'],
  options: {
    background: told(
      'What is behind the subject.',
      required(
        either(
          oneOf(['transparent']),
          object({ colour: required(colour) }),
          object({
            gradient: required(
              object({ from: required(colour), to: required(colour), angle: number(BACKGROUND_PARAMS.angle) }),
            ),
          }),
          object({ blur: required(number(BACKGROUND_PARAMS.blur)), grade }),
          object({
            image: required(picture),
            fit: oneOf(['cover', 'stretch']),
            depth: greyDepth,
            bokeh: object(BOKEH_FIELDS),
            grade,
          }),
        ),
      ),
    ),
    split: optional({ ...DISPARITY, doc: "Border of the subject without a matte: Otsu's threshold unless said." }),
  },
  run: async ({ image, depth, matte }, { background, split }, task) =>
    replaceBackground(image, { background: background as Background, split, depth, matte, ...task }),
  gpu: {
    plan: async ({ background, split }, frame, task) => {
      const { backgroundPass } = await lazy(() => import('./background-pass.js'));
      return backgroundPass(frame, { background: background as Background, split }, task);
    },
  },
});

const place = either(
  number(DISPARITY),
  oneOf(['behind-subject', 'in-front']),
  object({ between: required(list(point, 2, 2)) }),
);

const stickerFields = {
  at: told('Its centre.', required(point)),
  disparity: told('Where it stands in depth.', required(place)),
  ...numberFields(STICKER_PARAMS),
  widthAt: optional(WIDTH_AT_PARAMS.widthAt),
  relief: told('Depth of the picture itself.', greyDepth),
  shadow: told(
    'Thrown on what is close behind or under it.',
    either(flag, object({ kind: oneOf(['drop', 'ground']), ...numberFields(SHADOW_PARAMS) })),
  ),
} as const;

const textFields = {
  text: told('Lines are parted by \\n.', required(text(2000))),
  font: told('CSS font family: sans-serif unless said.', text(200)),
  weight: number(TEXT_PARAMS.weight),
  italic: told('Slanted letters.', flag),
  colour: told('Of the letters: white unless said.', colour),
  align: told('How lines stand below each other: centre unless said.', oneOf(['left', 'centre', 'right'])),
  lineHeight: number(TEXT_PARAMS.lineHeight),
  outline: told(
    'A line around the letters.',
    object({ colour: told('Of the line.', required(colour)), width: required(number(TEXT_PARAMS.outline)) }),
  ),
} as const;

const pictureOrText = {
  image: told('What is placed: this or text.', picture),
  text: told('What is placed: this or a picture.', object(textFields)),
  ...stickerFields,
};

const stickers = () => lazy(() => import('./sticker-pass.js'));

export const stickerOperator = defineOperator({
  name: 'sticker',
  doc: 'A picture or text at a depth: what is nearer hides it.',
  uses: ['matte', 'createCanvas'],
  options: pictureOrText,
  run: async ({ image, depth, matte, createCanvas }, options, task) =>
    placeSticker(image, depth, { ...(options as Sticker), matte, createCanvas, ...task }),
  gpu: {
    plan: async (options, frame, task) => (await stickers()).stickersPass(frame, [options as Sticker], task),
  },
});

export const stickersOperator = defineOperator({
  name: 'stickers',
  doc: 'Several stickers, which sort themselves by depth.',
  uses: ['matte', 'createCanvas'],
  options: { stickers: told('They sort themselves by depth.', required(list(object(pictureOrText), 100))) },
  run: async ({ image, depth, matte, createCanvas }, { stickers }, task) =>
    placeStickers(image, depth, { stickers: stickers as Sticker[], matte, createCanvas, ...task }),
  gpu: {
    plan: async (options, frame, task) => (await stickers()).stickersPass(frame, options.stickers as Sticker[], task),
  },
});

export const parallaxOperator = defineOperator({
  name: 'parallax',
  doc: 'The photo from another place nearby.',
  uses: ['matte'],
  options: {
    ...numberFields(PARALLAX_PARAMS),
    pivot: told('What stays in place: the subject unless said.', focusField),
    crop: optional(CROP_PARAMS.crop),
  },
  run: async ({ image, depth, matte, faces }, options, task) =>
    applyParallax(image, depth, { ...options, matte, faces, ...task }),
});

export const strokesOperator = defineOperator({
  name: 'strokes',
  doc: 'Corrections of the depth by brush strokes that keep to the edges.',
  options: {
    strokes: told(
      'In the order in which they were drawn.',
      required(
        list(
          object({
            kind: told(
              'What it does to the depth; same: that of where it began.',
              required(oneOf(['nearer', 'farther', 'same'])),
            ),
            points: told('Where the brush went.', required(list(point, 10_000, 1))),
            ...numberFields(STROKE_PARAMS),
          }),
          1000,
        ),
      ),
    ),
  },
  run: async ({ image, depth }, { strokes }, task) => ({
    depth: await applyStrokes(image, depth, strokes as Stroke[], task),
  }),
});
