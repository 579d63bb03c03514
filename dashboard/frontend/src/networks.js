/** Evaluates the layer lists that core/runs/portable.py writes: exactly the layers that MIRAGE's networks have. */

import { floats } from "./tensors.js";

/**
 * @typedef {{op: string, weight?: string, bias?: string, scale?: string, shift?: string, slope?: number,
 *   width?: number, eps?: number}} Layer
 * @typedef {(input: Float32Array, from: Float32Array, to: Float32Array, rows: number) => void} Step
 */

const FORMAT = 1;

/**
 * The networks of a run by name.
 *
 * @param {import("./tensors.js").Packed} packed
 * @returns {Record<string, Network>}
 */
export function readNetworks(packed) {
  const { format, networks } = JSON.parse(packed.metadata.layers ?? "{}");
  if (format !== FORMAT) throw new Error(`networks of format ${format}; this page reads format ${FORMAT}`);
  /** @type {Record<string, Network>} */
  const made = {};
  for (const [name, { inputs, layers }] of Object.entries(networks)) made[name] = new Network(inputs, layers, packed);
  return made;
}

export class Network {
  /**
   * @param {number} inputs
   * @param {Layer[]} layers
   * @param {import("./tensors.js").Packed} packed
   */
  constructor(inputs, layers, packed) {
    this.inputs = inputs;
    /** @type {{width: number, step: Step}[]} */
    this.steps = [];
    let width = inputs;
    for (const layer of layers) {
      const made = makeStep(layer, inputs, width, packed);
      this.steps.push(made);
      width = made.width;
    }
    this.outputs = width;
    this.rows = 0;
    /** @type {Float32Array[]} */
    this.buffers = [];
  }

  /**
   * Rows (rows, inputs) to rows (rows, outputs). What is given back is overwritten by the next call.
   *
   * @param {Float32Array} input
   * @param {number} rows
   * @returns {Float32Array}
   */
  run(input, rows) {
    if (input.length < rows * this.inputs) throw new Error(`${input.length} values are not ${rows} x ${this.inputs}`);
    if (rows > this.rows) {
      this.rows = rows;
      this.buffers = this.steps.map(({ width }) => new Float32Array(rows * width));
    }
    let from = input;
    this.steps.forEach(({ step }, index) => {
      step(input, from, this.buffers[index], rows);
      from = this.buffers[index];
    });
    return from.subarray(0, rows * this.outputs);
  }
}

/**
 * @param {Layer} layer
 * @param {number} inputs of the network
 * @param {number} width of what comes in
 * @param {import("./tensors.js").Packed} packed
 * @returns {{width: number, step: Step}}
 */
function makeStep(layer, inputs, width, packed) {
  switch (layer.op) {
    case "linear": {
      const weight = floats(packed, layer.weight ?? "");
      const bias = floats(packed, layer.bias ?? "");
      if (weight.length !== bias.length * width) throw new Error(`linear layer of ${weight.length} weights: wrong size`);
      return { width: bias.length, step: (_, from, to, rows) => linear(from, width, weight, bias, to, rows) };
    }
    case "add": {
      const weight = floats(packed, layer.weight ?? "");
      if (weight.length !== inputs * width) throw new Error(`layer of ${weight.length} weights: wrong size`);
      const nothing = new Float32Array(width);
      return {
        width,
        step: (input, from, to, rows) => {
          linear(input, inputs, weight, nothing, to, rows);
          for (let i = 0; i < rows * width; i++) to[i] += from[i];
        },
      };
    }
    case "leaky": {
      const slope = layer.slope ?? 0;
      return {
        width,
        step: (_, from, to, rows) => {
          for (let i = 0; i < rows * width; i++) to[i] = from[i] >= 0 ? from[i] : slope * from[i];
        },
      };
    }
    case "sphere": {
      const part = layer.width ?? width;
      const eps = layer.eps ?? 0;
      return { width, step: (_, from, to, rows) => sphere(from, part, eps, to, rows * width) };
    }
    case "affine": {
      const scale = floats(packed, layer.scale ?? "");
      const shift = floats(packed, layer.shift ?? "");
      return {
        width,
        step: (_, from, to, rows) => {
          for (let i = 0; i < rows * width; i++) to[i] = from[i] * scale[i % width] + shift[i % width];
        },
      };
    }
    default:
      throw new Error(`no layer ${layer.op} is known here`);
  }
}

/**
 * to = from weight^T + bias. Four rows at a time: a weight that was fetched is used four times.
 *
 * @param {Float32Array} from (rows, width)
 * @param {number} width
 * @param {Float32Array} weight (outputs, width)
 * @param {Float32Array} bias (outputs)
 * @param {Float32Array} to (rows, outputs)
 * @param {number} rows
 */
export function linear(from, width, weight, bias, to, rows) {
  const outputs = bias.length;
  let row = 0;
  for (; row + 4 <= rows; row += 4) {
    const a = from.subarray(row * width, (row + 1) * width);
    const b = from.subarray((row + 1) * width, (row + 2) * width);
    const c = from.subarray((row + 2) * width, (row + 3) * width);
    const d = from.subarray((row + 3) * width, (row + 4) * width);
    let place = 0;
    for (let output = 0; output < outputs; output++) {
      let p = bias[output];
      let q = p;
      let r = p;
      let s = p;
      for (let k = 0; k < width; k++) {
        const w = weight[place++];
        p += w * a[k];
        q += w * b[k];
        r += w * c[k];
        s += w * d[k];
      }
      const at = row * outputs + output;
      to[at] = p;
      to[at + outputs] = q;
      to[at + 2 * outputs] = r;
      to[at + 3 * outputs] = s;
    }
  }
  for (; row < rows; row++) {
    let place = 0;
    for (let output = 0; output < outputs; output++) {
      let sum = bias[output];
      for (let k = row * width; k < (row + 1) * width; k++) sum += weight[place++] * from[k];
      to[row * outputs + output] = sum;
    }
  }
}

/**
 * Each stretch of ``part`` values to zero mean and unit variance.
 *
 * @param {Float32Array} from
 * @param {number} part
 * @param {number} eps
 * @param {Float32Array} to
 * @param {number} length
 */
function sphere(from, part, eps, to, length) {
  for (let start = 0; start < length; start += part) {
    let sum = 0;
    for (let i = start; i < start + part; i++) sum += from[i];
    const mean = sum / part;
    let squares = 0;
    for (let i = start; i < start + part; i++) squares += (from[i] - mean) ** 2;
    const factor = 1 / Math.sqrt(squares / part + eps);
    for (let i = start; i < start + part; i++) to[i] = (from[i] - mean) * factor;
  }
}

/**
 * Softmax of each row, in place.
 *
 * @param {Float32Array} logits (rows, width)
 * @param {number} width
 * @returns {Float32Array}
 */
export function softmax(logits, width) {
  for (let start = 0; start < logits.length; start += width) {
    let highest = -Infinity;
    for (let i = start; i < start + width; i++) highest = Math.max(highest, logits[i]);
    let sum = 0;
    for (let i = start; i < start + width; i++) sum += logits[i] = Math.exp(logits[i] - highest);
    for (let i = start; i < start + width; i++) logits[i] /= sum;
  }
  return logits;
}
