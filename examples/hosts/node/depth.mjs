import { applyBokeh, estimateDepth } from 'relievo';
import { readImageFile, writeDepth, writeImage } from 'relievo/node';

const [file] = process.argv.slice(2);
const photo = await readImageFile(file);
const depth = await estimateDepth(photo);
await writeDepth('depth.png', depth);
await writeImage('blurred.png', await applyBokeh(photo, depth, { focus: 'subject', aperture: 0.03 }));
