import type { DepthMap, Face, ImageDataLike } from 'relievo';

/** A photo with its depth, at one size. */
export interface Layer {
  readonly image: ImageDataLike;
  readonly depth: DepthMap;
}

/** Mean of the samples that each smaller one covers. */
export function shrinkDepth(depth: DepthMap, width: number, height: number): DepthMap {
  if (depth.width === width && depth.height === height) return depth;
  const data = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const y0 = Math.floor((y * depth.height) / height);
    const y1 = Math.max(y0 + 1, Math.floor(((y + 1) * depth.height) / height));
    for (let x = 0; x < width; x++) {
      const x0 = Math.floor((x * depth.width) / width);
      const x1 = Math.max(x0 + 1, Math.floor(((x + 1) * depth.width) / width));
      let sum = 0;
      for (let v = y0; v < y1; v++) for (let u = x0; u < x1; u++) sum += depth.data[v * depth.width + u]!;
      data[y * width + x] = Math.min(1, sum / ((y1 - y0) * (x1 - x0)));
    }
  }
  return { width, height, data };
}

/** Faces on a picture of other sides: those of the one that they were found on times x and y. */
export function facesAt(faces: readonly Face[], x: number, y: number): Face[] {
  return faces.map((face) => {
    const { box, points } = face;
    return {
      ...face,
      box: { x: box.x * x, y: box.y * y, width: box.width * x, height: box.height * y },
      points: points.map((p) => ({ x: p.x * x, y: p.y * y })),
    };
  });
}

/** Draws an image over the whole canvas, enlarging it where it is smaller. */
export function draw(canvas: HTMLCanvasElement, image: ImageDataLike): void {
  const context = canvas.getContext('2d')!;
  if (image.width === canvas.width && image.height === canvas.height) {
    context.putImageData(toImageData(image), 0, 0);
    return;
  }
  context.imageSmoothingQuality = 'high';
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.drawImage(toCanvas(image), 0, 0, canvas.width, canvas.height);
}

export function toCanvas(image: ImageDataLike): HTMLCanvasElement {
  const canvas = Object.assign(document.createElement('canvas'), { width: image.width, height: image.height });
  canvas.getContext('2d', { colorSpace: image.colorSpace ?? 'srgb' })!.putImageData(toImageData(image), 0, 0);
  return canvas;
}

/** Encodes at full resolution. A type that the browser cannot write comes out as PNG. */
export async function encode(image: ImageDataLike, type: string): Promise<Blob> {
  const blob = await new Promise<Blob | null>((resolve) => toCanvas(image).toBlob(resolve, type, 0.95));
  if (!blob) throw new Error(`this browser cannot write ${image.width} × ${image.height} pixels.`);
  return blob;
}

export function isOpaque({ data }: ImageDataLike): boolean {
  for (let i = 3; i < data.length; i += 4) if (data[i] !== 255) return false;
  return true;
}

function toImageData(image: ImageDataLike): ImageData {
  if (image instanceof ImageData) return image;
  const { data, width, height, colorSpace = 'srgb' } = image;
  const bytes = new Uint8ClampedArray(data.buffer as ArrayBuffer, data.byteOffset, data.length);
  return new ImageData(bytes, width, height, { colorSpace });
}
