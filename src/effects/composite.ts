import { createSums, spread, type Region } from './aperture.js';
import { BEHIND_FROM, createSampler, type BehindLevel } from './behind.js';
import { spreadThroughBarrel, type Barrel } from './cats-eye.js';
import type { EdgePixels } from './edges.js';
import { DEPTH_STEPS, readLight, type Group, type LayerImage, type LayerPlan } from './layers.js';
import type { Ranges } from './ranges.js';

/** Weight of a guessed, hidden surface beside a visible one. */
export const HIDDEN_WEIGHT = 0.1;

/** Colour (premultiplied, linear) and what is left of the light of everything behind, per cell, interleaved. */
interface Sheet {
  readonly level: number;
  readonly region: Region;
  /** channels colours, then the transmittance 0..1. */
  readonly data: Float32Array;
}

/** What the lens does besides blurring. */
export interface Look {
  /** How many times brighter clipped lights are before they are blurred, minus 1. */
  readonly highlights: number;
  /** What cuts the aperture off the axis; undefined: nothing. */
  readonly barrel: Barrel | undefined;
}

/** Extent of the image in cells. */
interface Grid {
  readonly width: number;
  readonly height: number;
}

/**
 * Renders tiles of a photo through its layers.
 *
 * Every pixel is shared by the two layers around its depth. A layer's discs are gathered together with the share of
 * each disc that the layer can know: what nearer things hide is unknown, unless {@link BehindLevel} guesses it. Their
 * ratio is how much the layer covers, so a surface that spans several layers stays closed, the background continues
 * under the subject's edge, and a near object's own edge fades over what is behind. Layers are put over each other
 * from near to far.
 */
export class TileRenderer {
  readonly #image: LayerImage;
  readonly #plan: LayerPlan;
  readonly #behind: BehindLevel;
  readonly #visible: Ranges;
  readonly #hidden: Ranges;
  readonly #edges: EdgePixels;
  readonly #look: Look;
  readonly #channels: number;
  readonly #sums: Float64Array;
  /** Buffers by group, reused from tile to tile. */
  readonly #layers = new Map<string, Float32Array>();
  readonly #found: Float32Array;

  /**
   * @param behind level 1.
   * @param ranges of the disparity per pixel, and of hiddenT in `behind` where something is hidden.
   * @param tile largest side of a tile in pixels; tiles start at multiples of 2^(coarsest level).
   */
  constructor(
    image: LayerImage,
    plan: LayerPlan,
    behind: BehindLevel,
    edges: EdgePixels,
    ranges: { readonly visible: Ranges; readonly hidden: Ranges },
    tile: number,
    look: Look,
  ) {
    this.#image = image;
    this.#plan = plan;
    this.#behind = behind;
    this.#edges = edges;
    this.#visible = ranges.visible;
    this.#hidden = ranges.hidden;
    this.#look = look;
    this.#channels = image.channels;
    const reach = Math.max(...plan.groups.map((g) => g.reach));
    this.#sums = createSums(tile + 2 * reach + 8, image.channels + 2);
    this.#found = new Float32Array(image.channels + 2);
  }

  /** Linear premultiplied colours and transmittance of the tile's pixels, until the next call. */
  render(tile: Region): Float32Array {
    const { groups, sharp } = this.#plan;
    let near: Sheet | undefined;
    for (let g = 0; g < sharp; g++)
      near = this.#over(this.#refine(near, groups[g]!.level, tile, 'near'), this.#group(g, tile));
    let far: Sheet | undefined;
    for (let g = groups.length - 1; g > sharp; g--)
      far = this.#over(this.#group(g, tile), this.#refine(far, groups[g]!.level, tile, 'far'));
    const front = this.#over(this.#refine(near, 0, tile, 'near'), this.#group(sharp, tile));
    return this.#over(front, this.#refine(far, 0, tile, 'far'))!.data;
  }

  /** Cells of a level that a tile needs: its own, and one around it for interpolation. */
  #window(tile: Region, level: number): Region {
    if (level === 0) return tile;
    const size = 2 ** level;
    const x = tile.x / size - 1;
    const y = tile.y / size - 1;
    const right = Math.ceil((tile.x + tile.width) / size) + 1;
    const bottom = Math.ceil((tile.y + tile.height) / size) + 1;
    return { x, y, width: right - x, height: bottom - y };
  }

  #grid(level: number): Grid {
    const size = 2 ** level;
    return { width: Math.ceil(this.#image.width / size), height: Math.ceil(this.#image.height / size) };
  }

  #buffer(name: string, length: number): Float32Array {
    let buffer = this.#layers.get(name);
    if (!buffer || buffer.length < length) {
      buffer = new Float32Array(length);
      this.#layers.set(name, buffer);
    } else buffer.fill(0, 0, length);
    return buffer;
  }

  /** `a` in front of `b`; the result is written into one of them. */
  #over(a: Sheet | undefined, b: Sheet | undefined): Sheet | undefined {
    if (!a || !b) return a ?? b;
    const C = this.#channels;
    const n = a.region.width * a.region.height;
    const front = a.data;
    const back = b.data;
    for (let i = 0, p = 0; i < n; i++, p += C + 1) {
      const through = front[p + C]!;
      if (through === 0) continue;
      for (let c = 0; c < C; c++) front[p + c] = front[p + c]! + through * back[p + c]!;
      front[p + C] = through * back[p + C]!;
    }
    return a;
  }

  /** A sheet at a finer grid, by bilinear steps of two. */
  #refine(sheet: Sheet | undefined, level: number, tile: Region, side: string): Sheet | undefined {
    if (!sheet) return undefined;
    let fine = sheet;
    for (let l = sheet.level - 1; l >= level; l--) fine = this.#double(fine, this.#window(tile, l), `${side}${l}`);
    return fine;
  }

  #double(sheet: Sheet, to: Region, name: string): Sheet {
    const S = this.#channels + 1;
    const { level, region: from, data } = sheet;
    const grid = this.#grid(level);
    const out = this.#buffer(name, to.width * to.height * S);
    const clampX = (x: number) => (Math.min(grid.width - 1, Math.max(0, x)) - from.x) * S;
    const clampY = (y: number) => (Math.min(grid.height - 1, Math.max(0, y)) - from.y) * from.width * S;
    const near = new Int32Array(to.width);
    const next = new Int32Array(to.width);
    for (let i = 0; i < to.width; i++) {
      const x = to.x + i;
      near[i] = clampX(x >> 1);
      next[i] = clampX((x >> 1) + (x & 1 ? 1 : -1));
    }
    const row = new Float32Array(from.width * S);
    for (let j = 0, o = 0; j < to.height; j++) {
      const y = to.y + j;
      const a = clampY(y >> 1);
      const b = clampY((y >> 1) + (y & 1 ? 1 : -1));
      for (let i = 0; i < row.length; i++) row[i] = 0.75 * data[a + i]! + 0.25 * data[b + i]!;
      for (let i = 0; i < to.width; i++)
        for (let c = 0, p = near[i]!, q = next[i]!; c < S; c++) out[o++] = 0.75 * row[p + c]! + 0.25 * row[q + c]!;
    }
    return { level: level - 1, region: to, data: out };
  }

  /** One group of layers for one tile; undefined when nothing of it is in reach. */
  #group(index: number, tile: Region): Sheet | undefined {
    const group = this.#plan.groups[index]!;
    const C = this.#channels;
    const S = C + 2; // mass, colours, what is unknown
    const to = this.#window(tile, group.level);
    const reach = group.reach;
    const from = { x: to.x - reach, y: to.y - reach, width: to.width + 2 * reach, height: to.height + 2 * reach };
    const cells = from.width * from.height;
    const { visible, hidden } = this.#present(group, from);
    if (!visible && !hidden) return undefined;

    const nearer = this.#buffer(`nearer${index}`, cells);
    const layers: (Float32Array | undefined)[] = [];
    const layer = (i: number) => (layers[i] ??= this.#buffer(`layer${index}.${i}`, cells * S));
    this.#addOutside(nearer, from, group.level);
    this.#addVisible(group, from, nearer, layers, layer);
    if (hidden && group.level === 0) this.#addHiddenPixels(group, from, layer);
    else if (hidden) this.#addHiddenCells(group, from, layer);
    if (layers.length === 0) return undefined;

    const sheet = this.#buffer(`sheet${index}`, to.width * to.height * (C + 1));
    for (let p = C; p < sheet.length; p += C + 1) sheet[p] = 1;
    for (let i = 0; i < layers.length; i++) {
      const source = layers[i];
      if (!source) continue;
      // The last channel holds minus the hidden mass, which is part of the mass; what is unknown is then the visible
      // mass of nearer layers, less where a hidden surface is guessed.
      for (let q = 0, p = 0; q < cells; q++, p += S) {
        const visible = source[p]! + source[p + S - 1]!;
        source[p + S - 1] = source[p + S - 1]! + nearer[q]!;
        nearer[q] = nearer[q]! + visible;
      }
      const kernel = group.kernels[i];
      if (kernel) {
        const blurred = this.#buffer(`blurred${index}`, to.width * to.height * S);
        const { barrel } = this.#look;
        if (barrel) spreadThroughBarrel(source, from, blurred, to, S, kernel, this.#sums, barrel, 2 ** group.level);
        else spread(source, from, blurred, to, S, kernel, this.#sums);
        this.#addLayer(sheet, blurred, { ...to, x: 0, y: 0 }, to, C);
      } else this.#addLayer(sheet, source, { ...from, x: reach, y: reach }, to, C);
    }
    return { level: group.level, region: to, data: sheet };
  }

  /** Whether a window may hold something of the group. It may say so of a window that does not, never the reverse. */
  #present({ level, first, last }: Group, from: Region): { visible: boolean; hidden: boolean } {
    const scaled = (by: number, around: number) => ({
      x: from.x * by - around,
      y: from.y * by - around,
      width: from.width * by + 2 * around,
      height: from.height * by + 2 * around,
    });
    // At level 0 a pixel sees behind it what is hidden in the cells around, and what is visible in them.
    const pixels = level === 0 ? 4 : 0;
    const [low, high] = this.#visible.within(scaled(2 ** level, pixels));
    const [front, back] = this.#hidden.within(scaled(2 ** (level - 1), pixels / 2));
    const [nearest, farthest] = [this.#layerOf(high), this.#layerOf(low)];
    const visible = nearest < last + 1 && farthest > first - 1;
    const hidden = front < last + 1 && back > first - 1;
    return { visible, hidden: hidden || (level === 0 && visible && farthest - nearest > BEHIND_FROM) };
  }

  #layerOf(disparity: number): number {
    return this.#image.layers[(disparity * DEPTH_STEPS + 0.5) | 0]!;
  }

  /** Puts a layer behind what is in the sheet. `at` is where the sheet lies in the layer's buffer. */
  #addLayer(sheet: Float32Array, layer: Float32Array, at: Region, to: Region, C: number): void {
    const S = C + 2;
    for (let y = 0, o = 0; y < to.height; y++) {
      let p = ((at.y + y) * at.width + at.x) * S;
      for (let x = 0; x < to.width; x++, o += C + 1, p += S) {
        const mass = layer[p]!;
        const through = sheet[o + C]!;
        if (mass < 1e-6 || through < 1e-6) continue;
        const share = through / Math.max(mass, 1 - layer[p + S - 1]!);
        for (let c = 0; c < C; c++) sheet[o + c] = sheet[o + c]! + share * layer[p + 1 + c]!;
        sheet[o + C] = Math.max(0, through - share * mass);
      }
    }
  }

  /** Cells beyond the frame are as unknown as what is hidden. */
  #addOutside(nearer: Float32Array, from: Region, level: number): void {
    const size = 2 ** level;
    const inside = (cell: number, pixels: number) =>
      Math.max(0, Math.min(pixels, (cell + 1) * size) - Math.max(0, cell * size)) / size;
    const { width, height } = this.#image;
    const whole =
      from.x >= 0 && from.y >= 0 && (from.x + from.width) * size <= width && (from.y + from.height) * size <= height;
    if (whole) return;
    for (let y = 0, q = 0; y < from.height; y++) {
      const v = inside(from.y + y, height);
      for (let x = 0; x < from.width; x++, q++) nearer[q] = 1 - v * inside(from.x + x, width);
    }
  }

  #addVisible(
    group: Group,
    from: Region,
    nearer: Float32Array,
    layers: readonly (Float32Array | undefined)[],
    layer: (i: number) => Float32Array,
  ): void {
    const { width, height, depth, layers: layerAt } = this.#image;
    const { starts, x: edgeX, parts } = this.#edges;
    const { level, first, last } = group;
    const C = this.#channels;
    const S = C + 2;
    const size = 2 ** level;
    const unit = 1 / (size * size);
    const x0 = Math.max(0, from.x * size);
    const x1 = Math.min(width, (from.x + from.width) * size);
    const y1 = Math.min(height, (from.y + from.height) * size);
    const colour = new Float32Array(4);
    const put = (t: number, q: number, weight: number) => {
      if (t >= last + 1) return;
      const k = Math.floor(t);
      const f = (t - k) * weight;
      if (k < first) nearer[q] = nearer[q]! + (k < first - 1 ? weight : weight - f);
      else if (weight - f > 0) add(layers[k - first] ?? layer(k - first), q * S, weight - f, colour, C);
      if (f > 0 && k + 1 >= first && k + 1 <= last)
        add(layers[k + 1 - first] ?? layer(k + 1 - first), q * S, f, colour, C);
    };
    for (let y = Math.max(0, from.y * size); y < y1; y++) {
      const row = ((y >> level) - from.y) * from.width - from.x;
      const edgesEnd = starts[y + 1]!;
      let edge = starts[y]!;
      while (edge < edgesEnd && edgeX[edge]! < x0) edge++;
      let nextEdge = edge < edgesEnd ? edgeX[edge]! : width;
      for (let x = x0, i = y * width + x0; x < x1; x++, i++) {
        const q = row + (x >> level);
        const t = layerAt[(depth[i]! * DEPTH_STEPS + 0.5) | 0]!;
        const p = i * 4;
        if (x === nextEdge) {
          const boost = this.#boostAt(p, t);
          for (let side = 0; side < 2; side++) {
            const at = edge * (3 + 2 * C);
            for (let c = 0; c < C; c++) colour[c] = parts[at + 3 + side * C + c]! * (c < 3 ? boost : 1);
            put(parts[at + 1 + side]!, q, unit * (side === 0 ? parts[at]! : 1 - parts[at]!));
          }
          edge++;
          nextEdge = edge < edgesEnd ? edgeX[edge]! : width;
          continue;
        }
        if (t >= last + 1) continue;
        if (t <= first - 1) {
          nearer[q] = nearer[q]! + unit;
          continue;
        }
        readLight(this.#image, i, colour);
        const boost = this.#boostAt(p, t);
        if (boost !== 1) for (let c = 0; c < 3; c++) colour[c] = colour[c]! * boost;
        put(t, q, unit);
      }
    }
  }

  #boostAt(p: number, t: number): number {
    const { highlights } = this.#look;
    return highlights === 0 ? 1 : 1 + highlights * clipped(this.#image.pixels, p) * this.#blurredness(t);
  }

  /** 0 in focus, 1 from the second layer out. */
  #blurredness(t: number): number {
    const { groups, sharp } = this.#plan;
    const group = groups[sharp]!;
    const focus = group.first + group.kernels.indexOf(undefined);
    return Math.min(1, Math.abs(t - focus) / 2);
  }

  #addHiddenPixels(group: Group, from: Region, layer: (i: number) => Float32Array): void {
    const level = this.#behind;
    const { width, height, depth, layers } = this.#image;
    const sample = createSampler(level, this.#channels);
    const found = this.#found;
    const x1 = Math.min(width, from.x + from.width);
    const y1 = Math.min(height, from.y + from.height);
    for (let y = Math.max(0, from.y); y < y1; y++) {
      for (let x = Math.max(0, from.x); x < x1; x++) {
        const t = layers[(depth[y * width + x]! * DEPTH_STEPS + 0.5) | 0]!;
        if (t >= group.last || !sample(x, y, t, found)) continue;
        this.#addHidden(group, layer, (y - from.y) * from.width + x - from.x, 1, found[0]!, found[1]!, found, 2);
      }
    }
  }

  #addHiddenCells(group: Group, from: Region, layer: (i: number) => Float32Array): void {
    const level = this.#behind;
    const { sure, hiddenT, hiddenColour } = level;
    const shift = group.level - 1;
    const size = 2 ** shift;
    const unit = 1 / (size * size);
    const x0 = Math.max(0, from.x * size);
    const x1 = Math.min(level.width, (from.x + from.width) * size);
    const y1 = Math.min(level.height, (from.y + from.height) * size);
    for (let y = Math.max(0, from.y * size); y < y1; y++) {
      const row = ((y >> shift) - from.y) * from.width - from.x;
      for (let x = x0, i = y * level.width + x0; x < x1; x++, i++) {
        if (sure[i] === 0) continue;
        const q = row + (x >> shift);
        this.#addHidden(group, layer, q, unit, sure[i]!, hiddenT[i]!, hiddenColour, i * this.#channels);
      }
    }
  }

  #addHidden(
    { first, last }: Group,
    layer: (i: number) => Float32Array,
    q: number,
    unit: number,
    sure: number,
    t: number,
    colour: Float32Array,
    at: number,
  ): void {
    if (t <= first - 1 || t >= last + 1) return;
    const C = this.#channels;
    const S = C + 2;
    const k = Math.floor(t);
    for (const [i, share] of [
      [k, 1 - (t - k)],
      [k + 1, t - k],
    ] as const) {
      if (i < first || i > last || share === 0) continue;
      const weight = share * sure * unit * HIDDEN_WEIGHT;
      const to = layer(i - first);
      const p = q * S;
      to[p] = to[p]! + weight;
      for (let c = 0; c < C; c++) to[p + 1 + c] = to[p + 1 + c]! + weight * colour[at + c]!;
      to[p + S - 1] = to[p + S - 1]! - weight;
    }
  }
}

function add(to: Float32Array, p: number, weight: number, colour: Float32Array, channels: number): void {
  to[p] = to[p]! + weight;
  to[p + 1] = to[p + 1]! + weight * colour[0]!;
  to[p + 2] = to[p + 2]! + weight * colour[1]!;
  to[p + 3] = to[p + 3]! + weight * colour[2]!;
  if (channels === 4) to[p + 4] = to[p + 4]! + weight * colour[3]!;
}

/** 1 for white, 0 from 24 codes below; of the mean of the channels, since a blue sky clips only its blue. */
function clipped(pixels: Uint8ClampedArray | Uint8Array, p: number): number {
  const v = (pixels[p]! + pixels[p + 1]! + pixels[p + 2]!) / 3;
  return v <= 231 ? 0 : (v - 231) / 24;
}
