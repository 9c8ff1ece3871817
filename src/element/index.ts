export { RelievoPhoto, type RelievoPhotoAttributes } from './relievo-photo.js';
import { RelievoPhoto } from './relievo-photo.js';

// Importing this entry is enough for the tag to work. A server has no elements, and a page may have imported it twice.
if ('customElements' in globalThis && !customElements.get('relievo-photo'))
  customElements.define('relievo-photo', RelievoPhoto);

declare global {
  interface HTMLElementTagNameMap {
    'relievo-photo': RelievoPhoto;
  }
}
