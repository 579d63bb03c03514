/** Large data that came once: mounts wait for a pack by its key, whichever arrives first. */

import { readTensors } from "./tensors.js";

const MOST = 12;

/** @type {Map<string, import("./tensors.js").Packed>} the one used last stands last */
const held = new Map();
/** @type {Map<string, ((pack: import("./tensors.js").Packed) => void)[]>} */
const waiting = new Map();

/** @param {Uint8Array} bytes a safetensors file whose metadata has its ``key`` */
export function keepPack(bytes) {
  const pack = readTensors(bytes);
  const { key } = pack.metadata;
  if (held.has(key)) return;
  held.set(key, pack);
  for (const oldest of held.keys()) {
    if (held.size <= MOST) break;
    held.delete(oldest);
  }
  for (const give of waiting.get(key) ?? []) give(pack);
  waiting.delete(key);
}

/** @param {string} key @returns {Promise<import("./tensors.js").Packed>} */
export function takePack(key) {
  const found = held.get(key);
  if (found) {
    held.delete(key);
    held.set(key, found);
    return Promise.resolve(found);
  }
  return new Promise((give) => waiting.set(key, [...(waiting.get(key) ?? []), give]));
}
