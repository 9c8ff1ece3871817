export {
  Device,
  type AnyCanvas,
  type DeviceOptions,
  type Precision,
  type Targets,
  type Texture,
  type TextureFormat,
  type UniformValue,
} from './device.js';
export type { Draw, Rect } from './device.js';
export { Context, type ContextOptions } from './context.js';
