/** @jsxImportSource react */
/* Checked by `npm run types`: nothing runs here. */
import { useDepth, useRelievo, RelievoPhoto } from '../../src/react/index.js';
import type { RelievoPhoto as Element } from '../../src/element/index.js';

export const tag = (
  <relievo-photo
    src="a.jpg"
    depth="a-depth.png"
    focus={0.7}
    aperture="0.03"
    alt="Ada"
    class="photo"
    ref={(element: Element | null) => void element?.plane?.toFixed()}
  />
);

// @ts-expect-error -- no such attribute takes an object
export const wrong = <relievo-photo src={{}} />;

// @ts-expect-error -- an aperture is a number
export const wrongProp = <RelievoPhoto src="a.jpg" aperture="wide" />;

export function Narrowed({ file }: { file: File | undefined }) {
  const { depth, photo, relievo, error } = useDepth(file);
  const all = useRelievo({ backend: 'wasm' });
  // @ts-expect-error -- not there yet
  all.relievo.close();
  if (error) return <p>{error.message}</p>;
  if (!depth) return null;
  // What belongs together is there together.
  return <button onClick={() => void relievo.applyBokeh(photo, depth, { focus: 'subject' })}>{depth.width}</button>;
}
