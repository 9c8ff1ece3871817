export { useDepth, useRelievo, type DepthState, type RelievoState } from './hooks.js';
export { RelievoPhoto, type RelievoPhotoProps } from './relievo-photo.js';
export type { RelievoOptions } from './shared.js';
