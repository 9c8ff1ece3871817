export { default } from 'exifr';
