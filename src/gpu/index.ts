export {
  Device,
  type AnyCanvas,
  type DeviceOptions,
  type Precision,
  type Texture,
  type TextureFormat,
  type UniformValue,
} from './device.js';
export type { Draw, Rect } from './device.js';
