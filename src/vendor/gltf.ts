export { Document, WebIO } from '@gltf-transform/core';
