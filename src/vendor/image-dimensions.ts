export { imageDimensionsFromData } from 'image-dimensions';
