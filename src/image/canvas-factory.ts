/** Makes a canvas. Pages have their own; in Node, `canvasFactory()` of relievo/node. */
export type CanvasFactory = (width: number, height: number) => OffscreenCanvas | HTMLCanvasElement;
