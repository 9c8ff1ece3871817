/**
 * The main job: a real portrait, refocused by a depth map that our network infers.
 *
 *     npm start [PHOTO]        writes out/NAME-depth.png, NAME-depth-colour.png, NAME-bokeh.png
 */
import { basename, extname, join, relative } from 'node:path';
import { build, ROOT, setup } from './setup.mjs';

setup();
build();
const { applyBokeh, detectFaces, estimateDepth, Hydra, isRelievoError, visualiseDepth } =
  await import('../dist/index.js');
const { readImageFile, writeDepth, writeImage } = await import('../dist/node/index.js');

const photoPath = process.argv[2] ?? join(ROOT, 'assets/astronaut.png');
const name = basename(photoPath, extname(photoPath));
const out = (suffix) => join(ROOT, 'out', `${name}${suffix}`);

async function step(label, work) {
  const start = performance.now();
  const result = await work();
  console.log(
    `${label.padEnd(58)} ${Math.round(performance.now() - start)
      .toString()
      .padStart(6)} ms`,
  );
  return result;
}

try {
  const photo = await step(`read ${relative(process.cwd(), photoPath) || photoPath}`, () => readImageFile(photoPath));
  const hydra = await step('load backbone, depth and faces heads', () => Hydra.load({ modules: ['depth', 'faces'] }));
  const opened = await hydra.open(photo); // one run of the backbone serves both heads
  const depth = await step(`estimate depth of ${photo.width} × ${photo.height} pixels (${hydra.backend})`, () =>
    estimateDepth(opened, { hydra }),
  );
  const faces = await step('find faces on the same features', () => detectFaces(opened, { hydra }));
  // Where there is no face the subject is in focus.
  const bokeh = await step('refocus on the faces, background out of focus', () =>
    applyBokeh(photo, depth, { focus: 'faces', faces }),
  );
  await step('write three pictures', async () => {
    await writeDepth(out('-depth.png'), depth);
    await writeImage(out('-depth-colour.png'), visualiseDepth(depth));
    await writeImage(out('-bokeh.png'), bokeh, { metadataFrom: photo.file });
  });
  hydra.close();
  console.log(`
  ${relative(process.cwd(), out('-depth.png'))}         16-bit disparity, white = near
  ${relative(process.cwd(), out('-depth-colour.png'))}  the same in colour
  ${relative(process.cwd(), out('-bokeh.png'))}         the photo with depth of field

Next:
  npm start PHOTO.jpg                                          your own photo
  npm run demo                                                 tap the focus in a page
  node dist/cli/main.js bokeh PHOTO.jpg --focus 400,300 --aperture 0.05 -o refocused.jpg
  npm test                                                     the tests`);
} catch (error) {
  if (!isRelievoError(error)) throw error;
  console.error(`npm start: ${error.message}`);
  process.exitCode = 1;
}
