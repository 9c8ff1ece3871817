/** CSS's names of colours. The build puts each file of this folder, with what it imports, into one file of the package. */
export { default } from 'color-name';
