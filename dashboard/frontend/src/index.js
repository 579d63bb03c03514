/** What the dashboard's mounts reach: the lab, and the store of large data. */

import { Lab } from "./lab.js";
import { keepPack } from "./packs.js";

export { LabModel } from "./lab_model.js";
export { readNetworks } from "./networks.js";
export { readTensors } from "./tensors.js";

/**
 * @typedef {{data: any, parentElement: ShadowRoot | HTMLElement, setStateValue: (name: string, value: unknown) => void,
 *   setTriggerValue: (name: string, value: unknown) => void}} Mount what Streamlit hands to a component
 */

/** @type {WeakMap<object, Lab>} */
const labs = new WeakMap();

/** @param {Mount} mount */
export function lab({ data, parentElement, setStateValue, setTriggerValue }) {
  let held = labs.get(parentElement);
  if (!held) labs.set(parentElement, (held = new Lab(parentElement)));
  held.update(data, { state: setStateValue, trigger: setTriggerValue });
  return () => {
    labs.get(parentElement)?.remove();
    labs.delete(parentElement);
  };
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
  waiting?.[data.version]?.resolve({ lab, pack });
  /** @type {any} */ (globalThis).mirageLibrary = { version: data.version, parts: { lab, pack } };
}
