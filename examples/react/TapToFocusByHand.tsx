/** @jsxImportSource react */
import { useEffect, useRef, useState } from 'react';
import { useDepth } from 'relievo/react';

/** The same from the hook and a canvas: every step is the app's own, and runs in the worker. */
export function TapToFocusByHand({ file }: { file: File }) {
  const { depth, photo, relievo, progress, error, retry } = useDepth(file);
  const [focus, setFocus] = useState<'subject' | { x: number; y: number }>('subject');
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (!depth) return;
    const stop = new AbortController();
    const blurred = relievo.applyBokeh(photo, depth, { focus, aperture: 0.04, signal: stop.signal });
    blurred.then((image) => canvas.current!.getContext('2d')!.putImageData(image as ImageData, 0, 0), console.debug);
    return () => stop.abort();
  }, [depth, photo, relievo, focus]);
  if (error) return <button onClick={retry}>{error.message} Try again</button>;
  if (!depth) return <progress value={progress} />;
  const tap = ({ nativeEvent: { offsetX, offsetY }, currentTarget: { clientWidth, clientHeight } }: React.MouseEvent) =>
    setFocus({ x: (offsetX / clientWidth) * depth.width, y: (offsetY / clientHeight) * depth.height });
  return <canvas ref={canvas} width={depth.width} height={depth.height} onClick={tap} style={{ width: '100%' }} />;
}
