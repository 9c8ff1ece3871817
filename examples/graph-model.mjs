/**
 * Writes small TF.js graph models without TensorFlow: a GraphDef in JSON, its weights in one shard, and the module.json
 * that makes a Relievo module of them. The layout is what `tensorflowjs_converter` writes.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const SHARD = 'group1-shard1of1.bin';
const FLOAT = { type: 'DT_FLOAT' };
const INT = { type: 'DT_INT32' };
const dims = (shape) => ({ dim: shape.map((size) => ({ size: String(size) })) });
const text = (s) => ({ s: Buffer.from(s).toString('base64') });
const ints = (...v) => ({ list: { i: v.map(String) } });

export class GraphWriter {
  #nodes = [];
  #weights = [];
  #shard = [];
  #inputs = {};
  #outputs = {};

  #node(name, op, input, attr) {
    this.#nodes.push({ name, op, ...(input.length && { input }), attr });
    return name;
  }

  #const(name, shape, values, dtype = 'float32') {
    this.#weights.push({ name, shape, dtype });
    this.#shard.push(Buffer.from((dtype === 'float32' ? Float32Array : Int32Array).from(values).buffer));
    const type = dtype === 'float32' ? 'DT_FLOAT' : 'DT_INT32';
    return this.#node(name, 'Const', [], {
      dtype: { type },
      value: { tensor: { dtype: type, tensorShape: dims(shape) } },
    });
  }

  /** Where a tensor comes in; -1 is a side of any length. */
  input(name, shape, type = 'DT_FLOAT') {
    this.#inputs[name] = { name: `${name}:0`, dtype: type, tensorShape: dims(shape) };
    return this.#node(name, 'Placeholder', [], { dtype: { type }, shape: { shape: dims(shape) } });
  }

  /** Convolution with SAME padding on NHWC. `kernel` is [height, width, in, out], row-major. */
  conv(name, x, shape, kernel, { bias, stride = 1, activation } = {}) {
    const out = shape[3];
    return this.#node(
      name,
      '_FusedConv2D',
      [
        x,
        this.#const(`${name}/kernel`, shape, kernel),
        this.#const(`${name}/bias`, [out], bias ?? new Array(out).fill(0)),
      ],
      {
        T: FLOAT,
        num_args: { i: '1' },
        data_format: text('NHWC'),
        padding: text('SAME'),
        strides: ints(1, stride, stride, 1),
        dilations: ints(1, 1, 1, 1),
        explicit_paddings: { list: {} },
        epsilon: { f: 0 },
        fused_ops: { list: { s: ['BiasAdd', ...(activation ? [activation] : [])].map((s) => text(s).s) } },
      },
    );
  }

  /** Any other operation, with whole numbers as its last inputs: one for each list, a scalar for a number. */
  operation(name, op, inputs, numbers = [], attr = {}) {
    const constants = numbers.map((v, i) => {
      const shape = Array.isArray(v) ? [v.length] : [];
      return this.#const(`${name}/input${i}`, shape, [v].flat(), 'int32');
    });
    return this.#node(name, op, [...inputs, ...constants], attr);
  }

  transpose(name, x, order) {
    return this.#node(name, 'Transpose', [x, this.#const(`${name}/order`, [order.length], order, 'int32')], {
      T: FLOAT,
      Tperm: INT,
    });
  }

  /** Drops a side of length 1. */
  squeeze(name, x, axis) {
    return this.#node(name, 'Squeeze', [x], { T: FLOAT, squeeze_dims: ints(axis) });
  }

  /** Where a tensor goes out. */
  output(name, x, shape) {
    this.#outputs[name] = { name: `${name}:0`, dtype: 'DT_FLOAT', tensorShape: dims(shape) };
    return this.#node(name, 'Identity', [x], { T: FLOAT });
  }

  /** What `tensorflowjs_converter` would have written into model.json. */
  json() {
    return {
      format: 'graph-model',
      signature: { inputs: this.#inputs, outputs: this.#outputs },
      modelTopology: { node: this.#nodes, library: {}, versions: { producer: 987 } },
      weightsManifest: [{ paths: [SHARD], weights: this.#weights }],
    };
  }

  /** Writes the module's folder. Returns its address, for `hydra.register`. */
  write(folder, manifest, json = this.json()) {
    const files = { 'model.json': Buffer.from(JSON.stringify(json)), [SHARD]: Buffer.concat(this.#shard) };
    const sha256 = Object.fromEntries(
      Object.entries(files).map(([name, data]) => [name, createHash('sha256').update(data).digest('hex')]),
    );
    const bytes = Object.values(files).reduce((sum, data) => sum + data.length, 0);
    mkdirSync(folder, { recursive: true });
    for (const [name, data] of Object.entries(files)) writeFileSync(join(folder, name), data);
    writeFileSync(
      join(folder, 'module.json'),
      JSON.stringify({
        version: '1.0.0',
        licence: 'MIT',
        trainedOn: [],
        model: 'model.json',
        bytes,
        sha256,
        ...manifest,
      }),
    );
    return pathToFileURL(`${folder}/`);
  }
}
