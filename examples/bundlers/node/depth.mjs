import { estimateDepth } from 'relievo';
import { readImageFile, writeDepth } from 'relievo/node';

const [photo, out] = process.argv.slice(2);
const depth = await estimateDepth(await readImageFile(photo));
await writeDepth(out, depth);
console.log(`${depth.width} × ${depth.height}`);
