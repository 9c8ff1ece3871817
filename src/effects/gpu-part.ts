import type { DepthMap } from '../depth/depth-map.js';
import type { Device, Rect, Texture } from '../gpu/index.js';
import { cutRows, type Region } from '../image/region.js';
import { blockSteps, partsReach, spread, STEP, TAPS, type BlockSteps } from './edge-parts.js';
import type { Tile } from './operator.js';
import {
  BLOCK_MEANS,
  BLOCK_NODES,
  BLOCK_SAMPLES,
  pointProgram,
  TABLE_WIDTH,
  type PointLines,
} from './point-program.js';

/** A depth map with what is worked out of it once for all parts. */
export class Scene {
  readonly depth: DepthMap;
  #steps: BlockSteps | undefined;
  #range: readonly [low: number, high: number] | undefined;

  constructor(depth: DepthMap) {
    this.depth = depth;
  }

  get steps(): BlockSteps {
    return (this.#steps ??= blockSteps(this.depth));
  }

  /** Disparities that occur. */
  get range(): readonly [low: number, high: number] {
    if (!this.#range) {
      let low = 1;
      let high = 0;
      for (const d of this.depth.data) {
        if (d < low) low = d;
        if (d > high) high = d;
      }
      this.#range = [low, high];
    }
    return this.#range;
  }

  /** Pixels around a part that its point operators depend on. */
  get margin(): number {
    return partsReach(this.depth);
  }

  cut({ x, y, width, height }: Region): DepthMap {
    const { depth } = this;
    if (width === depth.width && height === depth.height) return depth;
    return { width, height, data: cutRows(depth.data, depth.width, { x, y, width, height }, 1) };
  }
}

/** Where blocks have a step: their nodes, and the blocks that these are made of. */
interface Where {
  readonly nodes: readonly Rect[];
  readonly means: readonly Rect[];
}

/** The depth of a part of a photo on the GPU, and the passes over pictures of that part. */
export class Part implements Tile {
  readonly region: Region;
  readonly depth: DepthMap;
  readonly #device: Device;
  readonly #scene: Scene;
  readonly #textures = new Map<string, Texture>();
  /** Blocks of the part: the first, and how many. */
  readonly #first: readonly [x: number, y: number];
  readonly #blocks: readonly [columns: number, rows: number];
  #where: Where | undefined;
  /** Picture that the nodes are of. */
  #nodesOf: Texture | undefined;

  constructor(device: Device, scene: Scene, region: Region) {
    this.#device = device;
    this.#scene = scene;
    this.region = region;
    this.depth = scene.cut(region);
    const { block } = scene.steps;
    const { x, y, width, height } = region;
    this.#first = [Math.floor(x / block), Math.floor(y / block)];
    this.#blocks = [Math.ceil((x + width) / block) - this.#first[0], Math.ceil((y + height) / block) - this.#first[1]];
    this.#textures.set('depth', device.texture('r32f', width, height, this.depth.data));
  }

  dispose(): void {
    for (const texture of this.#textures.values()) this.#device.free(texture);
    this.#textures.clear();
  }

  get depthTexture(): Texture {
    return this.#at('depth');
  }

  /** The size of the photo that it is a part of. */
  get whole(): { readonly width: number; readonly height: number } {
    return this.#scene.depth;
  }

  /** What is known of a picture is not known of what is drawn over it. */
  forget(picture: Texture): void {
    if (this.#nodesOf === picture) this.#nodesOf = undefined;
  }

  /** Point operators in a row, in one pass. */
  points(lines: readonly PointLines[], from: Texture, to: Texture): void {
    const device = this.#device;
    const where = this.#steps();
    const split = where.nodes.length > 0;
    if (split) this.#splitUp(from);
    const { shader, uniforms, table } = pointProgram(lines, split);
    device.draw({
      shader,
      to: [to],
      uniforms: {
        ...uniforms,
        u_picture: from,
        u_depth: this.#at('depth'),
        u_table: this.#table(table),
        u_origin: [this.region.x, this.region.y],
        ...(split && {
          ...this.#grid(),
          u_near: this.#at('near'),
          u_far: this.#at('far'),
          u_rest: this.#at('rest'),
        }),
      },
      reads: 4,
    });
    this.forget(to);
  }

  /** Sums about steps of depth, from which a shader takes mixed pixels apart. */
  #splitUp(from: Texture): void {
    if (this.#nodesOf === from) return;
    const device = this.#device;
    const { depth } = this.#scene;
    const [columns, rows] = this.#blocks;
    const where = this.#steps();
    const means = [this.#texture('light', 'rgba32ui', columns, rows), this.#texture('more', 'rgba32ui', columns, rows)];
    const grid = this.#grid();
    device.draw({
      shader: BLOCK_MEANS,
      to: means,
      uniforms: {
        ...grid,
        u_picture: from,
        u_depth: this.#at('depth'),
        u_origin: [this.region.x, this.region.y],
        u_whole: [depth.width, depth.height],
        u_stride: Math.max(1, Math.floor(this.#scene.steps.block / BLOCK_SAMPLES)),
      },
      rects: where.means,
      reads: 32,
    });
    const nodes = ['near', 'far', 'rest'].map((name) => this.#texture(name, 'rgba32ui', columns * 3, rows * 3));
    device.draw({
      shader: BLOCK_NODES,
      to: nodes,
      uniforms: { u_steps: grid.u_steps, u_light: means[0]!, u_rest: means[1]! },
      rects: where.nodes,
      reads: 2 * (2 * TAPS + 1) ** 2,
    });
    this.#nodesOf = from;
  }

  #grid() {
    return { u_steps: this.#at('steps'), u_firstBlock: this.#first, u_block: this.#scene.steps.block };
  }

  /** Uploads the steps once, and finds where they are. */
  #steps(): Where {
    if (this.#where) return this.#where;
    const { columns: stride, low, high } = this.#scene.steps;
    const [columns, rows] = this.#blocks;
    const cells = new Float32Array(columns * rows * 4);
    const stepped = new Float32Array(columns * rows);
    for (let y = 0, i = 0; y < rows; y++) {
      for (let x = 0, b = (this.#first[1] + y) * stride + this.#first[0]; x < columns; x++, b++, i++) {
        cells[i * 4] = low[b]!;
        cells[i * 4 + 1] = high[b]!;
        stepped[i] = high[b]! - low[b]! >= STEP ? 1 : 0;
      }
    }
    this.#textures.set('steps', this.#device.texture('rgba32f', columns, rows, cells));
    let around = stepped;
    for (let k = 0; k < TAPS; k++) around = spread(around, columns) as Float32Array<ArrayBuffer>;
    return (this.#where = { nodes: runs(stepped, columns, 3), means: runs(around, columns, 1) });
  }

  #table(table: Float32Array): Texture {
    const height = table.length / 4 / TABLE_WIDTH;
    const known = this.#textures.get('table');
    if (known?.height === height) {
      this.#device.fill(known, table);
      return known;
    }
    if (known) this.#device.free(known);
    const texture = this.#device.texture('rgba32f', TABLE_WIDTH, height, table);
    this.#textures.set('table', texture);
    return texture;
  }

  #at(name: string): Texture {
    return this.#textures.get(name)!;
  }

  #texture(name: string, format: 'rgba32ui', width: number, height: number): Texture {
    let texture = this.#textures.get(name);
    if (!texture) this.#textures.set(name, (texture = this.#device.texture(format, width, height)));
    return texture;
  }
}

/** Runs of marked blocks, row by row, as rectangles of `scale` cells to a block. */
function runs(marked: Float32Array, columns: number, scale: number): Rect[] {
  const out: Rect[] = [];
  for (let y = 0; y * columns < marked.length; y++) {
    for (let x = 0; x < columns; x++) {
      if (!marked[y * columns + x]) continue;
      const first = x;
      while (x < columns && marked[y * columns + x]) x++;
      out.push([first * scale, y * scale, x * scale, (y + 1) * scale]);
    }
  }
  return out;
}
