// CommonJS: the package is ES modules only, which `import()` loads from anywhere.
async function main([photo, out]) {
  const { estimateDepth } = await import('relievo');
  const { readImageFile, writeDepth } = await import('relievo/node');
  const depth = await estimateDepth(await readImageFile(photo));
  await writeDepth(out, depth);
  console.log(`${depth.width} × ${depth.height}`);
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
