import sharp from 'sharp';
import { setImmediate as turn } from 'node:timers/promises';
import { api } from '../../demo/render/rendering.js';
import type { Face, Step } from '../../src/index.js';
import { readImageFile } from '../../src/node/index.js';
import { ASTRONAUT } from '../helpers/photos.js';
import { depthOf, noisy } from '../effects/helpers.js';

test('faces that come while a draft becomes smaller are there in the drafts after it', async () => {
  const [W, H] = [900, 600];
  const face = { box: { x: 600, y: 200, width: 200, height: 200 }, points: [], confidence: 1 } as unknown as Face;
  const pixels = noisy(W, H, 3);
  let waiting = false;
  let told: Promise<unknown> | undefined;
  // Its pixels are read for one thing while a first draft is drawn: a smaller one.
  const photo = {
    ...pixels,
    get data() {
      if (waiting) told ??= turn().then(() => api.setFaces(2, [face], { width: W, height: H }));
      return pixels.data;
    },
  };
  const draft = (id: number, ...steps: Step[]) => api.render(id, 'draft', { version: 1, steps });
  const blurred = { op: 'bokeh', aperture: 0.2 } as const;
  api.start('cpu');
  const depth = depthOf(W, H, (x) => (x < W / 2 ? 0.1 : 0.9));
  await api.setPhoto(1, photo, depth);
  waiting = true;
  await draft(3, { ...blurred, focus: 0.1 }); // takes longer than a draft may
  expect(await told).toEqual({ value: undefined });
  expect(await draft(4, { ...blurred, focus: 'faces' }, { op: 'vignette' })).toHaveProperty('value');
});

test('where nothing encodes video a loop is a GIF', async () => {
  const photo = await readImageFile(ASTRONAUT);
  api.start('cpu');
  const depth = depthOf(512, 512, (x) => (x < 256 ? 0.1 : 0.9));
  await api.setPhoto(5, photo, depth);
  const told: number[] = [];
  const made = await api.loop(
    6,
    { version: 1, steps: [] },
    { motion: 'orbit', amount: 0.02, seconds: 1 },
    undefined,
    (p) => told.push(p),
  );
  const { value: file } = made as { value: Blob };
  expect(file.type).toBe('image/gif');
  const { format, width, pageHeight, pages, delay, loop } = await sharp(Buffer.from(await file.arrayBuffer()), {
    animated: true,
  }).metadata();
  expect({ format, width, pageHeight, pages, loop }).toEqual({
    format: 'gif',
    width: 400,
    pageHeight: 400,
    pages: 12,
    loop: 0,
  });
  expect(delay![0]).toBe(80);
  expect(told.at(-1)).toBe(1);
});
