import { createImage, isOpaque, type ImageDataLike, type OutputImage } from '../image/image-data.js';
import type { DepthMap } from '../depth/depth-map.js';
import type { Device, Texture, TextureFormat, UniformValue } from '../gpu/index.js';
import { profile, type Kernel } from './aperture.js';
import type { ResolvedLens } from './bokeh.js';
import { EDGE_PIXELS, planOf, pyramidLevels, tangentSquared, widestRadius } from './bokeh-band.js';
import { BlockMap, any, intersection, union, without, type Blocks } from './bokeh-blocks.js';
import { barrelDisc, barrelOf, type Barrel } from './cats-eye.js';
import * as shaders from './bokeh-shaders.js';
import { MAX_ROWS, NOTHING, UNKNOWN_CELL } from './bokeh-shaders.js';
import { SHOW } from './picture-shaders.js';
import { edgeReach, STEP, TAPS } from './edges.js';
import { DEPTH_STEPS, type Group, type LayerPlan } from './layers.js';

/** A picture on the GPU, or a part of one. */
export interface BokehScene {
  /** Encoded, straight alpha, of the size of `depth`. Whoever made it frees it. */
  readonly picture: Texture;
  /** False: its alpha is 1 everywhere. */
  readonly alpha: boolean;
  readonly colorSpace: PredefinedColorSpace | undefined;
  readonly depth: DepthMap;
  /** All that can be put back of the light of clipped pixels, see clipped.ts. */
  readonly clipped: Uint8Array | undefined;
  /** True where it was looked for, found or not. */
  readonly looked?: boolean | undefined;
  /** Size of the whole picture, and where in it this part begins. Default: it is the whole. */
  readonly whole?: { readonly width: number; readonly height: number; readonly x: number; readonly y: number };
  /** Disparities that occur in the whole. Default: in `depth`. */
  readonly range?: readonly [low: number, high: number] | undefined;
}

/** Where one layer has something to do. */
interface Work {
  /** Blocks in which the layer shows. */
  readonly draw: Blocks;
  /** Those of them where no disc reaches an edge, something hidden or the frame. */
  readonly plain: Blocks;
  /** Blocks in which a surface of the layer may be hidden. */
  readonly hidden: Blocks;
}

/** A sheet under construction: premultiplied colour and transmittance, alpha beside it in photos that have any. */
type Sheet = readonly Texture[];

/** Depth of field as passes over textures. It holds one photo at a time. */
export class BokehPasses {
  readonly #device: Device;
  readonly #scene: BokehScene;
  readonly #width: number;
  readonly #height: number;
  readonly #whole: { readonly width: number; readonly height: number; readonly x: number; readonly y: number };
  readonly #alpha: boolean;
  readonly #reach: number;
  readonly #blocks: BlockMap;
  /** Disparities that occur. */
  readonly #low: number;
  readonly #high: number;
  readonly #textures = new Map<string, Texture>();
  /** What of the clipped light is in the light that is there; undefined before there is any. */
  #recovered: number | undefined;
  /** Of the picture that is drawn. */
  #barrel: Barrel | undefined;
  #profiles = 1;

  /** Uploads a photo; both sides of it at most `device.maxSize`. */
  static ofPhoto(device: Device, photo: ImageDataLike, depth: DepthMap, clipped: Uint8Array | undefined): BokehPasses {
    const { width, height, data, colorSpace } = photo;
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.length);
    const picture = device.texture('rgba8', width, height, bytes);
    const passes = new BokehPasses(device, { picture, alpha: !isOpaque(data), colorSpace, depth, clipped });
    passes.#textures.set('photo', picture);
    return passes;
  }

  constructor(device: Device, scene: BokehScene) {
    const { depth, clipped, range } = scene;
    const { width, height } = depth;
    this.#device = device;
    this.#scene = scene;
    this.#width = width;
    this.#height = height;
    this.#whole = scene.whole ?? { width, height, x: 0, y: 0 };
    this.#alpha = scene.alpha;
    this.#reach = edgeReach(Math.max(this.#whole.width, this.#whole.height));
    this.#blocks = new BlockMap(depth, this.#reach);
    this.#low = range?.[0] ?? this.#blocks.low.reduce((a, b) => Math.min(a, b), 1);
    this.#high = range?.[1] ?? this.#blocks.high.reduce((a, b) => Math.max(a, b), 0);
    this.#textures.set('depth', device.texture('r32f', width, height, depth.data));
    if (clipped) this.#textures.set('clipped', device.texture('r8', width, height, clipped));
    this.#toLight(1);
    device.checkMemory();
  }

  /** Whether the light of clipped pixels was looked for. */
  get looked(): boolean {
    return this.#scene.looked === true;
  }

  /** Without `lens` the photo as it is. */
  render(lens: ResolvedLens | undefined, to: 'canvas' | 'pixels' | Texture): void {
    const device = this.#device;
    const target = to === 'canvas' ? to : [to === 'pixels' ? this.#full('pixels', 'rgba8') : to];
    const photo = { u_photo: this.#scene.picture, u_toCanvas: to === 'canvas' ? 1 : 0 };
    if (!lens) {
      device.draw({ shader: SHOW, to: target, uniforms: photo, reads: 1 });
      return;
    }
    this.#toLight(lens.recover);
    const whole = { ...lens, low: this.#low, high: this.#high };
    const plan = planOf(whole);
    const widest = widestRadius(whole);
    const disparityStep = EDGE_PIXELS / lens.strength;
    const edges = this.#edges(plan, disparityStep);
    const work = this.#survey(plan, edges, pyramidLevels(widest));
    this.#split(plan, edges, disparityStep);
    this.#seeBehind(pyramidLevels(widest));
    const sheet = this.#layers(plan, work, lens);
    device.draw({
      shader: shaders.encode(this.#alpha),
      to: target,
      uniforms: {
        ...photo,
        ...this.#sheet('u_sheet', sheet),
        u_falloff: tangentSquared(lens.falloff, this.#whole.width, this.#whole.height),
        u_axis: [this.#whole.width / 2 - this.#whole.x, this.#whole.height / 2 - this.#whole.y],
      },
      reads: 1,
    });
  }

  /** The picture that was rendered to `'pixels'`. */
  read(): OutputImage {
    return createImage(this.#width, this.#height, this.#scene.colorSpace, this.#device.read(this.#at('pixels')));
  }

  dispose(): void {
    for (const texture of this.#textures.values()) this.#device.free(texture);
    this.#textures.clear();
  }

  // ---- Where there is work ---------------------------------------------------------------------------------------

  /** Per layer the blocks in which it shows. */
  #survey({ layers, groups }: LayerPlan, edges: Blocks, top: number): Work[] {
    const blocks = this.#blocks;
    const t = (d: number) => layers[(d * DEPTH_STEPS + 0.5) | 0]!;
    const nearest = Float32Array.from(blocks.high, t);
    const farthest = Float32Array.from(blocks.low, t);
    const nowhere = blocks.where(() => false);
    const work: Work[] = [];
    let nearerReach = 0;
    for (const { level, first, kernels } of groups) {
      kernels.forEach((kernel = SHARP, k) => {
        const i = first + k;
        const visible = blocks.where((b) => farthest[b]! > i - 1 && nearest[b]! < i + 1);
        if (!any(visible)) {
          work[i] = { draw: nowhere, plain: nowhere, hidden: nowhere };
          return;
        }
        // Two cells more, for what finer grids interpolate.
        const reach = (kernel.reach + (level > 0 ? 2 : 0)) * 2 ** level;
        // What nothing nearer covers in full: within their discs' reach of something that is no nearer.
        const open = blocks.around(
          blocks.where((b) => farthest[b]! > i - 1),
          nearerReach,
        );
        // Something hidden shows no farther from an edge than discs reach, and is found no farther from its like.
        const hidden = [
          blocks.around(visible, 2 ** (top + 1)),
          blocks.around(open, reach),
          blocks.around(edges, reach + nearerReach),
        ].reduce(
          intersection,
          blocks.where((b) => nearest[b]! < i),
        );
        const draw = intersection(blocks.around(union(visible, hidden), reach), open);
        const plain = without(intersection(draw, blocks.inside(reach)), blocks.around(union(edges, hidden), reach));
        work[i] = { draw, plain: level === 0 ? plain : nowhere, hidden };
        nearerReach = Math.max(nearerReach, reach);
      });
    }
    return work;
  }

  /** Blocks in which depth steps by enough for an edge. */
  #edges({ layers }: LayerPlan, disparityStep: number): Blocks {
    const { low, high, step } = this.#blocks;
    const t = (d: number) => layers[(d * DEPTH_STEPS + 0.5) | 0]!;
    return this.#blocks.where((b) => step[b]! >= disparityStep && t(low[b]!) - t(high[b]!) >= STEP);
  }

  // ---- Once per picture ------------------------------------------------------------------------------------------

  /** Linear light of the photo, with that share of what clipped pixels had above white. */
  #toLight(recover: number): void {
    const clipped = this.#textures.get('clipped');
    if (this.#recovered !== undefined && (!clipped || this.#recovered === recover)) return;
    this.#recovered = recover;
    this.#device.draw({
      shader: shaders.toLight(clipped !== undefined),
      to: [this.#full('light')],
      uniforms: { u_photo: this.#scene.picture, u_recover: recover, ...(clipped && { u_clipped: clipped }) },
      reads: clipped ? 2 : 1,
    });
  }

  /** Layer coordinate and colour per pixel; near and far part of those on an edge. */
  #split({ layers }: LayerPlan, edges: Blocks, disparityStep: number): void {
    const device = this.#device;
    const table = this.#texture('layers', 'r32f', 256, 256);
    device.fill(table, layers);
    const surface = this.#full('surface');
    const depth = this.#at('depth');
    const light = this.#at('light');
    device.draw({
      shader: shaders.TO_SURFACE,
      to: [surface],
      uniforms: { u_light: light, u_depth: depth, u_layers: table },
      reads: 3,
    });
    const u_reach = this.#reach;
    const steps = this.#full('steps', 'rg');
    device.draw({
      shader: shaders.STEPS,
      to: [steps],
      uniforms: { u_surface: surface, u_reach },
      rects: this.#blocks.rects(this.#blocks.around(edges, (TAPS + 1) * u_reach), 0),
      reads: 9,
    });
    const near = this.#full('near');
    const rects = this.#blocks.rects(edges, 0);
    device.draw({
      shader: shaders.SPLIT,
      to: [near, this.#full('far'), this.#full('edge')],
      uniforms: {
        u_surface: surface,
        u_light: light,
        u_depth: depth,
        u_steps: steps,
        u_reach,
        u_disparityStep: disparityStep,
      },
      rects,
      reads: 6, // and 3 · 49 in the pixels of an edge
    });
    device.draw({ shader: shaders.COPY, to: [surface], uniforms: { u_from: near }, rects, reads: 1 });
  }

  /** The pyramid of behind.ts. */
  #seeBehind(top: number): void {
    const device = this.#device;
    const alpha = this.#alpha;
    let [width, height] = [this.#width, this.#height];
    let levels = 0;
    for (let l = 1; l <= top; l++) {
      if (l > 1 && Math.max(width, height) < 2) break;
      width = (width + 1) >> 1;
      height = (height + 1) >> 1;
      levels = l;
      const to = this.#pair(`visible${l}`, width, height);
      if (l === 1) device.draw({ shader: shaders.pullPixels(alpha), to, uniforms: this.#surfaces(), reads: 4 });
      else {
        const from = this.#sheet('u_visible', this.#pairAt(`visible${l - 1}`));
        device.draw({ shader: shaders.pullCells(alpha), to, uniforms: from, reads: 4 });
      }
      this.#texture(`hidden${l}`, 'rgba', width, height);
      this.#texture(`hiddenMore${l}`, 'rg', width, height);
    }
    device.clear(this.#hidden(levels), [0, 0, 0, NOTHING], [0, 0, 0, 0]);
    for (let l = levels - 1; l >= 1; l--) {
      const uniforms = { ...this.#above(l + 1), u_from: this.#at(`visible${l}`) };
      device.draw({ shader: shaders.look(alpha, false), to: this.#hidden(l), uniforms, reads: 9 });
    }
  }

  // ---- Layers ----------------------------------------------------------------------------------------------------

  #layers(plan: LayerPlan, work: readonly Work[], lens: ResolvedLens): Sheet {
    const { groups, sharp } = plan;
    const focus = groups[sharp]!.first + groups[sharp]!.kernels.indexOf(undefined);
    const light = { u_photo: this.#scene.picture, u_boost: lens.highlights, u_focus: focus };
    this.#barrel = barrelOf(lens, this.#whole);
    this.#profiles = profile(lens.ring).length;
    let near: Sheet | undefined;
    for (let g = 0; g < sharp; g++) {
      const { level } = groups[g]!;
      const sheet = this.#newSheet(`nearSheet${level}`, level);
      if (near) this.#refine(near, sheet);
      this.#group(groups[g]!, work, sheet, light);
      near = sheet;
    }
    let far: Sheet | undefined;
    for (let g = groups.length - 1; g > sharp; g--) {
      const { level } = groups[g]!;
      const sheet = this.#newSheet(`farSheet${level}`, level);
      this.#group(groups[g]!, work, sheet, light);
      if (far) this.#refine(far, sheet);
      far = sheet;
    }
    const sheet = this.#newSheet('sheet', 0);
    if (near) this.#refine(near, sheet);
    this.#group(groups[sharp]!, work, sheet, light);
    if (far) this.#refine(far, sheet);
    return sheet;
  }

  #refine(from: Sheet, to: Sheet): void {
    this.#device.draw({
      shader: shaders.refine(this.#alpha),
      to,
      uniforms: this.#sheet('u_sheet', from),
      under: true,
      reads: 4,
    });
  }

  /** A group of layers: each is first gathered into cells of the group's grid, then spread under what is nearer. */
  #group(group: Group, work: readonly Work[], to: Sheet, light: Readonly<Record<string, number | Texture>>): void {
    const device = this.#device;
    const { level } = group;
    const u_pad = 8 * Math.ceil(group.reach / 8);
    const width = to[0]!.width + 2 * u_pad;
    const height = to[0]!.height + 2 * u_pad;
    const cells = [this.#texture(`cells${level}`, 'rgba32f', width, height)];
    if (this.#alpha) cells.push(this.#texture(`cells${level}Alpha`, 'rg', width, height));
    const [u_hidden, u_hiddenMore] = level === 0 ? this.#hiddenPixels(group, work) : this.#hidden(1);
    const surfaces = { ...this.#surfaces(), ...light, u_hidden, u_hiddenMore };
    group.kernels.forEach((kernel = SHARP, k) => {
      const { draw, plain } = work[group.first + k]!;
      const rest = without(draw, plain);
      const shared = { u_layer: group.first + k };
      const { kind, uniforms } = this.#disc(kernel, level);
      device.draw({
        shader: shaders.spreadPixels(this.#alpha, kind),
        to,
        uniforms: { ...surfaces, ...shared, ...uniforms },
        rects: this.#blocks.rects(plain, 0),
        under: true,
        reads: kernel.area,
      });
      if (!any(rest)) return;
      device.clear(cells, UNKNOWN_CELL, [0, 0, 0, 0]);
      device.draw({
        shader: shaders.cells(this.#alpha, level),
        to: cells,
        uniforms: { ...surfaces, ...shared, u_pad },
        rects: this.#blocks.rects(this.#blocks.around(rest, kernel.reach * 2 ** level), level, u_pad),
        reads: level === 0 ? 2 : 4 ** level * 1.25,
      });
      device.draw({
        shader: shaders.spreadCells(this.#alpha, kind),
        to,
        uniforms: { ...this.#sheet('u_cells', cells), u_pad, ...uniforms },
        rects: this.#blocks.rects(rest, level),
        under: true,
        reads: kernel.area,
      });
    });
  }

  /** A layer's disc for the shaders. Turned round: where an output collects from mirrors where a source spreads to. */
  #disc(kernel: Kernel, level: number): { kind: shaders.DiscKind; uniforms: Record<string, UniformValue> } {
    const size = 2 ** level;
    const barrel = kernel === SHARP ? undefined : this.#barrel;
    const kind = { profiles: kernel === SHARP ? 1 : this.#profiles, barrel: barrel !== undefined };
    if (kind.profiles === 1 && !barrel) {
      const rows = new Float32Array(3 * MAX_ROWS);
      for (const { left, right, weight, rows: at } of kernel.runs)
        for (const dy of at) rows.set([-right, -left, weight], 3 * (kernel.reach - dy));
      return { kind, uniforms: { u_reach: kernel.reach, u_rows: rows, u_scale: 1 / kernel.area } };
    }
    const runs = new Float32Array(4 * MAX_ROWS * kind.profiles);
    const filled = new Uint8Array(MAX_ROWS);
    for (const { left, right, weight, rows: at } of kernel.runs) {
      for (const dy of at) {
        const row = kernel.reach - dy;
        runs.set([-right, -left, weight], 4 * (filled[row]!++ * MAX_ROWS + row));
      }
    }
    const u_profile = this.#texture('profile', 'rgba32f', MAX_ROWS, kind.profiles);
    this.#device.fill(u_profile, runs);
    const uniforms: Record<string, UniformValue> = { u_reach: kernel.reach, u_profile };
    if (barrel) {
      const { radius, step } = barrelDisc(kernel, barrel, size);
      uniforms['u_barrelRadius'] = Float32Array.from(radius);
      uniforms['u_barrelStep'] = Float32Array.from(step);
      uniforms['u_axis'] = Float32Array.of(barrel.x / size, barrel.y / size);
    }
    return { kind, uniforms };
  }

  /** What lies hidden behind single pixels, where a layer of the finest group may need it. */
  #hiddenPixels(group: Group, work: readonly Work[]): readonly [Texture, Texture] {
    const device = this.#device;
    const to = [this.#full('hidden0'), this.#full('hiddenMore0', 'rg')] as const;
    const where = group.kernels.map((_, k) => work[group.first + k]!.hidden).reduce(union);
    device.clear(to, [0, 0, 0, NOTHING], [0, 0, 0, 0]);
    device.draw({
      shader: shaders.look(this.#alpha, true),
      to,
      uniforms: { ...this.#above(1), u_surface: this.#at('surface'), u_edge: this.#at('edge'), u_last: group.last },
      rects: this.#blocks.rects(where, 0),
      reads: 9,
    });
    return to;
  }

  // ---- Textures --------------------------------------------------------------------------------------------------

  #at(name: string): Texture {
    return this.#textures.get(name)!;
  }

  /** The texture of that name; a new one when it had another size. */
  #texture(name: string, format: TextureFormat, width: number, height: number): Texture {
    const known = this.#textures.get(name);
    if (known && known.width === width && known.height === height) return known;
    if (known) this.#device.free(known);
    const texture = this.#device.texture(format, width, height);
    this.#textures.set(name, texture);
    return texture;
  }

  #full(name: string, format: TextureFormat = 'rgba'): Texture {
    return this.#texture(name, format, this.#width, this.#height);
  }

  /** A colour texture, and one for alpha where the photo has any. */
  #pair(name: string, width: number, height: number): Sheet {
    const colour = this.#texture(name, 'rgba', width, height);
    return this.#alpha ? [colour, this.#texture(`${name}Alpha`, 'rgba', width, height)] : [colour];
  }

  #pairAt(name: string): Sheet {
    return this.#alpha ? [this.#at(name), this.#at(`${name}Alpha`)] : [this.#at(name)];
  }

  #newSheet(name: string, level: number): Sheet {
    const size = 2 ** level;
    const sheet = this.#pair(name, Math.ceil(this.#width / size), Math.ceil(this.#height / size));
    this.#device.clear(sheet, [0, 0, 0, 1], [0, 0, 0, 1]);
    return sheet;
  }

  #sheet(name: string, [colour, alpha]: Sheet): Record<string, Texture> {
    return { [name]: colour!, ...(alpha && { [`${name}Alpha`]: alpha }) };
  }

  #surfaces(): Record<string, Texture> {
    return {
      u_surface: this.#at('surface'),
      u_far: this.#at('far'),
      u_edge: this.#at('edge'),
      u_light: this.#at('light'),
    };
  }

  #hidden(level: number): readonly [Texture, Texture] {
    return [this.#at(`hidden${level}`), this.#at(`hiddenMore${level}`)];
  }

  #above(level: number): Record<string, Texture> {
    const [u_hidden, u_hiddenMore] = this.#hidden(level);
    return { ...this.#sheet('u_visible', this.#pairAt(`visible${level}`)), u_hidden, u_hiddenMore };
  }
}

/** The disc of what is in focus. */
const SHARP: Kernel = { runs: [{ left: -0.5, right: 0.5, weight: 1, rows: [0] }], area: 1, radius: 0.5, reach: 0 };
