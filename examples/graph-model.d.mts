type Shape = readonly number[];

export declare class GraphWriter {
  input(name: string, shape: Shape, type?: string): string;
  conv(
    name: string,
    x: string,
    shape: Shape,
    kernel: ArrayLike<number>,
    options?: { bias?: ArrayLike<number>; stride?: number; activation?: 'Relu' | 'Relu6' },
  ): string;
  operation(
    name: string,
    op: string,
    inputs: readonly string[],
    numbers?: readonly (number | readonly number[])[],
    attr?: object,
  ): string;
  transpose(name: string, x: string, order: Shape): string;
  squeeze(name: string, x: string, axis: number): string;
  output(name: string, x: string, shape: Shape): string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a test changes any part of it
  json(): any;
  write(folder: string, manifest: object, json?: unknown): URL;
}
