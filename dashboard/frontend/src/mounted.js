/** A component that Streamlit mounts: what was made the first time stays, and the last call of a place removes it. */

/**
 * @typedef {{data: any, parentElement: ShadowRoot | HTMLElement, setStateValue: (name: string, value: unknown) => void}} Mount
 *   what Streamlit hands to a component
 * @typedef {{update: (data: any, send: (name: string, value: unknown) => void) => void, remove: () => void}} Part
 */

/** @param {(parent: ShadowRoot | HTMLElement) => Part} make */
export function mounted(make) {
  /** @type {WeakMap<object, {part: Part, calls: number}>} */
  const held = new WeakMap();
  return (/** @type {Mount} */ { data, parentElement, setStateValue }) => {
    const found = held.get(parentElement) ?? { part: make(parentElement), calls: 0 };
    held.set(parentElement, found);
    const call = ++found.calls;
    found.part.update(data, setStateValue);
    return () => {
      // Streamlit also calls what an overtaken call gave.
      if (found.calls !== call) return;
      found.part.remove();
      held.delete(parentElement);
    };
  };
}
