export { cutOut, estimateMatte, showsPeople, type CutOut } from './matte.js';
export { detectFaces, type FacesOptions } from './faces.js';
export type { PortraitOptions } from './session.js';
export type { Face } from '../image/face.js';
export type { Matte } from '../image/matte.js';
