/** Evaluates the layer lists that core/runs/portable.py writes: exactly the layers that MIRAGE's networks have. */

import { floats, isCount, isObject, readObject, short, Unreadable } from "./tensors.js";

/**
 * @typedef {{op: string, weight?: string, bias?: string, scale?: string, shift?: string, slope?: number,
 *   width?: number, eps?: number}} Layer
 * @typedef {(input: Float32Array, from: Float32Array, to: Float32Array, rows: number) => void} Step
 */

const FORMAT = 1;
/** Layers of one network; MIRAGE's have a dozen. */
const MOST_LAYERS = 256;
/** Values in a row between two layers, and inputs. */
const MOST_WIDTH = 65_536;

/**
 * The networks of a run by name.
 *
 * @param {import("./tensors.js").Packed} packed
 * @returns {Record<string, Network>}
 * @throws {Unreadable} any of it cannot be evaluated
 */
export function readNetworks(packed) {
  const { format, networks } = readObject(packed.metadata.layers ?? "{}", "the list of layers");
  if (format !== FORMAT) throw new Unreadable(`networks of format ${short(String(format))}; this page reads format ${FORMAT}`);
  if (!isObject(networks)) throw new Unreadable("the list of layers names no networks");
  /** @type {Record<string, Network>} */
  const made = {};
  for (const [name, found] of Object.entries(networks)) {
    const { inputs, outputs, layers } = /** @type {Record<string, unknown>} */ (isObject(found) ? found : {});
    if (!isCount(inputs) || inputs < 1 || inputs > MOST_WIDTH || !Array.isArray(layers) || layers.length > MOST_LAYERS) {
      throw new Unreadable(`network ${short(name)}: inputs or layers are missing, or too many`);
    }
    const network = new Network(inputs, layers, packed);
    if (outputs !== undefined && outputs !== network.outputs) {
      throw new Unreadable(`network ${short(name)}: its layers do not give the outputs it names`);
    }
    Object.defineProperty(made, name, { value: network, enumerable: true });
  }
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
      if (!isObject(layer)) throw new Unreadable("a layer is no object");
      const made = makeStep(layer, inputs, width, packed);
      this.steps.push(made);
      width = made.width;
    }
    this.outputs = width;
    this.rows = 0;
    /** Steps write into the two in turns. @type {Float32Array[]} */
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
    if (input.length < rows * this.inputs) throw new Unreadable(`${input.length} values are not ${rows} x ${this.inputs}`);
    if (rows > this.rows) {
      this.rows = rows;
      const widest = Math.max(0, ...this.steps.map(({ width }) => width));
      this.buffers = [new Float32Array(rows * widest), new Float32Array(rows * widest)];
    }
    let from = input;
    this.steps.forEach(({ step }, index) => {
      step(input, from, this.buffers[index % 2], rows);
      from = this.buffers[index % 2];
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
      const fits = bias.length >= 1 && bias.length <= MOST_WIDTH && weight.length === bias.length * width;
      if (!fits) throw new Unreadable(`linear layer of ${weight.length} weights: wrong size`);
      return { width: bias.length, step: (_, from, to, rows) => linear(from, width, weight, bias, to, rows) };
    }
    case "add": {
      const weight = floats(packed, layer.weight ?? "");
      if (weight.length !== inputs * width) throw new Unreadable(`layer of ${weight.length} weights: wrong size`);
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
      const slope = numberOf(layer.slope ?? 0, "slope");
      return {
        width,
        step: (_, from, to, rows) => {
          for (let i = 0; i < rows * width; i++) to[i] = from[i] >= 0 ? from[i] : slope * from[i];
        },
      };
    }
    case "sphere": {
      const part = layer.width ?? width;
      const eps = numberOf(layer.eps ?? 0, "eps");
      // A stretch of nothing would never come to its end.
      if (!isCount(part) || part < 1 || width % part !== 0) throw new Unreadable("sphere layer: its width does not divide the rows");
      return { width, step: (_, from, to, rows) => sphere(from, part, eps, to, rows * width) };
    }
    case "affine": {
      const scale = floats(packed, layer.scale ?? "");
      const shift = floats(packed, layer.shift ?? "");
      if (scale.length !== width || shift.length !== width) {
        throw new Unreadable(`affine layer of ${scale.length} and ${shift.length} values: wrong size`);
      }
      return {
        width,
        step: (_, from, to, rows) => {
          for (let i = 0; i < rows * width; i++) to[i] = from[i] * scale[i % width] + shift[i % width];
        },
      };
    }
    default:
      throw new Unreadable(`no layer ${short(layer.op)} is known here`);
  }
}

/** @param {unknown} value @param {string} name @returns {number} */
function numberOf(value, name) {
  if (typeof value !== "number") throw new Unreadable(`a layer's ${name} is no number`);
  return value;
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
