/**
 * Reads safetensors: a header length (u64), a JSON header with the place of each tensor, the tensors' bytes.
 * https://huggingface.co/docs/safetensors
 */

/**
 * @typedef {Float32Array | Uint32Array | Int32Array | Uint16Array | Uint8Array} Values
 * @typedef {{shape: number[], values: Values}} Tensor
 * @typedef {{tensors: Map<string, Tensor>, metadata: Record<string, string>}} Packed
 */

/** @type {Record<string, {new (buffer: ArrayBufferLike, offset: number, length: number): Values, BYTES_PER_ELEMENT: number}>} */
const KINDS = { F32: Float32Array, U32: Uint32Array, I32: Int32Array, U16: Uint16Array, U8: Uint8Array };

/**
 * The tensors and the metadata of a safetensors file. The values are views on a copy that is aligned.
 *
 * @param {Uint8Array} bytes
 * @returns {Packed}
 */
export function readTensors(bytes) {
  if (bytes.length < 8) throw new Error("not a safetensors file: shorter than its header length");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const length = Number(view.getBigUint64(0, true));
  if (length > bytes.length - 8) throw new Error("not a safetensors file: the header is cut off");
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  const start = 8 + length;
  const body = bytes.slice(start).buffer;
  /** @type {Map<string, Tensor>} */
  const tensors = new Map();
  for (const [name, { dtype, shape, data_offsets: ends }] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const kind = KINDS[dtype];
    if (!kind) throw new Error(`tensor ${name}: no reader for ${dtype}`);
    const count = shape.reduce((/** @type {number} */ a, /** @type {number} */ b) => a * b, 1);
    if (ends[1] - ends[0] !== count * kind.BYTES_PER_ELEMENT || ends[1] > body.byteLength) {
      throw new Error(`tensor ${name}: its bytes do not fit its shape`);
    }
    // A view needs its start aligned to the size of a value; the format sorts by size, but does not promise it.
    const aligned = ends[0] % kind.BYTES_PER_ELEMENT === 0;
    const values = aligned ? new kind(body, ends[0], count) : new kind(body.slice(ends[0], ends[1]), 0, count);
    tensors.set(name, { shape, values });
  }
  return { tensors, metadata: header.__metadata__ ?? {} };
}

/**
 * The values of one tensor as numbers of 32 bits.
 *
 * @param {Packed} packed
 * @param {string} name
 * @returns {Float32Array}
 */
export function floats(packed, name) {
  const found = packed.tensors.get(name);
  if (!(found?.values instanceof Float32Array)) throw new Error(`no tensor ${name} of floats`);
  return found.values;
}
