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

/** What is wrong with data that came, as one line; nothing else is thrown over data, whatever is in it. */
export class Unreadable extends Error {}

/** Of tensors that MIRAGE sends; more dimensions are a lie. */
const MOST_DIMENSIONS = 8;

/**
 * The tensors and the metadata of a safetensors file. The values are views on a copy that is aligned; no more is
 * allocated than the file is long, twice.
 *
 * @param {Uint8Array} bytes
 * @returns {Packed}
 * @throws {Unreadable}
 */
export function readTensors(bytes) {
  if (bytes.length < 8) throw new Unreadable("not a safetensors file: shorter than its header length");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const length = Number(view.getBigUint64(0, true));
  if (length > bytes.length - 8) throw new Unreadable("not a safetensors file: the header is cut off");
  const header = readObject(new TextDecoder().decode(bytes.subarray(8, 8 + length)), "not a safetensors file: its header");
  const body = bytes.slice(8 + length).buffer;
  /** @type {Map<string, Tensor>} */
  const tensors = new Map();
  let used = 0;
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const { dtype, shape, data_offsets: ends } = /** @type {Record<string, any>} */ (isObject(entry) ? entry : {});
    if (typeof dtype !== "string" || !Object.hasOwn(KINDS, dtype)) {
      throw new Unreadable(`tensor ${short(name)}: no reader for ${short(dtype)}`);
    }
    const kind = KINDS[dtype];
    const count = sizeOf(shape, body.byteLength);
    const placed = Array.isArray(ends) && ends.length === 2 && ends.every(isCount);
    const [from, to] = placed ? ends : [0, 0];
    if (count < 0 || !placed || to - from !== count * kind.BYTES_PER_ELEMENT || to > body.byteLength) {
      throw new Unreadable(`tensor ${short(name)}: its bytes do not fit its shape`);
    }
    used += to - from;
    if (used > body.byteLength) throw new Unreadable(`tensor ${short(name)}: it shares its bytes with another`);
    // A view needs its start aligned to the size of a value; the format sorts by size, but does not promise it.
    const aligned = from % kind.BYTES_PER_ELEMENT === 0;
    const values = aligned ? new kind(body, from, count) : new kind(body.slice(from, to), 0, count);
    tensors.set(name, { shape, values });
  }
  const metadata = header.__metadata__ ?? {};
  if (!isObject(metadata) || !Object.values(metadata).every((text) => typeof text === "string")) {
    throw new Unreadable("not a safetensors file: its metadata are not texts");
  }
  return { tensors, metadata: /** @type {Record<string, string>} */ (metadata) };
}

/**
 * @param {string} text
 * @param {string} what it is, to begin the message with
 * @returns {Record<string, unknown>}
 * @throws {Unreadable}
 */
export function readObject(text, what) {
  let found;
  try {
    found = JSON.parse(text);
  } catch {
    throw new Unreadable(`${what} is no JSON`);
  }
  if (!isObject(found)) throw new Unreadable(`${what} is no object`);
  return found;
}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @param {unknown} value @returns {value is number} a whole number from 0 */
export function isCount(value) {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** Anything as a few letters for a message. @param {unknown} value */
export function short(value) {
  const text = typeof value === "string" ? value : typeof value;
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

/** How many values a shape has; -1 where it is none, or has more than there is room for. @param {unknown} shape @param {number} most */
function sizeOf(shape, most) {
  if (!Array.isArray(shape) || shape.length > MOST_DIMENSIONS || !shape.every((size) => isCount(size) && size <= most)) return -1;
  let count = 1;
  for (const size of shape) {
    count *= size;
    if (count > most) return -1;
  }
  return count;
}

/**
 * The values of one tensor as numbers of 32 bits.
 *
 * @param {Packed} packed
 * @param {string} name
 * @returns {Float32Array}
 * @throws {Unreadable}
 */
export function floats(packed, name) {
  const found = packed.tensors.get(name);
  if (!(found?.values instanceof Float32Array)) throw new Unreadable(`no tensor ${short(name)} of floats`);
  return found.values;
}
