/** `<relievo-photo>` with its types for Preact's JSX. */
import type { HTMLAttributes } from 'preact';
import type { RelievoPhoto, RelievoPhotoAttributes } from './relievo-photo.js';

export { RelievoPhoto } from './index.js';

declare module 'preact' {
  // eslint-disable-next-line @typescript-eslint/no-namespace -- so Preact's types say it
  namespace JSX {
    interface IntrinsicElements {
      'relievo-photo': HTMLAttributes<RelievoPhoto> & RelievoPhotoAttributes;
    }
  }
}
