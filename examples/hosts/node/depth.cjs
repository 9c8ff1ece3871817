// The package is ES modules. Node 20.19 and 22.12 `require` those; before, `await import('relievo')` does.
const { applyBokeh, estimateDepth } = require('relievo');
const { readImageFile, writeDepth, writeImage } = require('relievo/node');

async function main([file]) {
  const photo = await readImageFile(file);
  const depth = await estimateDepth(photo);
  await writeDepth('depth.png', depth);
  await writeImage('blurred.png', await applyBokeh(photo, depth, { focus: 'subject', aperture: 0.03 }));
}

main(process.argv.slice(2));
