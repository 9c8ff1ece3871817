import * as twgl from '../vendor/twgl.js';
import type { FramebufferInfo, ProgramInfo } from 'twgl.js';
import { RelievoError } from '../core/errors.js';
import { breathe } from '../core/task.js';

/** A canvas of a page, or one that is nowhere shown. */
export type AnyCanvas = HTMLCanvasElement | OffscreenCanvas;

/**
 * `rgba` and `rg` are floats of the device's {@link Precision}; `r8` and `r32f` are only read, `rgba32f` never blended.
 * `picture` holds colours 0..1 as finely as the device can draw them ({@link Targets}); `rgba32ui` any 128 bits, which
 * every device draws, so that it carries floats by `floatBitsToUint` where there are no float targets.
 */
export type TextureFormat = 'r8' | 'rgba8' | 'rgba' | 'rg' | 'r32f' | 'rgba32f' | 'rgba32ui' | 'picture';

/** What a device draws to besides bytes: floats of both lengths, half floats only, or nothing. */
export type Targets = 'float' | 'half' | 'bytes';

/** Half floats carry 11 bits: finer than 8-bit sRGB wherever light is linear. */
export type Precision = 'half' | 'full';

export interface DeviceOptions {
  /**
   * Of what is drawn to and read again. By default `half`, which moves half the bytes; `full` where shaders run on the
   * CPU, which reads a full float about three times as fast as it converts a half.
   */
  readonly precision?: Precision | undefined;
  /** `'required'` refuses a device that does not draw to floats of both lengths. Default: `'required'`. */
  readonly floats?: 'required' | 'optional' | undefined;
}

export interface Texture {
  readonly handle: WebGLTexture;
  readonly format: TextureFormat;
  readonly width: number;
  readonly height: number;
}

/** Cells of a target, x0 ≤ x < x1. */
export type Rect = readonly [x0: number, y0: number, x1: number, y1: number];

export type UniformValue = number | readonly number[] | Float32Array | Int32Array | Texture;

export interface Draw {
  /** GLSL ES 3.00 of the fragment shader after the header that {@link Device} adds. */
  readonly shader: string;
  /** Textures of one size that `out` variables 0, 1, … go to; `'canvas'` for the canvas. */
  readonly to: readonly Texture[] | 'canvas';
  readonly uniforms?: Readonly<Record<string, UniformValue>>;
  /** What is drawn; the whole target by default. They must not overlap where `under` is set. */
  readonly rects?: readonly Rect[];
  /**
   * True: what is drawn comes behind what is there. Targets hold premultiplied colour and, in alpha, what is left of the
   * light from behind; `out` is colour and opacity.
   */
  readonly under?: boolean;
  /** Texture reads per cell, about; only counted. */
  readonly reads?: number;
}

const HEADER = `#version 300 es
precision highp float;
precision highp int;
precision highp sampler2D;
precision highp usampler2D;
`;

/** Draws rectangles given in cells. Row 0 of a texture is the top row of the picture. */
const VERTEX = `#version 300 es
uniform vec2 u_targetSize;
uniform float u_flip;
in vec4 rect;
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  vec2 at = mix(rect.xy, rect.zw, corner) / u_targetSize * 2.0 - 1.0;
  gl_Position = vec4(at.x, at.y * u_flip, 0.0, 1.0);
}`;

/** The context that a canvas has, or gets; null where it gets none. */
export function webgl2(canvas: AnyCanvas): WebGL2RenderingContext | null {
  return canvas.getContext('webgl2', {
    alpha: true,
    antialias: false,
    depth: false,
    stencil: false,
    premultipliedAlpha: true,
    // So that whoever shows the canvas may copy it at any time.
    preserveDrawingBuffer: true,
  }) as WebGL2RenderingContext | null;
}

/**
 * A WebGL2 context for passes over pictures: textures, fragment shaders, rectangles, blending from near to far. It
 * knows nothing of what the shaders compute. All that it made is freed by {@link dispose}.
 */
export class Device {
  readonly canvas: AnyCanvas;
  /** Longest side of a texture. */
  readonly maxSize: number;
  /** True when shaders run on the CPU, as far as the browser tells. */
  readonly software: boolean;
  readonly precision: Precision;
  readonly targets: Targets;
  readonly #gl: WebGL2RenderingContext;
  readonly #programs = new Map<string, ProgramInfo>();
  readonly #textures = new Set<Texture>();
  readonly #targets = new Map<string, { readonly info: FramebufferInfo; readonly textures: readonly Texture[] }>();
  readonly #ids = new WeakMap<Texture, number>();
  readonly #rects: WebGLBuffer;
  #nextId = 0;
  #draws = 0;
  #reads = 0;
  #disposed = false;

  /**
   * @throws RelievoError `BACKEND_UNAVAILABLE` where there is no WebGL2, or none that renders to floats though they are
   *   required: the caller then computes on the CPU, since 8 bits of linear light would show bands.
   */
  constructor(canvas: AnyCanvas, options: DeviceOptions = {}) {
    this.canvas = canvas;
    const gl = webgl2(canvas);
    if (!gl) throw unavailable('this browser gives no WebGL2 context');
    this.#gl = gl;
    if (gl.isContextLost()) throw lost();
    const floats = gl.getExtension('EXT_color_buffer_float') !== null;
    const halves = floats || gl.getExtension('EXT_color_buffer_half_float') !== null;
    const full = floats && gl.getExtension('EXT_float_blend') !== null;
    this.maxSize = Math.min(
      gl.getParameter(gl.MAX_TEXTURE_SIZE) as number,
      ...(gl.getParameter(gl.MAX_VIEWPORT_DIMS) as Int32Array),
    );
    const debug = gl.getExtension('WEBGL_debug_renderer_info');
    const name = String(gl.getParameter(debug ? debug.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
    this.software = /swiftshader|llvmpipe|softpipe|basic render/i.test(name);
    this.precision = full ? (options.precision ?? (this.software ? 'full' : 'half')) : 'half';
    gl.disable(gl.DEPTH_TEST);
    gl.disable(gl.DITHER);
    this.#rects = gl.createBuffer()!;
    this.targets = floats && this.#drawsFloats() ? 'float' : halves && this.#draws16() ? 'half' : 'bytes';
    this.check();
    if (this.targets !== 'float') this.precision = 'half';
    if (this.targets !== 'float' && options.floats !== 'optional')
      throw unavailable('this GPU does not render to floats');
  }

  /** Draws since the device was made. */
  get draws(): number {
    return this.#draws;
  }

  /** Texture reads since then, as the draws state them. */
  get reads(): number {
    return this.#reads;
  }

  get lost(): boolean {
    return this.#gl.isContextLost();
  }

  /** Bytes of textures that are alive. */
  get bytes(): number {
    let sum = 0;
    for (const t of this.#textures) sum += t.width * t.height * this.#format(t.format).bytes;
    return sum;
  }

  /**
   * A texture read with texelFetch (no filter). `data` is row-major from the top; floats for the float formats.
   *
   * @throws RelievoError `IMAGE_TOO_LARGE` when the GPU has no memory for it.
   */
  texture(format: TextureFormat, width: number, height: number, data?: Uint8Array | Float32Array): Texture {
    const gl = this.#gl;
    const { internal, external, type } = this.#format(format);
    const handle = twgl.createTexture(gl, {
      target: gl.TEXTURE_2D,
      width,
      height,
      internalFormat: gl[internal],
      format: gl[external],
      type: data instanceof Float32Array ? gl.FLOAT : gl[type],
      minMag: gl.NEAREST,
      wrap: gl.CLAMP_TO_EDGE,
      auto: false,
      premultiplyAlpha: 0,
      flipY: 0,
      colorspaceConversion: gl.NONE,
      ...(data && { src: data }),
    });
    const texture = { handle, format, width, height };
    this.#textures.add(texture);
    this.#ids.set(texture, this.#nextId++);
    return texture;
  }

  /** Replaces all of a texture. */
  fill({ handle, format, width, height }: Texture, data: Uint8Array | Float32Array): void {
    const gl = this.#gl;
    const { external, type } = this.#format(format);
    gl.bindTexture(gl.TEXTURE_2D, handle);
    const from = data instanceof Float32Array ? gl.FLOAT : gl[type];
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, width, height, gl[external], from, data);
  }

  free(texture: Texture): void {
    if (!this.#textures.delete(texture)) return;
    for (const [key, { info, textures }] of this.#targets) {
      if (!textures.includes(texture)) continue;
      this.#gl.deleteFramebuffer(info.framebuffer);
      this.#targets.delete(key);
    }
    this.#gl.deleteTexture(texture.handle);
  }

  clear(to: readonly Texture[], ...values: readonly (readonly [number, number, number, number])[]): void {
    const gl = this.#gl;
    this.#bind(to);
    to.forEach((_, i) => gl.clearBufferfv(gl.COLOR, i, values[i]!));
  }

  draw({ shader, to, uniforms = {}, rects, under = false, reads = 0 }: Draw): void {
    const gl = this.#gl;
    if (rects?.length === 0) return;
    const program = this.#program(shader);
    const { width, height } = this.#bind(to);
    gl.useProgram(program.program);
    const values: Record<string, unknown> = { u_targetSize: [width, height], u_flip: to === 'canvas' ? -1 : 1 };
    for (const [name, value] of Object.entries(uniforms)) {
      values[name] = typeof value === 'object' && 'handle' in value ? value.handle : value;
    }
    twgl.setUniforms(program, values);
    if (under) {
      gl.enable(gl.BLEND);
      gl.blendFuncSeparate(gl.DST_ALPHA, gl.ONE, gl.ZERO, gl.ONE_MINUS_SRC_ALPHA);
    } else gl.disable(gl.BLEND);
    const all = rects ?? [[0, 0, width, height] as const];
    const at = gl.getAttribLocation(program.program, 'rect');
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#rects);
    gl.bufferData(gl.ARRAY_BUFFER, Float32Array.from(all.flat()), gl.STREAM_DRAW);
    gl.enableVertexAttribArray(at);
    gl.vertexAttribPointer(at, 4, gl.FLOAT, false, 0, 0);
    gl.vertexAttribDivisor(at, 1);
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, all.length);
    this.#draws++;
    for (const [x0, y0, x1, y1] of all) this.#reads += (x1 - x0) * (y1 - y0) * reads;
  }

  /** RGBA bytes of an 'rgba8' texture or a part of it, row-major from the top. Waits for the GPU. */
  read(
    texture: Texture,
    [x0, y0, x1, y1]: Rect = [0, 0, texture.width, texture.height],
  ): Uint8ClampedArray<ArrayBuffer> {
    const gl = this.#gl;
    this.#bind([texture]);
    const bytes = new Uint8Array((x1 - x0) * (y1 - y0) * 4);
    gl.readPixels(x0, y0, x1 - x0, y1 - y0, gl.RGBA, gl.UNSIGNED_BYTE, bytes);
    this.check();
    return new Uint8ClampedArray(bytes.buffer);
  }

  /** @throws RelievoError `CONTEXT_LOST`; what was drawn since the last check is then nothing. */
  check(): void {
    if (this.#gl.isContextLost()) throw lost();
  }

  /** As {@link check}, and waits for the driver's word on memory. Once per allocation, not per frame. */
  checkMemory(): void {
    const gl = this.#gl;
    const error = gl.getError();
    this.check();
    if (error === gl.OUT_OF_MEMORY) {
      throw new RelievoError('IMAGE_TOO_LARGE', `gpu: no memory for another texture; scale the photo down.`);
    }
  }

  /** Sets the size of the canvas and the colour space of its bytes. */
  resize(width: number, height: number, colorSpace: PredefinedColorSpace): void {
    this.canvas.width = width;
    this.canvas.height = height;
    this.colour(colorSpace);
  }

  /** Sets the colour space of the canvas's bytes. */
  colour(colorSpace: PredefinedColorSpace): void {
    // Absent in older browsers, which show sRGB.
    if ('drawingBufferColorSpace' in this.#gl && this.#gl.drawingBufferColorSpace !== colorSpace)
      this.#gl.drawingBufferColorSpace = colorSpace;
  }

  /**
   * Waits, without blocking, until all that was asked for is drawn.
   *
   * @throws RelievoError `CONTEXT_LOST`.
   */
  async done(): Promise<void> {
    const gl = this.#gl;
    this.check();
    const fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    gl.flush();
    if (!fence) throw lost();
    for (;;) {
      const state = gl.clientWaitSync(fence, 0, 0);
      this.check();
      if (state === gl.ALREADY_SIGNALED || state === gl.CONDITION_SATISFIED || state === gl.WAIT_FAILED) break;
      // The state of a fence may change only between tasks.
      await breathe();
    }
    gl.deleteSync(fence);
  }

  /** Of a context that was lost: what was made on it is gone, and the one that takes its place knows nothing of it. */
  abandon(): void {
    this.#disposed = true;
    this.#textures.clear();
    this.#targets.clear();
    this.#programs.clear();
  }

  /** Frees everything that it made; with `context` the context itself too, of which a page has a few only. */
  dispose(context = false): void {
    if (this.#disposed) return;
    this.#disposed = true;
    const gl = this.#gl;
    for (const texture of [...this.#textures]) this.free(texture);
    for (const { program } of this.#programs.values()) gl.deleteProgram(program);
    this.#programs.clear();
    gl.deleteBuffer(this.#rects);
    if (context) gl.getExtension('WEBGL_lose_context')?.loseContext();
  }

  #format(format: TextureFormat): Format {
    if (format === 'picture') return this.targets === 'bytes' ? FORMATS.rgba8 : FLOATS[this.precision].rgba;
    return format === 'rgba' || format === 'rg' ? FLOATS[this.precision][format] : FORMATS[format];
  }

  #program(shader: string): ProgramInfo {
    const known = this.#programs.get(shader);
    if (known) return known;
    const errors: string[] = [];
    const program = twgl.createProgramInfo(this.#gl, [VERTEX, HEADER + shader], (message) => errors.push(message));
    this.check();
    if (!program?.program) throw unavailable(`a shader did not compile: ${errors.join('\n')}`);
    this.#programs.set(shader, program);
    return program;
  }

  /** Binds a target and its viewport; returns its size. */
  #bind(to: readonly Texture[] | 'canvas'): { readonly width: number; readonly height: number } {
    const gl = this.#gl;
    if (to === 'canvas') {
      const size = { width: gl.drawingBufferWidth, height: gl.drawingBufferHeight };
      gl.bindFramebuffer(gl.FRAMEBUFFER, null);
      gl.viewport(0, 0, size.width, size.height);
      return size;
    }
    const { width, height } = to[0]!;
    const key = to.map((t) => this.#ids.get(t)).join();
    let target = this.#targets.get(key);
    if (!target) {
      const attachments = to.map(({ handle }) => ({ attachment: handle }));
      target = { info: twgl.createFramebufferInfo(gl, attachments, width, height), textures: [...to] };
      gl.drawBuffers(to.map((_, i) => gl.COLOR_ATTACHMENT0 + i));
      this.#targets.set(key, target);
    }
    gl.bindFramebuffer(gl.FRAMEBUFFER, target.info.framebuffer);
    gl.viewport(0, 0, width, height);
    return { width, height };
  }

  /** Some drivers name the extension and still refuse the target: what counts is what comes out. */
  #drawsFloats(): boolean {
    const gl = this.#gl;
    const narrow = this.texture('rgba', 1, 1);
    const wide = this.texture('rgba32f', 1, 1);
    const pair = this.texture('rg', 1, 1);
    const bytes = this.texture('rgba8', 1, 1);
    this.clear([narrow, pair], [0, 0, 0, 0.5], [0, 0, 0, 0]);
    this.clear([wide, pair], [0.25, 0.5, 0, 1], [0, 0, 0, 0]);
    const complete = gl.checkFramebufferStatus(gl.FRAMEBUFFER) === gl.FRAMEBUFFER_COMPLETE;
    this.draw({ shader: DOUBLE, to: [narrow], uniforms: { u_from: wide }, under: true });
    this.draw({ shader: DOUBLE, to: [bytes], uniforms: { u_from: narrow } });
    const [r, g] = this.read(bytes);
    for (const texture of [narrow, wide, pair, bytes]) this.free(texture);
    // 0.25 and 0.5, twice doubled, once halved: 0.5 and 1.
    return complete && Math.abs(r! - 128) <= 1 && g === 255;
  }

  #draws16(): boolean {
    const gl = this.#gl;
    const half = this.texture('rgba', 1, 1);
    const bytes = this.texture('rgba8', 1, 1);
    this.clear([half], [0.125, 0.25, 0, 0]);
    const complete = gl.checkFramebufferStatus(gl.FRAMEBUFFER) === gl.FRAMEBUFFER_COMPLETE;
    this.draw({ shader: DOUBLE, to: [bytes], uniforms: { u_from: half } });
    const [r, g] = this.read(bytes);
    for (const texture of [half, bytes]) this.free(texture);
    return complete && Math.abs(r! - 64) <= 1 && Math.abs(g! - 128) <= 1;
  }
}

const DOUBLE = `uniform sampler2D u_from; out vec4 o; void main() { o = texelFetch(u_from, ivec2(0), 0) * 2.0; }`;

interface Format {
  readonly internal: 'R8' | 'RGBA8' | 'R32F' | 'RGBA16F' | 'RG16F' | 'RGBA32F' | 'RG32F' | 'RGBA32UI';
  readonly external: 'RGBA' | 'RG' | 'RED' | 'RGBA_INTEGER';
  readonly type: 'UNSIGNED_BYTE' | 'HALF_FLOAT' | 'FLOAT' | 'UNSIGNED_INT';
  /** Per texel. */
  readonly bytes: number;
}

const FORMATS = {
  r8: { internal: 'R8', external: 'RED', type: 'UNSIGNED_BYTE', bytes: 1 },
  rgba8: { internal: 'RGBA8', external: 'RGBA', type: 'UNSIGNED_BYTE', bytes: 4 },
  r32f: { internal: 'R32F', external: 'RED', type: 'FLOAT', bytes: 4 },
  rgba32f: { internal: 'RGBA32F', external: 'RGBA', type: 'FLOAT', bytes: 16 },
  rgba32ui: { internal: 'RGBA32UI', external: 'RGBA_INTEGER', type: 'UNSIGNED_INT', bytes: 16 },
} as const satisfies Record<string, Format>;

const FLOATS = {
  half: {
    rgba: { internal: 'RGBA16F', external: 'RGBA', type: 'HALF_FLOAT', bytes: 8 },
    rg: { internal: 'RG16F', external: 'RG', type: 'HALF_FLOAT', bytes: 4 },
  },
  full: {
    rgba: { internal: 'RGBA32F', external: 'RGBA', type: 'FLOAT', bytes: 16 },
    rg: { internal: 'RG32F', external: 'RG', type: 'FLOAT', bytes: 8 },
  },
} as const satisfies Record<Precision, Record<string, Format>>;

function unavailable(what: string): RelievoError {
  return new RelievoError('BACKEND_UNAVAILABLE', `gpu: ${what}. Use the CPU functions instead.`);
}

function lost(): RelievoError {
  return new RelievoError('CONTEXT_LOST', 'gpu: the browser took the graphics context away. Try again.');
}
