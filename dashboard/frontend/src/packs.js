/** Large data that came once: mounts wait for a pack by its key, whichever arrives first. */

import { readTensors, Unreadable } from "./tensors.js";

const MOST = 12;
/** How long a mount waits for its pack after one came that could not even be told apart, in milliseconds. */
const PATIENCE = 5000;

/** @type {Map<string, import("./tensors.js").Packed>} the one used last stands last */
const held = new Map();
/** @typedef {{give: (pack: import("./tensors.js").Packed) => void, refuse: (fault: Error) => void}} Wait */
/** @type {Map<string, Wait[]>} */
const waiting = new Map();
/** @type {Map<string, Error>} packs that came damaged, by their key, or by "" where not even that could be read */
const damaged = new Map();

/**
 * Takes what came. What cannot be read is said to who waits for it: nobody waits for ever, and nothing is thrown.
 *
 * @param {Uint8Array} bytes a safetensors file whose metadata has its ``key``
 */
export function keepPack(bytes) {
  try {
    const pack = readTensors(bytes);
    const { key } = pack.metadata;
    if (!key) throw new Unreadable("data without their key came");
    damaged.delete(key);
    if (held.has(key)) return;
    held.set(key, pack);
    for (const oldest of held.keys()) {
      if (held.size <= MOST) break;
      held.delete(oldest);
    }
    for (const { give } of waiting.get(key) ?? []) give(pack);
    waiting.delete(key);
  } catch (error) {
    const fault = error instanceof Error ? error : new Unreadable(String(error));
    const key = keyIn(bytes);
    if (held.has(key)) return;
    damaged.set(key, fault);
    for (const name of key ? [key] : [...waiting.keys()]) {
      for (const { refuse } of waiting.get(name) ?? []) refuse(fault);
      waiting.delete(name);
    }
  }
}

/**
 * @param {string} key
 * @returns {Promise<import("./tensors.js").Packed>} it fails with what is wrong with the pack
 */
export function takePack(key) {
  const found = held.get(key);
  if (found) {
    held.delete(key);
    held.set(key, found);
    return Promise.resolve(found);
  }
  const fault = damaged.get(key);
  if (fault) return Promise.reject(fault);
  return new Promise((give, refuse) => {
    waiting.set(key, [...(waiting.get(key) ?? []), { give, refuse }]);
    const lost = damaged.get("");
    if (lost) setTimeout(() => refuse(lost), PATIENCE);
  });
}

/** The key of a file that cannot be read, where its header still shows it. @param {Uint8Array} bytes */
function keyIn(bytes) {
  const text = new TextDecoder().decode(bytes.subarray(8, 8 + 65_536));
  return /"key":\s?"([0-9a-f]{24})"/.exec(text)?.[1] ?? "";
}
