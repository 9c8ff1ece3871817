import { createSums, filledColumns, spread, type Region } from './aperture.js';
import { BEHIND_FROM, createSampler, type BehindLevel, type Level1Colours } from './behind.js';
import { spreadThroughBarrel, type Barrel } from './cats-eye.js';
import type { EdgePixels } from './edges.js';
import { DEPTH_STEPS, readLight, type Group, type LayerImage, type LayerPlan } from './layers.js';
import { RANGE_BLOCK, type Ranges } from './ranges.js';

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

/** Rows of the photo that an image holds, and what is wanted of it. */
export interface Wanted {
  /** Row of the photo that is the image's first. */
  readonly top: number;
  /** Rows of the image: from .. to - 1. */
  readonly from: number;
  readonly to: number;
  /** Columns: left .. right - 1. */
  readonly left: number;
  readonly right: number;
}

/** Room by name, reused from tile to tile and by one renderer after the other. */
export type Buffers = Map<string, Float32Array>;

/** Side of a tile in pixels: a multiple of the coarsest cell (128), small enough to take well under 100 ms. */
export const TILE = 256;
/**
 * Side in pixels, by level, of the block that a group of layers is computed for at once. Coarse grids reach far, so that
 * a block of the size of a tile would mostly compute what its neighbours compute as well.
 */
const BLOCKS = [TILE, 2 * TILE, 4 * TILE] as const;
export const LARGEST = 4 * TILE;
/** Pixels that are put into layers before the event loop may turn. */
const STEP_PIXELS = 100_000;

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
  readonly #colours: Level1Colours;
  readonly #visible: Ranges;
  readonly #hidden: Ranges;
  readonly #edges: EdgePixels;
  readonly #look: Look;
  readonly #channels: number;
  readonly #wanted: Wanted;
  readonly #sums: Float64Array;
  readonly #buffers: Buffers;
  /** By group its last block. */
  readonly #blocks: { x: number; y: number; sheet: Sheet | undefined }[] = [];
  readonly #found: Float32Array;

  /**
   * @param behind level 1; its visible colours come when `colours` is asked for them.
   * @param ranges of the disparity per pixel, and of hiddenT in `behind` where something is hidden.
   */
  constructor(
    image: LayerImage,
    plan: LayerPlan,
    behind: BehindLevel,
    colours: Level1Colours,
    edges: EdgePixels,
    ranges: { readonly visible: Ranges; readonly hidden: Ranges },
    wanted: Wanted,
    look: Look,
    buffers: Buffers,
  ) {
    this.#image = image;
    this.#plan = plan;
    this.#behind = behind;
    this.#colours = colours;
    this.#edges = edges;
    this.#visible = ranges.visible;
    this.#hidden = ranges.hidden;
    this.#wanted = wanted;
    this.#look = look;
    this.#buffers = buffers;
    this.#channels = image.channels;
    const widest = Math.max(...plan.groups.map((g) => blockSide(g.level) / 2 ** g.level + 2 * g.reach));
    this.#sums = createSums(widest + 8, image.channels + 2);
    this.#found = new Float32Array(image.channels + 2);
  }

  /**
   * Renders all tiles in steps, each well under 100 ms, and tells after each the share done. `done` gets a tile's linear
   * premultiplied colours and transmittance; they are valid until it returns. Bytes do not depend on the rows.
   */
  *run(done: (linear: Float32Array, tile: Region) => void): Generator<number, void, undefined> {
    const { from, to, left, right } = this.#wanted;
    const whole = { x: left, y: from, width: right - left, height: to - from };
    const tiles = this.#split(whole, LARGEST)
      .flatMap((block) => this.#split(block, BLOCKS[1]))
      .flatMap((block) => this.#split(block, TILE));
    for (let i = 0; i < tiles.length; i++) {
      const steps = this.#render(tiles[i]!);
      let step;
      while (!(step = steps.next()).done) yield i / tiles.length;
      done(step.value, tiles[i]!);
      yield (i + 1) / tiles.length;
    }
  }

  /** A window cut at multiples of `side` in the photo. */
  #split(window: Region, side: number): Region[] {
    const { top } = this.#wanted;
    const regions: Region[] = [];
    const right = window.x + window.width;
    const bottom = window.y + window.height;
    for (let y = window.y, nextY; y < bottom; y = nextY) {
      nextY = Math.min(bottom, (Math.floor((y + top) / side) + 1) * side - top);
      for (let x = window.x, nextX; x < right; x = nextX) {
        nextX = Math.min(right, (Math.floor(x / side) + 1) * side);
        regions.push({ x, y, width: nextX - x, height: nextY - y });
      }
    }
    return regions;
  }

  *#render(tile: Region): Generator<void, Float32Array, undefined> {
    const { groups, sharp } = this.#plan;
    let near: Sheet | undefined;
    for (let g = 0; g < sharp; g++)
      near = this.#over(this.#refine(near, groups[g]!.level, tile, 'near'), yield* this.#cut(g, tile));
    let far: Sheet | undefined;
    for (let g = groups.length - 1; g > sharp; g--)
      far = this.#over(yield* this.#cut(g, tile), this.#refine(far, groups[g]!.level, tile, 'far'));
    const front = this.#over(this.#refine(near, 0, tile, 'near'), yield* this.#group(sharp, tile));
    return this.#over(front, this.#refine(far, 0, tile, 'far'))!.data;
  }

  /** A group's sheet of the block that a tile lies in. */
  *#blockOf(index: number, tile: Region): Generator<void, Sheet | undefined, undefined> {
    const { top, from, to, left, right } = this.#wanted;
    const side = blockSide(this.#plan.groups[index]!.level);
    const column = Math.floor(tile.x / side) * side;
    const row = Math.floor((tile.y + top) / side) * side - top;
    const last = this.#blocks[index];
    if (last?.x === column && last.y === row) return last.sheet;
    const [x, y] = [Math.max(left, column), Math.max(from, row)];
    const block = { x, y, width: Math.min(right, column + side) - x, height: Math.min(to, row + side) - y };
    const sheet = yield* this.#group(index, block);
    this.#blocks[index] = { x: column, y: row, sheet };
    return sheet;
  }

  /** A copy of a group's cells that a tile needs. */
  *#cut(index: number, tile: Region): Generator<void, Sheet | undefined, undefined> {
    const sheet = yield* this.#blockOf(index, tile);
    if (!sheet) return undefined;
    const S = this.#channels + 1;
    const { level, region: from } = sheet;
    const region = this.#window(tile, level);
    const data = this.#buffer(`cut${index}`, region.width * region.height * S);
    for (let y = 0; y < region.height; y++) {
      const at = ((region.y - from.y + y) * from.width + region.x - from.x) * S;
      data.set(sheet.data.subarray(at, at + region.width * S), y * region.width * S);
    }
    return { level, region, data };
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
    let buffer = this.#buffers.get(name);
    if (!buffer || buffer.length < length) {
      buffer = new Float32Array(length);
      this.#buffers.set(name, buffer);
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
      for (let i = 0; i < to.width; i++, o += S) {
        const p = near[i]!;
        const q = next[i]!;
        out[o] = 0.75 * row[p]! + 0.25 * row[q]!;
        out[o + 1] = 0.75 * row[p + 1]! + 0.25 * row[q + 1]!;
        out[o + 2] = 0.75 * row[p + 2]! + 0.25 * row[q + 2]!;
        out[o + 3] = 0.75 * row[p + 3]! + 0.25 * row[q + 3]!;
        if (S === 5) out[o + 4] = 0.75 * row[p + 4]! + 0.25 * row[q + 4]!;
      }
    }
    return { level: level - 1, region: to, data: out };
  }

  /** One group of layers for one tile; undefined when nothing of it is in reach. */
  *#group(index: number, tile: Region): Generator<void, Sheet | undefined, undefined> {
    const group = this.#plan.groups[index]!;
    const C = this.#channels;
    const S = C + 2; // mass, colours, what is unknown
    const to = this.#window(tile, group.level);
    const reach = group.reach;
    const from = { x: to.x - reach, y: to.y - reach, width: to.width + 2 * reach, height: to.height + 2 * reach };
    const cells = from.width * from.height;
    const { visible, hidden } = this.#present(group, from);
    if (!visible && !hidden) return undefined;

    const nearer = this.#buffer('nearer', cells);
    const layers: (Float32Array | undefined)[] = [];
    const layer = (i: number) => (layers[i] ??= this.#buffer(`layer${i}`, cells * S));
    let unknown = this.#addOutside(nearer, from, group.level);
    const size = 2 ** group.level;
    const rows = Math.ceil(STEP_PIXELS / (from.width * size));
    for (let y = from.y * size; y < (from.y + from.height) * size; y += rows) {
      this.#addVisible(group, from, y, y + rows, nearer, layers, layer);
      yield;
    }
    if (hidden && group.level === 0) this.#addHiddenPixels(group, from, layer);
    else if (hidden) this.#addHiddenCells(group, from, layer);
    if (layers.length === 0) return undefined;

    const inside = to.width * to.height;
    const sheet = this.#buffer(`sheet${index}`, inside * (C + 1));
    for (let p = C; p < sheet.length; p += C + 1) sheet[p] = 1;
    unknown ||= hidden || nearer.subarray(0, cells).some((v) => v !== 0);
    for (let i = 0; i < layers.length; i++) {
      const source = layers[i];
      if (!source) continue;
      // The last plane holds minus the hidden mass, which is part of the mass; what is unknown is then the visible
      // mass of nearer layers, less where a hidden surface is guessed.
      const unseen = source.subarray(cells * (S - 1));
      const filled = filledColumns(source, from);
      for (let y = 0; y < from.height; y++) {
        const row = y * from.width;
        const first = row + filled[2 * y]!;
        const end = row + filled[2 * y + 1]!;
        if (unknown) {
          unseen.set(nearer.subarray(row, first), row);
          unseen.set(nearer.subarray(end, row + from.width), end);
        }
        for (let q = first; q < end; q++) {
          const visible = source[q]! + unseen[q]!;
          unseen[q] = unseen[q]! + nearer[q]!;
          nearer[q] = nearer[q]! + visible;
        }
      }
      const kernel = group.kernels[i];
      if (kernel) {
        const blurred = this.#buffer('blurred', inside * S);
        const planes = unknown ? S : S - 1; // the rest is 0
        const { barrel } = this.#look;
        if (barrel)
          spreadThroughBarrel(source, from, blurred, to, planes, kernel, this.#sums, barrel, 2 ** group.level);
        else spread(source, from, blurred, to, planes, kernel, this.#sums);
        this.#addLayer(sheet, blurred, { ...to, x: 0, y: 0 }, to, C);
      } else this.#addLayer(sheet, source, { ...from, x: reach, y: reach }, to, C);
      unknown = true;
      yield;
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
    const plane = at.width * at.height;
    const unknown = (C + 1) * plane;
    for (let y = 0, o = 0; y < to.height; y++) {
      let p = (at.y + y) * at.width + at.x;
      for (let x = 0; x < to.width; x++, o += C + 1, p++) {
        const mass = layer[p]!;
        const through = sheet[o + C]!;
        if (mass < 1e-6 || through < 1e-6) continue;
        const share = through / Math.max(mass, 1 - layer[p + unknown]!);
        for (let c = 0, q = p + plane; c < C; c++, q += plane) sheet[o + c] = sheet[o + c]! + share * layer[q]!;
        sheet[o + C] = Math.max(0, through - share * mass);
      }
    }
  }

  /** Cells beyond the frame are as unknown as what is hidden. @returns whether there are any. */
  #addOutside(nearer: Float32Array, from: Region, level: number): boolean {
    const size = 2 ** level;
    const inside = (cell: number, pixels: number) =>
      Math.max(0, Math.min(pixels, (cell + 1) * size) - Math.max(0, cell * size)) / size;
    const { width, height } = this.#image;
    const whole =
      from.x >= 0 && from.y >= 0 && (from.x + from.width) * size <= width && (from.y + from.height) * size <= height;
    if (whole) return false;
    for (let y = 0, q = 0; y < from.height; y++) {
      const v = inside(from.y + y, height);
      for (let x = 0; x < from.width; x++, q++) nearer[q] = 1 - v * inside(from.x + x, width);
    }
    return true;
  }

  /** Puts every pixel of a window's rows y0 .. y1 - 1 into the two layers around its depth. */
  #addVisible(
    group: Group,
    from: Region,
    y0: number,
    y1: number,
    nearer: Float32Array,
    layers: readonly (Float32Array | undefined)[],
    layer: (i: number) => Float32Array,
  ): void {
    const { width, height, pixels, linear, channels: C, clipped, depth, layers: layerAt } = this.#image;
    const { starts, x: edgeX, parts } = this.#edges;
    const { level, first, last } = group;
    const plane = from.width * from.height;
    const size = 2 ** level;
    const unit = 1 / (size * size);
    const x0 = Math.max(0, from.x * size);
    const x1 = Math.min(width, (from.x + from.width) * size);
    const bottom = Math.min(height, (from.y + from.height) * size, y1);
    const simple = C === 3 && this.#look.highlights === 0;
    const colour = new Float32Array(4);
    const put = (t: number, q: number, weight: number) => {
      if (t >= last + 1) return;
      const k = Math.floor(t);
      const f = (t - k) * weight;
      if (k < first) nearer[q] = nearer[q]! + (k < first - 1 ? weight : weight - f);
      else if (weight - f > 0) add(layers[k - first] ?? layer(k - first), q, plane, weight - f, colour, C);
      if (f > 0 && k + 1 >= first && k + 1 <= last)
        add(layers[k + 1 - first] ?? layer(k + 1 - first), q, plane, f, colour, C);
    };
    for (let y = Math.max(0, y0); y < bottom; y++) {
      const row = ((y >> level) - from.y) * from.width - from.x;
      const edgesEnd = starts[y + 1]!;
      let edge = starts[y]!;
      while (edge < edgesEnd && edgeX[edge]! < x0) edge++;
      let nextEdge = edge < edgesEnd ? edgeX[edge]! : width;
      for (let x = x0; x < x1;) {
        // Blocks of which all lies behind the group or all in front of it.
        const end = Math.min(x1, (Math.floor(x / RANGE_BLOCK) + 1) * RANGE_BLOCK);
        const block = this.#visible.at(x, y);
        if (nextEdge >= end) {
          if (this.#layerOf(this.#visible.high[block]!) >= last + 1) {
            x = end;
            continue;
          }
          if (this.#layerOf(this.#visible.low[block]!) <= first - 1) {
            for (; x < end; x++) {
              const q = row + (x >> level);
              nearer[q] = nearer[q]! + unit;
            }
            continue;
          }
        }
        for (let i = y * width + x; x < end; x++, i++) {
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
          if (!simple || (clipped !== undefined && clipped[i] !== 0)) {
            readLight(this.#image, i, colour);
            const boost = this.#boostAt(p, t);
            if (boost !== 1) for (let c = 0; c < 3; c++) colour[c] = colour[c]! * boost;
            put(t, q, unit);
            continue;
          }
          // The same for the many pixels that are just a colour.
          const red = linear[pixels[p]!]!;
          const green = linear[pixels[p + 1]!]!;
          const blue = linear[pixels[p + 2]!]!;
          const k = Math.floor(t) - first;
          const f = (t - first - k) * unit;
          const rest = unit - f;
          if (k < 0) nearer[q] = nearer[q]! + rest;
          else if (rest > 0) {
            const to = layers[k] ?? layer(k);
            to[q] = to[q]! + rest;
            to[q + plane] = to[q + plane]! + rest * red;
            to[q + 2 * plane] = to[q + 2 * plane]! + rest * green;
            to[q + 3 * plane] = to[q + 3 * plane]! + rest * blue;
          }
          if (f > 0 && k < last - first) {
            const to = layers[k + 1] ?? layer(k + 1);
            to[q] = to[q]! + f;
            to[q + plane] = to[q + plane]! + f * red;
            to[q + 2 * plane] = to[q + 2 * plane]! + f * green;
            to[q + 3 * plane] = to[q + 3 * plane]! + f * blue;
          }
        }
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
    const plane = from.width * from.height;
    const right = Math.min(width, from.x + from.width);
    const bottom = Math.min(height, from.y + from.height);
    for (let y0 = Math.max(0, from.y), y1; y0 < bottom; y0 = y1) {
      y1 = Math.min(bottom, (Math.floor(y0 / RANGE_BLOCK) + 1) * RANGE_BLOCK);
      for (let x0 = Math.max(0, from.x), x1; x0 < right; x0 = x1) {
        x1 = Math.min(right, (Math.floor(x0 / RANGE_BLOCK) + 1) * RANGE_BLOCK);
        if (!this.#mayHide({ x: x0, y: y0, width: x1 - x0, height: y1 - y0 })) continue;
        this.#colours.need((x0 >> 1) - 1, (y0 >> 1) - 1, (x1 >> 1) + 2, (y1 >> 1) + 2);
        for (let y = y0; y < y1; y++) {
          for (let x = x0; x < x1; x++) {
            const t = layers[(depth[y * width + x]! * DEPTH_STEPS + 0.5) | 0]!;
            if (t >= group.last || !sample(x, y, t, found)) continue;
            const q = (y - from.y) * from.width + x - from.x;
            this.#addHidden(group, layer, q, plane, 1, found[0]!, found[1]!, found, 2);
          }
        }
      }
    }
  }

  /** Whether a pixel of a window may see something hidden behind it: what is visible or hidden in the cells around. */
  #mayHide({ x, y, width, height }: Region): boolean {
    const around = { x: x - 4, y: y - 4, width: width + 8, height: height + 8 };
    const cells = { x: x / 2 - 2, y: y / 2 - 2, width: width / 2 + 4, height: height / 2 + 4 };
    const farthest = Math.max(this.#layerOf(this.#visible.within(around)[0]), this.#hidden.within(cells)[1]);
    const [, high] = this.#visible.within({ x, y, width, height });
    return farthest - this.#layerOf(high) > BEHIND_FROM;
  }

  #addHiddenCells(group: Group, from: Region, layer: (i: number) => Float32Array): void {
    const level = this.#behind;
    const { sure, hiddenT, hiddenColour } = level;
    const plane = from.width * from.height;
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
        this.#addHidden(group, layer, q, plane, unit, sure[i]!, hiddenT[i]!, hiddenColour, i * this.#channels);
      }
    }
  }

  #addHidden(
    { first, last }: Group,
    layer: (i: number) => Float32Array,
    q: number,
    plane: number,
    unit: number,
    sure: number,
    t: number,
    colour: Float32Array,
    at: number,
  ): void {
    if (t <= first - 1 || t >= last + 1) return;
    const C = this.#channels;
    const k = Math.floor(t);
    for (let i = k; i <= k + 1; i++) {
      const share = i === k ? 1 - (t - k) : t - k;
      if (i < first || i > last || share === 0) continue;
      const weight = share * sure * unit * HIDDEN_WEIGHT;
      const to = layer(i - first);
      to[q] = to[q]! + weight;
      let p = q + plane;
      for (let c = 0; c < C; c++, p += plane) to[p] = to[p]! + weight * colour[at + c]!;
      to[p] = to[p]! - weight;
    }
  }
}

/** Adds light to planes of mass and of colours. */
function add(to: Float32Array, q: number, plane: number, weight: number, colour: Float32Array, channels: number): void {
  to[q] = to[q]! + weight;
  for (let c = 0, p = q + plane; c < channels; c++, p += plane) to[p] = to[p]! + weight * colour[c]!;
}

function blockSide(level: number): number {
  return BLOCKS[Math.min(level, BLOCKS.length - 1)]!;
}

/** 1 for white, 0 from 24 codes below; of the mean of the channels, since a blue sky clips only its blue. */
function clipped(pixels: Uint8ClampedArray | Uint8Array, p: number): number {
  const v = (pixels[p]! + pixels[p + 1]! + pixels[p + 2]!) / 3;
  return v <= 231 ? 0 : (v - 231) / 24;
}
