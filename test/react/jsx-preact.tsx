/** @jsxImportSource preact */
/* Checked by `npm run types`: nothing runs here. */
import '../../src/element/preact.js';

export const tag = (
  <relievo-photo src="a.jpg" focus="0.4,0.6" aperture={0.05} class="photo" onClick={(e) => e.currentTarget.depthMap} />
);

// @ts-expect-error -- no such attribute takes an object
export const wrong = <relievo-photo src={{}} />;
