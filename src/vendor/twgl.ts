// As a namespace: the package is no ES module to Node, where it is imported and never called.
import * as twgl from 'twgl.js';

export const createFramebufferInfo = twgl.createFramebufferInfo;
export const createProgramInfo = twgl.createProgramInfo;
export const createTexture = twgl.createTexture;
export const setUniforms = twgl.setUniforms;
