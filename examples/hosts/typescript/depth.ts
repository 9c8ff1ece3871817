import { estimateDepth, Hydra, pipeline, type DepthMap, type Step } from 'relievo';
import { readImageFile, writeDepth, writeImage } from 'relievo/node';

const steps: Step[] = [{ op: 'bokeh', focus: 'subject', aperture: 0.03 }];

async function main(file: string): Promise<void> {
  using hydra = await Hydra.load();
  const photo = await readImageFile(file);
  const depth: DepthMap = await estimateDepth(photo, { hydra });
  await writeDepth('depth.png', depth);
  await writeImage('blurred.png', (await pipeline(steps).run(photo, depth)).image);
}

await main(process.argv[2]!);
