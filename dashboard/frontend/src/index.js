/** What the dashboard's mounts reach: the lab, and the store of large data. */

import { element } from "./dom.js";
import { Lab } from "./lab.js";
import { keepPack } from "./packs.js";
import { Space } from "./space.js";

export { readNetworks } from "./networks.js";
export { readTensors } from "./tensors.js";

/**
 * @typedef {{data: any, parentElement: ShadowRoot | HTMLElement, setStateValue: (name: string, value: unknown) => void,
 *   setTriggerValue: (name: string, value: unknown) => void}} Mount what Streamlit hands to a component
 */

/** @type {WeakMap<object, Lab | Space>} */
const held = new WeakMap();
/** @type {WeakMap<object, number>} */
const calls = new WeakMap();

/**
 * Streamlit calls a component again whenever something changed: what was made the first time stays.
 *
 * @template {Lab | Space} T
 * @param {object} parent
 * @param {() => T} make
 * @returns {T}
 */
function stay(parent, make) {
  const found = /** @type {T | undefined} */ (held.get(parent)) ?? make();
  held.set(parent, found);
  return found;
}

/**
 * What Streamlit calls when a component goes. It also calls what an overtaken call gave, if that was late: only the
 * newest call of a parent may remove anything.
 *
 * @param {object} parent
 * @returns {() => void}
 */
function leaving(parent) {
  const call = (calls.get(parent) ?? 0) + 1;
  calls.set(parent, call);
  return () => {
    if (calls.get(parent) !== call) return;
    held.get(parent)?.remove();
    held.delete(parent);
  };
}

/**
 * What goes wrong is one line on the page, not an empty place.
 *
 * @param {Lab | Space} part
 * @param {Promise<void>} update
 */
function said(part, update) {
  const { turn } = part;
  update.catch((error) => {
    console.error(error);
    // Something newer is on its way, or there already.
    if (turn !== part.turn) return;
    // What was half made is made anew when data come again.
    part.data = null;
    const text = `This cannot be drawn here: ${error instanceof Error ? error.message : error}. Reload the page; if it stays, tell whoever runs MIRAGE.`;
    part.root.replaceChildren(element("p", { class: "fault", role: "alert", text }));
  });
}

/** @param {Mount} mount */
export function lab({ data, parentElement, setStateValue }) {
  const part = stay(parentElement, () => new Lab(parentElement));
  said(part, part.update(data, setStateValue));
  return leaving(parentElement);
}

/** @param {Mount} mount */
export function space({ data, parentElement, setStateValue }) {
  const part = stay(parentElement, () => new Space(parentElement));
  said(part, part.update(data, setStateValue));
  return leaving(parentElement);
}

/** @param {Mount} mount */
export function pack({ data }) {
  if (data) keepPack(data);
}

/**
 * The default export, mounted once on a page: hands the parts above to the small mounts, which wait for them.
 *
 * @param {Mount} mount
 */
export default function library({ data }) {
  /** @type {Record<string, {resolve: (parts: object) => void}>} */
  const waiting = /** @type {any} */ (globalThis).mirageParts;
  waiting?.[data.version]?.resolve({ lab, pack, space });
  /** @type {any} */ (globalThis).mirageLibrary = { version: data.version, parts: { lab, pack, space } };
}
